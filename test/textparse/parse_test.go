package textparse

import (
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	plabels "github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
)

// parsed is what a parser reads from a page.
type parsed struct {
	series    map[string]float64 // by labels; a native histogram by its count
	types     map[string]model.MetricType
	helps     map[string]string
	units     map[string]string
	marks     map[string]plabels.Labels // of the last exemplar of a series
	exemplars int
	native    int
	started   int // series with a created timestamp
}

// parse reads page as Prometheus does, and fails at any error.
func parse(t *testing.T, page []byte, contentType string) *parsed {
	t.Helper()
	p, err := textparse.New(page, contentType, nil, textparse.ParserOptions{
		KeepClassicOnClassicAndNativeHistograms: true, OpenMetricsSkipSTSeries: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	all := &parsed{
		series: make(map[string]float64), types: make(map[string]model.MetricType), helps: make(map[string]string),
		units: make(map[string]string), marks: make(map[string]plabels.Labels),
	}
	for {
		kind, err := p.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%v\n%.10000s", err, page)
		}
		switch kind {
		case textparse.EntryType:
			name, typ := p.Type()
			all.types[string(name)] = typ
		case textparse.EntryHelp:
			name, help := p.Help()
			all.helps[string(name)] = string(help)
		case textparse.EntryUnit:
			if name, unit := p.Unit(); !own(string(name)) {
				all.units[string(name)] = string(unit)
			}
		case textparse.EntrySeries:
			_, _, v := p.Series()
			all.add(t, p, v)
		case textparse.EntryHistogram:
			_, _, h, _ := p.Histogram()
			all.native++
			all.add(t, p, float64(h.Count))
		}
	}
}

// own reports whether a name is one of the exporter's own.
func own(name string) bool {
	return strings.HasPrefix(name, "go_") || strings.HasPrefix(name, "promexporter_")
}

func (a *parsed) add(t *testing.T, p textparse.Parser, v float64) {
	var l plabels.Labels
	p.Labels(&l)
	if own(l.Get(model.MetricNameLabel)) {
		return
	}
	key := l.String()
	if !l.IsValid(model.UTF8Validation) { // for which Prometheus gives up the scrape, after its parser
		t.Errorf("%s has a name that is not valid", key)
	}
	if _, twice := a.series[key]; twice {
		t.Errorf("%s occurs twice", key)
	}
	a.series[key] = v
	var e exemplar.Exemplar
	for p.Exemplar(&e) {
		a.exemplars++
		a.marks[key] = e.Labels
	}
	if p.StartTimestamp() == created*1000 {
		a.started++
	}
}

// has checks that a series is there, with the value 1.
func (a *parsed) has(t *testing.T, name string, pairs ...string) (series string) {
	t.Helper()
	series = plabels.FromStrings(append(pairs, model.MetricNameLabel, name)...).String()
	if a.series[series] != 1 {
		t.Errorf("%s is %v, want 1", series, a.series[series])
	}
	return series
}

// hasExemplar checks that a series has an exemplar with these labels, in the formats that have exemplars. What names
// and values may have in all is for the collector.
func (a *parsed) hasExemplar(t *testing.T, f format, series string, pairs ...string) {
	t.Helper()
	switch n := utf8.RuneCountInString(strings.Join(pairs, "")); {
	case n > 128 || strings.HasPrefix(f.name, "text") || f.accept == "":
		pairs = nil
	case strings.Contains(f.name, "Open"): // whose parser leaves escapes in exemplars as they are
		for i := range pairs {
			pairs[i] = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`).Replace(pairs[i])
		}
	}
	if got, want := a.marks[series], plabels.FromStrings(pairs...); !plabels.Equal(got, want) {
		t.Errorf("%s has the exemplar %s, want %s", series, got, want)
	}
}

// escape is how a scraper sees a name.
func escape(name string, scheme model.EscapingScheme) string {
	if model.LegacyValidation.IsValidMetricName(name) {
		return name
	}
	return model.EscapeName(name, scheme)
}
