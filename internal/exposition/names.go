// Package exposition defines what a page may contain: which names a metric family uses on it, and which names, texts
// and units the parsers of Prometheus accept. A parser that finds anything else refuses the whole page, so one bad
// record could take the target down. Tests in test/textparse compare this package with the parsers, in every format
// that a scraper may request.
package exposition

import (
	"slices"
	"strings"

	"github.com/prometheus/common/model"
)

// escapings are the escaping schemes for scrapers that do not accept UTF-8 names.
var escapings = [...]model.EscapingScheme{model.UnderscoreEscaping, model.DotsEscaping, model.ValueEncodingEscaping}

// Names returns the names that a family uses on a page: its own, in OpenMetrics without _total, and those of its
// samples, each with every escaping scheme. A page with two families that have a name in common is not valid in every
// format. kind is "counter", "gauge", "histogram" or "summary"; for other kinds only the name of the family counts. The
// first name is the unchanged one, or the one with underscores in place of invalid characters.
func Names(name, kind string) []string {
	if model.LegacyValidation.IsValidMetricName(name) {
		return ofKind(name, kind)
	}
	var all []string
	for _, escaping := range escapings {
		all = append(all, ofKind(model.EscapeName(name, escaping), kind)...)
	}
	return all
}

func ofKind(name, kind string) []string {
	switch kind {
	case "counter":
		base := strings.TrimSuffix(name, "_total")
		return []string{name, base, base + "_total", base + "_created"}
	case "histogram":
		return []string{name, name + "_bucket", name + "_sum", name + "_count", name + "_created"}
	case "summary":
		return []string{name, name + "_sum", name + "_count", name + "_created"}
	}
	return []string{name}
}

// Clash reports whether two of the names of labels become the same one where names are escaped.
func Clash(names []string) bool {
	for _, escaping := range escapings {
		seen := make(map[string]struct{}, len(names))
		for _, name := range names {
			seen[model.EscapeName(name, escaping)] = struct{}{}
		}
		if len(seen) < len(names) {
			return true
		}
	}
	return false
}

// CarriesUnit reports whether the name of a family ends with its unit, with every escaping scheme. The OpenMetrics
// parser refuses a page with a unit if the name does not end with it. kind is as in Names.
func CarriesUnit(name, kind, unit string) bool {
	written := []string{name}
	if !model.LegacyValidation.IsValidMetricName(name) {
		for _, escaping := range escapings {
			written = append(written, model.EscapeName(name, escaping))
		}
	}
	return !slices.ContainsFunc(written, func(name string) bool {
		if kind == "counter" {
			name = strings.TrimSuffix(name, "_total")
		}
		return !strings.HasSuffix(name, "_"+unit)
	})
}
