package pipeline

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/rule"
)

const (
	// watchInterval is how often the rules file is looked at. It is read and
	// compared, which also notices the swapped links of a Kubernetes ConfigMap.
	watchInterval = time.Second
	// maxRulesFile bounds the bytes of a rules file that are read.
	maxRulesFile = 1 << 20
)

// rules is the rules in force and where they come from.
type rules struct {
	file    string // "" for the embedded rules alone
	options rule.Options
	book    rule.Book

	// swap is held for reading while a chunk is flushed, so that new rules come
	// into force between two chunks.
	swap sync.RWMutex
	set  atomic.Pointer[rule.Set] // replaced under swap

	reloading sync.Mutex
	tried     []byte // what readWatched gave when the rules were last read; under reloading
	logged    struct {
		result string
		tried  []byte
		at     time.Time
	} // the last reload that was logged; under reloading

	good                atomic.Bool  // the last reload succeeded
	goodAt              atomic.Int64 // when the rules in force were read, in nanoseconds since 1970
	successes, failures atomic.Uint64
}

// source names where the rules come from in log lines.
func (r *rules) source() string {
	if r.file == "" {
		return "default"
	}
	return r.file
}

// load reads the rules as they are now. The warnings are mistakes that do not
// keep them from working.
func (r *rules) load() (set *rule.Set, warnings []config.Mistake, err error) {
	var files []*config.Rules
	if r.file != "" {
		var file *config.Rules
		if r.tried, file, err = parseFile(r.file); err != nil {
			return nil, nil, err
		}
		files, warnings = append(files, file), file.Warnings
	}
	if r.file == "" || files[0].Defaults {
		defaults, err := rule.Defaults()
		if err != nil {
			return nil, nil, fmt.Errorf("the embedded rules: %w", err)
		}
		files = append(files, defaults)
	}
	return rule.Compile(files, r.options), warnings, nil
}

// parseFile reads a rules file. The text is that of readWatched.
func parseFile(name string) (text []byte, file *config.Rules, err error) {
	if text, err = readWatched(name); err != nil {
		return text, nil, fmt.Errorf("rules_file: %w", err)
	}
	file, err = config.ParseRules(name, text)
	return text, file, err
}

// readWatched reads a rules file. The text of a file that cannot be read is that
// of the error, so that this is noticed, and told once, as a change is.
func readWatched(name string) ([]byte, error) {
	text, err := readFile(name)
	if err != nil {
		text = []byte(err.Error())
	}
	return text, err
}

// checkRules says what is wrong with a rules file, "" for none.
func checkRules(name string) error {
	if name == "" {
		return nil
	}
	_, _, err := parseFile(name)
	return err
}

// readFile reads the whole of a file that is not larger than maxRulesFile. A pipe
// would keep it waiting.
func readFile(name string) ([]byte, error) {
	if is, err := os.Stat(name); err == nil && !is.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxRulesFile+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxRulesFile {
		return nil, fmt.Errorf("%s: larger than %d bytes", name, maxRulesFile)
	}
	return text, nil
}

// loadRules reads the rules that the keys of p ask for.
func (p *Pipeline) loadRules() (*rule.Set, error) {
	r := &p.rules
	r.reloading.Lock()
	defer r.reloading.Unlock()
	r.file = p.config.RulesFile
	r.options = rule.Options{
		Namespace:  p.config.Namespace,
		FieldLimit: max(p.config.SeriesLimit, minFields),
		Book:       &r.book,
	}
	set, warnings, err := r.load()
	p.warn(warnings)
	return set, err
}

// start puts the first rules in force.
func (r *rules) start(set *rule.Set) {
	r.set.Store(set)
	r.good.Store(true)
	r.goodAt.Store(time.Now().UnixNano())
}

func (p *Pipeline) warn(warnings []config.Mistake) {
	for i := range warnings {
		p.log.Warn(warnings[i].Error())
	}
}

// reload reads the rules again and puts them in force. Families whose definition
// did not change keep their series. When it fails, the rules in force stay.
func (p *Pipeline) reload() error {
	p.rules.reloading.Lock()
	defer p.rules.reloading.Unlock()
	if p.closed.Load() {
		return collector.ErrClosed // the rules may be a successor's by now
	}
	set, warnings, err := p.rules.load()
	if err == nil {
		p.warn(warnings)
		err = p.endpoint.Redefine(p.known(set))
	}
	if err == nil {
		err = p.enforce(set)
	}
	p.reportReload(set, err, p.rules.isNews(err, time.Now()))
	return err
}

// reportReload counts what came of a reload, and logs it if it is news.
func (p *Pipeline) reportReload(set *rule.Set, err error, news bool) {
	p.rules.good.Store(err == nil)
	p.events.reloaded(err, time.Now())
	if err != nil {
		p.rules.failures.Add(1)
		if !news {
			return
		}
		p.logMistakes(err)
		p.log.Error("the rules were not reloaded, the last good ones stay in force", "file", p.rules.source())
		return
	}
	p.rules.successes.Add(1)
	p.rules.goodAt.Store(time.Now().UnixNano())
	if news {
		p.log.Info("the rules were reloaded", "file", p.rules.source(), "rules", set.Len())
	}
}

// isNews reports whether a reload read something else than the one before, or came to another result, or is to be logged
// again because a minute is over. The caller holds reloading.
func (r *rules) isNews(err error, now time.Time) bool {
	result := "ok"
	if err != nil {
		result = err.Error()
	}
	if result == r.logged.result && bytes.Equal(r.tried, r.logged.tried) && now.Before(r.logged.at.Add(logInterval)) {
		return false
	}
	r.logged.result, r.logged.tried, r.logged.at = result, r.tried, now
	return true
}

// enforce puts set in force, between two chunks.
func (p *Pipeline) enforce(set *rule.Set) error {
	p.rules.swap.Lock()
	defer p.rules.swap.Unlock()
	if err := p.collector.Retain(set.Families(), set.Makes); err != nil {
		return err
	}
	p.rules.set.Store(set)
	return set.Declare(p.collector, time.Now().UnixNano())
}

// watch reloads the rules when their file changes, until the pipeline is closed.
func (p *Pipeline) watch() {
	defer close(p.watched)
	tick := time.NewTicker(watchInterval)
	defer tick.Stop()
	var seen []byte
	for {
		select {
		case <-p.quit:
			return
		case <-tick.C:
			seen = p.look(seen)
		}
	}
}

// look reloads the rules when their file holds something new and held the same
// the last time, so that a file is not read while it is being written. It returns
// what the file holds.
func (p *Pipeline) look(seen []byte) (now []byte) {
	defer p.rescue("panic in the watch of the rules file, please report it")
	now, _ = readWatched(p.config.RulesFile)
	p.rules.reloading.Lock()
	known := bytes.Equal(now, p.rules.tried)
	p.rules.reloading.Unlock()
	if !known && seen != nil && bytes.Equal(now, seen) {
		if err := p.reload(); errors.Is(err, collector.ErrClosed) {
			return now
		}
		p.remember(now)
	}
	return now
}

// remember keeps what was tried, so that the same mistake is not told again.
func (p *Pipeline) remember(text []byte) {
	p.rules.reloading.Lock()
	defer p.rules.reloading.Unlock()
	p.rules.tried = text
}
