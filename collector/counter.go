package collector

// addTotal adds the growth of a running total. A late, older total would look like a reset and count twice, so it is
// refused. A total that grew by too much is ignored: the next one is compared with the one before it.
//
// The start of the running total is unknown. With a created timestamp of ours, its first value would look like an
// increase since then, so the series has none.
func (s *store) addTotal(i int, m *Sample, at int64) Reason {
	s.addTimesColumn()
	if at < s.times[i] {
		return OutOfOrder
	}
	if s.totals == nil {
		s.totals = make([]float64, len(s.keys), cap(s.keys))
		s.updateRowSize()
	}
	grown := m.Value
	if m.Value >= s.totals[i] {
		grown -= s.totals[i]
	}
	if m.Family.exceeds(grown) {
		return MaxIncrement
	}
	if r := s.accumulate(i, grown); r != Kept {
		return r
	}
	s.totals[i] = m.Value
	s.forgetCreated(i)
	return Kept
}

// forgetCreated takes the created timestamp from series i, which counts from a time that is not known.
func (s *store) forgetCreated(i int) {
	if s.created[i] != 0 {
		s.created[i] = 0
		s.version++
	}
}
