package collector_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/promexporter/promexporter/collector"
)

// kind is what series may be, for measuring what they take.
type kind struct {
	name     string
	family   collector.Family
	op       collector.Op
	series   int
	samples  int // of each series
	value    int // length of each label value
	exemplar int // length of an exemplar's value, 0: none
}

func kinds() []kind {
	one, three, many := []string{"n"}, []string{"a", "b", "c"}, make([]string, 64)
	for i := range many {
		many[i] = fmt.Sprintf("l%02d", i)
	}
	classic := collector.Family{Type: collector.Histogram, Labels: one, Buckets: prometheus.ExponentialBuckets(0.001, 2, 20)}
	native := collector.Family{Type: collector.Histogram, Labels: one, Native: collector.Native{Factor: 1.1}}
	windowed := collector.Family{Type: collector.Gauge, Labels: one, Window: time.Hour}
	quantiles := collector.Family{Type: collector.Summary, Labels: one, Quantiles: map[float64]float64{0.5: 0.05, 0.9: 0.01, 0.99: 0.001}}
	return []kind{
		{"counter, short labels", collector.Family{Type: collector.Counter, Labels: three}, collector.Add, 10_000, 1, 8, 0},
		{"counter, 64 labels of 1 KiB", collector.Family{Type: collector.Counter, Labels: many}, collector.Add, 100, 1, 1024, 0},
		{"running total with a TTL", collector.Family{Type: collector.Counter, Labels: one, TTL: time.Hour}, collector.Total, 14_000, 1, 8, 0},
		{"counter, exemplars", collector.Family{Type: collector.Counter, Labels: one}, collector.Add, 4_000, 1, 8, 32},
		{"gauge with timestamps and a TTL", collector.Family{Type: collector.Gauge, Labels: one, TTL: time.Hour, Timestamps: true}, collector.Set, 10_000, 1, 8, 0},
		{"aggregate", collector.Family{Type: collector.Gauge, Labels: one}, collector.Sum, 10_000, 1, 8, 0},
		{"distinct, 100 values", windowed, collector.Distinct, 500, 100, 8, 0},
		{"distinct, 5000 values", windowed, collector.Distinct, 50, 5000, 8, 0},
		{"histogram, 20 buckets", classic, collector.Observe, 4_000, 1, 8, 0},
		{"histogram, 20 buckets, exemplars", classic, collector.Observe, 500, 40, 8, 100},
		{"native histogram, 5 observations", native, collector.Observe, 4_000, 5, 8, 0},
		{"native histogram, 100 observations", native, collector.Observe, 500, 100, 8, 0},
		{"native histogram, exemplars", native, collector.Observe, 500, 40, 8, 32},
		{"summary", collector.Family{Type: collector.Summary, Labels: one}, collector.Observe, 10_000, 1, 8, 0},
		{"summary, quantiles", quantiles, collector.Observe, 20, 1000, 8, 0},
	}
}

// append appends the samples of series i.
func (k *kind) append(b *collector.Batch, f *collector.Family, i int) {
	exemplar := []byte(strings.Repeat("x", k.exemplar))
	for n := range k.samples {
		for at := range f.Labels {
			b.Label(fmt.Appendf(nil, "%0*d", k.value, i*len(f.Labels)+at))
		}
		b.Exemplar("trace_id", exemplar)
		s := collector.Sample{Family: f, Op: k.op, Value: 0.001 * float64(1+n*n*7%9973)}
		if k.op == collector.Distinct {
			s.Count = uint64(n+1) * 0x9e3779b97f4a7c15
		}
		b.Append(&s)
	}
}

// fill makes the series of k in a new collector and returns it with the heap that it takes.
func (k *kind) fill(t testing.TB) (c *collector.Collector, taken float64) {
	before := heap()
	c = open(t, collector.Options{})
	f := k.family
	f.Name = "m"
	b := batchAt(noon)
	for i := range k.series {
		b.Reset()
		k.append(b, &f, i)
		if err := c.Ingest(b, nil); err != nil {
			t.Fatal(err)
		}
	}
	b.Reset()
	b = nil
	return c, heap() - before
}

// TestEstimate compares what series are taken to need with the heap.
func TestEstimate(t *testing.T) {
	withoutRace(t)
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			c, taken := k.fill(t)
			near(t, c, taken, k.series)
		})
	}
}

// TestEstimateOfFamilies holds that families count where each has one series.
func TestEstimateOfFamilies(t *testing.T) {
	withoutRace(t)
	for _, f := range []collector.Family{
		{Name: "metric_%d_total", Type: collector.Counter}, {Name: "metric.%d", Type: collector.Counter},
		{Name: "metric_%d", Type: collector.Gauge}, {Name: "metric.%d", Type: collector.Gauge},
		{Name: "metric_%d", Type: collector.Histogram}, {Name: "metric.%d", Type: collector.Summary},
	} {
		t.Run(fmt.Sprint(f.Type, " ", f.Name), func(t *testing.T) {
			const families = 2000
			op := collector.Add
			if f.Type >= collector.Histogram {
				op = collector.Observe
			}
			before := heap()
			c := open(t, collector.Options{})
			for i := range families {
				f := f
				f.Name = fmt.Sprintf(f.Name, i)
				ingest(t, c, of(collector.Sample{Family: &f, Op: op, Value: 1}))
			}
			near(t, c, heap()-before, families)
		})
	}
}

// near holds that the estimate is within a fifth of what was taken.
func near(t *testing.T, c *collector.Collector, taken float64, series int) {
	t.Helper()
	estimate := float64(c.Stats().Bytes())
	t.Logf("%.0f bytes a series, estimated %.0f, %+.1f %%", taken/float64(series), estimate/float64(series), 100*(estimate/taken-1))
	if estimate < 0.8*taken || estimate > 1.2*taken {
		t.Errorf("estimate of %.0f bytes for %.0f", estimate, taken)
	}
}

// BenchmarkMemoryOfKinds reports what a series takes, and a snapshot of it.
func BenchmarkMemoryOfKinds(b *testing.B) {
	for _, k := range kinds() {
		b.Run(k.name, func(b *testing.B) {
			for b.Loop() {
				c, taken := k.fill(b)
				before := heap()
				_, done, err := c.Gather(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				done()
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(taken/float64(k.series), "B/series")
				b.ReportMetric((heap()-before)/float64(k.series), "B/series-snapshot")
				c.Close()
			}
		})
	}
}
