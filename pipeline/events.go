package pipeline

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/promexporter/promexporter/exporter"
)

// shownMistakes is how many mistakes of a reload the pages for people tell. The log
// has all of them.
const shownMistakes = 3

// events are what the pages for people tell of the past. Nothing in them comes from
// a record. They are safe for concurrent use; the zero value tells of nothing.
type events struct {
	mu              sync.Mutex
	reload, failure exporter.Event // guarded by mu
}

// last returns the last reload, and what went wrong last.
func (e *events) last() (reload, failure exporter.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.reload, e.failure
}

// reloaded remembers a reload of the rules or the keys. err is what was wrong, a
// line per mistake, or nil.
func (e *events) reloaded(err error, now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.reload = exporter.Event{Time: now}
	if err != nil {
		e.reload.Text = firstMistakes(err)
		e.failure = e.reload
	}
}

// failed remembers that something went wrong.
func (e *events) failed(text string, now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.failure = exporter.Event{Text: text, Time: now}
}

func firstMistakes(err error) string {
	all := strings.Split(err.Error(), "\n")
	if more := len(all) - shownMistakes; more > 0 {
		all = append(all[:shownMistakes], fmt.Sprintf("and %d more, which the log has", more))
	}
	return strings.Join(all, "\n")
}

// reloads counts reloads. It is safe for concurrent use.
type reloads struct {
	mu  sync.Mutex
	now reloadCounts // guarded by mu
}

// reloadCounts is what the metrics say of reloads.
type reloadCounts struct {
	keysOK              bool      // the keys in force are those of the configuration
	rulesOK             bool      // the last reload of the rules succeeded
	rulesRead           time.Time // when the rules in force were read
	successes, failures uint64
}

func (r *reloads) counts() reloadCounts {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

// start counts the start, where keys and rules are good.
func (r *reloads) start(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = reloadCounts{keysOK: true, rulesOK: true, rulesRead: now}
}

// setKeysOK remembers whether a reload of Fluent Bit brought good keys.
func (r *reloads) setKeysOK(good bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now.keysOK = good
}

// add counts a reload of the rules.
func (r *reloads) add(err error, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now.rulesOK = err == nil
	if err != nil {
		r.now.failures++
		return
	}
	r.now.successes++
	r.now.rulesRead = now
}
