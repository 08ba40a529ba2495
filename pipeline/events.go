package pipeline

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/promexporter/promexporter/exporter"
)

// toldMistakes is how many mistakes of a reload the pages for people tell. The log
// has all of them.
const toldMistakes = 3

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
	if more := len(all) - toldMistakes; more > 0 {
		all = append(all[:toldMistakes], fmt.Sprintf("and %d more, which the log has", more))
	}
	return strings.Join(all, "\n")
}
