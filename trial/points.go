package trial

import (
	"time"

	"github.com/promexporter/promexporter/cmetrics"
	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/receive"
	"github.com/promexporter/promexporter/record"
	"github.com/promexporter/promexporter/sample"
)

// Point is what became of one point of a metrics event.
type Point struct {
	*receive.Seen
	Source string
	Line   int // the number of the context
	Tag    string
	// Drop is why no series shows the point, or "".
	Drop string
}

// IsLost reports whether no series shows the point although no rule dropped it.
func (p *Point) IsLost() bool { return p.Drop != "" && !p.IsDropped() }

// IsDropped reports whether a rule dropped the point.
func (p *Point) IsDropped() bool { return p.Drop == collector.DroppedByRule.String() }

// Received is what the losses of points are listed under for which no rule is responsible.
const Received = "received"

// ExplainPoints applies a context of metrics events, and passes on what became of each of its points.
func (t *Trial) ExplainPoints(c *sample.Chunk, f func(*Point) error) error {
	var seen []*receive.Seen
	if err := t.applyPoints(c, func(s *receive.Seen) { seen = append(seen, s) }); err != nil {
		return err
	}
	for _, s := range seen {
		p := Point{Seen: s, Source: c.Source, Line: c.Line(0), Tag: c.Tag}
		reason := s.Reason
		if s.Changed != nil {
			reason = t.batch.PointReason(s.Changed.Index)
		}
		if reason != collector.Kept {
			p.Drop = reason.String()
		}
		if err := f(&p); err != nil {
			return err
		}
	}
	return nil
}

// applyPoints applies a context of metrics events. seen may be nil.
func (t *Trial) applyPoints(c *sample.Chunk, seen func(*receive.Seen)) error {
	shift := t.comes(cmetrics.Newest(c.Events))
	if err := t.start(); err != nil {
		return err
	}
	t.batch.Reset()
	t.batch.Now = t.clock.nanos.Load()
	t.receiver.Options = receive.Options{Rules: t.set, Shift: shift, Seen: seen}
	t.receiver.Read(c.Events, c.Tag, &t.batch, func(m *record.Malformed) { t.losses.malformed(c, 0, m) })
	err := t.collector.Ingest(&t.batch, nil)
	t.receiver.Finish(err == nil)
	t.receiver.Release()
	t.Points += t.receiver.Points
	return err
}

// comes says by how much the times of a context are moved whose newest point has a time. The first context since the
// clock was set comes when it was measured, so that a sample may be old; later ones are moved by as much.
func (t *Trial) comes(newest int64) time.Duration {
	switch {
	case t.options.FollowRecords:
		if newest > 0 {
			t.clock.set(time.Unix(0, newest))
		}
		return 0
	case t.options.Live:
		return 0
	case t.shift == nil && newest > 0:
		t.shift = new(time.Duration(t.clock.nanos.Load() - newest))
	}
	if t.shift == nil {
		return 0
	}
	return *t.shift
}

// pointLosses returns the losses of points for which no rule is responsible.
func (t *Trial) pointLosses() (all []Loss) {
	for _, reason := range collector.PointReasons() {
		n := t.collector.Stats().PointsDropped(reason)
		for _, s := range t.set.Stats() {
			if s.IsReceived() {
				n -= min(n, s.Dropped(reason))
			}
		}
		if n > 0 && reason != collector.DroppedByRule {
			all = append(all, Loss{Rule: Received, Reason: reason.String(), Count: n})
		}
	}
	return all
}
