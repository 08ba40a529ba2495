package rule

import (
	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/internal/metric"
)

// exemplarLabel is a compiled label of an exemplar.
type exemplarLabel struct {
	name string
	text []byte // of a constant or a bound capture
	label
}

func (p *compiledPlan) exemplar(sp spaces, from []config.Label) []exemplarLabel {
	labels := make([]exemplarLabel, len(from))
	for i, l := range p.labels(sp, from) {
		labels[i] = exemplarLabel{name: from[i].Name, label: l}
		if l.isConstant() {
			labels[i].text = []byte(from[i].Constant)
		}
	}
	return labels
}

// bindExemplar replaces captures by constants.
func bindExemplar(labels []exemplarLabel, capture func(string) string) []exemplarLabel {
	bound := make([]exemplarLabel, len(labels))
	for i, l := range labels {
		if l.capture != "" {
			text, _ := transform(nil, l.transform, []byte(capture(l.capture)))
			l = exemplarLabel{name: l.name, text: append([]byte{}, metric.ExemplarText(text)...)}
		}
		bound[i] = l
	}
	return bound
}

// appendExemplar appends the exemplar of a sample to the batch.
func (w *Scratch) appendExemplar(labels []exemplarLabel, b *collector.Batch) {
	for i := range labels {
		l := &labels[i]
		text := l.text
		if text == nil {
			text = metric.ExemplarText(w.labelText(&l.label))
		}
		b.Exemplar(l.name, text)
	}
}
