// Package pagetest reads pages of metrics for tests.
package pagetest

import (
	"regexp"
	"strings"
)

var ownLine = regexp.MustCompile(`(?m)^(# (HELP|TYPE|UNIT) )?(go_|promexporter_).*\n`)

// Foreign returns page without the plugin's own metrics.
func Foreign(page string) string { return ownLine.ReplaceAllString(page, "") }

// Value returns the value of a series on page, or "". The series is written as on the page.
func Value(page, series string) string {
	for line := range strings.Lines(page) {
		if rest, ok := strings.CutPrefix(line, series+" "); ok {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}
