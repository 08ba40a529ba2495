// Package families merges the metric families of several sources into one list.
package families

import (
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"

	"github.com/promexporter/promexporter/internal/exposition"
	"github.com/promexporter/promexporter/internal/metric"
)

// Family is a metric family of a source.
type Family = exposition.Family

// Merge merges the families of several sources into one list, sorted by name. Families of the same name are merged if
// they have the same type, unit and histogram buckets, and equal series are added. If equal series cannot be added, the
// gauge that was updated last is kept, and otherwise the first series. A family that conflicts with an earlier one is
// dropped. Families of different names conflict if they have samples of the same name in any format. Merge counts in
// dropped what it drops.
//
// The families of one source must not conflict, and must not have equal series. Families without series are left out.
//
// Merge does not change the families of the sources. The list shares their memory and is valid as long as they are.
// Families that only one source has are not copied, and their series are not read.
func Merge(sources [][]Family, dropped *Dropped) []Family {
	var page []Family
	for _, source := range sources {
		page = mergeSource(page, source, dropped)
	}
	return page
}

// mergeSource merges the families of a source into a page. The page is sorted by name.
func mergeSource(page, source []Family, dropped *Dropped) []Family {
	earlier := byStem(page)
	merged := make([]Family, 0, len(page)+len(source))
	for _, f := range sorted(source) {
		if len(f.GetMetric()) == 0 {
			continue // encoders refuse such a family
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

// familiesByStem are the families of a page by the stems of their names. Only families with a common stem can have
// samples of the same name, so the names of samples are compared only for these.
type familiesByStem map[string][]Family

func byStem(page []Family) familiesByStem {
	all := make(familiesByStem, len(page))
	for _, f := range page {
		for _, name := range metric.Names(f.GetName(), metric.Unknown) {
			all[stem(name)] = append(all[stem(name)], f)
		}
	}
	return all
}

// conflicts reports whether f conflicts with a family of another name.
func (n familiesByStem) conflicts(f Family) bool {
	if len(n) == 0 {
		return false
	}
	for _, name := range metric.Names(f.GetName(), metric.Unknown) {
		for _, other := range n[stem(name)] {
			if slices.ContainsFunc(names(f), func(name string) bool { return slices.Contains(names(other), name) }) {
				return true
			}
		}
	}
	return false
}

func names(f Family) []string {
	return metric.Names(f.GetName(), metric.TypeOf(f.GetType()))
}

// stem returns name without the suffixes that distinguish the names of samples from that of their family.
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

// difference returns why b cannot be merged with a, which has the same name, or "".
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
