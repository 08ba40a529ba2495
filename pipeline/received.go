package pipeline

import (
	"crypto/rand"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/flb"
	"github.com/promexporter/promexporter/receive"
	"github.com/promexporter/promexporter/record"
	"github.com/promexporter/promexporter/rule"
)

// receivedMetrics count the metrics events of a section.
type receivedMetrics struct {
	contexts, points prometheus.Counter
	off              atomic.Uint64 // points that came while metrics_events was off
}

// offReason is the reason of points that came while metrics_events was off.
const offReason = "metrics_off"

func (m *receivedMetrics) count(w *receive.Scratch) {
	m.contexts.Add(float64(w.Contexts))
	m.points.Add(float64(w.Points))
}

// process returns the id of the pages of this process.
func (i *Instances) process() string {
	i.identify.Do(func() { i.id = rand.Text() })
	return i.id
}

// applyMetrics applies a chunk of metrics events.
func (p *Pipeline) applyMetrics(b *flushBuffers, chunk []byte, tag string, now time.Time) flb.Status {
	w := &b.receiver
	w.Options = receive.Options{Process: p.instances.process(), Rules: p.rules.set.Load()}
	w.Read(chunk, tag, &b.batch, b.malformed.add)
	if !p.config.MetricsEvents {
		b.batch.Reset()
		b.malformed.reset()
		p.metrics.received.off.Add(uint64(w.Points))
	}
	b.batch.Chunk = p.digest(chunk, tag)
	err := p.ingest(b)
	if isTaken(err) {
		p.metrics.received.count(w)
	}
	return p.answer(b, err, len(chunk), w.Finish(isTaken(err) && p.config.MetricsEvents), tag, now)
}

// derivedFamily returns the function that says which families there may be in addition to those that rules name: those
// that rules make of fields, and received ones.
func derivedFamily(set *rule.Set, received bool) func(*collector.Family) *collector.Family {
	return func(f *collector.Family) *collector.Family {
		switch {
		case !f.Received:
			return set.DerivedFamily(f)
		case received:
			return f
		}
		return nil
	}
}

// logRefused logs a chunk that nothing reads.
func (p *Pipeline) logRefused(signal record.Signal, tag string, now time.Time) {
	text := fmt.Sprintf("%s: %s came; this output takes logs and metrics, so narrow its match", signal.Reason(), signal)
	if signal == record.OldMetrics {
		text = fmt.Sprintf("%s: %s came from a buffer that is older than this Fluent Bit; they are dropped", signal.Reason(), signal)
	}
	p.events.failed(text, now)
	if suppressed, ok := p.repeats.Due(string(signal.Reason()), now); ok {
		p.log.Error(text, "tag", tag, "suppressed", suppressed)
	}
}

var (
	pointsAppliedDesc = desc("points_applied_total",
		"Points of metrics events that reached a series.")
	pointsDroppedDesc = desc("points_dropped_total",
		"Points of metrics events that were not applied.", "reason")
	rebasedDesc = desc("points_rebased_total",
		"Increments of histograms that began their series again, because their buckets are not those of the increments before.")
)

func (s *stats) collectPoints(out chan<- prometheus.Metric) {
	c := s.collector.Stats()
	sendCounter(out, pointsAppliedDesc, c.PointsApplied())
	for _, r := range collector.PointReasons() {
		sendCounter(out, pointsDroppedDesc, c.PointsDropped(r), r.String())
	}
	sendCounter(out, pointsDroppedDesc, s.metrics.received.off.Load(), offReason)
	sendCounter(out, rebasedDesc, c.Rebased())
}
