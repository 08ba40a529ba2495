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

// A webText is the content of the web configuration file at path.
type webText struct {
	path    string
	content []byte
}

// check finds mistakes that the toolkit would report without a line, or not at all.
func (t webText) check(c *web.Config) error {
	for name, hash := range c.Users {
		if _, err := bcrypt.Cost([]byte(hash)); err != nil {
			return t.mistake(fmt.Sprintf("the password of %q is not a bcrypt hash", name), "make one with htpasswd -nBC 10 NAME", name)
		}
	}
	switch limit := c.RateLimiterConfig; { // a number without a unit is nanoseconds
	case limit == (web.RateLimiterConfig{}):
	case limit.Interval < time.Microsecond:
		return t.mistake(fmt.Sprintf("an interval of %s limits nothing", limit.Interval), "write for example interval: 1s", "interval", "rate_limit")
	case limit.Burst < 1:
		return t.mistake(fmt.Sprintf("a burst of %d admits no request", limit.Burst), "write for example burst: 10", "burst", "rate_limit")
	}
	if !c.TLSConfig.IsEnabled() {
		return nil
	}
	_, err := t.buildTLS(c.TLSConfig)
	return err
}

// lineOf returns the line of the first of keys that is in the file, or 0.
func (t webText) lineOf(keys []string) int {
	for _, key := range keys {
		line := regexp.MustCompile(`(?m)^[ \t'"]*` + regexp.QuoteMeta(key) + `[ \t'"]*:`)
		if at := line.FindIndex(t.content); at != nil {
			return bytes.Count(t.content[:at[0]], []byte("\n")) + 1
		}
	}
	return 0
}

var (
	lineNumber = regexp.MustCompile(`^(?:yaml: )?line (\d+): `)
	// quoted matches the content of the file in errors of the decoder. It may be a misplaced secret.
	quoted     = regexp.MustCompile(" `[^`]*`| '[^']*' referenced")
	unknownKey = regexp.MustCompile(`^field (.*) not found in type .*$`)
)

// mistake returns the mistakes in the file as one error, with a place for each. The place of those without a line is the
// first of keys.
func (t webText) mistake(wrong, right string, keys ...string) error {
	var errs []error
	line := t.lineOf(keys)
	wrong = strings.TrimPrefix(quoted.ReplaceAllString(wrong, " ..."), "yaml: unmarshal errors:\n")
	for text := range strings.Lines(wrong) {
		text = strings.TrimSpace(text)
		place := t.path
		if at := lineNumber.FindStringSubmatch(text); at != nil {
			place, text = t.path+":"+at[1], text[len(at[0]):]
		} else if line > 0 {
			place = fmt.Sprintf("%s:%d", t.path, line)
		}
		text = unknownKey.ReplaceAllString(text, `unknown key "$1"`)
		errs = append(errs, fmt.Errorf("web_config_file %s: %s; %s", place, text, right))
	}
	return errors.Join(errs...)
}
