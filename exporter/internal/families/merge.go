// Package families makes one list of metric families from those of several sources.
package families

import (
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"

	"github.com/promexporter/promexporter/internal/exposition"
)

// Family is a metric family as a source gives it.
type Family = exposition.Family

// Merge makes one list, sorted by name, of the families of several sources. Families of one name become one when they
// have the same type, unit and histogram buckets, and their equal series are added. Of equal series that cannot be
// added, the gauge that was updated last and else the first one stays. A family that does not fit an earlier one is
// left out, also when the two have different names but share those of samples, in any format. What is left out is
// added to lost.
//
// A source has no two families that keep each other from a page, and no two equal series. Families without series are
// dropped.
//
// Merge does not change the families of the sources. The list shares their memory and is valid as long as they are. It
// has the families that only one source gives as they are, without a look at their series.
func Merge(sources [][]Family, dropped *Dropped) []Family {
	var page []Family
	for _, source := range sources {
		page = mergeSource(page, source, dropped)
	}
	return page
}

// mergeSource merges the families of a source into a page, which is sorted by name.
func mergeSource(page, source []Family, dropped *Dropped) []Family {
	earlier := byStem(page)
	merged := make([]Family, 0, len(page)+len(source))
	for _, f := range sorted(source) {
		if len(f.GetMetric()) == 0 {
			continue // an encoder refuses it
		}
		for len(page) > 0 && page[0].GetName() <= f.GetName() {
			merged, page = append(merged, page[0]), page[1:]
		}
		last := len(merged) - 1
		switch {
		case last >= 0 && merged[last].GetName() == f.GetName():
			merged[last] = join(merged[last], f, dropped)
		case earlier.conflicts(f):
			dropped.add(Name, f.GetName())
		default:
			merged = append(merged, f)
		}
	}
	return append(merged, page...)
}

// sorted returns families in the order of their names. It does not change the argument.
func sorted(families []Family) []Family {
	byName := func(a, b Family) int { return strings.Compare(a.GetName(), b.GetName()) }
	if !slices.IsSortedFunc(families, byName) {
		families = slices.Clone(families)
		slices.SortStableFunc(families, byName)
	}
	return families
}

// familiesByStem are the families of a page, by the stems of their names. Those that share the name of a sample have a stem
// in common, and few others do, so the names of samples need to be compared for these only.
type familiesByStem map[string][]Family

func byStem(page []Family) familiesByStem {
	all := make(familiesByStem, len(page))
	for _, f := range page {
		for _, name := range exposition.Names(f.GetName(), "") {
			all[stem(name)] = append(all[stem(name)], f)
		}
	}
	return all
}

// conflicts reports whether a family of another name keeps f from the page.
func (n familiesByStem) conflicts(f Family) bool {
	if len(n) == 0 {
		return false
	}
	for _, name := range exposition.Names(f.GetName(), "") {
		for _, other := range n[stem(name)] {
			if slices.ContainsFunc(names(f), func(name string) bool { return slices.Contains(names(other), name) }) {
				return true
			}
		}
	}
	return false
}

func names(f Family) []string {
	return exposition.Names(f.GetName(), strings.ToLower(f.GetType().String()))
}

// stem returns name without the suffixes that a family may add to its name or take from it for its samples.
func stem(name string) string {
	for {
		i := strings.LastIndexByte(name, '_')
		if i < 0 {
			return name
		}
		switch name[i:] {
		case "_total", "_created", "_bucket", "_sum", "_count":
			name = name[:i]
		default:
			return name
		}
	}
}

// difference returns why b cannot become one family with a, which has the same name, or nothing.
func difference(a, b Family) Reason {
	switch {
	case a.GetType() != b.GetType():
		return Type
	case a.GetUnit() != b.GetUnit():
		return Unit
	case a.GetType() == dto.MetricType_HISTOGRAM && !sameBounds(a.Metric[0].GetHistogram(), b.Metric[0].GetHistogram()):
		return Bounds
	}
	return ""
}
