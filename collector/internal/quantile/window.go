package quantile

import (
	"math"
	"slices"
	"time"
	"unsafe"
)

const (
	ages  = 5   // the summaries of a window, each of which begins a fifth of the age after the one before it
	batch = 128 // values that are merged at once
)

// Estimator is what the windows of a family share. It is for one goroutine at a time.
type Estimator struct {
	targets Targets
	entries int     // of a summary for entries, as many as values in no order take
	step    int64   // a fifth of the age, in nanoseconds
	memory  []entry // for merges
}

// NewEstimator returns an estimator for values that count until they have the age, and for four fifths of it at least.
func NewEstimator(t Targets, age time.Duration) *Estimator {
	return &Estimator{targets: t, entries: t.entries() * 9 / 8, step: max(int64(age)/ages, 1)}
}

// Window holds the values of one series. The zero Window is ready.
type Window struct {
	pending   []float64 // values that are not in the summaries yet
	summaries [ages]summary
	oldest    int   // the summary that has all values which count
	next      int64 // when it starts anew, in nanoseconds since 1970; 0: there was no value yet
	extra     int
}

const entrySize = int(unsafe.Sizeof(entry{}))

// Size estimates the bytes that a Window takes once it has some hundred values in no order.
func (e *Estimator) Size() int {
	return int(unsafe.Sizeof(Window{})) + 8*batch + ages*entrySize*e.entries
}

// Extra is how many bytes w takes beyond the Size of its estimator.
func (w *Window) Extra() int { return w.extra }

// Observe adds a value to w. Times are in nanoseconds since 1970.
func (e *Estimator) Observe(w *Window, value float64, now int64) {
	e.Advance(w, now)
	w.pending = append(w.pending, value)
	if len(w.pending) == batch {
		e.flush(w)
	}
}

// Advance makes w forget what is too old.
func (e *Estimator) Advance(w *Window, now int64) {
	if now < w.next && w.next <= now+e.step {
		return
	}
	if w.next == 0 || now < w.next { // the first value, or the clock was turned back
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

// rotate empties the oldest summary, which is the youngest one then.
func (w *Window) rotate() {
	w.summaries[w.oldest].reset()
	w.oldest = (w.oldest + 1) % ages
}

// flush moves the pending values to the summaries. Entries count up to 1<<32 values: where more of them come, they
// count for less time.
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

// View is a copy of the values of a window that count. The zero View has none.
type View struct {
	pending []float64
	summary summary
}

// Set makes v a copy of w, in memory of its own.
func (v *View) Set(w *Window) {
	v.pending = append(v.pending[:0], w.pending...)
	v.summary.n = w.summaries[w.oldest].n
	v.summary.set(w.summaries[w.oldest].entries, 0)
}

// Query calls show with the estimate of each quantile, in their order; NaN without values.
func (e *Estimator) Query(v *View, show func(i int, quantile, value float64)) {
	slices.Sort(v.pending)
	e.merge(&v.summary, v.pending)
	v.pending = v.pending[:0]
	for i := range e.targets {
		q := e.targets[i].quantile
		show(i, q, v.summary.query(q))
	}
}
