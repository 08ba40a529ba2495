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
func Merge(sources [][]Family, dropped Dropped) []Family {
	var page []Family
	position := make(map[string]int) // on the page, by the name of the family
	taken := make(map[string]bool)   // names of the families and samples of earlier sources
	earlier := 0                     // number of families of earlier sources
	for _, source := range sources {
		for ; earlier < len(page); earlier++ {
			for _, name := range names(page[earlier]) {
				taken[name] = true
			}
		}
		for _, f := range source {
			if len(f.GetMetric()) == 0 {
				continue // encoders refuse such a family
			}
			at, known := position[f.GetName()]
			switch {
			case known:
				page[at] = join(page[at], f, dropped)
			case slices.ContainsFunc(names(f), func(name string) bool { return taken[name] }):
				dropped.add(Name, f.GetName())
			default:
				position[f.GetName()] = len(page)
				page = append(page, f)
			}
		}
	}
	slices.SortFunc(page, func(a, b Family) int { return strings.Compare(a.GetName(), b.GetName()) })
	return page
}

func names(f Family) []string {
	return metric.Names(f.GetName(), metric.TypeOf(f.GetType()))
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
