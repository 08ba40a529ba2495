package quantile

import (
	"maps"
	"math"
	"slices"
)

// Targets are quantiles with their allowed errors, in ascending order. They are read-only.
type Targets []target

// target is a quantile and the number of ranks that an entry may represent, as a fraction: of all ranks for the entry
// with the rank of the quantile, of the ranks above an entry below it, and of the ranks below an entry above it.
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

// width returns the number of ranks that an entry for the ranks between from and to, of n, may represent.
//
// It is smaller near a target. It does not decrease when values are added, whatever their ranks, so an entry that was
// allowed stays allowed.
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

// entries estimates the number of entries of a summary for values in random order, which the most demanding target
// determines.
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
	return int(most) + 2 // plus the smallest and the largest value
}
