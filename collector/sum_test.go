package collector_test

import (
	"bytes"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/promexporter/promexporter/collector"
)

// summed are the families whose value is a sum, each with what adds to it.
func summed() map[string]func(v float64) func(*collector.Batch) {
	counter := &collector.Family{Name: "c_total", Type: collector.Counter, TTL: time.Minute}
	histogram := &collector.Family{Name: "h", Type: collector.Histogram, Buckets: []float64{1}, TTL: time.Minute}
	summary := &collector.Family{Name: "s", Type: collector.Summary, TTL: time.Minute}
	gauge := &collector.Family{Name: "g", Type: collector.Gauge}
	aggregate := &collector.Family{Name: "a", Type: collector.Gauge}
	running := &collector.Family{Name: "r_total", Type: collector.Counter}
	return map[string]func(v float64) func(*collector.Batch){
		"counter":   func(v float64) func(*collector.Batch) { return add(counter, v) },
		"histogram": func(v float64) func(*collector.Batch) { return observe(histogram, v) },
		"summary":   func(v float64) func(*collector.Batch) { return observe(summary, v) },
		"gauge":     func(v float64) func(*collector.Batch) { return add(gauge, v) },
		"aggregate": func(v float64) func(*collector.Batch) {
			return of(collector.Sample{Family: aggregate, Op: collector.Sum, Value: v, Time: noon})
		},
		"running total": func(v float64) func(*collector.Batch) { // it starts over each time, so that it is exact
			return func(b *collector.Batch) {
				of(collector.Sample{Family: running, Op: collector.Total})(b)
				of(collector.Sample{Family: running, Op: collector.Total, Value: v})(b)
			}
		},
	}
}

// sumOf returns the sum that the only series shows.
func sumOf(t *testing.T, c *collector.Collector) float64 {
	t.Helper()
	families, done, err := c.Gather(t.Context())
	defer done()
	if err != nil {
		t.Fatal(err)
	}
	m := families[0].Metric[0]
	return m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetHistogram().GetSampleSum() + m.GetSummary().GetSampleSum()
}

// nearest returns the float64 that is nearest to n.
func nearest(n *big.Int) float64 {
	f, _ := new(big.Float).SetInt(n).Float64()
	return f
}

// TestWholeNumbersAreExact adds whole numbers up to 2^64, in which a page shows the nearest float64. The series are
// exported and restored in between.
func TestWholeNumbersAreExact(t *testing.T) {
	for name := range summed() {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(5) {
				exactly(t, name, rand.New(rand.NewPCG(seed, 1)))
			}
		})
	}
}

func exactly(t *testing.T, name string, r *rand.Rand) {
	t.Helper()
	adds, sum := summed()[name], new(big.Int)
	c := open(t, collector.Options{})
	limit := new(big.Int).Lsh(big.NewInt(1), 64)
	for n := 0; sum.Cmp(limit) < 0 && n < 5000; n++ {
		v := int64(1)
		if r.IntN(3) == 0 {
			v = r.Int64N(1 << 53)
		}
		ingest(t, c, adds(float64(v)))
		sum.Add(sum, big.NewInt(v))
		if n%500 == 7 {
			state := written(t, c, noon, true)
			c = open(t, collector.Options{})
			if _, err := c.Import(bytes.NewReader(state), collector.ImportOptions{Now: noon, Gauges: true, Also: itself}); err != nil {
				t.Fatal(err)
			}
			adds = summed()[name]
		}
		if got, want := sumOf(t, c), nearest(sum); got != want {
			t.Fatalf("after %d values the sum is %.0f, want %.0f, which is nearest to %d", n+1, got, want, sum)
		}
	}
	if n := c.Stats().Dropped(collector.RoundedAway); n != 0 {
		t.Errorf("%d rounded away", n)
	}
}

func itself(f *collector.Family) *collector.Family { return f }

// TestRememberedSumsAreExact lets series expire and come back.
func TestRememberedSumsAreExact(t *testing.T) {
	for _, name := range []string{"counter", "histogram", "summary"} {
		adds := summed()[name]
		c := open(t, collector.Options{})
		ingest(t, c, adds(1<<53), adds(1), adds(1), adds(1))
		ingestAt(t, c, noon+100*second) // they expire
		if n := c.Stats().Series(); n != 0 {
			t.Fatalf("%d series", n)
		}
		ingestAt(t, c, noon+101*second, adds(1))
		if got := sumOf(t, c); got != 1<<53+4 {
			t.Errorf("%s: %.0f", name, got)
		}
	}
}

