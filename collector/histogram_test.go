package collector_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	"github.com/promexporter/promexporter/collector"
)

func weighted(f *collector.Family, v float64, n uint64, labels ...string) func(*collector.Batch) {
	return of(collector.Sample{Family: f, Op: collector.Observe, Value: v, Count: n}, labels...)
}

func TestWeights(t *testing.T) {
	c := open(t, collector.Options{})
	classic := &collector.Family{Name: "classic", Type: collector.Histogram, Buckets: []float64{1, 2}}
	bare := &collector.Family{Name: "bare", Type: collector.Summary}
	native := &collector.Family{Name: "native", Type: collector.Histogram, Native: collector.Native{Factor: 2}}
	quantiled := &collector.Family{Name: "quantiled", Type: collector.Summary, Quantiles: map[float64]float64{0.5: 0.05}}
	for _, f := range []*collector.Family{classic, bare, native, quantiled} {
		ingest(t, c, weighted(f, 1.5, 0), weighted(f, 2.5, 1), weighted(f, 0.5, 1000))
	}
	ingest(t, c,
		weighted(classic, 1.5, 1<<32), weighted(bare, 1.5, 1<<32), weighted(native, 1.5, 1<<32), // as many as may be
		weighted(classic, 1.5, 1<<32+1), weighted(bare, 1.5, math.MaxUint64),
		weighted(native, 1.5, 1<<32+1), weighted(quantiled, 1.5, 1001),
		weighted(classic, math.MaxFloat64, 2), weighted(bare, -math.MaxFloat64, 2),
	)
	wantText(t, c, `# HELP bare 
# TYPE bare summary
bare_sum 6.442451448e+09
bare_count 4.294968298e+09
# HELP classic 
# TYPE classic histogram
classic_bucket{le="1"} 1000
classic_bucket{le="2"} 4.294968297e+09
classic_bucket{le="+Inf"} 4.294968298e+09
classic_sum 6.442451448e+09
classic_count 4.294968298e+09
# HELP native 
# TYPE native histogram
native_bucket{le="+Inf"} 4.294968298e+09
native_sum 6.442451448e+09
native_count 4.294968298e+09
# HELP quantiled 
# TYPE quantiled summary
quantiled{quantile="0.5"} 0.5
quantiled_sum 504
quantiled_count 1002
`)
	if s := c.Stats(); s.Dropped(collector.WeightLimit) != 4 || s.Dropped(collector.NotFinite) != 2 {
		t.Errorf("dropped %d and %d", s.Dropped(collector.WeightLimit), s.Dropped(collector.NotFinite))
	}
}

// shapes are distributions of what is observed.
var shapes = map[string]func(r *rand.Rand) float64{
	"latencies": func(r *rand.Rand) float64 { return math.Exp(r.NormFloat64()) },
	"both ways": func(r *rand.Rand) float64 { return r.NormFloat64() * 1000 },
	"zeros":     func(r *rand.Rand) float64 { return float64(r.IntN(3) - 1) },
	"powers":    func(r *rand.Rand) float64 { return math.Ldexp(1, r.IntN(1000)-500) },
	"extremes": func(r *rand.Rand) float64 {
		return [...]float64{0x1p-128, math.Nextafter(0x1p-128, 1), -0x1p-128, math.Nextafter(-0x1p-128, -1), math.SmallestNonzeroFloat64,
			math.MaxFloat64 / 1e9, -math.MaxFloat64 / 1e9, math.Copysign(0, -1)}[r.IntN(8)]
	},
	// Of any exponent, so that buckets are joined down to the coarsest schema.
	"anything": func(r *rand.Rand) float64 { return math.Ldexp(r.NormFloat64(), r.IntN(2000)-1000) },
}

// TestNativeEqualsClientGolang gives the same observations to both, with all schemas and bounds.
func TestNativeEqualsClientGolang(t *testing.T) {
	for name, shape := range shapes {
		for _, buckets := range [][]float64{nil, {0.5, 1, 100}} {
			for _, factor := range []float64{1.0001, 1.003, 1.01, 1.05, 1.1, 1.3, 1.5, 2, 3, 10, 100, 65536, 1e9} {
				for _, most := range []uint32{2, 50, 10_000} {
					equalsClientGolang(t, name, shape, prometheus.HistogramOpts{
						Name: name, Buckets: buckets, NativeHistogramBucketFactor: factor, NativeHistogramMaxBucketNumber: most,
					})
				}
			}
		}
	}
}

