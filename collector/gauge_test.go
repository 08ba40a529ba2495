package collector_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/promexporter/promexporter/collector"
)

// TestAggregates holds how samples that share a time are joined.
func TestAggregates(t *testing.T) {
	type sample struct {
		at    int64
		value float64
	}
	samples := []sample{{1, 5}, {1, -2}, {1, 4}}
	newer := append(samples[:3:3], sample{2, 3}, sample{2, 1})
	older := append(newer[:5:5], sample{1, 100}, sample{0, -100})
	tests := map[string]struct {
		op      collector.Op
		samples []sample
		want    float64
		dropped uint64
	}{
		"sum": {collector.Sum, samples, 7, 0}, "sum, newer": {collector.Sum, newer, 4, 0}, "sum, older": {collector.Sum, older, 4, 2},
		"min": {collector.Min, samples, -2, 0}, "min, newer": {collector.Min, newer, 1, 0}, "min, older": {collector.Min, older, 1, 2},
		"max": {collector.Max, samples, 5, 0}, "max, newer": {collector.Max, newer, 3, 0}, "max, older": {collector.Max, older, 3, 2},
		"count": {collector.Count, samples, 3, 0}, "count, newer": {collector.Count, newer, 2, 0}, "count, older": {collector.Count, older, 2, 2},
		"before 1970": {collector.Sum, []sample{{-2e9, 1}, {-2e9, 2}, {-1e9, 7}}, 7, 0},
		"NaN":         {collector.Max, []sample{{1, math.NaN()}, {2, 3}}, 3, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := open(t, collector.Options{})
			g := &collector.Family{Name: "g", Type: collector.Gauge}
			for _, s := range test.samples {
				ingest(t, c, of(collector.Sample{Family: g, Op: test.op, Value: s.value, Time: noon + s.at*1e9}))
			}
			wantText(t, c, fmt.Sprintf("# HELP g \n# TYPE g gauge\ng %v\n", test.want))
			if n := c.Stats().Dropped(collector.OutOfOrder); n != test.dropped {
				t.Errorf("%d dropped, want %d", n, test.dropped)
			}
		})
	}
}

// TestAggregateWithoutTime holds that samples without a time have that of their batch.
func TestAggregateWithoutTime(t *testing.T) {
	c := open(t, collector.Options{})
	g := &collector.Family{Name: "g", Type: collector.Gauge}
	one := of(collector.Sample{Family: g, Op: collector.Sum, Value: 1})
	ingestAt(t, c, noon, one, one, one)
	wantText(t, c, "# HELP g \n# TYPE g gauge\ng 3\n")
	ingestAt(t, c, noon+1, one, one)
	wantText(t, c, "# HELP g \n# TYPE g gauge\ng 2\n")
}

// TestTimestamps holds that the newest time of the samples is shown, in milliseconds, also before 1970.
func TestTimestamps(t *testing.T) {
	c := open(t, collector.Options{})
	gauge := &collector.Family{Name: "g", Type: collector.Gauge, Timestamps: true, Labels: []string{"l"}}
	counter := &collector.Family{Name: "c_total", Type: collector.Counter, Timestamps: true, Labels: []string{"l"}}
	histogram := &collector.Family{Name: "h", Type: collector.Histogram, Timestamps: true, Buckets: []float64{1}}
	summary := &collector.Family{Name: "s", Type: collector.Summary, Timestamps: true}
	at := func(f *collector.Family, op collector.Op, v float64, nanos int64, labels ...string) func(*collector.Batch) {
		return of(collector.Sample{Family: f, Op: op, Value: v, Time: nanos}, labels...)
	}
	if err := c.Init(noon, counter, []string{"declared"}); err != nil {
		t.Fatal(err)
	}
	ingest(t, c,
		at(gauge, collector.Set, 1, noon+1_999_999, "a"),
		at(gauge, collector.Set, 2, noon, "a"), // older: not shown
		at(gauge, collector.Set, 3, -1, "before 1970"),
		at(gauge, collector.Set, 4, 0, "batch"),
		at(counter, collector.Add, 1, noon+5e9, "a"),
		at(counter, collector.Add, 1, noon+2e9, "a"), // older, but an increase all the same
		at(histogram, collector.Observe, 1, noon+3e9),
		at(summary, collector.Observe, 1, noon+4e9),
	)
	golden(t, c, "timestamps")
	if n := c.Stats().Dropped(collector.OutOfOrder); n != 1 {
		t.Errorf("%d dropped, want 1", n)
	}
}
