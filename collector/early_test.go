package collector_test

import (
	"testing"
	"time"

	"github.com/promexporter/promexporter/collector"
)

// TestNonsenseOfTheFuture holds that a record with a time that is nonsense does not keep a series from taking the right
// ones, and makes none where times matter.
func TestNonsenseOfTheFuture(t *testing.T) {
	counter, gauge := collector.Counter, collector.Gauge
	for name, test := range map[string]struct {
		op     collector.Op
		family collector.Family
		want   string
	}{
		"total":      {collector.Total, collector.Family{Name: "x_total", Type: counter}, "x_total 7"},
		"sum":        {collector.Sum, collector.Family{Name: "x", Type: gauge}, "x 7"},
		"min":        {collector.Min, collector.Family{Name: "x", Type: gauge}, "x 7"},
		"max":        {collector.Max, collector.Family{Name: "x", Type: gauge}, "x 7"},
		"count":      {collector.Count, collector.Family{Name: "x", Type: gauge}, "x 1"},
		"timestamps": {collector.Set, collector.Family{Name: "x", Type: gauge, Timestamps: true}, "x 7 1700000001000"},
	} {
		t.Run(name, func(t *testing.T) {
			c := open(t, collector.Options{})
			at := func(v float64, ahead time.Duration) func(*collector.Batch) {
				return of(collector.Sample{Family: &test.family, Op: test.op, Value: v, Time: noon + int64(ahead)})
			}
			ingest(t, c, at(900, 24*time.Hour+1), at(900, 100*365*24*time.Hour))
			if c.Stats().Series() != 0 {
				t.Error("nonsense made a series")
			}
			ingest(t, c, at(1, 0), at(900, 24*time.Hour+1), at(7, time.Second), at(900, 100*365*24*time.Hour))
			shows(t, c, test.want)
			if n := c.Stats().Dropped(collector.TooNew); n != 4 {
				t.Errorf("%d dropped, want 4", n)
			}
			ingest(t, c, at(9, 24*time.Hour))
			if n := c.Stats().Dropped(collector.TooNew); n != 4 {
				t.Errorf("a day ahead is too new")
			}
		})
	}
}

// TestTimesThatDoNotMatter holds that samples whose time changes nothing are taken whatever it is.
func TestTimesThatDoNotMatter(t *testing.T) {
	c := open(t, collector.Options{})
	g, f := &collector.Family{Name: "g", Type: collector.Gauge}, &collector.Family{Name: "c_total", Type: collector.Counter}
	future := noon + int64(100*365*24*time.Hour)
	ingest(t, c, of(collector.Sample{Family: g, Op: collector.Set, Value: 2, Time: future}),
		of(collector.Sample{Family: f, Value: 3, Time: future}))
	shows(t, c, "c_total 3", "g 2")
}
