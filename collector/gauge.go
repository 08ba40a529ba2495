package collector

import "github.com/promexporter/promexporter/collector/internal/distinct"

// aggregate combines a sample with those of the same round. A scrape between two chunks may see only a part of them.
func (s *store) aggregate(i int, m *Sample, at int64, r *round) Reason {
	if at < s.times[i] { // another tag has fed the series
		return OutOfOrder
	}
	v, fresh := m.Value, at > s.times[i]
	s.join(i, r)
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
	s.leaveRound(i)
	if s.times != nil {
		s.times[i] = never
	}
	if s.windows != nil {
		s.changeWindow(i, (*distinct.Window).Reset)
	}
}

// declare makes series i stay on the page: a gauge falls back to 0 instead of expiring, all others keep their value.
func (s *store) declare(i int) {
	if s.family.Type != Gauge {
		s.expiry.setPermanent(i)
		return
	}
	if s.declared == nil {
		s.declared = make([]bool, len(s.keys), cap(s.keys))
		s.updateRowSize()
	}
	s.declared[i] = true
}

// isDeclared reports whether series i, of a gauge, was declared.
func (s *store) isDeclared(i int) bool { return s.declared != nil && s.declared[i] }

// fallBack gives a declared series of a gauge the value that it has without samples. It stays until the next sample.
func (s *store) fallBack(i int) {
	s.resetGauge(i, unclaimedSource)
	s.updated[i] = 0
	s.expiry.setIdle(i)
}
