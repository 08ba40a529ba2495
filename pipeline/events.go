package pipeline

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/promexporter/promexporter/exporter"
)

// shownMistakes is the number of mistakes of a reload that the status pages show. The log has all of them.
const shownMistakes = 3

// events holds the last reload and the last failure, for the status pages. It contains nothing from a record. It is
// safe for concurrent use; the zero value has no events.
type events struct {
	mu              sync.Mutex
	reload, failure exporter.Event // guarded by mu
}

// last returns the last reload and the last failure.
func (e *events) last() (reload, failure exporter.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.reload, e.failure
}

// reloaded records a reload of the rules or the keys. err has one line per mistake, or is nil.
func (e *events) reloaded(err error, now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.reload = exporter.Event{Time: now}
	if err != nil {
		e.reload.Text = firstMistakes(err)
		e.failure = e.reload
	}
}

// failed records a failure.
func (e *events) failed(text string, now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.failure = exporter.Event{Text: text, Time: now}
}

func firstMistakes(err error) string {
	all := strings.Split(err.Error(), "\n")
	if more := len(all) - shownMistakes; more > 0 {
		all = append(all[:shownMistakes], fmt.Sprintf("and %d more, see the log", more))
	}
	return strings.Join(all, "\n")
}

// reloads counts reloads. It is safe for concurrent use.
type reloads struct {
	mu  sync.Mutex
	now reloadCounts // guarded by mu
}

// reloadCounts has the values of the metrics about reloads.
type reloadCounts struct {
	keysOK              bool      // the active keys are those of the configuration
	rulesOK             bool      // the last reload of the rules succeeded
	rulesRead           time.Time // when the active rules were read
	successes, failures uint64
}

func (r *reloads) counts() reloadCounts {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

// start records the start, for which keys and rules are valid.
func (r *reloads) start(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = reloadCounts{keysOK: true, rulesOK: true, rulesRead: now}
}

// setKeysOK records whether the keys of the last reload of Fluent Bit were valid.
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
