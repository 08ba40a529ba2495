package exporter

import (
	"errors"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
)

func TestClash(t *testing.T) {
	for _, test := range []struct {
		first, second Family
		want          string
	}{
		{Family{"a", "gauge", ""}, Family{"a", "gauge", ""}, ""},
		{Family{"a", "gauge", ""}, Family{"b", "gauge", ""}, ""},
		{Family{"a_total", "counter", ""}, Family{"a_total", "gauge", ""}, "a_total is a counter of the first and a gauge of the second"},
		{Family{"a_seconds", "gauge", "seconds"}, Family{"a_seconds", "gauge", ""}, `a_seconds has the unit "seconds" of the first and "" of the second`},
		{Family{"a_total", "counter", ""}, Family{"a", "gauge", ""}, "the counter a_total of the first and the gauge a of the second both have samples or a family named a"},
		{Family{"a", "counter", ""}, Family{"a_total", "gauge", ""}, "named a_total"},
		{Family{"a", "histogram", ""}, Family{"a_count", "gauge", ""}, "named a_count"},
		{Family{"a", "summary", ""}, Family{"a_sum_total", "counter", ""}, "named a_sum"},
		{Family{"a", "gauge", ""}, Family{"a_total", "gauge", ""}, ""},
		{Family{"a.b", "gauge", ""}, Family{"a_b", "gauge", ""}, "named a_b"},
	} {
		got := firstClash([]Family{{"other", "gauge", ""}, test.first}, []Family{test.second})
		if test.want == "" && got != "" || !strings.HasSuffix(got, test.want) {
			t.Errorf("%v and %v: %q, want %q", test.first, test.second, got, test.want)
		}
	}
}

// TestClashIsRefused holds that a section does not start that would define a family of another one differently, and
// that it may on a page of its own, or when the other one is gone.
func TestClashIsRefused(t *testing.T) {
	var servers Servers
	counter := []Family{{"a_total", "counter", ""}}
	first := open(t, &servers, Options{Source: families(up("a", "1")), Families: counter})
	o := withDefaults(Options{
		Address: first.Addr().String(), Instance: "promexporter.1", Source: families(up("a", "1")),
		Families: []Family{{"a", "gauge", ""}}, ListenLater: true,
	})
	_, err := servers.Open(o)
	want := "promexporter.0 and promexporter.1 share the page /metrics, and the counter a_total of the first and the gauge a " +
		"of the second both have samples or a family named a; define it the same in both, or give one of them another metrics_path"
	if clash := new(ClashError); !errors.As(err, &clash) || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	o.Path = "/other"
	apart, err := servers.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := apart.Redefine(counter); err != nil {
		t.Error(err)
	}
	apart.Close()
	o.Path = first.path
	o.Families = counter
	second, err := servers.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Redefine([]Family{{"a_total", "gauge", ""}}); !errors.As(err, new(*ClashError)) {
		t.Errorf("redefined: %v", err)
	}
	if err := first.CloseForReload(); err != nil { // what it will be is not known yet
		t.Error(err)
	}
	if err := second.Redefine([]Family{{"a_total", "gauge", ""}}); err != nil {
		t.Error(err)
	}
	if _, err := servers.Open(withDefaults(Options{
		Address: second.Addr().String(), Source: families(up("a", "1")), Families: counter,
	})); !errors.As(err, new(*ClashError)) {
		t.Errorf("opened again: %v", err)
	}
	first.Close()
	second.Close()
	noGoroutines(t)
}

// TestDistinct holds that of families that one page cannot have together the first section's stay.
func TestDistinct(t *testing.T) {
	sources := [][]*dto.MetricFamily{
		read(t, "# TYPE a gauge\na 1\n\n# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1"),
		read(t, "# TYPE a_total counter\na_total 2\n\n# TYPE b_total counter\nb_total 2\n\n# TYPE h_count gauge\nh_count 3"),
		read(t, "# TYPE a_total gauge\na_total 4\n\n# TYPE b gauge\nb 4\n\n# TYPE c gauge\nc 4"),
	}
	var lost losses
	var kept []string
	for _, families := range distinct(sources, &lost) {
		for _, f := range families {
			kept = append(kept, f.GetName())
		}
	}
	// a_total as a gauge would fit a, but is the name that the one before it had.
	if want := []string{"a", "h", "b_total", "a_total", "c"}; !slices.Equal(kept, want) {
		t.Errorf("kept %q, want %q", kept, want)
	}
	if want := []string{"a_total", "h_count", "b"}; !slices.Equal(lost.names, want) {
		t.Errorf("lost %q, want %q", lost.names, want)
	}
	if len(sources[1]) != 3 {
		t.Error("a source was changed")
	}
}

// TestClashingFamiliesOnAPage holds that a page stays valid when sections come to families that do not go together.
func TestClashingFamiliesOnAPage(t *testing.T) {
	var servers Servers
	first := open(t, &servers, Options{Source: families(up("x", "1"))})
	second := open(t, &servers, Options{
		Address: first.Addr().String(), Instance: "promexporter.1",
		Source: families(read(t, "# TYPE x_total counter\nx_total 2")[0], up("y", "3")),
	})
	_, page := get(t, "http://"+first.Addr().String()+"/metrics")
	if strings.Contains(page, "x_total") || !strings.Contains(page, "\ny") ||
		value(page, `promexporter_scrape_families_dropped_total{path="/metrics",reason="name"}`) != "0" {
		t.Error(page)
	}
	_, page = get(t, "http://"+first.Addr().String()+"/metrics")
	if got := value(page, `promexporter_scrape_families_dropped_total{path="/metrics",reason="name"}`); got != "1" {
		t.Errorf("%s families are counted", got)
	}
	second.Close()
	first.Close()
	noGoroutines(t)
}
