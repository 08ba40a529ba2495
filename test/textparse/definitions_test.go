package textparse

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/prometheus/common/model"

	"github.com/promexporter/promexporter/config"
)

// definitions are rules with a text in one place of the configuration each.
var definitions = map[string]string{
	"help":     "{name: %s, type: counter, help: %s}",
	"constant": "{name: %s, type: counter, help: H., labels: {l: %s}}",
	"label":    "{name: %s, type: counter, help: H., labels: {%s: v}}",
	"exemplar": "{name: %s, type: counter, help: H., exemplar: {l: %s}}",
	"mark":     "{name: %s, type: counter, help: H., exemplar: {%s: v}}",
	"name":     "{name: %s, type: counter, help: %s}",
}

// defined is a text of the configuration and its place.
type defined struct {
	place, text string
	n           int
}

func (d *defined) rule() string {
	written := d.text
	switch d.place {
	case "constant", "exemplar":
		written = strings.ReplaceAll(written, "$", "$$")
	case "label", "mark":
		written = "l" + written
	case "name":
		written = "H."
	}
	return fmt.Sprintf(definitions[d.place], quoted(d.name()), quoted(written))
}

// name is the name of the metric.
func (d *defined) name() string {
	if d.place == "name" {
		return fmt.Sprintf("name_%d_%s_total", d.n, d.text)
	}
	return fmt.Sprintf("%s_%d_total", d.place, d.n)
}

// quoted quotes a text with escapes only.
func quoted(s string) string {
	b := []byte{'"'}
	for _, c := range s {
		b = fmt.Appendf(b, `\U%08x`, c)
	}
	return string(append(b, '"'))
}

// refused reports whether the configuration is to refuse the text.
func (d *defined) refused() bool {
	switch d.place {
	case "name":
		return strings.ContainsFunc(d.text, unicode.IsControl) || strings.Contains(d.text, "$")
	case "label", "mark":
		return strings.ContainsFunc(d.text, unicode.IsControl)
	}
	return strings.Contains(d.text, "\x00")
}

// TestTextsOfConfigurations checks that a page of a valid rules file can be parsed by Prometheus and has its texts
// unchanged, and that only invalid texts are refused.
func TestTextsOfConfigurations(t *testing.T) {
	file := "metrics:\n"
	var all []defined
	for _, place := range slices.Sorted(maps.Keys(definitions)) {
		for n, s := range odd() {
			d := defined{place, s, n}
			if !utf8.ValidString(s) { // cannot be written
				continue
			}
			_, err := config.ParseRules("rules.yaml", []byte("metrics:\n- "+d.rule()))
			if refused := err != nil; refused != d.refused() {
				t.Errorf("%s %q: %v", place, s, err)
			}
			if err == nil {
				file += "- " + d.rule() + "\n"
				all = append(all, d)
			}
		}
	}
	c, flush := rules(t, file)
	flush("t", event("v"))
	pages(t, open(t, c), func(t *testing.T, f format, scheme model.EscapingScheme, page *parsed) {
		for i := range all {
			page.hasDefinition(t, f, scheme, &all[i])
		}
		if len(page.series) != len(all) {
			t.Errorf("%d series, want %d", len(page.series), len(all))
		}
	})
}

// hasDefinition checks that d is on the page.
func (a *parsed) hasDefinition(t *testing.T, f format, scheme model.EscapingScheme, d *defined) {
	t.Helper()
	var pairs []string
	switch d.place {
	case "constant":
		pairs = []string{"l", d.text}
	case "label":
		pairs = []string{escape("l"+d.text, scheme), "v"}
	}
	series := a.has(t, escape(d.name(), scheme), pairs...)
	switch d.place {
	case "help":
		family := d.name()
		if strings.Contains(f.name, "Open") {
			family = strings.TrimSuffix(family, "_total")
		}
		if got, want := a.helps[family], strings.TrimSpace(d.text); got != want {
			t.Errorf("help %q, want %q", got, want)
		}
	case "exemplar":
		a.hasExemplar(t, f, series, "l", d.text)
	case "mark":
		a.hasExemplar(t, f, series, "l"+d.text, "v")
	}
}

// TestUnits checks that a unit is on a page only if the name ends with it, with every escaping scheme, because the name
// of a field can rename a metric.
func TestUnits(t *testing.T) {
	c, flush := rules(t, `
metrics:
- {name: disk_bytes, type: gauge, help: D., unit: bytes, value: $v, labels: {of: all}}
- {name: '${field}_bytes', type: gauge, help: F., unit: bytes, fields: '.'}
- {name: read_bytes_total, type: counter, help: R., unit: bytes}
- {name: read.time_cpu_seconds, type: gauge, help: R., unit: cpu_seconds, value: $v}
- {name: read.time_seconds, type: histogram, help: R., unit: seconds, value: $v, buckets: [1]}
- {name: write.time_seconds_total, type: counter, help: W., unit: seconds}
`)
	flush("t", event("disk"))
	flush("t", event("v"))
	pages(t, open(t, c), func(t *testing.T, f format, scheme model.EscapingScheme, page *parsed) {
		want := map[string]string{
			"disk_bytes": "bytes", "v_bytes": "bytes", "read_bytes": "bytes", model.EscapeName("read.time_seconds", scheme): "seconds",
		}
		switch f.name {
		case "protobuf":
			delete(want, "read_bytes")
			want["read_bytes_total"] = "bytes"
		case "OpenMetrics 0.0.1", "OpenMetrics 1.0.0":
		default:
			want = nil
		}
		if !maps.Equal(page.units, want) {
			t.Errorf("units %v, want %v", page.units, want)
		}
		page.has(t, "disk_bytes_value")
	})
}
