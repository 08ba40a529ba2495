package exporter

import (
	"strings"

	dto "github.com/prometheus/client_model/go"

	"github.com/promexporter/promexporter/internal/exposition"
)

// distinct leaves out families of which an earlier one with another name keeps the page from having both, and those
// without series. Those of one name are left to merge. The sources are not changed.
func distinct(sources [][]*dto.MetricFamily, lost *losses) [][]*dto.MetricFamily {
	if len(sources) < 2 {
		return sources // a source gives none that do not go together
	}
	owners := make(map[string]string) // the family that has a name on the page
	kept := make([][]*dto.MetricFamily, len(sources))
	for i, families := range sources {
		kept[i] = make([]*dto.MetricFamily, 0, len(families))
		for _, f := range families {
			switch {
			case isEmpty(f):
			case own(owners, f):
				kept[i] = append(kept[i], f)
			default:
				lost.names = append(lost.names, f.GetName())
			}
		}
	}
	return kept
}

// own makes f the owner of the names that it takes on a page, unless another family owns one of them.
func own(owners map[string]string, f *dto.MetricFamily) bool {
	names := exposition.Names(f.GetName(), strings.ToLower(f.GetType().String()))
	for _, name := range names {
		if owner, known := owners[name]; known && owner != f.GetName() {
			return false
		}
	}
	for _, name := range names {
		owners[name] = f.GetName()
	}
	return true
}
