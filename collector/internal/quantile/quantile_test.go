package quantile

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// usual are the errors that most summaries have.
var usual = map[float64]float64{0.5: 0.05, 0.9: 0.01, 0.99: 0.001}

// orders are ways in which n values may come.
var orders = map[string]func(r *rand.Rand, i, n int) float64{
	"random":    func(r *rand.Rand, _, _ int) float64 { return math.Exp(r.NormFloat64()) },
	"rising":    func(_ *rand.Rand, i, _ int) float64 { return float64(i) },
	"falling":   func(_ *rand.Rand, i, _ int) float64 { return float64(-i) },
	"drifting":  func(r *rand.Rand, i, n int) float64 { return float64(i)/float64(n) + r.Float64() },
	"few":       func(r *rand.Rand, _, _ int) float64 { return float64(r.IntN(20)) },
	"equal":     func(*rand.Rand, int, int) float64 { return 7 },
	"inward":    func(_ *rand.Rand, i, n int) float64 { return float64((i%2*2 - 1) * (n - i)) },
	"outward":   func(_ *rand.Rand, i, _ int) float64 { return float64((i%2*2 - 1) * i) },
	"sawtooth":  func(_ *rand.Rand, i, _ int) float64 { return float64(i % 1000) },
	"late peak": func(r *rand.Rand, i, n int) float64 { return r.Float64() + float64(100*(i/(n-n/100))) },
}

// estimates are what e says of w.
func estimates(e *Estimator, w *Window) map[float64]float64 {
	var v View
	v.Set(w)
	all := make(map[float64]float64)
	e.Query(&v, func(_ int, quantile, value float64) { all[quantile] = value })
	return all
}

// off returns by how many ranks value is off the quantile of sorted values.
func off(values []float64, quantile, value float64) float64 {
	rank := max(1, math.Ceil(quantile*float64(len(values))))
	first, found := slices.BinarySearch(values, value)
	if !found {
		return math.Inf(1)
	}
	last, _ := slices.BinarySearch(values, math.Nextafter(value, math.Inf(1)))
	return max(float64(first+1)-rank, rank-float64(last), 0)
}

// TestErrors holds that no estimate is off by more than is allowed.
func TestErrors(t *testing.T) {
	for _, allowed := range []map[float64]float64{
		usual, {0.5: 0.05}, {0.5: 0.01, 0.99: 0.001}, {0.5: 0.001}, {0.99: 0.01}, {0: 0.01, 1: 0.01}, {0.01: 0.001, 0.1: 0.5},
		{0.5: 0.05, 0.9: 0.01, 0.95: 0.005, 0.99: 0.001, 0.999: 0.0001},
	} {
		for name, order := range orders {
			t.Run(fmt.Sprint(allowed, name), func(t *testing.T) {
				r := rand.New(rand.NewPCG(1, 2))
				e, w := NewEstimator(NewTargets(allowed), time.Hour), new(Window)
				const n = 20_000
				var values []float64
				for i := range n {
					values = append(values, order(r, i, n))
					e.Observe(w, values[i], 1)
					if i != 0 && i != 10 && i != 127 && i != 128 && i%1999 != 0 && i != n-1 {
						continue
					}
					sorted := slices.Sorted(slices.Values(values))
					for q, value := range estimates(e, w) {
						if d := off(sorted, q, value); d > allowed[q]*float64(i+1) {
							t.Fatalf("%v of %d values: %v is off by %v ranks, %v are allowed", q, i+1, value, d, allowed[q]*float64(i+1))
						}
					}
				}
			})
		}
	}
}

