package collector

import "github.com/promexporter/promexporter/collector/internal/distinct"

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

// countDistinct sets the values of the series to what their windows count at the time now.
func (s *store) countDistinct(now int64) {
	for i := range s.windows {
		w := &s.windows[i]
		before := w.Size()
		w.Advance(now, distinct.Step(s.family.Window))
		if grown := w.Size() - before; grown != 0 {
			s.charge(grown)
		}
		s.values[i] = float64(w.Count())
	}
}
