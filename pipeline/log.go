package pipeline

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/exporter"
	"github.com/promexporter/promexporter/internal/fence"
	"github.com/promexporter/promexporter/internal/ratelog"
	"github.com/promexporter/promexporter/rule"
)

func (p *Pipeline) logRetry(err error, now time.Time) {
	if suppressed, ok := p.repeats.Due("retry", now); ok {
		p.log.Warn("a chunk was not taken, Fluent Bit is asked to bring it again", "error", err, "suppressed", suppressed)
	}
}

func (p *Pipeline) logMalformed(b *flushBuffers, tag string, now time.Time) {
	text := fmt.Sprintf("a chunk holds what is no log event: %v; the readable records were applied", &b.malformed.first)
	p.events.failed(text, now)
	if suppressed, ok := p.repeats.Due("malformed", now); ok {
		p.log.Error(text, "tag", tag, "records", b.records, "suppressed", suppressed)
	}
}

func (p *Pipeline) logPartly(err error, tag string, now time.Time) {
	const text = "a chunk was applied in part, please report it"
	p.events.failed(text, now)
	if suppressed, ok := p.repeats.Due("partly", now); ok {
		p.log.Error(text, "error", err, "tag", tag, "suppressed", suppressed)
	}
}

// logRefusals logs values that rules have refused. They are few: the rules describe one a minute of each reason.
func (p *Pipeline) logRefusals(refusals []*rule.Refusal) {
	for _, r := range refusals {
		attrs := []any{"rule", r.Rule, "tag", r.Tag, "field", r.Field}
		if p.config.LogValues {
			attrs = append(attrs, "value", r.Value)
		}
		p.log.Warn(fmt.Sprintf("a rule makes no sample of a value (%s), promexporter_rule_errors_total counts them", r.Reason),
			append(attrs, "expected", r.Expected)...)
	}
}

// logPanic logs a *fence.Panic with its stack. text says where it was.
func (p *Pipeline) logPanic(text string, err error, now time.Time, attrs ...any) {
	p.events.failed(text, now)
	suppressed, ok := p.repeats.Due("panic", now)
	var panicked *fence.Panic
	if !ok || !errors.As(err, &panicked) {
		return
	}
	p.log.Error(text, append(attrs, "panic", panicked.Cause, "suppressed", suppressed)...)
	for frame := range strings.Lines(string(panicked.Stack)) {
		p.log.Error(strings.TrimSpace(frame))
	}
}

// guard lets a panic of do cost no more than what was being done. text says what.
func (p *Pipeline) guard(text string, do func()) {
	if err := fence.Run(func() error { do(); return nil }); err != nil {
		p.metrics.panics.Inc()
		p.logPanic(text, err, time.Now())
	}
}

// pendingWarnings holds what the collector complains of until the next flush logs it: the
// collector must wait for no log, and Fluent Bit's own takes lines of Fluent Bit's
// own threads only. The zero value is ready.
type pendingWarnings struct {
	mu      sync.Mutex
	pending bool
	dropped map[collector.Reason]*droppedSamples
	repeats ratelog.Log // by reason

	overflows []overflow
}

// overflow is a family at its series limit and the label with most values.
type overflow struct{ family, label string }

// maxOverflows bounds the overflows that wait for their line.
const maxOverflows = 100

type droppedSamples struct {
	reason   collector.Reason
	family   string // the first one since the last line, see collector.Options.Dropped
	families int    // how many there were since
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

// log writes a line per reason, of those that had none within a minute.
func (w *pendingWarnings) log(log *slog.Logger, now time.Time) {
	overflows, dropped := w.take(now)
	for _, o := range overflows {
		log.Warn("a family has reached its series_limit, samples of new series go to the overflow series",
			"family", o.family, "label_with_most_values", o.label)
	}
	for _, d := range dropped {
		text := fmt.Sprintf("samples are dropped (%s), promexporter_samples_dropped_total counts them", d.reason)
		if d.reason == collector.MemoryLimit {
			log.Warn(text, "largest_family", d.family)
			continue
		}
		log.Warn(text, "family", d.family, "families", d.families)
	}
}

// take returns what is to be logged at now. The lock is not held while that is
// written: the collector would wait for it.
func (w *pendingWarnings) take(now time.Time) (overflows []overflow, dropped []droppedSamples) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.pending {
		return nil, nil
	}
	w.pending = false
	overflows, w.overflows = w.overflows, nil
	for _, r := range collector.Reasons() {
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

// logMistakes logs err, a line per mistake.
func (p *Pipeline) logMistakes(err error) {
	for mistake := range strings.Lines(err.Error()) {
		p.log.Error(strings.TrimSuffix(mistake, "\n"))
	}
}

func addresses(e *exporter.Endpoint) string {
	var all []string
	for _, bound := range e.Addrs() {
		all = append(all, bound.String())
	}
	return strings.Join(all, ",")
}

// pageURLs is where somebody at this machine finds the page.
func pageURLs(e *exporter.Endpoint, path string) string {
	scheme := "http"
	if e.Encrypted() {
		scheme = "https"
	}
	var urls []string
	for _, bound := range e.Addrs() {
		urls = append(urls, pageURL(scheme, bound, path))
	}
	return strings.Join(urls, " and ")
}

func pageURL(scheme string, bound net.Addr, path string) string {
	host, port, err := net.SplitHostPort(bound.String())
	if err != nil || bound.Network() != "tcp" {
		return fmt.Sprintf("%s:%s (%s)", bound.Network(), bound, path)
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return scheme + "://" + net.JoinHostPort(host, port) + path
}
