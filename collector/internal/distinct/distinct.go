// Package distinct counts the different values that came within a window of time.
//
// The window slides in fifths: what came in the current fifth and in the four before it counts, so a value counts for
// at least four fifths of the window and never longer than the window. Up to MaxExact values are counted exactly, by
// their 64-bit digests. Beyond that, five sketches are filled, each of which begins a fifth after the one before; the
// oldest one gives the estimate. When the window has had MaxExact values or fewer for its whole length again, the
// count is exact again.
package distinct

import (
	"cmp"
	"slices"
	"time"
	"unsafe"

	"github.com/axiomhq/hyperloglog"
)

const (
	// MaxExact is how many values a window counts exactly.
	MaxExact = 1000
	// precision is that of the sketches: the standard error of an estimate is 1.04 / sqrt(2^precision), 1.6 %.
	precision = 12

	ages       = 5 // parts of a window
	sketchSize = 1<<precision + 160
	valueSize  = int(unsafe.Sizeof(value{}))

	// MaxSize is the most that a window takes in addition to the Window itself, in bytes.
	MaxSize = MaxExact*valueSize + ages*sketchSize
)

// value is a value by its digest, and the fifth in which it came last.
type value struct {
	digest uint64
	fifth  int64
}

// Window counts the values of one series. The zero Window is ready. It is for one goroutine at a time.
type Window struct {
	fifth    int64   // the current one, counted from 1970
	values   []value // those that came since the start of the fifth complete, by digest
	complete int64
	sketches []*hyperloglog.Sketch // nil while the count is exact; the oldest first
}

// Step returns the length of a fifth of a window, in nanoseconds.
func Step(window time.Duration) int64 { return max(int64(window)/ages, 1) }

// Size returns the bytes that w takes in addition to the Window itself.
func (w *Window) Size() int { return valueSize*cap(w.values) + sketchSize*len(w.sketches) }

// Add adds a value at the time now, in nanoseconds since 1970. It reports false, and adds nothing, if w would need more
// than room bytes in addition to its Size. step is that of the window.
func (w *Window) Add(digest uint64, now, step int64, room int) bool {
	w.Advance(now, step)
	i, known := slices.BinarySearchFunc(w.values, digest, func(v value, digest uint64) int { return cmp.Compare(v.digest, digest) })
	switch {
	case known:
		w.values[i].fifth = w.fifth
	case w.complete > w.fifth: // there were too many in this fifth
	case len(w.values) == MaxExact:
		if w.sketches == nil && !w.estimate(room) {
			return false
		}
		w.values, w.complete = w.values[:0], w.fifth+1
	case !w.insert(i, digest, room):
		return false
	}
	for _, s := range w.sketches {
		s.InsertHash(digest)
	}
	return true
}

// insert inserts a value at its place.
func (w *Window) insert(at int, digest uint64, room int) bool {
	if len(w.values) == cap(w.values) {
		size := min(max(8, 2*cap(w.values)), MaxExact)
		if (size-cap(w.values))*valueSize > room {
			return false
		}
		w.values = append(make([]value, 0, size), w.values...)
	}
	w.values = slices.Insert(w.values, at, value{digest, w.fifth})
	return true
}

// estimate begins to estimate: it makes the sketches and fills them with the values.
func (w *Window) estimate(room int) bool {
	if room < ages*sketchSize {
		return false
	}
	for age := int64(ages - 1); age >= 0; age-- {
		s := newSketch()
		for _, v := range w.values {
			if v.fifth >= w.fifth-age {
				s.InsertHash(v.digest)
			}
		}
		w.sketches = append(w.sketches, s)
	}
	return true
}

func newSketch() *hyperloglog.Sketch {
	s, err := hyperloglog.NewSketch(precision, false)
	if err != nil {
		panic("BUG: " + err.Error()) // a constant is out of range
	}
	return s
}

// Advance removes the values that are too old at the time now. If the clock was turned back, all values count as if
// they had come at that moment.
func (w *Window) Advance(now, step int64) {
	fifth := now / step
	if fifth == w.fifth {
		return
	}
	passed := fifth - w.fifth
	w.fifth = fifth
	if passed < 0 {
		w.rejuvenate()
		return
	}
	oldest := fifth - (ages - 1)
	w.values = slices.DeleteFunc(w.values, func(v value) bool { return v.fifth < oldest })
	if w.complete <= oldest {
		w.sketches = nil
	}
	for range min(passed, int64(len(w.sketches))) {
		copy(w.sketches, w.sketches[1:])
		w.sketches[ages-1] = newSketch()
	}
}

// rejuvenate makes all values those of the current fifth.
func (w *Window) rejuvenate() {
	if w.sketches != nil {
		w.values, w.complete = w.values[:0], w.fifth+1
		return
	}
	w.complete = 0
	for i := range w.values {
		w.values[i].fifth = w.fifth
	}
}

// Reset removes all values.
func (w *Window) Reset() { w.values, w.sketches, w.complete = w.values[:0], nil, 0 }

// View is a copy of what a window counts. The zero View is empty.
type View struct {
	exact  uint64
	sketch *hyperloglog.Sketch // nil: exact is the count
}

// Set copies w into v, in memory of its own.
func (v *View) Set(w *Window) {
	v.exact, v.sketch = uint64(len(w.values)), nil
	if w.sketches != nil {
		v.sketch = w.sketches[0].Clone()
	}
}

// Count returns the number of different values. An estimate takes 0.1 ms.
func (v *View) Count() uint64 {
	if v.sketch == nil {
		return v.exact
	}
	return v.sketch.Estimate()
}
