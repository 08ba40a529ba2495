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
// The names of the families of one source must differ, and so must the series of a family. Families of one source do not
// conflict. Families without series are left out.
//
// Merge does not change the families of the sources. The list shares their memory and is valid as long as they are.
// Families that only one source has are not copied, and their series are not read.
func Merge(sources [][]Family, dropped Dropped) []Family {
	var page []Family
	owners := make(map[string]int) // families of earlier sources, by each name that they expose
	known := 0                     // number of families in owners
	for _, source := range sources {
		for ; known < len(page); known++ {
			for _, name := range names(page[known]) {
				owners[name] = known
			}
		}
		for _, f := range source {
			if len(f.GetMetric()) == 0 {
				continue // encoders refuse such a family
			}
			switch owner := ownerOf(f, owners); {
			case owner < 0:
				page = append(page, f)
			case page[owner].GetName() == f.GetName():
				page[owner] = join(page[owner], f, dropped)
			default:
				dropped.add(Name, f.GetName())
			}
		}
	}
	slices.SortFunc(page, func(a, b Family) int { return strings.Compare(a.GetName(), b.GetName()) })
	return page
}

// ownerOf returns the first owner of a name that f exposes, or -1.
func ownerOf(f Family, owners map[string]int) int {
	if len(owners) == 0 {
		return -1 // for the first source, which is the largest
	}
	for _, name := range names(f) {
		if at, ok := owners[name]; ok {
			return at
		}
	}
	return -1
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
