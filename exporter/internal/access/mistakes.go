package access

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/prometheus/exporter-toolkit/web"
	"golang.org/x/crypto/bcrypt"
)

// checkWebFile finds mistakes that the toolkit would report without a line, or not at all.
func checkWebFile(path string, content []byte, c *web.Config) error {
	for name, hash := range c.Users {
		if _, err := bcrypt.Cost([]byte(hash)); err != nil {
			return webFileError(path, lineOf(content, name),
				fmt.Sprintf("the password of %q is not a bcrypt hash", name), "make one with htpasswd -nBC 10 NAME")
		}
	}
	switch limit := c.RateLimiterConfig; { // a number without a unit is nanoseconds
	case limit == (web.RateLimiterConfig{}):
	case limit.Interval < time.Microsecond:
		return webFileError(path, lineOf(content, "interval", "rate_limit"),
			fmt.Sprintf("an interval of %s limits nothing", limit.Interval), "write for example interval: 1s")
	case limit.Burst < 1:
		return webFileError(path, lineOf(content, "burst", "rate_limit"),
			fmt.Sprintf("a burst of %d admits no request", limit.Burst), "write for example burst: 10")
	}
	if !c.TLSConfig.IsEnabled() {
		return nil
	}
	_, err := buildTLS(path, content, c.TLSConfig)
	return err
}

// lineOf returns the line of the first of keys that is in the file, or 0.
func lineOf(content []byte, keys ...string) int {
	for _, key := range keys {
		line := regexp.MustCompile(`(?m)^[ \t'"]*` + regexp.QuoteMeta(key) + `[ \t'"]*:`)
		if at := line.FindIndex(content); at != nil {
			return bytes.Count(content[:at[0]], []byte("\n")) + 1
		}
	}
	return 0
}

var (
	lineNumber = regexp.MustCompile(`^(?:yaml: )?line (\d+): `)
	// quoted matches the content of the file in errors of the decoder. It may be a misplaced secret.
	quoted = regexp.MustCompile(" `[^`]*`| '[^']*' referenced")
)

// webFileError returns the mistakes in the file at path as one error, with a line and a place for each.
func webFileError(path string, line int, wrong, right string) error {
	var errs []error
	wrong = strings.TrimPrefix(quoted.ReplaceAllString(wrong, " ..."), "yaml: unmarshal errors:\n")
	for text := range strings.SplitSeq(wrong, "\n") {
		text = strings.TrimSpace(text)
		place := path
		if at := lineNumber.FindStringSubmatch(text); at != nil {
			place, text = path+":"+at[1], text[len(at[0]):]
		} else if line > 0 {
			place = fmt.Sprintf("%s:%d", path, line)
		}
		errs = append(errs, fmt.Errorf("web_config_file %s: %s; %s", place, text, right))
	}
	return errors.Join(errs...)
}
