package quantile

import (
	"maps"
	"math"
	"slices"
)

// Targets are quantiles and their allowed errors, in the order of the quantiles. They are read-only.
type Targets []target

// target is a quantile, and for how many ranks an entry may stand, as a share: of all ranks where the entry stands for
// that of the quantile, of the ranks from the entry on where it is below, and of those up to the entry where it is
// above.
type target struct {
	quantile               float64
	around, lower, greater float64
}

// NewTargets returns the targets for quantiles from 0 to 1, each with its allowed error.
func NewTargets(allowed map[float64]float64) Targets {
	t := make(Targets, 0, len(allowed))
	for _, q := range slices.Sorted(maps.Keys(allowed)) {
		around := 2 * allowed[q]
		t = append(t, target{quantile: q, around: around, lower: around / (1 - q), greater: around / q})
	}
	return t
}

// width returns for how many ranks an entry may stand that stands for those between from and to, of n.
//
// It is the less the nearer these are to a target. It does not fall when values come in, below, among or above these
// ranks, so that an entry which was allowed once stays allowed.
func (t Targets) width(from, to, n float64) float64 {
	least := math.MaxFloat64
	for i := range t {
		at := &t[i]
		rank := at.quantile * n
		var width float64
		switch {
		case to < rank:
			width = at.lower * (n - to)
		case from > rank:
			width = at.greater * from
		default:
			width = at.around * n
		}
		least = min(least, width)
	}
	return least
}

// entries estimates how many entries a summary has for values in no order: those of the target that needs most.
func (t Targets) entries() int {
	var most float64
	for i := range t {
		q := t[i].quantile
		n := 0.0
		if q > 0 {
			n -= 2 * math.Log(q) / t[i].greater
		}
		if q < 1 {
			n -= 2 * math.Log(1-q) / t[i].lower
		}
		most = max(most, n)
	}
	return int(most) + 2 // the smallest value and the largest one
}
