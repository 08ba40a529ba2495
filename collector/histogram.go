package collector

import "math"

// Bounds of Sample.Count. The second one applies to quantiles, which take observations one at a time, at about 0.1 us
// each.
const (
	maxWeight  = 1 << 32
	maxRepeats = 1000
)

// width returns the number of bucket counts of a series of f.
func (f *Family) width() int {
	switch {
	case f.Received:
		return 0
	case f.Type == Histogram:
		return len(f.Buckets) + 1
	case f.Type == Summary:
		return 1
	}
	return 0
}

// checkWeight refuses an observation that is too large, or whose weight is, or whose weighted value is infinite.
func (f *Family) checkWeight(s *Sample) Reason {
	if f.exceeds(math.Abs(s.Value) * float64(max(s.Count, 1))) {
		return MaxIncrement
	}
	if s.Count <= 1 {
		return Kept
	}
	if s.Count > maxWeight || s.Count > maxRepeats && len(f.Quantiles) > 0 {
		return WeightLimit
	}
	if math.IsInf(s.Value*float64(s.Count), 0) {
		return NotFinite
	}
	return Kept
}

// observe adds a checked observation to a histogram or summary. One that the sum rounds away counts as well.
func (s *store) observe(i int, m *Sample, now int64) Reason {
	n := max(m.Count, 1)
	r := s.accumulate(i, m.Value*float64(n))
	if r != Kept && r != RoundedAway {
		return r
	}
	s.signed = s.signed || m.Value < 0
	at := 0
	if s.width > 1 {
		at = bucket(s.family.Buckets, m.Value)
	}
	s.buckets[i*s.width+at] += n
	if s.natives != nil {
		s.observeNative(&s.natives[i], m.Value, n)
	}
	if s.streams != nil {
		s.observeStream(i, m.Value, n, now)
	}
	return r
}

func (s *store) observeNative(h *native, v float64, n uint64) {
	before := h.capacity()
	h.observe(&s.scale, v, n)
	h.changed = s.nextChange()
	if grown := h.capacity() - before; grown != 0 {
		s.charge(grown * bucketCost)
	}
}

// nextChange returns a new version number for a native histogram of s.
func (s *store) nextChange() uint64 {
	s.changes++
	return s.changes
}

// bucket returns the index of the first bound that is at least v. A linear search is faster than a binary one for few
// bounds.
func bucket(bounds []float64, v float64) int {
	low, high := 0, len(bounds)
	for high-low > 16 {
		middle := int(uint(low+high) / 2)
		if bounds[middle] < v {
			low = middle + 1
		} else {
			high = middle
		}
	}
	for low < high && bounds[low] < v {
		low++
	}
	return low
}
