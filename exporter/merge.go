package exporter

import (
	"cmp"
	"slices"

	dto "github.com/prometheus/client_model/go"
)

// losses is what a merge left out.
type losses struct {
	types  []string // names of families that had another type than the first one of their name
	units  []string // the same for the unit
	names  []string // names of families whose samples would have names of another family
	series []string // names of the families of series that an earlier source gave already, once per series
}

// merge makes one list of the families of several sources, sorted by name. Families of the same name become one: the
// first source that has the name determines type, help and unit. A family of another type or unit is left out, since
// its values mean something else, while another help text costs no more than itself. Of equal series the first stays.
//
// The families of the sources are not changed. The merged ones share their series, and live as long as those.
// A family that only one source gives is passed on as it is, without a look at its series.
func merge(sources [][]*dto.MetricFamily, lost *losses) []*dto.MetricFamily {
	heads := make([][]*dto.MetricFamily, 0, len(sources))
	total := 0
	for _, families := range sources {
		if families = sortedFamilies(families); len(families) > 0 {
			heads = append(heads, families)
			total += len(families)
		}
	}
	merged := make([]*dto.MetricFamily, 0, total)
	var same []*dto.MetricFamily
	for len(heads) > 0 {
		same, heads = takeFirst(heads, same[:0])
		if len(same) == 1 {
			merged = append(merged, same[0])
			continue
		}
		merged = append(merged, join(same, lost))
	}
	return merged
}

// sortedFamilies is families in the order of their names, without those that have no series: an encoder refuses
// them. The argument is returned if it is so already, and never changed.
func sortedFamilies(families []*dto.MetricFamily) []*dto.MetricFamily {
	if slices.ContainsFunc(families, isEmpty) {
		families = slices.DeleteFunc(slices.Clone(families), isEmpty)
	}
	if !slices.IsSortedFunc(families, byName) {
		families = slices.Clone(families)
		slices.SortStableFunc(families, byName)
	}
	return families
}

func isEmpty(f *dto.MetricFamily) bool { return len(f.GetMetric()) == 0 }

func byName(a, b *dto.MetricFamily) int { return cmp.Compare(a.GetName(), b.GetName()) }

// takeFirst moves the families of the least name from heads to same, in the order of the sources.
func takeFirst(heads [][]*dto.MetricFamily, same []*dto.MetricFamily) (
	taken []*dto.MetricFamily, rest [][]*dto.MetricFamily,
) {
	least := heads[0][0].GetName()
	for _, families := range heads[1:] {
		least = min(least, families[0].GetName())
	}
	rest = heads[:0]
	for _, families := range heads {
		for len(families) > 0 && families[0].GetName() == least {
			same = append(same, families[0])
			families = families[1:]
		}
		if len(families) > 0 {
			rest = append(rest, families)
		}
	}
	return same, rest
}

// join makes one family of several that have the same name.
func join(same []*dto.MetricFamily, lost *losses) *dto.MetricFamily {
	same = alike(same, lost)
	first, last := same[0], same[len(same)-1]
	if first == last {
		return first
	}
	total := 0
	for _, f := range same {
		total += len(f.Metric)
	}
	joined := &dto.MetricFamily{Name: first.Name, Help: helpOf(same), Type: first.Type, Unit: first.Unit}
	joined.Metric = append(make([]*dto.Metric, 0, total), first.Metric...)
	known := newSeriesSet(first.Metric, total-len(last.Metric))
	for _, f := range same[1:] {
		for _, m := range f.Metric {
			// Those of the last family need not be known to anybody: a source gives no series twice.
			if f == last && !known.has(m) || f != last && known.add(m) {
				joined.Metric = append(joined.Metric, m)
			} else {
				lost.series = append(lost.series, f.GetName())
			}
		}
	}
	return joined
}

// helpOf is the first help text that says something, or else the first one.
func helpOf(same []*dto.MetricFamily) *string {
	for _, f := range same {
		if f.GetHelp() != "" {
			return f.Help
		}
	}
	return same[0].Help
}

// alike is those families of the same name that have the type and the unit of the first one.
func alike(same []*dto.MetricFamily, lost *losses) []*dto.MetricFamily {
	first, kept := same[0], same[:0]
	for _, f := range same {
		switch {
		case f.GetType() != first.GetType():
			lost.types = append(lost.types, f.GetName())
		case f.GetUnit() != first.GetUnit():
			lost.units = append(lost.units, f.GetName())
		default:
			kept = append(kept, f)
		}
	}
	return kept
}
