// Package status renders what an exporter shows to people: which instances run, what their rules do and what went wrong
// last, as an HTML page and as JSON. It serves Go's profiles as well.
//
// The package keeps no state between pages. Its functions may run concurrently; they neither change a [Server] nor keep
// it.
package status

import (
	"runtime/debug"
	"time"
)

// Limits of the tables on the HTML page, which must stay readable on a phone. They also bound the size of the page.
const (
	RulesShown    = 200 // per instance, rules with errors first
	FamiliesShown = 20  // per instance, those with the most series; the JSON page has the same limit
	ReceivedShown = 100 // families of metrics events per instance, those with drops first
)

// Status is what an instance reports about itself. It must not hold the content of records, not even in error texts,
// because people share these pages.
type Status struct {
	Rules     []Rule     `json:"rules"`               // the active rules, in the order of their file
	Families  []Family   `json:"-"`                   // the metric families that have series, in any order
	Received  []Received `json:"received"`            // the families of metrics events, in any order
	LastError Event      `json:"last_error,omitzero"` // the most recent failure; its text is empty if there was none
	// LastReload is the last one of rules or keys. Its time is zero if there was none, its text is empty if it succeeded.
	LastReload Event `json:"last_reload,omitzero"`
}

// Rule is the result of one rule since it became active.
type Rule struct {
	Rule    string            `json:"rule"` // its name, usually that of its metric
	Type    string            `json:"type"`
	Matched uint64            `json:"matched"` // records
	Samples uint64            `json:"samples"`
	Errors  map[string]uint64 `json:"errors,omitempty"` // samples that the rule could not make, by reason
	Series  int               `json:"series"`           // current ones

	LastRefused *Refused `json:"last_refused,omitempty"`
}

// Refused is a value of which a rule made no sample.
type Refused struct {
	Reason   string `json:"reason"`
	Tag      string `json:"tag"`
	Field    string `json:"field"`
	Value    string `json:"value,omitempty"` // its start
	Expected string `json:"expected"`
}

// Family is the size of one metric family.
type Family struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Series int    `json:"series"`
}

// Received is what came of one family of metrics events.
type Received struct {
	Family  string            `json:"family"` // "" for those that were too many to be counted one by one
	Tag     string            `json:"tag"`    // that brought the last points which were applied
	Type    string            `json:"type"`
	Points  uint64            `json:"points"`            // that reached a series
	Dropped map[string]uint64 `json:"dropped,omitempty"` // points, by reason
	Series  int               `json:"series"`            // current ones
	Last    time.Time         `json:"last_seen"`
}

func total(counts map[string]uint64) (sum uint64) {
	for _, count := range counts {
		sum += count
	}
	return sum
}

// Event is something that happened at a time.
type Event struct {
	Text string    `json:"text,omitempty"`
	Time time.Time `json:"time,omitzero"`
}

// Instance is one instance with the page that serves its metrics.
type Instance struct {
	Name      string    `json:"instance"`
	Path      string    `json:"path"`      // of the metrics, such as "/metrics"
	Addresses []string  `json:"addresses"` // URLs without a path
	Version   string    `json:"version"`
	Opened    time.Time `json:"opened"`
	Ready     bool      `json:"ready"`               // it has had its first flush, or has waited long enough for it
	Reloading bool      `json:"reloading,omitempty"` // Fluent Bit is restarting it
	Status
}

// series returns the number of series in all families.
func (i *Instance) series() int {
	total := 0
	for _, f := range i.Families {
		total += f.Series
	}
	return total
}

// Server is everything that a page shows.
type Server struct {
	Version   string     `json:"version"`
	Started   time.Time  `json:"started"`
	Now       time.Time  `json:"now"`
	Instances []Instance `json:"-"` // in the order of the page
	Debug     bool       `json:"-"` // link to the profiles
	Reload    bool       `json:"-"` // mention the reload by POST
}

// Revision returns the commit that the binary was built from, or "unknown".
func Revision() string {
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, setting := range build.Settings {
			if setting.Key == "vcs.revision" {
				return setting.Value
			}
		}
	}
	return "unknown"
}
