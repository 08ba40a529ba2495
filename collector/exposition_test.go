package collector_test

import (
	"math"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"

	"github.com/promexporter/promexporter/collector"
)

func requests() *collector.Family {
	return &collector.Family{
		Name: "http_requests_total", Help: "Requests served.", Type: collector.Counter,
		Labels: []string{"method", "status"},
	}
}

func temperature() *collector.Family {
	return &collector.Family{
		Name: "room_temperature_celsius", Help: "Temperature\nof a \\ room.", Unit: "celsius",
		Type: collector.Gauge, Labels: []string{"room"},
	}
}

func latency() *collector.Family {
	return &collector.Family{
		Name: "request_duration_seconds", Help: "Time to answer.", Unit: "seconds",
		Type: collector.Histogram, Labels: []string{"path"}, Buckets: []float64{0.1, 0.5, 2.5},
	}
}

func TestExposition(t *testing.T) {
	c := open(t, collector.Options{})
	r, temp, l := requests(), temperature(), latency()
	ingest(t, c,
		set(temp, 21.5, "kitchen"),
		set(temp, -4, `at "home" \ out`+"\n"),
		add(r, 3, "GET", "200"),
		add(r, 1, "POST", "500"),
		add(r, 1, "", "204"),
		add(r, 0.5, "GET", "200"),
		add(r, 2, "", ""),
		observe(l, 0.1, "/"), observe(l, 0.1000001, "/"), observe(l, 99, "/"), observe(l, -1, "/"),
		observe(l, 1, "/größe"),
	)
	golden(t, c, "types")
}

func TestExpositionOfSpecialValues(t *testing.T) {
	c := open(t, collector.Options{})
	f := temperature()
	ingest(t, c, set(f, math.NaN(), "a"), set(f, math.Inf(1), "b"), set(f, math.Inf(-1), "c"),
		set(f, math.Copysign(0, -1), "d"), set(f, math.MaxFloat64, "e"), set(f, math.SmallestNonzeroFloat64, "f"))
	got := scrape(t, c, textFormat)
	compareFile(t, "special.prom", got)
}

func TestUTF8Names(t *testing.T) {
	c := open(t, collector.Options{})
	f := &collector.Family{Name: "größe.bytes", Help: "Size.", Type: collector.Gauge, Labels: []string{"k8s.pod"}}
	ingest(t, c, set(f, 1, "a"))
	golden(t, c, "escaped")
	compareFile(t, "utf8.prom", scrape(t, c, textFormat.WithEscapingScheme(model.NoEscaping)))
}

func TestEmptyCollector(t *testing.T) {
	c := open(t, collector.Options{})
	wantText(t, c, "")
	ingest(t, c)
	wantText(t, c, "")
	if n := c.Stats().Families(); n != 0 {
		t.Errorf("%d families", n)
	}
}

func TestFamiliesAreSorted(t *testing.T) {
	c := open(t, collector.Options{})
	names := []string{"b", "a:z", "z_total", "a", "aa", "a_b"}
	for i, name := range names {
		ingest(t, c, set(&collector.Family{Name: name, Type: collector.Gauge}, float64(i)))
		if got := gatheredNames(t, c); !slices.IsSorted(got) || len(got) != i+1 {
			t.Errorf("families are %q", got)
		}
	}
}

func gatheredNames(t testing.TB, c *collector.Collector) []string {
	t.Helper()
	families, done, err := c.Gather(t.Context())
	defer done()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range families {
		names = append(names, f.GetName())
	}
	return names
}

func TestLint(t *testing.T) {
	c := open(t, collector.Options{})
	ingest(t, c, add(requests(), 1, "GET", "200"), observe(latency(), 1, "/"))
	families, done, err := c.Gather(t.Context())
	defer done()
	if err != nil {
		t.Fatal(err)
	}
	var models []*dto.MetricFamily
	for _, f := range families {
		models = append(models, f.MetricFamily)
	}
	problems, err := promlint.NewWithMetricFamilies(models).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("lint: %v, %v", problems, err)
	}
}
