package collector_test

import (
	"math"
	"testing"

	"github.com/promexporter/promexporter/collector"
)

// TestRefusedValues holds that what cannot be in a type never reaches a series, and makes none.
func TestRefusedValues(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	counter := &collector.Family{Name: "c_total", Type: collector.Counter}
	gauge := &collector.Family{Name: "g", Type: collector.Gauge}
	histogram := &collector.Family{Name: "h", Type: collector.Histogram, Buckets: []float64{1}}
	tests := map[string]struct {
		family *collector.Family
		op     collector.Op
		value  float64
		reason collector.Reason
	}{
		"counter NaN":           {counter, collector.Add, nan, collector.NotFinite},
		"counter -NaN":          {counter, collector.Add, math.Copysign(nan, -1), collector.NotFinite},
		"counter +Inf":          {counter, collector.Add, inf, collector.NotFinite},
		"counter -Inf":          {counter, collector.Add, -inf, collector.NotFinite},
		"counter negative":      {counter, collector.Add, -1, collector.NegativeIncrement},
		"counter tiny negative": {counter, collector.Add, -math.SmallestNonzeroFloat64, collector.NegativeIncrement},
		"counter set":           {counter, collector.Set, 1, collector.Malformed},
		"counter observe":       {counter, collector.Observe, 1, collector.Malformed},
		"gauge observe":         {gauge, collector.Observe, 1, collector.Malformed},
		"histogram NaN":         {histogram, collector.Observe, nan, collector.NotFinite},
		"histogram +Inf":        {histogram, collector.Observe, inf, collector.NotFinite},
		"histogram -Inf":        {histogram, collector.Observe, -inf, collector.NotFinite},
		"histogram add":         {histogram, collector.Add, 1, collector.Malformed},
		"unknown operation":     {gauge, 200, 1, collector.Malformed},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := open(t, collector.Options{})
			family := *test.family
			ingest(t, c, of(collector.Sample{Family: &family, Op: test.op, Value: test.value}))
			wantText(t, c, "")
			stats := c.Stats()
			if stats.Dropped(test.reason) != 1 || stats.Applied() != 0 || stats.Series() != 0 {
				t.Errorf("dropped for %v: %d, applied %d, series %d", test.reason,
					stats.Dropped(test.reason), stats.Applied(), stats.Series())
			}
		})
	}
}

// TestSumsStayFinite holds that finite values cannot add up to what a counter or a histogram must not be.
func TestSumsStayFinite(t *testing.T) {
	counter := &collector.Family{Name: "c_total", Type: collector.Counter}
	histogram := &collector.Family{Name: "h", Type: collector.Histogram, Buckets: []float64{1}}
	c := open(t, collector.Options{})
	ingest(t, c,
		add(counter, math.MaxFloat64), add(counter, math.MaxFloat64), add(counter, 1),
		observe(histogram, math.MaxFloat64), observe(histogram, math.MaxFloat64),
		observe(histogram, -math.MaxFloat64), observe(histogram, -math.MaxFloat64), observe(histogram, -math.MaxFloat64),
	)
	wantText(t, c, `# HELP c_total 
# TYPE c_total counter
c_total 1.7976931348623157e+308
# HELP h 
# TYPE h histogram
h_bucket{le="1"} 2
h_bucket{le="+Inf"} 3
h_sum -1.7976931348623157e+308
h_count 3
`)
	if n := c.Stats().Dropped(collector.NotFinite); n != 3 {
		t.Errorf("%d samples dropped, want 3", n)
	}
}

func TestGaugeTakesAnyValue(t *testing.T) {
	g := &collector.Family{Name: "g", Type: collector.Gauge}
	c := open(t, collector.Options{})
	for _, step := range []struct {
		op    collector.Op
		value float64
		want  string
	}{
		{collector.Add, -2.5, "-2.5"}, {collector.Add, 1, "-1.5"}, {collector.Set, 7, "7"},
		{collector.Set, math.Inf(1), "+Inf"}, {collector.Add, math.Inf(-1), "NaN"}, {collector.Set, 0, "0"},
	} {
		ingest(t, c, of(collector.Sample{Family: g, Op: step.op, Value: step.value}))
		wantText(t, c, "# HELP g \n# TYPE g gauge\ng "+step.want+"\n")
	}
}

func TestBucketBounds(t *testing.T) {
	var bounds []float64
	for i := range 40 {
		bounds = append(bounds, float64(i))
	}
	for width := range len(bounds) + 1 {
		f := &collector.Family{Name: "h", Type: collector.Histogram, Buckets: bounds[:width]}
		c := open(t, collector.Options{})
		for i := -1; i <= width; i++ {
			ingest(t, c, observe(f, float64(i)), observe(f, float64(i)+0.5))
		}
		families, done, err := c.Gather(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		h := families[0].Metric[0].Histogram
		for i, b := range h.Bucket {
			// -1, -0.5, then two per whole number up to the bound, the last one alone.
			if want := uint64(2 + 2*i + 1); b.GetCumulativeCount() != want {
				t.Errorf("%d buckets: le=%v has %d, want %d", width, b.GetUpperBound(), b.GetCumulativeCount(), want)
			}
		}
		if want := uint64(2 * (width + 2)); h.GetSampleCount() != want {
			t.Errorf("%d buckets: count %d, want %d", width, h.GetSampleCount(), want)
		}
		done()
		c.Close()
	}
}
