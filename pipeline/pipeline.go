package pipeline

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/exporter"
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
	rules     rules
	collector *collector.Collector
	endpoint  *exporter.Endpoint
	metrics   *metrics
	state     *state // nil without a state_file
	flushers  sync.Pool
	closed    atomic.Bool
	quit      chan struct{} // closed by Close
	watched   chan struct{} // closed when the watch of the rules file has ended

	// What is logged from a flush.
	busy, malformed, partly, panicked throttle
	losses                            losses
}

// minFields is how many field paths the rules remember even where series_limit is
// lower, so that it is the limit on series that is reached, and told.
const minFields = 1000

// closeWatch bounds how long Close waits for the watch of the rules file, which a
// file system that does not answer may hold. With what the endpoint takes at most,
// Close stays within a second.
const closeWatch = 100 * time.Millisecond

// Open checks the whole configuration, then starts the collector and the HTTP
// endpoint. When it fails, nothing is left running, and the error says what is
// wrong, a line per mistake.
func Open(o Options) (*Pipeline, error) {
	c, err := config.ParseKeys(o.Property)
	if err != nil {
		return nil, err
	}
	p := &Pipeline{config: c, log: o.Log, quit: make(chan struct{}), watched: make(chan struct{})}
	if err := p.openRules(c); err != nil {
		return nil, err
	}
	p.collector = collector.New(collector.Options{
		SeriesLimit: c.SeriesLimit,
		Now:         time.Now,
		Dropped:     p.losses.add,
		Overflowed:  p.losses.overflow,
	})
	if p.state, err = openState(p, o.Instance); err != nil {
		p.collector.Close()
		return nil, err
	}
	p.state.restore(p.rules.set)
	if err := p.rules.set.Declare(p.collector, time.Now().UnixNano()); err != nil {
		p.giveUp()
		return nil, err
	}
	p.flushers.New = func() any { return newFlusher() }
	p.metrics = newMetrics(o.Instance, p)
	p.state.register(p.metrics, o.Instance)
	if err := p.serve(o); err != nil {
		p.giveUp()
		return nil, err
	}
	p.state.start()
	if c.RulesFile != "" {
		go p.watch()
	} else {
		close(p.watched)
	}
	return p, nil
}

// giveUp ends what a failed Open has begun.
func (p *Pipeline) giveUp() {
	p.state.close()
	p.collector.Close()
}

// serve opens the HTTP endpoint.
func (p *Pipeline) serve(o Options) (err error) {
	options := exporter.Options{
		Address:  p.config.ListenAddress,
		Path:     p.config.MetricsPath,
		Instance: o.Instance,
		Version:  o.Version,
		Source: prometheus.NewMultiTRegistry(p.collector,
			prometheus.ToTransactionalGatherer(p.metrics.registry)),
		Log:         o.Log,
		Web:         p.web(),
		MaxRequests: p.config.MaxRequests,
		Debug:       p.config.Debug,
		Status:      p.status,
	}
	if p.config.Reload {
		options.Reload = p.reload
	}
	if p.endpoint, err = o.Servers.Open(options); err != nil {
		return err
	}
	source := "default"
	if p.rules.file != "" {
		source = p.rules.file
	}
	o.Log.Info("serving metrics on "+pageURL(p.endpoint.Addr(), p.config.MetricsPath),
		"address", p.endpoint.Addr(), "version", o.Version, "rules", source)
	return nil
}

// Close stops serving and ends every goroutine of the pipeline, within a second
// even when a scrape hangs. A Flush that comes later is answered with Retry.
func (p *Pipeline) Close() {
	if p.closed.Swap(true) {
		return
	}
	begin := time.Now()
	close(p.quit)
	p.state.close()
	if err := p.endpoint.Close(); err != nil {
		p.log.Warn("closing the endpoint", "error", err)
	}
	p.state.await(begin.Add(closeState))
	p.collector.Close()
	select {
	case <-p.watched:
	case <-time.After(closeWatch):
		p.log.Warn("the rules file is still being read", "file", p.rules.file)
	}
}
