package exporter

import (
	"errors"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
)

// family is a definition without a help text.
func family(name, kind string) Family { return Family{Name: name, Type: kind} }

func TestClash(t *testing.T) {
	const both = " in the second both have samples or a family named "
	seconds := Family{Name: "a", Type: "histogram", Help: "A.", Unit: "seconds", Labels: []string{"b", "c"}, Shape: "buckets 1, 2"}
	without := func(change func(f *Family)) Family {
		f := seconds
		change(&f)
		return f
	}
	for _, test := range []struct {
		first, second Family
		want          string
	}{
		{family("a", "gauge"), family("a", "gauge"), ""},
		{family("a", "gauge"), family("b", "gauge"), ""},
		{family("a", "gauge"), family("a_total", "gauge"), ""},
		{seconds, seconds, ""},
		{seconds, without(func(f *Family) { f.Help = "" }), ""},
		{seconds, without(func(f *Family) { f.Type = "summary" }), "a has the type histogram in the first and summary in the second"},
		{seconds, without(func(f *Family) { f.Unit = "" }), "a has the unit seconds in the first and none in the second"},
		{seconds, without(func(f *Family) { f.Labels = nil }), "a has the labels b, c in the first and none in the second"},
		{seconds, without(func(f *Family) { f.Shape = "buckets 1" }), "a has buckets 1, 2 in the first and buckets 1 in the second"},
		{seconds, without(func(f *Family) { f.Help = `"` }), `a has the help "A." in the first and "\"" in the second`},
		{family("a_total", "counter"), family("a", "gauge"), "the counter a_total in the first and the gauge a" + both + "a"},
		{family("a", "counter"), family("a_total", "gauge"), "the counter a in the first and the gauge a_total" + both + "a_total"},
		{family("a", "histogram"), family("a_count", "gauge"), "the histogram a in the first and the gauge a_count" + both + "a_count"},
		{family("a", "summary"), family("a_sum_total", "counter"), "the summary a in the first and the counter a_sum_total" + both + "a_sum"},
		{family("a.b", "gauge"), family("a_b", "gauge"), "the gauge a.b in the first and the gauge a_b" + both + "a_b"},
	} {
		if got := firstClash([]Family{family("other", "gauge"), test.first}, []Family{test.second}, false); got != test.want {
			t.Errorf("%v and %v: %q, want %q", test.first, test.second, got, test.want)
		}
	}
}

// TestClashIsRefused holds that a section does not start that would define a family of another one differently, and
// that it may on a page of its own, or when the other one is gone.
func TestClashIsRefused(t *testing.T) {
	var servers Servers
	counter, asGauge := []Family{family("a_total", "counter")}, []Family{family("a_total", "gauge")}
	first := open(t, &servers, Options{Source: families(up("a", "1")), Families: counter})
	o := withDefaults(Options{
		Address: first.Addr().String(), Instance: "promexporter.1", Source: families(up("a", "1")),
		Families: []Family{family("a", "gauge")}, ListenLater: true,
	})
	_, err := servers.Open(o)
	want := "promexporter.0 and promexporter.1 share the page /metrics, and the counter a_total in the first and the gauge a " +
		"in the second both have samples or a family named a; define it the same in both, or give one of them another metrics_path"
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
	if err := second.Redefine(asGauge); !errors.As(err, new(*ClashError)) {
		t.Errorf("redefined: %v", err)
	}
	if err := first.CloseForReload(); err != nil { // what it will be is not known yet
		t.Error(err)
	}
	if err := second.Redefine(asGauge); err != nil {
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

// TestSharedDefinitionsChangeInTurn holds that instances which have their definitions of the same file may follow it
// one after the other, and that those of another file stand against it.
func TestSharedDefinitionsChangeInTurn(t *testing.T) {
	var servers Servers
	of := func(file, kind string) []Family { return []Family{{Name: "a", Type: kind, Origin: file}} }
	first := open(t, &servers, Options{Source: families(up("a", "1")), Families: of("shared", "gauge")})
	second := open(t, &servers, Options{
		Address: first.Addr().String(), Instance: "promexporter.1", Source: families(up("a", "1")), Families: of("shared", "gauge"),
	})
	for _, e := range []*Endpoint{first, second} {
		if err := e.Redefine(of("shared", "counter")); err != nil {
			t.Error(err)
		}
	}
	if err := second.Redefine(of("own", "gauge")); !errors.As(err, new(*ClashError)) {
		t.Errorf("of another file: %v", err)
	}
	second.Close()
	if err := first.Redefine(of("", "gauge")); err != nil {
		t.Error(err)
	}
	first.Close()
}

// TestDistinct holds that of families that one page cannot have together the first one stays.
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
