package pipeline

import (
	"bytes"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/internal/ratelog"
	"github.com/promexporter/promexporter/rule"
)

// rules is the rules in force.
type rules struct {
	counters rule.Counters

	// mu is held for reading while a chunk is flushed, so that new rules come
	// into force between two chunks.
	mu  sync.RWMutex
	set atomic.Pointer[rule.Set] // replaced under mu

	reloadMu sync.Mutex // held while rules are read and put in force
	logged   struct {
		result string
		text   []byte
		at     time.Time
	} // the last reload that was logged; under reloading
}

// loadRules reads the rules that the keys of p ask for, when no predecessor of p does.
func (p *Pipeline) loadRules() (*rule.Set, error) {
	p.rules.reloadMu.Lock()
	defer p.rules.reloadMu.Unlock()
	return p.loadRulesLocked()
}

// loadRulesLocked reads the rules, and logs mistakes that do not keep them from working. The
// caller holds reloading.
func (p *Pipeline) loadRulesLocked() (*rule.Set, error) {
	var files []*config.Rules
	if p.file.name != "" {
		file, err := p.file.load()
		if err != nil {
			return nil, err
		}
		for i := range file.Warnings {
			p.log.Warn(file.Warnings[i].Error())
		}
		files = append(files, file)
	}
	if len(files) == 0 || files[0].Defaults {
		defaults, err := rule.Defaults()
		if err != nil {
			return nil, fmt.Errorf("the embedded rules: %w", err)
		}
		files = append(files, defaults)
	}
	return rule.Compile(files, rule.Options{
		Namespace:  p.config.Namespace,
		FieldLimit: max(p.config.SeriesLimit, minFieldPaths),
		Counters:   &p.rules.counters,
	}), nil
}

// reload reads the rules again and puts them in force. Families whose definition
// did not change keep their series. When it fails, the rules in force stay.
func (p *Pipeline) reload() error {
	p.rules.reloadMu.Lock()
	defer p.rules.reloadMu.Unlock()
	if p.closed.Load() {
		return collector.ErrClosed // the rules may be a successor's by now
	}
	set, err := p.loadRulesLocked()
	if err == nil {
		err = p.endpoint.Redefine(p.definitions(set))
	}
	if err == nil {
		err = p.applyRules(set)
	}
	p.reportReload(set, err, p.rules.shouldLog(err, p.file.loaded(), time.Now()))
	return err
}

// reportReload counts what came of a reload, and logs it if it is news.
func (p *Pipeline) reportReload(set *rule.Set, err error, news bool) {
	now := time.Now()
	p.reloads.add(err, now)
	p.events.reloaded(err, now)
	if !news {
		return
	}
	if err != nil {
		p.logMistakes(err)
		p.log.Error("the rules were not reloaded, the last good ones stay in force", "file", p.file.source())
		return
	}
	p.log.Info("the rules were reloaded", "file", p.file.source(), "rules", set.Len())
}

// shouldLog reports whether a reload read something else than the one before, or came to another result, or is to be logged
// again because a minute is over. The caller holds reloading.
func (r *rules) shouldLog(err error, text []byte, now time.Time) bool {
	result := "ok"
	if err != nil {
		result = err.Error()
	}
	if result == r.logged.result && bytes.Equal(text, r.logged.text) && now.Before(r.logged.at.Add(ratelog.Interval)) {
		return false
	}
	r.logged.result, r.logged.text, r.logged.at = result, text, now
	return true
}

// applyRules puts set in force, between two chunks.
func (p *Pipeline) applyRules(set *rule.Set) error {
	p.rules.mu.Lock()
	defer p.rules.mu.Unlock()
	if err := p.collector.Retain(set.Families(), set.DerivedFamily); err != nil {
		return err
	}
	p.rules.set.Store(set)
	return set.Declare(p.collector, time.Now().UnixNano())
}

// watch reloads the rules when their file changes, until the pipeline is closed.
func (p *Pipeline) watch() {
	defer close(p.watchDone)
	p.file.watch(p.quit, func() {
		p.guard("panic in the watch of the rules file, please report it", func() {
			_ = p.reload() // it reports what is wrong itself
		})
	})
}