// TestAges holds that values count for four fifths of the age at least, and no longer than that.
func TestAges(t *testing.T) {
	const age = 100
	e, w := NewEstimator(NewTargets(map[float64]float64{0: 0.001, 1: 0.001}), age), new(Window)
	if got := estimates(e, w); !math.IsNaN(got[0]) || !math.IsNaN(got[1]) {
		t.Errorf("without values: %v, want NaN", got)
	}
	for now := int64(1000); now < 3000; now++ {
		e.Observe(w, float64(now), now)
		got := estimates(e, w)
		if oldest := got[0]; got[1] != float64(now) || oldest <= float64(now-age) || oldest > max(1000, float64(now-age*4/5)) {
			t.Fatalf("at %d values from %v to %v count", now, oldest, got[1])
		}
	}
	for _, now := range []int64{3100, 100_000} {
		e.Observe(w, 1, now-200)
		e.Advance(w, now)
		if got := estimates(e, w); !math.IsNaN(got[0]) {
			t.Errorf("at %d: %v, want NaN", now, got)
		}
	}
	e.Observe(w, 5, 100_001)
	e.Observe(w, 6, 50) // the clock was turned back
	if got := estimates(e, w); got[0] != 5 || got[1] != 6 {
		t.Errorf("after the clock was turned back: %v, want 5 and 6", got)
	}
	e.Advance(w, 50+age)
	if got := estimates(e, w); !math.IsNaN(got[0]) {
		t.Errorf("%v, want NaN", got)
	}
}

// TestViewIsIsolated holds that a view shows its moment, however often it is asked.
func TestViewIsIsolated(t *testing.T) {
	e, w := NewEstimator(NewTargets(usual), time.Hour), new(Window)
	var v View
	for i := range 1000 {
		e.Observe(w, float64(i), 1)
	}
	v.Set(w)
	for range 1000 {
		e.Observe(w, -1, 1)
	}
	for range 2 {
		e.Query(&v, func(_ int, quantile, value float64) {
			if d := math.Abs(value - 1000*quantile); d > 1000*usual[quantile]+1 {
				t.Errorf("%v: %v", quantile, value)
			}
		})
	}
}

// TestManyValues holds that counts do not overflow: of more values than entries can count, the oldest no longer count.
func TestManyValues(t *testing.T) {
	e, w := NewEstimator(NewTargets(usual), time.Hour), new(Window)
	for i := range w.summaries {
		w.summaries[i] = summary{n: math.MaxUint32 - 10 - uint64(i), entries: []entry{{1, 1, 0}, {2, math.MaxUint32 - 12, 0}, {3, 1, 0}}}
	}
	for range 2 * batch {
		e.Observe(w, 5, 1)
	}
	for i := range w.summaries {
		if s := &w.summaries[i]; s.n > math.MaxUint32 {
			t.Errorf("summary %d has %d values", i, s.n)
		}
	}
}

// TestSize compares the estimated memory with what windows take, whose bound for usual errors is 8 KiB, and holds that
// values cost no allocation.
func TestSize(t *testing.T) {
	for _, allowed := range []map[float64]float64{usual, {0.5: 0.01, 0.99: 0.001}, {0.5: 0.001}} {
		r := rand.New(rand.NewPCG(1, 2))
		e, w := NewEstimator(NewTargets(allowed), time.Hour), new(Window)
		now := int64(1)
		observe := func() {
			for range batch {
				e.Observe(w, r.ExpFloat64(), now)
			}
			now += int64(time.Second)
		}
		for range 2000 {
			observe()
		}
		size := e.Size() + w.Extra()
		t.Logf("%v: %d bytes, estimated %d", allowed, size, e.Size())
		if w.Extra() > e.Size()/2 || len(allowed) == len(usual) && size > 8<<10 {
			t.Errorf("%v: %d bytes, estimated %d", allowed, size, e.Size())
		}
		if n := testing.AllocsPerRun(100, observe); n != 0 {
			t.Errorf("%v: %v allocations for %d values", allowed, n, batch)
		}
	}
}

func BenchmarkObserve(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	e, w := NewEstimator(NewTargets(usual), time.Hour), new(Window)
	values := make([]float64, 1<<16)
	for i := range values {
		values[i] = r.ExpFloat64()
	}
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		e.Observe(w, values[i%len(values)], int64(i))
		i++
	}
}

func BenchmarkQuery(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	e, w := NewEstimator(NewTargets(usual), time.Hour), new(Window)
	for range 1000 {
		e.Observe(w, r.ExpFloat64(), 1)
	}
	var v View
	b.ReportAllocs()
	for b.Loop() {
		v.Set(w)
		e.Query(&v, func(int, float64, float64) {})
	}
}
