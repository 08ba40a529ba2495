package receive

import (
	"github.com/prometheus/otlptranslator"

	"github.com/promexporter/promexporter/cmetrics"
)

// maxNames bounds the names that a scratch remembers.
const maxNames = 4096

// names are the names that OTLP's have for Prometheus. The zero value is ready.
type names struct {
	metrics map[string]metricName // by type, name and unit
	labels  map[string]labelName
	key     []byte
}

type metricName struct{ name, unit []byte }

// labelName is the name of a label, in both of the ways in which it is needed.
type labelName struct {
	bytes []byte
	text  string
}

// metric returns the name and the unit of a family.
func (n *names) metric(f *cmetrics.Family) metricName {
	n.key = append(append(append(append(n.key[:0], byte(f.Type)), f.Name...), 0), f.Unit...)
	known, ok := n.metrics[string(n.key)]
	if ok {
		return known
	}
	if n.metrics == nil || len(n.metrics) >= maxNames {
		n.metrics = make(map[string]metricName)
	}
	known = translate(f)
	n.metrics[string(n.key)] = known
	return known
}

var otlpTypes = [...]otlptranslator.MetricType{
	cmetrics.Counter: otlptranslator.MetricTypeMonotonicCounter, cmetrics.Gauge: otlptranslator.MetricTypeGauge,
	cmetrics.Histogram: otlptranslator.MetricTypeHistogram, cmetrics.Summary: otlptranslator.MetricTypeSummary,
	cmetrics.ExpHistogram: otlptranslator.MetricTypeExponentialHistogram, cmetrics.Untyped: otlptranslator.MetricTypeUnknown,
}

func translate(f *cmetrics.Family) metricName {
	namer := otlptranslator.MetricNamer{WithMetricSuffixes: true}
	m := otlptranslator.Metric{Name: string(f.Name), Unit: string(f.Unit), Type: otlpTypes[f.Type]}
	name, err := namer.Build(m)
	if err != nil {
		return metricName{name: []byte(m.Name)} // the collector refuses it or serves it as it is
	}
	units := otlptranslator.UnitNamer{}
	return metricName{name: []byte(name), unit: []byte(units.Build(m.Unit))}
}

// label returns the name of a label.
func (n *names) label(name []byte) []byte { return n.labelName(name).bytes }

// text returns the name of a label.
func (n *names) text(name []byte) string { return n.labelName(name).text }

func (n *names) labelName(name []byte) labelName {
	known, ok := n.labels[string(name)]
	if ok {
		return known
	}
	if n.labels == nil || len(n.labels) >= maxNames {
		n.labels = make(map[string]labelName)
	}
	namer := otlptranslator.LabelNamer{PreserveMultipleUnderscores: true}
	text, err := namer.Build(string(name))
	if err != nil {
		text = string(name)
	}
	known = labelName{[]byte(text), text}
	n.labels[string(name)] = known
	return known
}
