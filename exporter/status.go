package exporter

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Status is what an instance tells of itself on the pages for people, "/" and "/-/rules". Nothing in it may come from
// a record, errors included: these pages are shown around.
type Status struct {
	// Rules are the rules in force, in the order of their file.
	Rules []RuleStatus
	// Families are the metric families that have series, in any order.
	Families []FamilyStatus
	// LastError is the last thing that went wrong, without a text when nothing did.
	LastError Event
	// LastReload is the last reload of the rules or the keys, without a time when there was none. Its text is what was
	// wrong, a line per mistake, and empty for a success.
	LastReload Event
}

// RuleStatus is what came of one rule since it is in force.
type RuleStatus struct {
	Rule    string            `json:"rule"` // its name, such as that of its metric
	Type    string            `json:"type"`
	Matched uint64            `json:"matched"` // records
	Samples uint64            `json:"samples"`
	Errors  map[string]uint64 `json:"errors,omitempty"` // by reason
	Series  int               `json:"series"`           // live ones
}

// FamilyStatus is the size of one metric family.
type FamilyStatus struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Series int    `json:"series"`
}

// Event is something that happened at a time.
type Event struct {
	Text string    `json:"text,omitempty"`
	Time time.Time `json:"time,omitzero"`
}

// errors is how many samples the rule did not make, for whatever reason.
func (r *RuleStatus) errors() (n uint64) {
	for _, count := range r.Errors {
		n += count
	}
	return n
}

// told is what an endpoint last told of itself. It is asked again when that is older than statusAge, by one goroutine
// at a time, however many pages wait for the answer.
type told struct {
	ask func() Status // nil when there is nothing to ask

	mu     sync.Mutex
	status Status        // guarded by mu, as is all that follows
	at     time.Time     // when it was told; zero for never
	asking chan struct{} // closed when the answer is there; nil when nobody asks
	failed bool          // the last answer was a panic
}

// status is what e tells of itself, and when it did: the zero time when it does not, or has not yet. It waits until
// ctx is done at most, and then returns what it told before.
func (e *Endpoint) status(ctx context.Context) (Status, time.Time) {
	t := &e.told
	if asking := t.begin(e); asking != nil {
		select {
		case <-asking:
		case <-ctx.Done():
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.status, t.at
}

// begin asks, unless that has been done or there is no need, and returns what is closed when the answer is there.
func (t *told) begin(e *Endpoint) <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ask == nil || t.asking == nil && time.Since(t.at) < statusAge || t.asking == nil && !e.acquire() {
		return nil
	}
	if t.asking == nil {
		t.asking = make(chan struct{})
		go t.answer(e)
	}
	return t.asking
}

func (t *told) answer(e *Endpoint) {
	defer e.release()
	var status Status
	err := recovered(func() error { status = t.ask(); return nil })
	t.mu.Lock()
	defer t.mu.Unlock()
	close(t.asking)
	t.asking, t.at = nil, time.Now()
	if err == nil {
		t.status = status
		t.failed = false
		return
	}
	e.on[0].self.panics.Inc()
	t.status = Status{LastError: Event{Text: fmt.Sprintf("no status: %v", errPanic), Time: t.at}}
	if !t.failed {
		t.failed = true
		_ = recovered(func() error {
			e.log.Warn("no status for the page", "instance", e.instance, "error", err.Error())
			return nil
		})
	}
}

// An instanceStatus is an endpoint as the pages for people show it.
type instanceStatus struct {
	Instance   string         `json:"instance"`
	Path       string         `json:"path"`
	Addresses  []string       `json:"addresses"`
	Version    string         `json:"version"`
	Opened     time.Time      `json:"opened"`
	Ready      bool           `json:"ready"`
	Reloading  bool           `json:"reloading,omitempty"`
	Told       time.Time      `json:"as_of,omitzero"` // when it told what follows
	Rules      []RuleStatus   `json:"rules"`
	Families   int            `json:"families"`
	Series     int            `json:"series"`
	Top        []FamilyStatus `json:"top_families"`
	LastError  Event          `json:"last_error,omitzero"`
	LastReload Event          `json:"last_reload,omitzero"`
}

// statuses are those of endpoints, all asked at the same time.
func statuses(endpoints []*Endpoint) []instanceStatus {
	ctx, cancel := context.WithTimeout(context.Background(), statusTimeout)
	defer cancel()
	for _, e := range endpoints {
		e.told.begin(e)
	}
	all := make([]instanceStatus, 0, len(endpoints))
	for _, e := range endpoints {
		all = append(all, e.describe(ctx))
	}
	return all
}

func (e *Endpoint) describe(ctx context.Context) instanceStatus {
	status, at := e.status(ctx)
	d := instanceStatus{
		Instance: e.instance, Path: e.path, Version: e.version, Opened: e.opened,
		Ready: e.ready(), Reloading: e.isAway(), Told: at,
		Rules: status.Rules, Families: len(status.Families), Top: topFamilies(status.Families),
		LastError: status.LastError, LastReload: status.LastReload,
	}
	for _, f := range status.Families {
		d.Series += f.Series
	}
	for _, srv := range e.on {
		d.Addresses = append(d.Addresses, srv.url())
	}
	return d
}

// topFamilies are those with the most series.
func topFamilies(families []FamilyStatus) []FamilyStatus {
	top := slices.Clone(families)
	slices.SortStableFunc(top, func(a, b FamilyStatus) int { return b.Series - a.Series })
	return top[:min(len(top), shownFamilies)]
}
