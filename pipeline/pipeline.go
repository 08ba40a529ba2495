package pipeline

import (
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/exporter"
	"github.com/promexporter/promexporter/internal/fence"
	"github.com/promexporter/promexporter/internal/ratelog"
)

// Options is what a pipeline needs from the process around it.
type Options struct {
	// Property returns the value of a key of the [OUTPUT] section, "" when it is
	// not set. It is called during Open only.
	Property func(key string) string
	// Instance names the section: promexporter.0.
	Instance string
	Log      *slog.Logger
	// Instances joins the sections of the process.
	Instances *Instances
	// Reloaded says that Fluent Bit ends when Open fails, because it is reloading.
	// Then an address that is taken is no error: it is tried until it can be had.
	Reloaded bool
	Version  string
}

// Pipeline is one [OUTPUT] section, from its start until Fluent Bit stops or
// reloads.
type Pipeline struct {
	*instance
	instances *Instances
	config    *config.Config
	file      rulesFile
	log       *slog.Logger
	state     *state // nil without a state_file
	closed    atomic.Bool
	quit      chan struct{} // closed at the end
	watchDone chan struct{} // closed when the watch of the rules file has ended
}

// instance is what survives a reload of Fluent Bit.
type instance struct {
	name      string
	rules     rules
	collector *collector.Collector
	endpoint  *exporter.Endpoint
	metrics   *metrics
	buffers   bufferPool
	reloads   reloads
	events    events

	// What is logged from a flush.
	repeats  ratelog.Log
	warnings pendingWarnings
}

// minFieldPaths is how many field paths the rules remember even where series_limit is
// lower, so that it is the limit on series that is reached, and told.
const minFieldPaths = 1000

// watchCloseTimeout bounds how long Close waits for the watch of the rules file, which a
// file system that does not answer may hold. With what the endpoint takes at most,
// Close stays within a second.
const watchCloseTimeout = 100 * time.Millisecond

// Open checks the whole configuration, then starts the collector and the HTTP
// endpoint. When it fails, nothing is left running, and the error says what is
// wrong, a line per mistake.
//
// A section that was closed for a reload goes on: with its series, as far as their
// families are still defined as they were, and its counts. There, rules or keys
// that are wrong are logged, and the last good ones stay in force.
//
// A panic is an error too: Fluent Bit may be in the middle of a reload, and would end.
func Open(o Options) (p *Pipeline, err error) {
	err = fence.Run(func() (err error) {
		p, err = open(o)
		return err
	})
	var panicked *fence.Panic
	if errors.As(err, &panicked) {
		return nil, fmt.Errorf("panic at the start of the section, please report it: %v\n%s", panicked.Cause, panicked.Stack)
	}
	return p, err
}

func open(o Options) (*Pipeline, error) {
	setGCPercent()
	if !utf8.ValidString(o.Instance) {
		return nil, fmt.Errorf("alias %q: not UTF-8; metrics have it as a label, give the section another one", o.Instance)
	}
	before := o.Instances.takeSuspended(o.Instance)
	if before != nil {
		return before.reopen(o)
	}
	c, err := readKeys(o.Property)
	if err != nil {
		return nil, errors.Join(err, checkRules(o.Property("rules_file")))
	}
	p := newPipeline(o, c, &instance{name: o.Instance})
	if err := p.start(o); err != nil {
		return nil, err
	}
	p.startBackground()
	return p, nil
}

func newPipeline(o Options, c *config.Config, i *instance) *Pipeline {
	return &Pipeline{
		instance: i, instances: o.Instances, config: c, file: rulesFile{name: c.RulesFile}, log: o.Log,
		quit: make(chan struct{}), watchDone: make(chan struct{}),
	}
}

// start starts everything of a new section.
func (p *Pipeline) start(o Options) (err error) {
	set, err := p.loadRules()
	if err != nil {
		return err
	}
	p.rules.set.Store(set)
	p.reloads.start(time.Now())
	p.collector = collector.New(p.collectorOptions())
	p.buffers.newBuffers = newFlushBuffers
	p.metrics = newMetrics(p.instance)
	if err := p.openState(); err != nil {
		p.collector.Close()
		return err
	}
	p.state.restore(set)
	if err = p.applyRules(set); err == nil { // also what is restored may be fed otherwise than it was
		p.endpoint, err = p.instances.servers.Open(p.endpointOptions(o, p.definitions(set)))
	}
	if err != nil {
		p.closeState()
		p.collector.Close()
		return err
	}
	p.logServing(o.Version)
	return nil
}

// collectorOptions configures the collector.
func (p *Pipeline) collectorOptions() collector.Options {
	return collector.Options{
		SeriesLimit: p.config.SeriesLimit,
		MemoryLimit: p.config.SeriesMemory,
		Now:         time.Now,
		Dropped:     p.warnings.addDropped,
		Overflowed:  p.warnings.addOverflow,
	}
}

// startBackground does what goes on beside the flushes.
func (p *Pipeline) startBackground() {
	p.state.start()
	go p.scavengeMemory()
	if p.config.RulesFile != "" {
		go p.watch()
	} else {
		close(p.watchDone)
	}
}

// endpointOptions is what the endpoint of p serves, for rules that make families.
func (p *Pipeline) endpointOptions(o Options, families []exporter.Definition) exporter.Options {
	c := p.config
	options := exporter.Options{
		Addresses:    c.Addresses,
		Path:         c.MetricsPath,
		Instance:     p.name,
		Version:      o.Version,
		Source:       p.instance,
		Definitions:  families,
		AllowedHosts: c.AllowedHosts,
		Log:          o.Log,
		ListenLater:  o.Reloaded,
		Access:       accessSettings(c),
		MaxRequests:  c.MaxRequests,
		Debug:        c.Debug,
		Status:       p.status,
	}
	if c.Reload {
		options.Reload = p.reload
	}
	return options
}

func (p *Pipeline) logServing(version string) {
	text := "serving metrics on "
	if !p.endpoint.Listening() {
		text = "waiting to serve metrics on "
	}
	p.log.Info(text+pageURLs(p.endpoint, string(p.config.MetricsPath)),
		"address", addresses(p.endpoint), "version", version, "rules", p.file.source())
}

// Close stops serving and ends every goroutine of the pipeline, within a second
// even when a scrape hangs. A Flush that comes later is answered with Retry.
func (p *Pipeline) Close() {
	if p.closed.Swap(true) {
		return
	}
	p.stop(p.endpoint.Close)
	p.collector.Close()
}

// stop ends everything but the collector.
func (p *Pipeline) stop(closeEndpoint func() error) {
	begin := time.Now()
	close(p.quit)
	p.state.close()
	if err := closeEndpoint(); err != nil {
		p.log.Warn("closing the endpoint", "error", err)
	}
	p.state.await(begin.Add(stateCloseTimeout))
	select {
	case <-p.watchDone:
	case <-time.After(watchCloseTimeout):
		p.log.Warn("the rules file is still being read", "file", p.file.name)
	}
}
