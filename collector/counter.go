package collector

// addTotal adds the growth of a running total. A late, older total would look like a reset and count twice, so it is
// refused. A total that grew by too much is ignored: the next one is compared with the one before it. So is a total that
// fell without a reset.
//
// The start of the running total is unknown. With a created timestamp of ours, its first value would look like an
// increase since then, so the series has none.
func (s *store) addTotal(i int, m *Sample, at int64) Reason {
	s.addTimesColumn()
	if at < s.times[i] {
		return OutOfOrder
	}
	s.addTotalsColumns(m)
	grown, slipped := s.growth(i, m)
	switch {
	case slipped:
		return Slip
	case m.Family.exceeds(grown):
		return MaxIncrement
	}
	if r := s.accumulate(i, grown); r != Kept {
		return r
	}
	s.totals[i] = m.Value
	if s.starts != nil {
		s.starts[i] = m.Count
	}
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

// defaultResetBelow is the default of Family.ResetBelow.
const defaultResetBelow = 0.99

// resetBelow returns the share of a running total below which the next one was reset.
func (f *Family) resetBelow() float64 {
	if f.ResetBelow == 0 {
		return defaultResetBelow
	}
	return f.ResetBelow
}

// growth returns by how much a running total has grown. slipped says that it fell and was not reset.
func (s *store) growth(i int, m *Sample) (grown float64, slipped bool) {
	last, share := s.totals[i], m.Family.resetBelow()
	if s.starts != nil && s.starts[i] != 0 && m.Count != 0 { // both starts are known
		if s.starts[i] != m.Count {
			return m.Value, false
		}
		share = 0
	}
	switch {
	case m.Value >= last:
		return m.Value - last, false
	case m.Value >= share*last:
		return 0, true
	}
	return m.Value, false
}

// addTotalsColumns adds the columns that running totals such as m need, if they are not there.
func (s *store) addTotalsColumns(m *Sample) {
	if s.totals == nil {
		s.totals = make([]float64, len(s.keys), cap(s.keys))
		s.updateRowSize()
	}
	if s.starts == nil && m.Count != 0 {
		s.starts = make([]uint64, len(s.keys), cap(s.keys))
		s.updateRowSize()
	}
}
