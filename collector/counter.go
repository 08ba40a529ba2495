package collector

import "math"

// increase adds a checked value to a counter or gauge.
func (s *store) increase(i int, v float64) Reason {
	next := s.values[i] + v
	if s.family.Type == Counter && math.IsInf(next, 0) {
		return NotFinite
	}
	s.values[i] = next
	return Kept
}

// addTotal adds the growth of a running total. A late, older total would look like a reset and count twice, so it is
// refused.
//
// The start of the running total is unknown. With a created timestamp of ours, its first value would look like an
// increase since then, so the series has none.
func (s *store) addTotal(i int, v float64, at int64) Reason {
	s.addTimesColumn()
	if at < s.times[i] {
		return OutOfOrder
	}
	if s.totals == nil {
		s.totals = make([]float64, len(s.keys), cap(s.keys))
		s.updateRowSize()
	}
	grown := v
	if v >= s.totals[i] {
		grown -= s.totals[i]
	}
	if r := s.increase(i, grown); r != Kept {
		return r
	}
	s.totals[i] = v
	if s.created[i] != 0 {
		s.created[i] = 0
		s.version++
	}
	return Kept
}
