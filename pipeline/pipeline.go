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
	// Sections joins the sections of the process.
	Sections *Sections
	// Reloaded says that Fluent Bit ends when Open fails, because it is reloading.
	// Then an address that is taken is no error: it is tried until it can be had.
	Reloaded bool
	Version  string
}

// Pipeline is one [OUTPUT] section, from its start until Fluent Bit stops or
// reloads.
type Pipeline struct {
	*section
	sections *Sections
	config   *config.Config
	file     ruleFile
	log      *slog.Logger
	state    *state // nil without a state_file
	closed   atomic.Bool
	quit     chan struct{} // closed at the end
	watched  chan struct{} // closed when the watch of the rules file has ended
}

// section is what survives a reload of Fluent Bit.
type section struct {
	instance  string
	rules     rules
	collector *collector.Collector
	endpoint  *exporter.Endpoint
	metrics   *metrics
	flushers  flushers
	reloads   reloads
	events    events

	// What is logged from a flush.
	repeats ratelog.Log
	losses  losses
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
	limitGarbage()
	if !utf8.ValidString(o.Instance) {
		return nil, fmt.Errorf("alias %q: not UTF-8; metrics have it as a label, give the section another one", o.Instance)
	}
	before := o.Sections.take(o.Instance)
	if before != nil {
		return before.reopen(o)
	}
	c, err := readKeys(o.Property)
	if err != nil {
		return nil, errors.Join(err, checkRules(o.Property("rules_file")))
	}
	p := newPipeline(o, c, &section{instance: o.Instance})
	if err := p.begin(o); err != nil {
		return nil, err
	}
	p.run()
	return p, nil
}

func newPipeline(o Options, c *config.Config, s *section) *Pipeline {
	return &Pipeline{
		section: s, sections: o.Sections, config: c, file: ruleFile{name: c.RulesFile}, log: o.Log,
		quit: make(chan struct{}), watched: make(chan struct{}),
	}
}

// begin starts everything of a new section.
func (p *Pipeline) begin(o Options) (err error) {
	set, err := p.loadRules()
	if err != nil {
		return err
	}
	p.rules.set.Store(set)
	p.reloads.begin(time.Now())
	p.collector = collector.New(p.limits())
	p.flushers.fresh = newFlusher
	p.metrics = newMetrics(p.section, p.sections.process())
	if err := p.openState(); err != nil {
		p.collector.Close()
		return err
	}
	p.state.restore(set)
	if err = p.enforce(set); err == nil { // also what is restored may be fed otherwise than it was
		p.endpoint, err = p.sections.servers.Open(p.serving(o, p.known(set)))
	}
	if err != nil {
		p.closeState()
		p.collector.Close()
		return err
	}
	p.logServing(o.Version)
	return nil
}

// limits configures the collector.
func (p *Pipeline) limits() collector.Options {
	return collector.Options{
		SeriesLimit: p.config.SeriesLimit,
		MemoryLimit: p.config.SeriesMemory,
		Now:         time.Now,
		Reserved:    rule.ReservedPrefixes(),
		Dropped:     p.losses.add,
		Overflowed:  p.losses.overflow,
	}
}

// run does what goes on beside the flushes.
func (p *Pipeline) run() {
	p.state.start()
	go p.keep()
	if p.config.RulesFile != "" {
		go p.watch()
	} else {
		close(p.watched)
	}
}

// serving is what the endpoint of p serves, for rules that make families.
func (p *Pipeline) serving(o Options, families []exporter.Definition) exporter.Options {
	c := p.config
	options := exporter.Options{
		Addresses:    c.Addresses,
		Path:         c.MetricsPath,
		Instance:     p.instance,
		Version:      o.Version,
		Source:       p.section,
		Definitions:  families,
		AllowedHosts: c.AllowedHosts,
		Log:          o.Log,
		ListenLater:  o.Reloaded,
		Web:          web(c),
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
	p.end(p.endpoint.Close)
	p.collector.Close()
}

// end ends everything but the collector.
func (p *Pipeline) end(closeEndpoint func() error) {
	begin := time.Now()
	close(p.quit)
	p.state.close()
	if err := closeEndpoint(); err != nil {
		p.log.Warn("closing the endpoint", "error", err)
	}
	p.state.await(begin.Add(closeState))
	select {
	case <-p.watched:
	case <-time.After(closeWatch):
		p.log.Warn("the rules file is still being read", "file", p.file.name)
	}
}
