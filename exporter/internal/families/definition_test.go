package families_test

import (
	"testing"

	"github.com/promexporter/promexporter/exporter/internal/families"
	"github.com/promexporter/promexporter/internal/metric"
)

func TestConflict(t *testing.T) {
	type definition = families.Definition
	const both = " in the second both have samples or a family named "
	of := func(name string, kind metric.Type) definition { return definition{Name: name, Type: kind} }
	seconds := definition{Name: "a", Type: metric.Histogram, Help: "A.", Unit: "seconds", Labels: []string{"b", "c"}, Shape: "the buckets 1, 2"}
	but := func(change func(d *definition)) definition {
		d := seconds
		change(&d)
		return d
	}
	for _, test := range []struct {
		first, second definition
		want          string
	}{
		{of("a", metric.Gauge), of("a", metric.Gauge), ""},
		{of("a", metric.Gauge), of("b", metric.Gauge), ""},
		{of("a", metric.Gauge), of("a_total", metric.Gauge), ""},
		{seconds, seconds, ""},
		{seconds, but(func(d *definition) { d.Help = "" }), ""},
		{seconds, but(func(d *definition) { d.Type = metric.Summary }), "a has the type histogram in the first and summary in the second"},
		{seconds, but(func(d *definition) { d.Unit = "" }), "a has the unit seconds in the first and none in the second"},
		{seconds, but(func(d *definition) { d.Labels = nil }), "a has the labels b, c in the first and none in the second"},
		{seconds, but(func(d *definition) { d.Shape = "the buckets 1" }), "a has the buckets 1, 2 in the first and the buckets 1 in the second"},
		{seconds, but(func(d *definition) { d.Help = `"` }), `a has the help "A." in the first and "\"" in the second`},
		{of("a_total", metric.Counter), of("a", metric.Gauge), "the counter a_total in the first and the gauge a" + both + "a"},
		{of("a", metric.Counter), of("a_total", metric.Gauge), "the counter a in the first and the gauge a_total" + both + "a_total"},
		{of("a", metric.Histogram), of("a_count", metric.Gauge), "the histogram a in the first and the gauge a_count" + both + "a_count"},
		{of("a", metric.Summary), of("a_sum_total", metric.Counter), "the summary a in the first and the counter a_sum_total" + both + "a_sum"},
		{of("a.b", metric.Gauge), of("a_b", metric.Gauge), "the gauge a.b in the first and the gauge a_b" + both + "a_b"},
	} {
		if got := families.Conflict([]definition{of("other", metric.Gauge), test.first}, []definition{test.second}, false); got != test.want {
			t.Errorf("%v and %v: %q, want %q", test.first, test.second, got, test.want)
		}
	}
}

// TestConflictOfOneOrigin checks that definitions of one origin may follow each other, and that they conflict
// otherwise.
func TestConflictOfOneOrigin(t *testing.T) {
	of := func(origin string, kind metric.Type) []families.Definition {
		return []families.Definition{{Name: "a", Type: kind, Origin: origin}}
	}
	for _, test := range []struct {
		first, second string
		follow, want  bool
	}{
		{"shared", "shared", true, false}, {"shared", "shared", false, true}, {"shared", "own", true, true}, {"", "", true, true},
	} {
		if got := families.Conflict(of(test.first, metric.Gauge), of(test.second, metric.Counter), test.follow) != ""; got != test.want {
			t.Errorf("%q and %q, follow %t: %t", test.first, test.second, test.follow, got)
		}
	}
}
