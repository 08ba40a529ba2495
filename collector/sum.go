package collector

import "math"

// Bounds of accumulate: the limit up to which each integer is a float64, and the limit up to which accumulate adds
// integers exactly, as in client_golang.
const (
	exactFloat = 1 << 53
	exactSum   = 1 << 64
)

// accumulate adds v to the value of series i. If a float64 would round the sum, the family also keeps the rest. A page
// shows the nearest float64.
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

// assign sets the value of series i to v.
func (s *store) assign(i int, v float64) {
	s.values[i] = v
	if s.rests != nil {
		s.rests[i] = 0
	}
}

// addRestsColumn adds the column of rests.
func (s *store) addRestsColumn() {
	if s.rests != nil {
		return
	}
	s.rests = make([]float64, len(s.keys), cap(s.keys))
	s.updateRowSize()
}

// twoSum returns a+b as a float64 and the rounding error, which is also a float64 (Knuth, The Art of Computer
// Programming, 4.2.2).
func twoSum(a, b float64) (sum, rest float64) {
	sum = a + b
	other := sum - a
	return sum, (a - (sum - other)) + (b - other)
}
