package quantile

import (
	"math"
	"slices"
	"time"
	"unsafe"
)

const (
	ages  = 5   // summaries per window; each starts a fifth of the age after the one before
	batch = 128 // number of values to merge at once
)

// Estimator is the state that the windows of a family share. It is for one goroutine at a time.
type Estimator struct {
	targets Targets
	entries int     // initial capacity of a summary, enough for values in random order
	step    int64   // a fifth of the age, in nanoseconds
	memory  []entry // reused by merges
}

// NewEstimator returns an estimator in which a value counts for at least four fifths of age and at most age.
func NewEstimator(t Targets, age time.Duration) *Estimator {
	return &Estimator{targets: t, entries: t.entries() * 9 / 8, step: max(int64(age)/ages, 1)}
}

// Window holds the values of one series. The zero Window is ready.
type Window struct {
	pending   []float64 // values not in the summaries yet
	summaries [ages]summary
	oldest    int   // index of the summary with all values that count
	next      int64 // when it starts over, in nanoseconds since 1970; 0: no value yet
	extra     int
}

const entrySize = int(unsafe.Sizeof(entry{}))

// Size estimates the bytes of a Window with some hundred values in random order.
func (e *Estimator) Size() int {
	return int(unsafe.Sizeof(Window{})) + 8*batch + ages*entrySize*e.entries
}

// Extra returns the bytes of w beyond the Size of its estimator.
func (w *Window) Extra() int { return w.extra }

// Observe adds a value to w. Times are in nanoseconds since 1970.
func (e *Estimator) Observe(w *Window, value float64, now int64) {
	e.Advance(w, now)
	w.pending = append(w.pending, value)
	if len(w.pending) == batch {
		e.flush(w)
	}
}

// Advance removes the values of w that are too old.
func (e *Estimator) Advance(w *Window, now int64) {
	if now < w.next && w.next <= now+e.step {
		return
	}
	if w.next == 0 || now < w.next { // the first value, or the clock was set back
		w.next = now + e.step
		return
	}
	e.flush(w)
	for range ages {
		w.rotate()
		if w.next += e.step; now < w.next {
			return
		}
	}
	w.next = now + e.step
}

// rotate resets the oldest summary, which then is the youngest.
func (w *Window) rotate() {
	w.summaries[w.oldest].reset()
	w.oldest = (w.oldest + 1) % ages
}

// flush moves the pending values to the summaries. An entry counts up to 1<<32 values; if there are more, they count
// for a shorter time.
func (e *Estimator) flush(w *Window) {
	for w.summaries[w.oldest].n > math.MaxUint32-batch {
		w.rotate()
	}
	slices.Sort(w.pending)
	size := int(unsafe.Sizeof(*w)) + 8*cap(w.pending)
	for i := range w.summaries {
		s := &w.summaries[i]
		e.merge(s, w.pending)
		size += entrySize * cap(s.entries)
	}
	w.pending = w.pending[:0]
	w.extra = max(0, size-e.Size())
}

// View is a copy of the values of a window that count. The zero View is empty.
type View struct {
	pending []float64
	summary summary
}

// Set copies w into v, in memory of its own.
func (v *View) Set(w *Window) {
	v.pending = append(v.pending[:0], w.pending...)
	v.summary.n = w.summaries[w.oldest].n
	v.summary.set(w.summaries[w.oldest].entries, 0)
}

// Query calls show with the estimate of each quantile, in ascending order; NaN without values.
func (e *Estimator) Query(v *View, show func(i int, quantile, value float64)) {
	slices.Sort(v.pending)
	e.merge(&v.summary, v.pending)
	v.pending = v.pending[:0]
	for i := range e.targets {
		q := e.targets[i].quantile
		show(i, q, v.summary.query(q))
	}
}
