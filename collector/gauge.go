package collector

// aggregate combines a sample with those of the same time. A scrape between two chunks may see only a part of them.
func (s *store) aggregate(i int, m *Sample, at int64) Reason {
	s.addTimesColumn()
	if at < s.times[i] {
		return OutOfOrder
	}
	v, fresh := m.Value, at > s.times[i]
	if m.Op == Count {
		v = 1
	}
	switch {
	case fresh:
		s.assign(i, v)
	case m.Op == Min:
		s.assign(i, min(s.values[i], v))
	case m.Op == Max:
		s.assign(i, max(s.values[i], v))
	default:
		return s.accumulate(i, v)
	}
	return Kept
}

// resetGauge resets series i to a new one, which is what an expired gauge is when it comes back.
func (s *store) resetGauge(i int, source uint32) {
	s.assign(i, 0)
	if s.sources[i] != anySource {
		s.sources[i] = source
	}
	if s.times != nil {
		s.times[i] = never
	}
}
