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
	book rule.Book

	// swap is held for reading while a chunk is flushed, so that new rules come
	// into force between two chunks.
	swap sync.RWMutex
	set  atomic.Pointer[rule.Set] // replaced under swap

	reloading sync.Mutex // held while rules are read and put in force
	logged    struct {
		result string
		text   []byte
		at     time.Time
	} // the last reload that was logged; under reloading
}

// loadRules reads the rules that the keys of p ask for, when no predecessor of p does.
func (p *Pipeline) loadRules() (*rule.Set, error) {
	p.rules.reloading.Lock()
	defer p.rules.reloading.Unlock()
	return p.readRules()
}

// readRules reads the rules, and logs mistakes that do not keep them from working. The
// caller holds reloading.
func (p *Pipeline) readRules() (*rule.Set, error) {
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
		FieldLimit: max(p.config.SeriesLimit, minFields),
		Book:       &p.rules.book,
	}), nil
}

// reload reads the rules again and puts them in force. Families whose definition
// did not change keep their series. When it fails, the rules in force stay.
func (p *Pipeline) reload() error {
	p.rules.reloading.Lock()
	defer p.rules.reloading.Unlock()
	if p.closed.Load() {
		return collector.ErrClosed // the rules may be a successor's by now
	}
	set, err := p.readRules()
	if err == nil {
		err = p.endpoint.Redefine(p.known(set))
	}
	if err == nil {
		err = p.enforce(set)
	}
	p.reportReload(set, err, p.rules.isNews(err, p.file.loaded(), time.Now()))
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

// isNews reports whether a reload read something else than the one before, or came to another result, or is to be logged
// again because a minute is over. The caller holds reloading.
func (r *rules) isNews(err error, text []byte, now time.Time) bool {
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

// enforce puts set in force, between two chunks.
func (p *Pipeline) enforce(set *rule.Set) error {
	p.rules.swap.Lock()
	defer p.rules.swap.Unlock()
	if err := p.collector.Retain(set.Families(), makes(set, p.config.MetricsEvents)); err != nil {
		return err
	}
	p.rules.set.Store(set)
	return set.Declare(p.collector, time.Now().UnixNano())
}

// watch reloads the rules when their file changes, until the pipeline is closed.
func (p *Pipeline) watch() {
	defer close(p.watched)
	p.file.watch(p.quit, func() {
		p.guard("panic in the watch of the rules file, please report it", func() {
			_ = p.reload() // it reports what is wrong itself
		})
	})
}
