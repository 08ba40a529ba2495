package collector

import (
	"slices"

	"github.com/promexporter/promexporter/collector/internal/distinct"
)

// addDistinct adds a value, by its digest, to the window of series i. Unlike the growth of other series, that of a
// window is within the limit of memory: a window may grow to a thousand times its first size.
func (s *store) addDistinct(i int, digest uint64, now int64) (why Reason) {
	s.changeWindow(i, func(w *distinct.Window) {
		if !w.Add(digest, now, distinct.Step(s.family.Window), s.ledger.room()) {
			why = MemoryLimit
		}
	})
	return why
}

// changeWindow changes the window of series i, and charges what it takes more or less then.
func (s *store) changeWindow(i int, change func(*distinct.Window)) {
	w := &s.windows[i]
	before := w.Size()
	change(w)
	if grown := w.Size() - before; grown != 0 {
		s.charge(grown)
	}
}

// copyWindows copies what the windows of s count at the time now.
func (f *frame) copyWindows(s *store, now int64) {
	f.counts = slices.Grow(f.counts[:0], len(s.windows))[:len(s.windows)]
	for i := range s.windows {
		s.changeWindow(i, func(w *distinct.Window) { w.Advance(now, distinct.Step(s.family.Window)) })
		f.counts[i].Set(&s.windows[i])
	}
}

// countDistinct sets the values to the counts. It runs in the goroutine of the scrape because estimates take time.
func (f *frame) countDistinct() {
	for i := range f.counts {
		f.values[i] = float64(f.counts[i].Count())
	}
}
