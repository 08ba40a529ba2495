package pipeline

import (
	"bytes"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/flb"
	"github.com/promexporter/promexporter/internal/ratelog"
	"github.com/promexporter/promexporter/rule"
)

// rules holds the active rules.
type rules struct {
	counters rule.Counters

	// mu is held for reading while a chunk is flushed, so that new rules become active between two chunks.
	mu  sync.RWMutex
	set atomic.Pointer[rule.Set] // replaced under mu

	reloadMu sync.Mutex // held while rules are read and made active
	logged   struct {
		result string
		text   []byte
		at     time.Time
	} // the last reload that was logged; guarded by reloadMu
}

// loadRules reads the rules that the keys of p name. It waits for a reload in progress.
func (p *Pipeline) loadRules() (*rule.Set, error) {
	p.rules.reloadMu.Lock()
	defer p.rules.reloadMu.Unlock()
	return p.loadRulesLocked()
}

// loadRulesLocked reads the rules and logs their warnings. The caller holds reloadMu.
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
			return nil, fmt.Errorf("embedded rules: %w", err)
		}
		files = append(files, defaults)
	}
	return rule.Compile(files, rule.Options{
		Namespace:  p.config.Namespace,
		FieldLimit: max(p.config.SeriesLimit, minFieldPaths),
		Counters:   &p.rules.counters,
		HideValues: !p.config.LogValues,
	}), nil
}

// reload reads the rules again and makes them active. Families whose definition did not change keep their series. If it
// fails, the active rules do not change.
func (p *Pipeline) reload() error {
	p.rules.reloadMu.Lock()
	defer p.rules.reloadMu.Unlock()
	if p.closed.Load() {
		return collector.ErrClosed // a successor may own the rules now
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

// reportReload counts a reload, and logs it if log is set.
func (p *Pipeline) reportReload(set *rule.Set, err error, log bool) {
	now := time.Now()
	p.reloads.add(err, now)
	p.events.reloaded(err, now)
	if !log {
		return
	}
	if err != nil {
		flb.LogLines(p.log, err.Error())
		p.log.Error("rules not reloaded; the last valid rules stay active", "file", p.file.source())
		return
	}
	p.log.Info("rules reloaded", "file", p.file.source(), "rules", set.Len())
}

// shouldLog reports whether a reload read another text or had another result than the last one that was logged, or
// whether that was at least a minute ago. The caller holds reloadMu.
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

// applyRules makes set the active rules, between two chunks.
func (p *Pipeline) applyRules(set *rule.Set) error {
	p.rules.mu.Lock()
	defer p.rules.mu.Unlock()
	if err := p.collector.Retain(set.Families(), derivedFamily(set, p.config.MetricsEvents)); err != nil {
		return err
	}
	if err := p.collector.RetainReceived(set.Fingerprint); err != nil {
		return err
	}
	p.rules.set.Store(set)
	return set.Declare(p.collector, time.Now().UnixNano())
}

// watch reloads the rules whenever their file changes, until the pipeline is closed.
func (p *Pipeline) watch() {
	defer close(p.watchDone)
	p.file.watch(p.quit, func() {
		p.guard("rules file watcher", func() {
			_ = p.reload() // reload logs its errors
		})
	})
}
