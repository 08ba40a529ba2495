package pipeline

import (
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/internal/ratelog"
)

// pendingWarnings queues the warnings of the collector until the next flush logs them: the goroutine of the collector
// must not wait for a log, and Fluent Bit's log_file accepts lines only from Fluent Bit's own threads. The zero value
// is ready.
type pendingWarnings struct {
	mu      sync.Mutex
	pending bool
	dropped map[collector.Reason]*droppedSamples
	repeats ratelog.Log // by reason

	overflows []overflow
}

// overflow is a family that reached its series_limit, and its label with the most different values.
type overflow struct{ family, label string }

// maxOverflows bounds the queued overflows.
const maxOverflows = 100

type droppedSamples struct {
	reason   collector.Reason
	family   string // the first one since the last log line, see collector.Options.Dropped
	families int    // the number of families since then
}

// addDropped is collector.Options.Dropped.
func (w *pendingWarnings) addDropped(family string, r collector.Reason) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dropped == nil {
		w.dropped = make(map[collector.Reason]*droppedSamples)
	}
	d := w.dropped[r]
	if d == nil {
		d = &droppedSamples{reason: r}
		w.dropped[r] = d
	}
	if d.families == 0 {
		d.family = family
	}
	d.families++
	w.pending = true
}

// addOverflow is collector.Options.Overflowed.
func (w *pendingWarnings) addOverflow(family, label string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.overflows) < maxOverflows {
		w.overflows = append(w.overflows, overflow{family, label})
	}
	w.pending = true
}

// log logs the queued warnings, at most one per reason and minute.
func (w *pendingWarnings) log(log *slog.Logger, now time.Time) {
	overflows, dropped := w.take(now)
	for _, o := range overflows {
		log.Warn("family reached its series_limit; samples of new series go to the overflow series",
			"family", o.family, "label_with_most_values", o.label)
	}
	for _, d := range dropped {
		text := dropText(d.reason)
		if d.reason == collector.MemoryLimit {
			log.Warn(text, "reason", d.reason, "largest_family", d.family)
			continue
		}
		log.Warn(text, "reason", d.reason, "family", d.family, "families", d.families)
	}
}

// take returns the warnings to log at now. They are logged without the lock, because the collector would wait for it.
func (w *pendingWarnings) take(now time.Time) (overflows []overflow, dropped []droppedSamples) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.pending {
		return nil, nil
	}
	w.pending = false
	overflows, w.overflows = w.overflows, nil
	for _, r := range collector.AllReasons() {
		d := w.dropped[r]
		if d == nil || d.families == 0 {
			continue
		}
		if _, due := w.repeats.Due(r.String(), now); !due {
			w.pending = true
			continue
		}
		dropped = append(dropped, *d)
		*d = droppedSamples{reason: r}
	}
	return overflows, dropped
}

// dropText says what is dropped for a reason.
func dropText(r collector.Reason) string {
	const samples, points = "promexporter_samples_dropped_total", "promexporter_points_dropped_total"
	switch {
	case !slices.Contains(collector.PointReasons(), r):
		return "samples dropped; see " + samples
	case !slices.Contains(collector.Reasons(), r):
		return "points of metrics events dropped; see " + points
	}
	return "samples or points dropped; see " + points + " and " + samples
}
