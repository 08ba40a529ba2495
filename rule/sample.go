package rule

import (
	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/record"
)

// appendSamples appends the samples that a rule makes of a field to b, or counts why not. The field is missing in a
// rule without fields.
func (w *Scratch) appendSamples(in *instruction, s *scope, b *collector.Batch, field *record.Value, to *target) {
	if in.value.constant && in.value.short {
		w.appendSample(in, s, b, field, in.config.Value.Constant, noReason, to)
		return
	}
	field = in.value.of(s, field)
	if in.config.Value.Text.Pick == config.PickEach {
		w.appendEach(in, s, b, field, to)
		return
	}
	n, r := in.value.measure(w, s, field)
	w.appendSample(in, s, b, field, n, r, to)
}

// appendEach appends a sample of every element of a list.
func (w *Scratch) appendEach(in *instruction, s *scope, b *collector.Batch, field *record.Value, to *target) {
	v, found := &in.value, false
	list, r := v.extract(&w.texts.list, field)
	v.elements(&list, func(element record.Value) bool {
		n, r := v.one(w, &element)
		n, r = v.finish(w, s, field, n, r)
		w.appendSample(in, s, b, &element, n, r, to)
		found = true
		return true
	})
	if !found {
		if r == noReason {
			r = NoValue
		}
		n, r := v.finish(w, s, field, 0, r)
		w.appendSample(in, s, b, field, n, r, to)
	}
}

// appendSample appends a sample with the value n, made from field, to b, or counts the reason not to.
func (w *Scratch) appendSample(
	in *instruction, s *scope, b *collector.Batch, field *record.Value, n float64, r Reason, to *target,
) {
	var count uint64
	if r == noReason && in.counts {
		count, r = w.count(in, s, field)
	}
	if r == noReason && to.family == nil {
		r = to.reason
	}
	switch r {
	case noReason:
		w.tallies[in.index].samples++
	case nothing:
		return
	default:
		w.countRefused(in, s, r, field)
		return
	}
	w.appendLabels(to.labels, s, b)
	if len(to.exemplar) > 0 {
		w.appendExemplar(to.exemplar, s, b)
	}
	if in.ready != nil {
		b.Buckets(w.ready.counts)
	}
	taken := b.Append(&collector.Sample{
		Family: to.family,
		Op:     in.op,
		Value:  n * in.sign,
		Count:  count,
		Time:   s.event.Time,
		Origin: &in.stats.Origin,
		Source: to.source,
	})
	if !taken {
		w.tallies[in.index].refused++
		w.event++ // the spans may be of label values that went with it
	}
}