func equalsClientGolang(t *testing.T, name string, shape func(r *rand.Rand) float64, o prometheus.HistogramOpts) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	theirs := prometheus.NewHistogram(o)
	c := collector.New(collector.Options{SeriesLimit: 1})
	defer c.Close()
	f := &collector.Family{Name: "h", Type: collector.Histogram, Buckets: o.Buckets,
		Native: collector.Native{Factor: o.NativeHistogramBucketFactor, MaxBuckets: o.NativeHistogramMaxBucketNumber}}
	for round := range 4 {
		b := batchAt(noon)
		for range 20 << (2 * round) {
			v, n := shape(r), uint64(1)
			if r.IntN(4) == 0 {
				n += uint64(r.IntN(3))
			}
			for range n {
				theirs.Observe(v)
			}
			weighted(f, v, n)(b)
		}
		if err := c.Ingest(b, nil); err != nil {
			t.Fatal(err)
		}
		compareHistograms(t, name, round, c, theirs)
		compareHistograms(t, name, round, c, theirs) // what did not change since
	}
}

// TestNativeBoundsEqualClientGolangs observes every bound of the finest schema, and what is next to it.
func TestNativeBoundsEqualClientGolangs(t *testing.T) {
	theirs := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "h", NativeHistogramBucketFactor: 1.001})
	c := open(t, collector.Options{})
	f := &collector.Family{Name: "h", Type: collector.Histogram, Native: collector.Native{Factor: 1.001, MaxBuckets: 1000}}
	b := batchAt(noon)
	for i := range 257 {
		bound := math.Exp2(float64(i) / 256)
		for v, n := bound, 0; n < 5; n++ {
			theirs.Observe(v)
			observe(f, v)(b)
			v = math.Nextafter(v, 4)
		}
		for v, n := bound, 0; n < 5; n++ {
			v = math.Nextafter(v, 0)
			theirs.Observe(v)
			observe(f, v)(b)
		}
	}
	if err := c.Ingest(b, nil); err != nil {
		t.Fatal(err)
	}
	compareHistograms(t, "bounds", 0, c, theirs)
}

func compareHistograms(t *testing.T, name string, round int, c *collector.Collector, theirs prometheus.Histogram) {
	t.Helper()
	families, done, err := c.Gather(t.Context())
	defer done()
	if err != nil {
		t.Fatal(err)
	}
	var want dto.Metric
	if err := theirs.Write(&want); err != nil {
		t.Fatal(err)
	}
	got := proto.Clone(families[0].Metric[0]).(*dto.Metric)
	if a, b := got.Histogram.GetSampleSum(), want.Histogram.GetSampleSum(); math.Abs(a-b) > 1e-9*math.Abs(b) {
		t.Errorf("%s, round %d: sum %v, client_golang has %v", name, round, a, b)
	}
	got.Histogram.SampleSum = want.Histogram.SampleSum // summed in another order
	want.Histogram.CreatedTimestamp = got.Histogram.CreatedTimestamp
	if !proto.Equal(got, &want) {
		t.Errorf("%s, round %d: histogram is\n%v\nclient_golang has\n%v", name, round, got, &want)
	}
}

func TestNativeExposition(t *testing.T) {
	c := open(t, collector.Options{})
	both := &collector.Family{Name: "both_seconds", Help: "Both.", Type: collector.Histogram, Labels: []string{"l"},
		Buckets: []float64{0.1, 1}, Native: collector.Native{Factor: 1.5}}
	only := &collector.Family{Name: "only_seconds", Help: "Only.", Type: collector.Histogram, Labels: []string{"l"},
		Native: collector.Native{Factor: 1.5}}
	for _, f := range []*collector.Family{both, only} {
		ingest(t, c, observe(f, 0.05, "a"), observe(f, 0.5, "a"), observe(f, 5, "a"), observe(f, 0, "b"))
		if err := c.Init(noon, f, []string{"none"}); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, c, "native")
	families, done, err := c.Gather(t.Context())
	defer done()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.Metric {
			h := m.Histogram
			if h.Schema == nil || h.CreatedTimestamp.GetSeconds() != noon/1e9 {
				t.Errorf("%s: no native histogram, or created at another time than the batch's: %v", f.GetName(), h)
			}
		}
	}
}

// TestNativeSnapshotIsIsolated holds that the buckets that snapshots share do not change.
func TestNativeSnapshotIsIsolated(t *testing.T) {
	c := open(t, collector.Options{})
	f := &collector.Family{Name: "h", Type: collector.Histogram, Native: collector.Native{Factor: 1.1, MaxBuckets: 10}}
	ingest(t, c, observe(f, 1))
	first, done, err := c.Gather(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	before := encode(t, first, protoFormat)
	for i := range 100 {
		ingest(t, c, observe(f, float64(i*i)))
		scrape(t, c, protoFormat)
	}
	if encode(t, first, protoFormat) != before {
		t.Error("the snapshot changed")
	}
}
