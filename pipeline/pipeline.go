package pipeline

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/exporter"
	"github.com/promexporter/promexporter/rule"
)

// Options is what a pipeline needs from the process around it.
type Options struct {
	// Property returns the value of a key of the [OUTPUT] section, "" when it is
	// not set. It is called during Open only.
	Property func(key string) string
	// Instance names the section: promexporter.0.
	Instance string
	Log      *slog.Logger
	// Servers holds the HTTP servers that all sections of the process share.
	Servers *exporter.Servers
	Version string
}

// Pipeline is one running [OUTPUT] section.
type Pipeline struct {
	config    *config.Config
	log       *slog.Logger
	rules     *rule.Set
	collector *collector.Collector
	endpoint  *exporter.Endpoint
	metrics   *metrics
	flushers  sync.Pool
	malformed throttle
	busy      throttle
	ready     sync.Once
}

// Open checks the whole configuration, then starts the collector and the HTTP
// endpoint. When it fails, nothing is left running, and the error says what is
// wrong, a line per mistake.
func Open(o Options) (*Pipeline, error) {
	c, err := config.ParseKeys(o.Property)
	if err != nil {
		return nil, err
	}
	defaults, err := rule.Defaults()
	if err != nil {
		return nil, fmt.Errorf("the embedded rules: %w", err)
	}
	p := &Pipeline{config: c, log: o.Log}
	p.rules = rule.Compile([]*config.Rules{defaults}, rule.Options{
		Namespace:  c.Namespace,
		FieldLimit: c.SeriesLimit,
	})
	p.collector = collector.New(collector.Options{
		SeriesLimit: c.SeriesLimit,
		Dropped:     p.logDropped,
	})
	p.flushers.New = func() any { return newFlusher() }
	p.metrics = newMetrics(o.Instance, p)
	p.endpoint, err = o.Servers.Open(exporter.Options{
		Address:  c.ListenAddress,
		Path:     c.MetricsPath,
		Instance: o.Instance,
		Version:  o.Version,
		Source: prometheus.NewMultiTRegistry(p.collector,
			prometheus.ToTransactionalGatherer(p.metrics.registry)),
		Log: o.Log,
	})
	if err != nil {
		p.collector.Close()
		return nil, err
	}
	o.Log.Info(fmt.Sprintf("serving metrics on http://%s%s", p.endpoint.Addr(), c.MetricsPath),
		"version", o.Version, "rules", "default")
	return p, nil
}

// Close stops serving and ends every goroutine of the pipeline, within a second
// even when a scrape hangs. A Flush that comes later is answered with Retry.
func (p *Pipeline) Close() {
	if err := p.endpoint.Close(); err != nil {
		p.log.Warn("closing the endpoint", "error", err)
	}
	p.collector.Close()
}

// logDropped tells of the first sample of a family that was dropped for a reason.
func (p *Pipeline) logDropped(family string, r collector.Reason) {
	if r == collector.SeriesLimit {
		p.log.Warn(fmt.Sprintf("the limit of %d series is reached (series_limit): samples of new series are dropped and counted",
			p.config.SeriesLimit))
		return
	}
	p.log.Warn(fmt.Sprintf("a sample of %s was dropped (%s); further ones are only counted", family, r))
}

// throttle lets one log line a minute through.
type throttle struct {
	mu         sync.Mutex
	next       time.Time
	suppressed int
}

// pass reports whether a line may be logged at now, and how many were not since
// the last one.
func (t *throttle) pass(now time.Time) (suppressed int, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Before(t.next) {
		t.suppressed++
		return 0, false
	}
	t.next = now.Add(time.Minute)
	suppressed, t.suppressed = t.suppressed, 0
	return suppressed, true
}
