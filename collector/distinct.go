package collector

import (
	"slices"

	"github.com/promexporter/promexporter/collector/internal/distinct"
)

// addDistinct adds a value, by its digest, to the window of series i. Unlike the growth of other series, that of a
// window is within the limit of memory: a window may grow to a thousand times its first size.
func (s *store) addDistinct(i int, digest uint64, now int64) Reason {
	w := &s.windows[i]
	before := w.Size()
	isAdded := w.Add(digest, now, distinct.Step(s.family.Window), s.ledger.room())
	if grown := w.Size() - before; grown != 0 {
		s.charge(grown)
	}
	if !isAdded {
		return MemoryLimit
	}
	return Kept
}

// copyWindows copies what the windows of s count at the time now.
func (f *frame) copyWindows(s *store, now int64) {
	f.counts = slices.Grow(f.counts[:0], len(s.windows))[:len(s.windows)]
	for i := range s.windows {
		w := &s.windows[i]
		before := w.Size()
		w.Advance(now, distinct.Step(s.family.Window))
		if grown := w.Size() - before; grown != 0 {
			s.charge(grown)
		}
		f.counts[i].Set(w)
	}
}

// countDistinct sets the values to the counts. It runs in the goroutine of the scrape because estimates take time.
func (f *frame) countDistinct() {
	for i := range f.counts {
		f.values[i] = float64(f.counts[i].Count())
	}
}
