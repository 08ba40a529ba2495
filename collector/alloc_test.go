package collector_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/promexporter/promexporter/collector"
)

// withoutRace skips what the race detector's own allocations would spoil.
func withoutRace(t *testing.T) {
	t.Helper()
	if raceDetector {
		t.Skip("the race detector allocates")
	}
}

// TestIngestDoesNotAllocate holds that samples of known series cost no allocation, building their batch included.
func TestIngestDoesNotAllocate(t *testing.T) {
	withoutRace(t)
	labels := []string{"a", "b"}
	counter := collector.Family{Type: collector.Counter, Labels: labels}
	gauge := collector.Family{Type: collector.Gauge, Labels: labels}
	mortal := collector.Family{Type: collector.Counter, Labels: labels, TTL: time.Millisecond}
	full := collector.Family{Type: collector.Counter, Labels: labels, SeriesLimit: 1}
	histogram := collector.Family{Type: collector.Histogram, Labels: labels, Buckets: []float64{1, 2, 3}}
	tests := map[string]struct {
		family   collector.Family
		op       collector.Op
		exemplar string
		count    uint64
	}{
		"counter":              {family: counter, op: collector.Add},
		"running total":        {family: counter, op: collector.Total},
		"running total, start": {family: counter, op: collector.Total, count: 7},
		"counter, exemplar":    {family: counter, op: collector.Add, exemplar: "4bf92f3577b34da6a3ce929d0e0e4736"},
		"mortal counter":       {family: mortal, op: collector.Add},
		"overflowing counter":  {family: full, op: collector.Add},
		"gauge":                {family: gauge, op: collector.Set},
		"aggregate":            {family: gauge, op: collector.Sum},
		"aggregate, mortal":    {family: collector.Family{Type: collector.Gauge, Labels: labels, TTL: time.Minute}, op: collector.Count},
		"distinct":             {family: collector.Family{Type: collector.Gauge, Labels: labels, Window: time.Minute}, op: collector.Distinct, count: 7},
		"histogram":            {family: histogram, op: collector.Observe},
		"merge":                {family: histogram, op: collector.Merge},
		"merge of totals":      {family: histogram, op: collector.MergeTotal},
		"histogram, exemplar":  {family: histogram, op: collector.Observe, exemplar: "4bf92f3577b34da6a3ce929d0e0e4736"},
		"summary":              {family: collector.Family{Type: collector.Summary, Labels: labels}, op: collector.Observe},
		"timestamps":           {family: collector.Family{Type: collector.Gauge, Labels: labels, Timestamps: true}, op: collector.Set},
		"dropped, out of type": {family: gauge, op: collector.Observe},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := open(t, collector.Options{})
			f := test.family
			f.Name = "m"
			b := &collector.Batch{Now: noon}
			values := [][]byte{[]byte("GET"), []byte("/"), []byte("/about")}
			exemplar := []byte(test.exemplar)
			origin := &collector.Origin{}
			var families collector.Aggregates
			families.Add(&f)
			ingest := func() {
				b.Reset()
				b.Now += 100_000
				b.Round("tag", &families, b.Now)
				for i := range 20 {
					b.Label(values[0])
					b.Label(values[i%3])
					b.Exemplar("trace_id", exemplar)
					if test.op == collector.Merge || test.op == collector.MergeTotal {
						b.Buckets([]uint64{1, 2, 300, 4})
					}
					b.Append(&collector.Sample{Family: &f, Op: test.op, Value: float64(i), Time: b.Now, Count: test.count, Origin: origin})
				}
				if err := c.Ingest(b, nil); err != nil {
					t.Fatal(err)
				}
			}
			if n := testing.AllocsPerRun(100, ingest); n != 0 {
				t.Errorf("%v allocations per batch of known series, want 0", n)
			}
		})
	}
}

// TestGatherAllocations holds that a scrape allocates a few times, however many series there are.
func TestGatherAllocations(t *testing.T) {
	withoutRace(t)
	for _, series := range []int{1, 100, 10_000} {
		c := open(t, collector.Options{})
		fill(t, c, series)
		n := testing.AllocsPerRun(20, func() {
			_, done, err := c.Gather(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			done()
		})
		if n > 8 {
			t.Errorf("%v allocations per scrape of %d series, want 8 at most", n, series)
		}
	}
}

// fill makes that many counter series of three labels, as many histograms, and as many gauges, but no more than 1000 of
// the latter two.
func fill(t testing.TB, c *collector.Collector, series int) {
	t.Helper()
	counter := &collector.Family{Name: "c_total", Type: collector.Counter, Labels: []string{"host", "path", "status"}}
	l, temp := latency(), temperature()
	b := batchAt(noon)
	for i := range series {
		add(counter, float64(i), fmt.Sprintf("host-%d", i%100), fmt.Sprintf("/api/v1/%d", i/100), "200")(b)
		if i < 1000 {
			observe(l, 1, fmt.Sprint(i))(b)
			set(temp, 1, fmt.Sprint(i))(b)
		}
	}
	if err := c.Ingest(b, nil); err != nil {
		t.Fatal(err)
	}
}
