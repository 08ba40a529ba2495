package metric

import dto "github.com/prometheus/client_model/go"

// Type is the type of a metric family.
type Type uint8

// The types of a metric family. Rules and the collector make all types except Unknown.
const (
	Counter Type = iota
	Gauge
	Histogram
	Summary
	Unknown // any other type, of which only the name is known
)

var types = [...]struct {
	name  string
	model dto.MetricType
}{
	Counter:   {"counter", dto.MetricType_COUNTER},
	Gauge:     {"gauge", dto.MetricType_GAUGE},
	Histogram: {"histogram", dto.MetricType_HISTOGRAM},
	Summary:   {"summary", dto.MetricType_SUMMARY},
	Unknown:   {"unknown", dto.MetricType_UNTYPED},
}

// TypeOf returns the type of a family of the exposition model.
func TypeOf(model dto.MetricType) Type {
	for t := range Unknown {
		if types[t].model == model {
			return t
		}
	}
	return Unknown
}

// String returns the name of the type in Prometheus and in the rules language.
func (t Type) String() string { return types[min(t, Unknown)].name }

// Model returns the type in the exposition model.
func (t Type) Model() dto.MetricType { return types[min(t, Unknown)].model }
