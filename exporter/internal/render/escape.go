package render

import (
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
)

// escaped returns the family with names that clients without UTF-8 accept, unless the scheme is NoEscaping. It does not
// change f.
func escaped(f *dto.MetricFamily, scheme model.EscapingScheme) *dto.MetricFamily {
	if scheme == model.NoEscaping || !needsEscaping(f) {
		return f
	}
	return model.EscapeMetricFamily(f, scheme)
}

// needsEscaping reports whether the family has a name, or a label has a name, that is only valid as UTF-8. The series of
// a family usually share the memory of their label names. Therefore it checks most names only once.
func needsEscaping(f *dto.MetricFamily) bool {
	if !model.LegacyValidation.IsValidMetricName(f.GetName()) {
		return true
	}
	var checked []*dto.LabelPair
	for _, m := range f.Metric {
		for i, l := range m.Label {
			if i < len(checked) && l.Name == checked[i].Name {
				continue
			}
			if !model.LegacyValidation.IsValidLabelName(l.GetName()) {
				return true
			}
		}
		checked = m.Label
	}
	return false
}
