package rule

import (
	"bytes"
	"slices"
	"time"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/record"
)

// ReceivedResult is what rules make of a point, or of all points of a family. It borrows the rules.
type ReceivedResult struct {
	Dropped        bool
	Name           []byte // nil keeps the name
	Type           collector.Type
	Help           []byte    // nil keeps the help
	Unit           []byte    // nil keeps the unit
	Buckets        []float64 // classic buckets of exponential histograms
	Snapshot       bool
	MaxLag         time.Duration
	Timestamps     bool
	Delta          bool // points are increments
	HasDelta       bool // Delta is set
	TTL            time.Duration
	HasTTL         bool // TTL is set
	SeriesLimit    int
	HasSeriesLimit bool
	Labels         []*ReceivedLabel // by name

	applied []*receivedStep
}

// Origin counts what the collector drops of points with this result: for the last rule that changed them. It is nil if
// none did.
func (f *ReceivedResult) Origin() *collector.Origin {
	if n := len(f.applied); n > 0 {
		return &f.applied[n-1].stats.Origin
	}
	return nil
}

// IsSame reports whether points of one family with the results f and g are of the same definition.
func (f *ReceivedResult) IsSame(g *ReceivedResult) bool { return slices.Equal(f.applied, g.applied) }

// CopyFrom makes f the same as g.
func (f *ReceivedResult) CopyFrom(g *ReceivedResult) { f.applied = append(f.applied[:0], g.applied...) }

// Reset makes f that of a point that no rule changes.
func (f *ReceivedResult) Reset() {
	clear(f.applied)
	clear(f.Labels)
	*f = ReceivedResult{Labels: f.Labels[:0], applied: f.applied[:0]}
}

// Apply sets result to what the rules make of the point that from has, of a family that comes with the given type.
func (f *ReceivedFamily) Apply(w *Scratch, from receivedSource, kind collector.Type, result *ReceivedResult) {
	f.fill(w, from, kind)
	result.Reset()
	result.Type = kind
	for i, r := range f.rules {
		if !r.isOf(kind) || r.when != nil && !r.when.holds(w) {
			continue
		}
		result.applied = append(result.applied, r)
		if r.config.Drop {
			result.Dropped = true
			return
		}
		result.take(r, f.names[i])
		if r.config.First {
			return
		}
	}
}

// take adds what a rule sets.
func (f *ReceivedResult) take(r *receivedStep, name []byte) {
	c := r.config
	if name != nil {
		f.Name = name
	}
	if c.HasType {
		f.Type = c.Type
	}
	if r.help != nil {
		f.Help = r.help
	}
	if r.unit != nil {
		f.Unit = r.unit
	}
	if c.Temporality != config.AsSent {
		f.Delta, f.HasDelta = c.Temporality == config.Delta, true
	}
	f.takeSettings(c)
	f.takeLabels(r.labels)
}

// takeSettings adds how points are taken, and how long series stay.
func (f *ReceivedResult) takeSettings(c *config.Received) {
	if c.Buckets != nil {
		f.Buckets = c.Buckets
	}
	if c.Snapshot != nil {
		f.Snapshot = *c.Snapshot
	}
	if c.MaxLag != nil {
		f.MaxLag = *c.MaxLag
	}
	if c.Timestamps != nil {
		f.Timestamps = *c.Timestamps
	}
	switch {
	case c.TTL != nil:
		f.TTL, f.HasTTL = *c.TTL, true
	case c.FileTTL != nil && !f.HasTTL:
		f.TTL, f.HasTTL = *c.FileTTL, true
	}
	switch {
	case c.SeriesLimit != nil:
		f.SeriesLimit, f.HasSeriesLimit = *c.SeriesLimit, true
	case c.FileSeriesLimit != nil && !f.HasSeriesLimit:
		f.SeriesLimit, f.HasSeriesLimit = *c.FileSeriesLimit, true
	}
}

