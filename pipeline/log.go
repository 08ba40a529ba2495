package pipeline

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/exporter"
	"github.com/promexporter/promexporter/internal/fence"
	"github.com/promexporter/promexporter/internal/ratelog"
)

func (p *Pipeline) logRetry(err error, now time.Time) {
	if suppressed, ok := p.repeats.Due("retry", now); ok {
		p.log.Warn("a chunk was not taken, Fluent Bit is asked to bring it again", "error", err, "suppressed", suppressed)
	}
}

func (p *Pipeline) logMalformed(f *flusher, tag string, now time.Time) {
	text := fmt.Sprintf("a chunk holds what is no log event: %v; the readable records were applied", &f.failed.first)
	p.events.failed(text, now)
	if suppressed, ok := p.repeats.Due("malformed", now); ok {
		p.log.Error(text, "tag", tag, "records", f.records, "suppressed", suppressed)
	}
}

func (p *Pipeline) logPartly(err error, tag string, now time.Time) {
	const text = "a chunk was applied in part, please report it"
	p.events.failed(text, now)
	if suppressed, ok := p.repeats.Due("partly", now); ok {
		p.log.Error(text, "error", err, "tag", tag, "suppressed", suppressed)
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

// losses holds what the collector complains of until the next flush logs it: the
// collector must wait for no log, and Fluent Bit's own takes lines of Fluent Bit's
// own threads only. The zero value is ready.
type losses struct {
	mu       sync.Mutex
	waiting  bool
	byReason map[collector.Reason]*loss
	repeats  ratelog.Log // by reason

	overflows []overflow
}

// overflow is a family at its series limit and the label with most values.
type overflow struct{ family, label string }

// maxOverflows bounds the overflows that wait for their line.
const maxOverflows = 100

type loss struct {
	reason   collector.Reason
	family   string // the first one since the last line, see collector.Options.Dropped
	families int    // how many there were since
}

// add is collector.Options.Dropped.
func (l *losses) add(family string, r collector.Reason) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byReason == nil {
		l.byReason = make(map[collector.Reason]*loss)
	}
	of := l.byReason[r]
	if of == nil {
		of = &loss{reason: r}
		l.byReason[r] = of
	}
	if of.families == 0 {
		of.family = family
	}
	of.families++
	l.waiting = true
}

// overflow is collector.Options.Overflowed.
func (l *losses) overflow(family, label string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.overflows) < maxOverflows {
		l.overflows = append(l.overflows, overflow{family, label})
	}
	l.waiting = true
}

// log writes a line per reason, of those that had none within a minute.
func (l *losses) log(log *slog.Logger, now time.Time) {
	overflows, dropped := l.take(now)
	for _, o := range overflows {
		log.Warn("a family has reached its series_limit, samples of new series go to the overflow series",
			"family", o.family, "label_with_most_values", o.label)
	}
	for _, of := range dropped {
		text := fmt.Sprintf("%s (%s), %s", kind(of.reason), of.reason, counters(of.reason))
		if of.reason == collector.MemoryLimit {
			log.Warn(text, "largest_family", of.family)
			continue
		}
		log.Warn(text, "family", of.family, "families", of.families)
	}
}

// take returns what is to be logged at now. The lock is not held while that is
// written: the collector would wait for it.
func (l *losses) take(now time.Time) (overflows []overflow, dropped []loss) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.waiting {
		return nil, nil
	}
	l.waiting = false
	overflows, l.overflows = l.overflows, nil
	for _, r := range collector.AllReasons() {
		of := l.byReason[r]
		if of == nil || of.families == 0 {
			continue
		}
		if _, due := l.repeats.Due(r.String(), now); !due {
			l.waiting = true
			continue
		}
		dropped = append(dropped, *of)
		*of = loss{reason: r}
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

// kind says what is dropped for a reason.
func kind(r collector.Reason) string {
	if slices.Contains(collector.Reasons(), r) {
		return "samples are dropped"
	}
	return "points of metrics events are dropped"
}

// counters says what counts that.
func counters(r collector.Reason) string {
	const samples, points = "promexporter_samples_dropped_total", "promexporter_points_dropped_total"
	switch {
	case !slices.Contains(collector.PointReasons(), r):
		return samples + " counts them"
	case !slices.Contains(collector.Reasons(), r):
		return points + " counts them"
	}
	return samples + " and " + points + " count them"
}
