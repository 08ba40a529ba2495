package receive

import (
	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/rule"
)

// Seen is what rules made of a point. It owns its memory, apart from the rules.
type Seen struct {
	Name   string // that the point came with, in Prometheus' form
	Type   collector.Type
	Labels []string // names and values in turn
	Value  float64  // the sum of a histogram or summary
	Count  uint64   // of a histogram or summary

	// Verdicts say what each rule made of the point, in the order of the rules. There are none for a point that was
	// refused before.
	Verdicts []rule.ReceivedVerdict
	// Changed is what the point became, or nil if it was dropped or refused.
	Changed *Changed
	Reason  collector.Reason // Kept unless the point did not reach the collector
}

// Changed is what a point became.
type Changed struct {
	Name      string
	Type      collector.Type
	Labels    []string // names and values in turn
	Increment bool
	// Snapshot says that the series leaves the page with the first context that does not have it.
	Snapshot   bool
	Timestamps bool   // the page has its time
	Unit       string // as a rule says; "" if none does
	Ends       bool   // the series has ended, and leaves the page
	Index      int    // of the point in the batch
}

// see calls Seen for the point, which was put into the batch last if the reason is Kept.
func (w *Scratch) see(b *collector.Batch, reason collector.Reason) {
	s := Seen{
		Name: string(w.definition.Name), Type: w.definition.Type, Value: w.point.Value, Count: w.point.Count, Reason: reason,
	}
	if w.changes != nil {
		s.Name, s.Type = string(w.base.Name), w.base.Type
	}
	if s.Type >= collector.Histogram && s.Type != collector.Untyped {
		s.Value = w.point.Sum
	}
	for i := 0; i < len(w.labels); {
		name := w.labels[i].name
		var value []byte
		if value, i = w.valueAt(i); len(value) > 0 {
			s.Labels = append(s.Labels, string(name), string(value))
		}
	}
	if w.Rules != nil {
		s.Verdicts = w.Rules.ExplainReceived(w.plan, w.changes, &w.rules, s.Type, &w.result)
	}
	if reason == collector.Kept {
		d := &w.definition
		s.Changed = &Changed{
			Name: string(d.Name), Type: d.Type, Increment: w.isIncrement(), Ends: w.point.Stale, Index: b.Points() - 1,
			Snapshot: d.Snapshot && !w.isIncrement(), Timestamps: d.Timestamps, Unit: string(w.result.Unit),
			Labels: b.PointLabels(b.Points() - 1),
		}
	}
	w.Seen(&s)
}
