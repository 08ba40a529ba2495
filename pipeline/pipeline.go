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

// Options configures a pipeline.
type Options struct {
	// Property returns the value of a key of the [OUTPUT] section, or "" if the key is not set. It is called only
	// during Open.
	Property func(key string) string
	// Instance is the name of the instance, such as promexporter.0.
	Instance string
	Log      *slog.Logger
	// Instances is shared by all pipelines of the process.
	Instances *Instances
	// Reloaded reports that Fluent Bit is reloading, and would end if Open failed. In this case an address in use is
	// not an error of Open: the pipeline tries to listen until it succeeds.
	Reloaded bool
	Version  string
}

// Pipeline runs one [OUTPUT] section, from its start until Fluent Bit stops or reloads.
type Pipeline struct {
	*instance
	instances *Instances
	config    *config.Config
	file      rulesFile
	log       *slog.Logger
	state     *state // nil without a state_file
	closed    atomic.Bool
	quit      chan struct{} // closed by stop
	watchDone chan struct{} // closed when the watcher of the rules file has ended
}

// instance is the part of a pipeline that survives a reload of Fluent Bit: the successor takes it over.
type instance struct {
	name      string
	rules     rules
	collector *collector.Collector
	endpoint  *exporter.Endpoint
	metrics   *metrics
	buffers   bufferPool
	reloads   reloads
	events    events

	// Log lines that are written during a flush.
	repeats  ratelog.Log
	warnings pendingWarnings
}

// minFieldPaths is the least number of field paths that the rules remember. With a lower series_limit, that limit is
// then reached first, and reported.
const minFieldPaths = 1000

// watchCloseTimeout bounds how long Close waits for the watcher of the rules file, which an unresponsive file system
// can block. Together with the time that the endpoint may take, Close stays within a second.
const watchCloseTimeout = 100 * time.Millisecond

// Open checks the whole configuration, then starts the collector and the HTTP endpoint. If it fails, nothing is left
// running, and the error has one line per mistake.
//
// After CloseForReload, Open resumes the suspended instance of the same name with its counts, and with the series of
// all families whose definition did not change. Invalid rules or keys are then logged instead of returned, and the last
// valid ones stay active.
//
// Open returns a panic as an error, because during a reload a panic would end Fluent Bit.
func Open(o Options) (p *Pipeline, err error) {
	err = fence.Run(func() (err error) {
		p, err = open(o)
		return err
	})
	var panicked *fence.Panic
	if errors.As(err, &panicked) {
		return nil, fmt.Errorf("panic in Open; please report this bug: %v\n%s", panicked.Cause, panicked.Stack)
	}
	return p, err
}

func open(o Options) (*Pipeline, error) {
	setGCPercent()
	if !utf8.ValidString(o.Instance) {
		return nil, fmt.Errorf("alias %q: not UTF-8; it becomes a label value, so choose an alias in UTF-8", o.Instance)
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

// start starts a new instance.
func (p *Pipeline) start(o Options) (err error) {
	set, err := p.loadRules()
	if err != nil {
		return err
	}
	p.rules.set.Store(set)
	p.reloads.start(time.Now())
	p.collector = collector.New(p.collectorOptions())
	p.buffers.newBuffers = newFlushBuffers
	p.metrics = newMetrics(p.instance, p.instances.process())
	if err := p.openState(); err != nil {
		p.collector.Close()
		return err
	}
	p.state.restore(set)
	if err = p.expectRepeats(); err == nil {
		err = p.applyRules(set) // the rules may feed restored families from other sources than before
	}
	if err == nil {
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

// collectorOptions returns the options of the collector.
func (p *Pipeline) collectorOptions() collector.Options {
	return collector.Options{
		SeriesLimit: p.config.SeriesLimit,
		MemoryLimit: p.config.SeriesMemory,
		Now:         time.Now,
		Dropped:     p.warnings.addDropped,
		Overflowed:  p.warnings.addOverflow,
	}
}

// startBackground starts the goroutines of the pipeline.
func (p *Pipeline) startBackground() {
	p.state.start()
	go p.scavengeMemory()
	if p.config.RulesFile != "" {
		go p.watch()
	} else {
		close(p.watchDone)
	}
}

// listenRetry is how long a port that is in use is retried: the time that a predecessor needs to close it.
const listenRetry = time.Second

// endpointOptions returns the options of the endpoint, for rules that make these families.
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
		ListenRetry:  listenRetry,
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

// Close stops serving and ends every goroutine of the pipeline. It returns within a second, even if a scrape hangs.
// Later calls of Flush return Retry.
func (p *Pipeline) Close() {
	if p.closed.Swap(true) {
		return
	}
	p.stop(p.endpoint.Close)
	p.collector.Close()
}

// stop ends everything except the collector.
func (p *Pipeline) stop(closeEndpoint func() error) {
	begin := time.Now()
	close(p.quit)
	p.state.close()
	if err := closeEndpoint(); err != nil {
		p.log.Warn("could not close the endpoint", "error", err)
	}
	p.state.await(begin.Add(stateCloseTimeout))
	select {
	case <-p.watchDone:
	case <-time.After(watchCloseTimeout):
		p.log.Warn("rules file is still being read", "file", p.file.name)
	}
}
