package quantile

import "math"

// entry represents some neighboring values: it has the largest of them and the range of its rank. The lowest possible
// rank is the sum of all gaps up to this one; the highest is slack more.
type entry struct {
	value      float64
	gap, slack uint32
}

// summary summarizes n values, in ascending order. The first entry is the smallest value alone, the last entry has the
// largest value, and each other entry represents as many ranks as the targets allow.
type summary struct {
	n       uint64
	entries []entry
}

// merge adds sorted values to s and merges entries as far as the targets allow.
func (e *Estimator) merge(s *summary, values []float64) {
	s.n += uint64(len(values))
	out, n := e.memory[:0], float64(s.n)
	below := uint64(0) // sum of the gaps of out, without the last entry
	for old := s.entries; len(old) > 0 || len(values) > 0; {
		var next entry
		if len(values) == 0 || len(old) > 0 && old[0].value <= values[0] {
			next, old = old[0], old[1:]
		} else {
			next, values = inserted(values[0], old), values[1:]
		}
		last := len(out) - 1
		if last > 0 {
			ranks := out[last].gap + next.gap + next.slack
			if float64(ranks) <= e.targets.width(float64(below), float64(below+uint64(ranks)), n) {
				next.gap += out[last].gap
				out[last] = next
				continue
			}
		}
		if last >= 0 {
			below += uint64(out[last].gap)
		}
		out = append(out, next)
	}
	e.memory = out
	s.set(out, e.entries)
}

// inserted returns the entry of a value inserted before others. Its rank is below the highest possible rank of the
// first of them.
func inserted(value float64, before []entry) entry {
	e := entry{value: value, gap: 1}
	if len(before) > 0 {
		e.slack = before[0].gap + before[0].slack - 1
	}
	return e
}

// set copies entries into memory for at least room entries.
func (s *summary) set(entries []entry, room int) {
	if cap(s.entries) < len(entries) || s.entries == nil {
		s.entries = make([]entry, 0, max(room, len(entries)+len(entries)/8))
	}
	s.entries = append(s.entries[:0], entries...)
}

// query returns the value whose rank is closest to that of a quantile, or NaN without values.
func (s *summary) query(quantile float64) float64 {
	rank := max(1, math.Ceil(quantile*float64(s.n)))
	value, least, lowest := math.NaN(), math.Inf(1), 0.0
	for i := range s.entries {
		e := &s.entries[i]
		lowest += float64(e.gap)
		if off := max(rank-lowest, lowest+float64(e.slack)-rank); off < least {
			value, least = e.value, off
		}
	}
	return value
}

func (s *summary) reset() { s.n, s.entries = 0, s.entries[:0] }