// TestRoundedAway holds that what does not change a sum is a loss, and what does is none.
func TestRoundedAway(t *testing.T) {
	tests := map[string]struct {
		values []float64
		sum    float64
		lost   uint64
	}{
		"fractions":              {[]float64{0.05, 0.05, 0.05}, 0.05 + 0.05 + 0.05, 0},
		"zero":                   {[]float64{1e300, 0}, 1e300, 0},
		"a tenth and 2^53":       {[]float64{1 << 53, 0.1}, 1 << 53, 0},
		"tenths make a whole":    {append([]float64{1 << 53}, tenths(20)...), 1<<53 + 2, 0},
		"tiny ones add up":       {append([]float64{1}, many(1e-17, 1000)...), 1 + 1e-14, 0},
		"1 and 2^64":             {[]float64{1 << 64, 1, 1}, 1 << 64, 2},
		"2^11 and 2^64":          {[]float64{1 << 64, 1 << 12}, 1<<64 + 1<<12, 0},
		"1 and 1e300":            {[]float64{1e300, 1, 1}, 1e300, 2},
		"the other way round":    {[]float64{1, 1, 1e300}, 1e300, 0},
		"smallest and a billion": {[]float64{1e9, math.SmallestNonzeroFloat64}, 1e9, 0},
		"smallest and a rest":    {[]float64{1e9, 1e-9, math.SmallestNonzeroFloat64}, 1e9 + 1e-9, 1},
	}
	for name, test := range tests {
		for kind, adds := range summed() {
			t.Run(name+", "+kind, func(t *testing.T) {
				c := open(t, collector.Options{})
				for _, v := range test.values {
					ingest(t, c, adds(v))
				}
				if got := sumOf(t, c); math.Abs(got-test.sum) > math.Nextafter(test.sum, math.Inf(1))-test.sum {
					t.Errorf("the sum is %v, want %v", got, test.sum)
				}
				if n := c.Stats().Dropped(collector.RoundedAway); n != test.lost {
					t.Errorf("%d rounded away, want %d", n, test.lost)
				}
			})
		}
	}
}

func many(v float64, n int) (all []float64) {
	for range n {
		all = append(all, v)
	}
	return all
}

func tenths(n int) []float64 { return many(0.1, n) }

// TestMaxIncrement holds that a sample that adds too much leaves no trace but a count.
func TestMaxIncrement(t *testing.T) {
	counter := &collector.Family{Name: "c_total", Type: collector.Counter, MaxIncrement: 100}
	lax := &collector.Family{Name: "c_total", Type: collector.Counter, MaxIncrement: 1000}
	histogram := &collector.Family{Name: "h", Type: collector.Histogram, Buckets: []float64{1}, MaxIncrement: 100}
	summary := &collector.Family{Name: "s", Type: collector.Summary, MaxIncrement: 100}
	running := &collector.Family{Name: "r_total", Type: collector.Counter, MaxIncrement: 100}
	total := func(v float64) func(*collector.Batch) {
		return of(collector.Sample{Family: running, Op: collector.Total, Value: v})
	}
	weigh := func(v float64, n uint64) func(*collector.Batch) {
		return of(collector.Sample{Family: histogram, Op: collector.Observe, Value: v, Count: n})
	}
	c := open(t, collector.Options{})
	ingest(t, c, add(counter, 100.5), observe(histogram, 1e9), observe(summary, 1.7e308))
	if n := c.Stats().Series(); n != 0 {
		t.Errorf("%d series", n)
	}
	ingest(t, c,
		add(counter, 100), add(counter, 101), add(lax, 101),
		observe(histogram, -100), observe(histogram, -101), weigh(50, 2), weigh(50, 3),
		observe(summary, 100), observe(summary, 101),
		total(50), total(1.7e308), total(60), total(161), total(150), total(10))
	wantText(t, c, `# HELP c_total 
# TYPE c_total counter
c_total 201
# HELP h 
# TYPE h histogram
h_bucket{le="1"} 1
h_bucket{le="+Inf"} 3
h_sum 0
h_count 3
# HELP r_total 
# TYPE r_total counter
r_total 160
# HELP s 
# TYPE s summary
s_sum 100
s_count 1
`)
	if n := c.Stats().Dropped(collector.MaxIncrement); n != 9 {
		t.Errorf("%d dropped, want 9", n)
	}
}

// TestRestsDoNotAllocate holds that sums beyond 2^53 cost no allocation.
func TestRestsDoNotAllocate(t *testing.T) {
	withoutRace(t)
	for name, adds := range summed() {
		c := open(t, collector.Options{})
		b := batchAt(noon, adds(1<<53), adds(1))
		ingest := func() {
			if err := c.Ingest(b, nil); err != nil {
				t.Fatal(err)
			}
		}
		ingest()
		if n := testing.AllocsPerRun(100, ingest); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// TestRestsAreCharged holds that a family is charged for what its sums lack, once it has it.
func TestRestsAreCharged(t *testing.T) {
	f := &collector.Family{Name: "c_total", Type: collector.Counter, Labels: []string{"l"}}
	c := open(t, collector.Options{})
	ingest(t, c, add(f, 1<<53-1, "x"), add(f, 1, "y"))
	before := c.Stats().Bytes()
	ingest(t, c, add(f, 1, "x"))
	if grown := c.Stats().Bytes() - before; grown != 2*9 {
		t.Errorf("%d bytes more, want 8 and an eighth for each series", grown)
	}
}
