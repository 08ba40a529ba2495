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
	fate    rule.Fate            // of the point
	current rule.Fate            // with which the family was defined last
	base    collector.Definition // of the family, before rules
	defined bool
}

func (c *changing) release() {
	c.rules.Release()
	clear(c.rules.Event.Values)
	c.fate.Reset()
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
	w.definition.Came = w.definition.Name
	if w.plan != nil {
		w.changes = w.plan.Family(w.definition.Name)
	}
	if w.changes == nil {
		b.Define(&w.definition)
		return collector.Kept
	}
	w.definition.Print = w.changes.Print
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
			w.fate.Reset()
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
	w.changes.Apply(&w.rules, w, w.base.Type, &w.fate)
	if w.fate.Dropped {
		return collector.DroppedByRule
	}
	if w.defined && w.fate.IsSame(&w.current) {
		return collector.Kept
	}
	w.redefine()
	for _, l := range w.fate.Labels {
		if !l.Removed && w.isBad(l.Name) {
			w.defined = false
			return collector.BadLabel
		}
	}
	b.Define(&w.definition)
	w.fate.Feeds(w.definition.Name)
	w.current.CopyFrom(&w.fate)
	w.defined = true
	return collector.Kept
}

// redefine makes the definition that the point has with its fate.
func (w *Scratch) redefine() {
	d, fate := &w.definition, &w.fate
	*d = w.base
	d.Type, d.Origin = fate.Type, fate.Origin()
	if fate.Name != nil {
		d.Name = fate.Name
	}
	if fate.Help != nil {
		d.Help = fate.Help
	}
	if fate.HasDelta {
		d.Delta = fate.Delta
	}
	if fate.Unit != nil {
		d.Unit = fate.Unit
	}
	d.Snapshot, d.MaxLag, d.Timestamps = fate.Snapshot, fate.MaxLag, fate.Timestamps
	if w.family.Type == cmetrics.ExpHistogram {
		d.Buckets = fate.Buckets
	}
	if fate.HasTTL {
		d.TTL = fate.TTL
	}
	if fate.HasSeriesLimit {
		d.SeriesLimit = fate.SeriesLimit
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
