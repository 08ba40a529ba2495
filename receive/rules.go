package receive

import (
	"github.com/promexporter/promexporter/cmetrics"
	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/record"
	"github.com/promexporter/promexporter/rule"
)

// incrementalLabel is how statsd marks a gauge whose points are increments.
const incrementalLabel = "incremental"

// changing is what applying rules needs.
type changing struct {
	rules   rule.Scratch
	plan    *rule.Received       // of the tag; nil if no rule is about it
	changes *rule.ReceivedFamily // of the family; nil if no rule is about it
	result  rule.ReceivedResult  // of the point
	current rule.ReceivedResult  // with which the family was defined last
	base    collector.Definition // of the family, before rules
	defined bool
}

func (c *changing) release() {
	c.rules.Release()
	clear(c.rules.Event.Values)
	c.result.Reset()
	c.current.Reset()
	c.changes, c.base = nil, collector.Definition{}
}

// Finish ends a chunk, of which the batch was taken or not. It returns the number of label values that were cut.
func (w *Scratch) Finish(taken bool) uint64 {
	if w.plan == nil {
		return w.LabelsCut
	}
	return w.LabelsCut + w.plan.Finish(&w.rules, taken)
}

// begin begins a family that define has made a definition of, with what rules make of all its points.
func (w *Scratch) begin(b *collector.Batch) collector.Reason {
	if w.Rules == nil || !w.Rules.HasReceived() {
		b.Define(&w.definition)
		return collector.Kept
	}
	w.definition.Incoming = w.definition.Name
	if w.plan != nil {
		w.changes = w.plan.Family(w.definition.Name)
	}
	if w.changes == nil {
		b.Define(&w.definition)
		return collector.Kept
	}
	w.definition.Fingerprint = w.changes.Fingerprint
	w.base = w.definition
	if w.changes.PerPoint {
		return collector.Kept
	}
	return w.change(b)
}

// take puts the point into the batch as rules want it, or says why it cannot be taken.
func (w *Scratch) take(b *collector.Batch) collector.Reason {
	isChanging := w.changes != nil && w.changes.PerPoint
	if w.point.TooLarge {
		if isChanging {
			w.result.Reset()
		}
		return collector.TooLarge
	}
	if isChanging {
		if r := w.change(b); r != collector.Kept {
			return r
		}
	}
	return w.put(b)
}

// change applies the rules, and defines the family anew where they make another one of the point than of the last.
func (w *Scratch) change(b *collector.Batch) collector.Reason {
	w.changes.Apply(&w.rules, w, w.base.Type, &w.result)
	if w.result.Dropped {
		return collector.DroppedByRule
	}
	if w.defined && w.result.IsSame(&w.current) {
		return collector.Kept
	}
	w.redefine()
	for _, l := range w.result.Labels {
		if !l.Removed && w.isBad(l.Name) {
			w.defined = false
			return collector.BadLabel
		}
	}
	b.Define(&w.definition)
	w.result.Feeds(w.definition.Name)
	w.current.CopyFrom(&w.result)
	w.defined = true
	return collector.Kept
}

// redefine makes the definition that the point has with its result.
func (w *Scratch) redefine() {
	d, result := &w.definition, &w.result
	*d = w.base
	d.Type, d.Origin = result.Type, result.Origin()
	if result.Name != nil {
		d.Name = result.Name
	}
	if result.Help != nil {
		d.Help = result.Help
	}
	if result.HasDelta {
		d.Delta = result.Delta
	}
	if result.Unit != nil {
		d.Unit = result.Unit
	}
	d.Snapshot, d.MaxLag, d.Timestamps = result.Snapshot, result.MaxLag, result.Timestamps
	if w.family.Type == cmetrics.ExpHistogram {
		d.Buckets = result.Buckets
	}
	if result.HasTTL {
		d.TTL = result.TTL
	}
	if result.HasSeriesLimit {
		d.SeriesLimit = result.SeriesLimit
	}
}

// isIncrement reports whether the point is one. Of gauges, only those are that statsd marks so.
func (w *Scratch) isIncrement() bool {
	isGauge := w.family.Type == cmetrics.Gauge && w.definition.Type == collector.Gauge
	return w.definition.Delta && (!isGauge || len(w.Label(incrementalLabel)) > 0)
}

// isMark reports whether a label only says that the point of a gauge is an increment.
func (w *Scratch) isMark(name []byte) bool {
	return w.definition.Delta && w.family.Type == cmetrics.Gauge && string(name) == incrementalLabel
}

// Label returns the value that a label of the point came with.
func (w *Scratch) Label(name string) []byte {
	for i := 0; i < len(w.labels); {
		here := w.labels[i].name
		value, next := w.valueAt(i)
		if string(here) == name {
			return value
		}
		i = next
	}
	return nil
}

// External sets v to what came with the context.
func (w *Scratch) External(v *record.Value, path ...string) { w.context.External(v, path...) }

// shift moves the times of the point.
func (w *Scratch) shift() {
	w.point.Time, w.point.Start = w.shifted(w.point.Time), w.shifted(w.point.Start)
}

// shifted returns a time as it is moved; 0 means that it is not known.
func (w *Scratch) shifted(at int64) int64 {
	if at <= 0 {
		return at
	}
	return at + int64(w.Shift)
}
