package collector

import (
	"encoding/binary"
	"math"
)

// checkMerge refuses counts and sums that are too large, and families that need the observations themselves.
func (f *Family) checkMerge(s *Sample) Reason {
	switch {
	case f.isNative():
		return Malformed
	case s.Op == Merge && (f.exceeds(math.Abs(s.Value)) || f.exceeds(float64(s.Count))):
		return MaxIncrement
	}
	return Kept
}

// applyMerge applies a checked Merge or MergeTotal of b to series i.
func (s *store) applyMerge(i int, m *Sample, b *Batch, at, now int64) Reason {
	r := s.merge(i, m, b.exemplars[m.exemplarStart:m.exemplarEnd], at)
	if r == Kept || r == RoundedAway || r == Slip {
		s.expiry.touch(i, now)
	}
	return r
}

// merge adds the encoded counts of buckets and their sum to series i of a classic histogram, and with MergeTotal what
// they grew by.
func (s *store) merge(i int, m *Sample, encoded []byte, at int64) Reason {
	if countsIn(encoded) != s.width {
		return Malformed
	}
	if m.Op == MergeTotal {
		return s.mergeTotal(i, m, encoded, at)
	}
	row := s.buckets[i*s.width : (i+1)*s.width]
	if overflows(row, m.Count) {
		return WeightLimit
	}
	r := s.accumulate(i, m.Value)
	if r != Kept && r != RoundedAway {
		return r
	}
	s.signed = s.signed || m.Value < 0
	for b := range row {
		n, size := binary.Uvarint(encoded)
		row[b] += n
		encoded = encoded[size:]
	}
	if s.times != nil {
		s.times[i] = max(s.times[i], at)
	}
	return r
}

// countsIn returns the number of counts that Batch.Buckets has encoded.
func countsIn(encoded []byte) (n int) {
	for _, c := range encoded {
		if c < 0x80 {
			n++
		}
	}
	return n
}

// mergeTotal merges what the running totals of a histogram grew by. As with a counter, an older total is refused, one
// that grew by too much or slipped is ignored, and the series has no created timestamp. If a bucket was reset, all
// were.
func (s *store) mergeTotal(i int, m *Sample, encoded []byte, at int64) Reason {
	s.addTimesColumn()
	if at < s.times[i] {
		return OutOfOrder
	}
	s.addLastsColumns()
	row, lasts := s.buckets[i*s.width:(i+1)*s.width], s.lasts[i*s.width:(i+1)*s.width]
	sum, count := m.Value-s.totals[i], m.Count-total(lasts)
	reset, slipped := fell(lasts, encoded, m.Family.resetBelow())
	switch {
	case reset:
		sum, count = m.Value, m.Count
	case slipped:
		return Slip
	}
	if m.Family.exceeds(math.Abs(sum)) || m.Family.exceeds(float64(count)) {
		return MaxIncrement
	}
	if overflows(row, count) {
		return WeightLimit
	}
	r := s.accumulate(i, sum)
	if r != Kept && r != RoundedAway {
		return r
	}
	if reset {
		clear(lasts)
	}
	s.signed = s.signed || sum < 0
	for b := range row {
		n, size := binary.Uvarint(encoded)
		row[b] += n - lasts[b]
		lasts[b], encoded = n, encoded[size:]
	}
	s.totals[i], s.times[i] = m.Value, at
	s.forgetCreated(i)
	return r
}

// total returns the sum of counts.
func total(counts []uint64) (n uint64) {
	for _, c := range counts {
		n += c
	}
	return n
}

// overflows reports whether a histogram with these buckets would have more observations than it can count.
func overflows(buckets []uint64, added uint64) bool { return added > math.MaxUint64-total(buckets) }

// fell reports whether one of the encoded counts was reset, which means that it is below a share of the last one, or
// else whether one slipped.
func fell(lasts []uint64, encoded []byte, share float64) (reset, slipped bool) {
	for _, last := range lasts {
		n, size := binary.Uvarint(encoded)
		slipped = slipped || n < last
		if n < last && float64(n) < share*float64(last) {
			return true, false
		}
		encoded = encoded[size:]
	}
	return false, slipped
}

// addLastsColumns adds the columns of the running totals of histograms, if they are not there.
func (s *store) addLastsColumns() {
	if s.lasts != nil {
		return
	}
	s.totals = make([]float64, len(s.keys), cap(s.keys))
	s.lasts = make([]uint64, len(s.buckets), cap(s.buckets))
	s.updateRowSize()
}
