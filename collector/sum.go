package collector

import "math"

// Bounds of accumulate: up to which every whole number is a float64, and up to which it adds whole numbers exactly, as
// client_golang does.
const (
	exactFloat = 1 << 53
	exactSum   = 1 << 64
)

// accumulate adds v to the value of series i. Where a float64 would round, the series of the family keep what is rounded
// off as well. A page shows the float64 that is nearest.
func (s *store) accumulate(i int, v float64) Reason {
	before := s.values[i]
	sum := before + v
	if s.rests == nil && math.Abs(sum) < exactFloat && (sum != before || v == 0) {
		s.values[i] = sum
		return Kept
	}
	return s.accumulateRest(i, v)
}

func (s *store) accumulateRest(i int, v float64) Reason {
	before := s.values[i]
	sum := before + v
	switch {
	case sum-sum != 0 && s.family.Type != Gauge: // NaN or infinite
		return NotFinite
	case !(math.Abs(sum) < exactSum):
		if sum == before && v != 0 && !math.IsInf(sum, 0) {
			return RoundedAway
		}
		s.assign(i, sum)
		return Kept
	}
	s.addRestsColumn()
	sum, rest := twoSum(before, v)
	sum, rest = twoSum(sum, rest+s.rests[i])
	if sum == before && rest == s.rests[i] && v != 0 {
		return RoundedAway
	}
	s.values[i], s.rests[i] = sum, rest
	return Kept
}

// assign makes v the value of series i.
func (s *store) assign(i int, v float64) {
	s.values[i] = v
	if s.rests != nil {
		s.rests[i] = 0
	}
}

// addRestsColumn gives every series what its value lacks from now on.
func (s *store) addRestsColumn() {
	if s.rests != nil {
		return
	}
	s.rests = make([]float64, len(s.keys), cap(s.keys))
	s.updateRowSize()
}

// twoSum returns a+b as a float64, and by how much that is rounded, which is a float64 too (Knuth, The Art of Computer
// Programming, 4.2.2).
func twoSum(a, b float64) (sum, rest float64) {
	sum = a + b
	other := sum - a
	return sum, (a - (sum - other)) + (b - other)
}
