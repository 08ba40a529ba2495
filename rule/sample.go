package rule

import (
	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/record"
)

// appendSamples appends the samples that a rule makes of a field to b, or counts why not. The field is missing in a
// rule without fields.
func (w *Scratch) appendSamples(in *instruction, b *collector.Batch, field *record.Value, to *target) {
	if in.value.constant && in.value.short {
		w.appendSample(in, b, field, in.config.Value.Constant, noReason, to)
		return
	}
	field = in.value.of(w, field)
	if in.config.Value.Text.Pick == config.PickEach {
		w.appendEach(in, b, field, to)
		return
	}
	n, r := in.value.measure(w, field)
	w.appendSample(in, b, field, n, r, to)
}

// appendEach appends a sample of every element of a list.
func (w *Scratch) appendEach(in *instruction, b *collector.Batch, field *record.Value, to *target) {
	v, found := &in.value, false
	list, r := v.extract(&w.texts.list, field)
	v.elements(&list, func(element record.Value) bool {
		n, r := v.one(w, &element)
		n, r = v.finish(w, field, n, r)
		w.appendSample(in, b, &element, n, r, to)
		found = true
		return true
	})
	if !found {
		if r == noReason {
			r = NoValue
		}
		n, r := v.finish(w, field, 0, r)
		w.appendSample(in, b, field, n, r, to)
	}
}

// appendSample appends a sample with the value n, made from field, to b, or counts the reason not to.
func (w *Scratch) appendSample(
	in *instruction, b *collector.Batch, field *record.Value, n float64, r Reason, to *target,
) {
	var count uint64
	if r == noReason && in.counts {
		count, r = w.count(in, field)
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
		w.countRefused(in, r, field)
		return
	}
	w.appendLabels(to.labels, b)
	if len(to.exemplar) > 0 {
		w.appendExemplar(to.exemplar, b)
	}
	if in.ready != nil {
		b.Buckets(w.ready.counts)
	}
	taken := b.Append(&collector.Sample{
		Family: to.family,
		Op:     in.op,
		Value:  n * in.sign,
		Count:  count,
		Time:   w.Event.Time,
		Origin: &in.stats.Origin,
		Source: to.source,
	})
	if !taken {
		w.tallies[in.index].refused++
		w.event++ // the spans may be of label values that went with it
	}
}