// takeLabels adds labels.
func (f *ReceivedResult) takeLabels(labels []ReceivedLabel) {
	for i := range labels {
		l := &labels[i]
		at, found := slices.BinarySearchFunc(f.Labels, l.Name, func(have *ReceivedLabel, name []byte) int {
			return bytes.Compare(have.Name, name)
		})
		if found {
			f.Labels[at] = l
		} else {
			f.Labels = slices.Insert(f.Labels, at, l)
		}
	}
}

// fill sets what operands read.
func (f *ReceivedFamily) fill(w *Scratch, from receivedSource, kind collector.Type) {
	for i := range f.plan.paths.list {
		v := &w.Event.Values[i]
		switch path := &f.plan.paths.list[i]; {
		case path.Root != record.Body || !f.PerPoint && len(path.Steps) > 1:
		case len(path.Steps) == 1 && path.Steps[0].Key == "type":
			*v = receivedTypes[min(int(kind), len(receivedTypes)-1)]
		case len(path.Steps) == 1:
			*v = record.Text(f.name)
		default:
			*v = record.Value{}
			if value := from.Label(path.Steps[1].Key); len(value) > 0 {
				*v = record.Text(value)
			}
		}
	}
}

// receivedTypes are the types as conditions and labels see them.
var receivedTypes = [...]record.Value{
	collector.Counter: record.Text([]byte("counter")), collector.Gauge: record.Text([]byte("gauge")),
	collector.Histogram: record.Text([]byte("histogram")), collector.Summary: record.Text([]byte("summary")),
	collector.Untyped: record.Text([]byte("untyped")),
}

// AppendLabel appends name and value of a label to the batch, unless the label has no value. It reads what Apply read
// last.
func (f *ReceivedFamily) AppendLabel(w *Scratch, l *ReceivedLabel, b *collector.Batch) {
	if l.Removed {
		return
	}
	if l.isConstant() {
		b.Label(l.Name)
		b.EncodedLabels(l.encoded)
		return
	}
	if value := w.labelText(&l.label); len(value) > 0 {
		b.Label(l.Name)
		b.Label(value)
	}
}

// Count counts a point with its result. reason says why it does not reach the collector, Kept that it does.
func (f *ReceivedFamily) Count(w *Scratch, result *ReceivedResult, reason collector.Reason) {
	for _, r := range result.applied {
		t := &w.tallies[r.index]
		t.matched++
		if !r.config.Drop {
			t.samples++
		}
	}
	if reason == collector.Kept || result.Dropped || len(result.applied) == 0 {
		return
	}
	origin := result.Origin()
	if n := len(w.refused); n > 0 && w.refused[n-1].origin == origin && w.refused[n-1].reason == reason {
		w.refused[n-1].points++
		return
	}
	w.refused = append(w.refused, refusedPoints{origin, reason, 1})
}

// refusedPoints are points that a rule applied to, and that did not reach the collector.
type refusedPoints struct {
	origin *collector.Origin
	reason collector.Reason
	points uint64
}

// Feeds notes that points with this result go to a family.
func (f *ReceivedResult) Feeds(name []byte) {
	for _, r := range f.applied {
		r.fed(name)
	}
}

// Finish ends a chunk. It adds what Count counted to the counts of the rules, or discards it if the batch was not taken.
// It returns the number of truncated label values.
func (p *Received) Finish(w *Scratch, taken bool) (labelsCut uint64) {
	p.makeRoom(w) // no context may have begun
	for i := range p.rules {
		t := &w.tallies[i]
		if taken {
			t.flush(p.rules[i].stats)
		}
		*t = tally{}
	}
	for _, r := range w.refused {
		if taken {
			r.origin.Add(r.reason, r.points)
		}
	}
	clear(w.refused)
	w.refused = w.refused[:0]
	labelsCut, w.labelsTruncated = w.labelsTruncated, 0
	return labelsCut
}
