package distinct

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

const roomy = math.MaxInt

// digestOf is a hash of v (splitmix64).
func digestOf(v uint64) uint64 {
	v *= 0x9e3779b97f4a7c15
	v = (v ^ v>>30) * 0xbf58476d1ce4e5b9
	v = (v ^ v>>27) * 0x94d049bb133111eb
	return v ^ v>>31
}

func count(w *Window) uint64 {
	var v View
	v.Set(w)
	return v.Count()
}

// model is the simplest window that could be right: when each value came last.
type model map[uint64]int64

// count counts the values in the current fifth and the four before it.
func (m model) count(now, step int64) (n int) {
	for _, at := range m {
		if now/step-at/step < ages {
			n++
		}
	}
	return n
}

// TestAgainstModel adds random values at random times, few and many in turn, and compares the counts with those of the
// model: exactly where the window has not had more than MaxExact values, else within five standard errors.
func TestAgainstModel(t *testing.T) {
	const step = 2000
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 0))
		w, m := new(Window), model{}
		now, most := int64(seed)*1e9+7, 0
		exactSince := int64(0) // the fifth since which there were never more than MaxExact values
		for phase := range 60 {
			some := []int{3, 500, 5000}[r.IntN(3)]
			for range r.IntN(4000) {
				now += int64(r.IntN(2))
				digest := digestOf(r.Uint64N(uint64(some)) + uint64(phase%3*some/2))
				if !w.Add(digest, now, step, roomy) {
					t.Fatal("not added")
				}
				m[digest] = now
				if len(w.values) == 0 {
					exactSince = now/step + 1
				}
			}
			if r.IntN(5) == 0 {
				now += int64(r.IntN(2 * ages * step))
			}
			w.Advance(now, step)
			got, want := int(count(w)), m.count(now, step)
			most = max(most, want)
			isExact := now/step-exactSince >= ages-1
			if off := math.Abs(float64(got - want)); isExact && off > 0 || off > 5*1.04/64*float64(want)+1 {
				t.Fatalf("seed %d, phase %d: %d values, want %d; exact %t", seed, phase, got, want, isExact)
			}
			if isExact && w.sketches != nil {
				t.Fatalf("seed %d, phase %d: %d values are still estimated", seed, phase, want)
			}
		}
		if most < 2*MaxExact {
			t.Errorf("seed %d: never more than %d values", seed, most)
		}
	}
}

// TestAges holds for how long a value counts.
func TestAges(t *testing.T) {
	step := Step(10 * time.Second)
	for at := int64(0); at < 2*step; at += step / 7 {
		w := new(Window)
		came := 1e18 + at
		w.Add(1, came, step, roomy)
		for age := int64(0); age < 3*ages*step; age += step / 5 {
			w.Advance(came+age, step)
			n := count(w)
			if age < (ages-1)*step && n != 1 || age >= ages*step && n != 0 {
				t.Fatalf("after %s: %d values", time.Duration(age), n)
			}
		}
	}
}

// TestClockTurnedBack holds that values do not count for longer than a window after the clock was turned back.
func TestClockTurnedBack(t *testing.T) {
	for _, n := range []uint64{10, 5000} {
		const step = 1000
		w, now := new(Window), int64(1e12)
		for v := range n {
			w.Add(digestOf(v), now, step, roomy)
		}
		now -= 1e9
		w.Advance(now, step)
		if got := count(w); math.Abs(float64(got)-float64(n)) > float64(n)/20 {
			t.Errorf("%d values, want %d", got, n)
		}
		w.Advance(now+ages*step, step)
		if got := count(w); got != 0 || w.sketches != nil {
			t.Errorf("%d values after a window, want 0", got)
		}
	}
}

// TestRoom holds that a window takes no more than it may, and at most MaxSize.
func TestRoom(t *testing.T) {
	w, refused := new(Window), 0
	for v := range uint64(50_000) {
		before, room := w.Size(), int(v%3*20_000)
		if !w.Add(digestOf(v), 1, 1000, room) {
			refused++
		}
		if grown := w.Size() - before; grown > room {
			t.Fatalf("grew by %d bytes, %d are allowed", grown, room)
		}
	}
	if w.Size() != MaxSize || refused == 0 {
		t.Errorf("%d bytes, want %d; %d refused", w.Size(), MaxSize, refused)
	}
	w.Reset()
	if count(w) != 0 {
		t.Errorf("%d values after Reset", count(w))
	}
}

// TestAllocations holds that values cost no allocation, be they counted or estimated, but for a sketch in each fifth.
func TestAllocations(t *testing.T) {
	for _, n := range []uint64{100, MaxExact, 100_000} {
		w, now := new(Window), int64(1e12)
		add := func() {
			for v := range n {
				w.Add(digestOf(v), now, 1e9, roomy)
			}
		}
		add()
		if got := testing.AllocsPerRun(20, add); got != 0 {
			t.Errorf("%d values: %v allocations", n, got)
		}
		now += 1e9
		if got := testing.AllocsPerRun(1, add); got > 3 {
			t.Errorf("%d values in another fifth: %v allocations", n, got)
		}
	}
}

func BenchmarkAdd(b *testing.B) {
	for name, n := range map[string]uint64{"exact": 500, "estimated": 100_000} {
		b.Run(name, func(b *testing.B) {
			w := new(Window)
			v := uint64(0)
			b.ReportAllocs()
			for b.Loop() {
				v++
				w.Add(digestOf(v%n), 1, 1000, roomy)
			}
		})
	}
}

func BenchmarkCount(b *testing.B) {
	w := new(Window)
	for v := range uint64(100_000) {
		w.Add(digestOf(v), 1, 1000, roomy)
	}
	b.ReportAllocs()
	for b.Loop() {
		_ = count(w)
	}
}
