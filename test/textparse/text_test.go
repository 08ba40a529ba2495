package textparse

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/prometheus/common/model"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/record"
	"github.com/promexporter/promexporter/rule"
)

// odd are the texts that a page must not contain, and similar valid ones.
func odd() []string {
	all := []string{
		" ", `"`, `\`, `\n`, `\"`, "#", "{", "}", "=", ",", "'", "$", "# EOF\n", "} 1 # {", "\u00a0", "\u2028", "\u2029", "\ufeff", "\ufffd",
		"\ufffe", "\uffff", "日", "😀", "\U0010ffff",
		"\xed\xa0\x80", "\xed\xbf\xbf", // surrogates
		"\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xf0\x80\x80\x80", // overlong
		"\x80", "\xbf", "\xe2\x82", "\xff", "\xf4\x90\x80\x80",
	}
	for c := range rune(0xa0) {
		if c < 0x20 || c >= 0x7f {
			all = append(all, string(c))
		}
	}
	return all
}

// placed is odd texts alone, at the start, at the end and within others, short ones and long ones.
func placed() (all []string) {
	long := strings.Repeat("x", 130)
	for _, s := range odd() {
		all = append(all, s, s+"b", "a"+s, "a"+s+"b", "0123456"+s+"89abcdef", long+s+long)
	}
	return all
}

// everywhere has the texts of a record wherever they can be on a page.
const everywhere = `
metrics:
- name: texts_total
  type: counter
  help: A field and a tag.
  labels: {n: $n, text: $text, tag: $TAG, matched: {from: $text, regex: '(?s)(.*)', replacement: '$1'}}
  exemplar: {text: $text}
- name: tags_total
  type: counter
  help: A tag.
  labels: {n: $n}
  exemplar: {tag: $TAG, matched: {from: $TAG, regex: '(?s)(.*)', replacement: '$1'}}
- name: captures_seconds
  type: histogram
  help: The name of a field.
  fields: '(?s)^f_(?P<what>.*)$'
  buckets: [1]
  labels: {n: $n, what: {capture: what}}
  exemplar: {what: {capture: what}}
- name: 日.${what}_total
  type: counter
  help: The name of a field.
  fields: '(?s)^f_(?P<what>.*)$'
  labels: {n: $n}
`

// rules gives the collector of a rules file, and what applies a chunk.
func rules(t *testing.T, file string) (c *collector.Collector, flush func(tag string, chunk []byte)) {
	t.Helper()
	parsed, err := config.ParseRules("rules.yaml", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	set := rule.Compile([]*config.Rules{parsed}, rule.Options{FieldLimit: 10_000})
	c = collector.New(collector.Options{SeriesLimit: 100_000, Now: time.Now})
	t.Cleanup(c.Close)
	var scratch rule.Scratch
	return c, func(tag string, chunk []byte) {
		plan := set.Plan(tag)
		batch := collector.Batch{Now: time.Now().UnixNano()}
		var reader record.Reader
		reader.Reset(chunk, plan.Selector())
		for {
			if err := reader.Next(&scratch.Event); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			plan.Apply(&scratch, &batch)
		}
		if err := c.Ingest(&batch, nil); err != nil {
			t.Fatal(err)
		}
		plan.Finish(&scratch, true)
	}
}

// event is a chunk of one event with these fields and their texts, and one with the value 1.
func event(field string, pairs ...string) []byte {
	chunk := append([]byte("\x92\x92\xd7\x00\x65\x53\xf1\x00\x00\x00\x00\x00\x80"), 0x80|byte(len(pairs)/2+1))
	for _, s := range pairs {
		chunk = text(chunk, s)
	}
	return append(text(chunk, field), 1)
}

func text(chunk []byte, s string) []byte {
	return append(append(chunk, 0xda, byte(len(s)>>8), byte(len(s))), s...)
}

// pages scrapes every format with every escaping.
func pages(t *testing.T, url string, check func(t *testing.T, f format, scheme model.EscapingScheme, page *parsed)) {
	for _, f := range formats {
		for escaping, scheme := range escapings {
			t.Run(fmt.Sprint(f.name, " ", escaping), func(t *testing.T) {
				header := http.Header{}
				if f.accept != "" {
					header.Set("Accept", with(f.accept, escaping))
				} else {
					scheme = model.UnderscoreEscaping
				}
				page, contentType := scrape(t, url, header)
				check(t, f, scheme, parse(t, page, contentType))
			})
		}
	}
}

// TestTextsOfRecords checks that no text of a record, of a field's name or of a tag makes a page invalid, and that all
// valid texts are unchanged.
func TestTextsOfRecords(t *testing.T) {
	c, flush := rules(t, everywhere)
	texts := placed()
	for i, s := range texts {
		flush(s, event("f_"+s, "n", fmt.Sprint(i), "text", s))
	}
	pages(t, open(t, c), func(t *testing.T, f format, scheme model.EscapingScheme, page *parsed) {
		for i, s := range texts {
			page.hasText(t, f, scheme, fmt.Sprint(i), s)
		}
		if got, want := len(page.series), len(texts)*7; got != want {
			t.Errorf("%d series, want %d", got, want)
		}
	})
}

// hasText checks that the page has everything that everywhere makes of a text.
func (a *parsed) hasText(t *testing.T, f format, scheme model.EscapingScheme, n, s string) {
	t.Helper()
	value := strings.ToValidUTF8(s, "\ufffd")
	exemplar := strings.ReplaceAll(value, "\x00", "\ufffd")
	series := a.has(t, "texts_total", "n", n, "text", value, "tag", value, "matched", value)
	a.hasExemplar(t, f, series, "text", exemplar)
	series = a.has(t, "tags_total", "n", n)
	a.hasExemplar(t, f, series, "tag", exemplar, "matched", exemplar)
	series = a.has(t, "captures_seconds_bucket", "n", n, "what", value, "le", "1.0")
	a.hasExemplar(t, f, series, "what", exemplar)
	if name := strings.Map(plain, s); isASCII(name) {
		a.has(t, escape("日."+name+"_total", scheme), "n", n)
		return
	}
	// A name that a scraper without UTF-8 would take for another one ends with a hash.
	start, end := escape("日.", scheme), fmt.Sprintf(`, n="%s"}`, n)
	for series := range a.series {
		if strings.HasPrefix(series, `{__name__="`+start) && strings.HasSuffix(series, end) {
			return
		}
	}
	t.Errorf("no series of a name that starts with %s has the label n=%q", start, n)
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}

// plain returns the replacement of a character of a field's name in the name of a metric.
func plain(r rune) rune {
	if unicode.In(r, unicode.L, unicode.M, unicode.Nd) {
		return unicode.ToLower(r)
	}
	return '_'
}
