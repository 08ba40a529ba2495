package rule

import (
	"strconv"
	"unicode/utf8"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/record"
)

// Outcome says what a rule made of an event.
type Outcome string

// The outcomes, the one that says most first: a rule with fields may make samples of some fields and give up others.
const (
	OutcomeMade     Outcome = "made"      // samples were made
	OutcomeGaveUp   Outcome = "gave_up"   // no sample was made, for the reasons
	OutcomeDropped  Outcome = "dropped"   // the rule dropped the event, or fields of it
	OutcomeKept     Outcome = "kept"      // an earlier rule kept the event, or all its fields, for itself
	OutcomeNotHeld  Outcome = "not_held"  // the condition does not hold
	OutcomeNoField  Outcome = "no_field"  // the event has no field, no element or no optional value for the rule
	OutcomeOtherTag Outcome = "other_tag" // the rule is about other tags
)

// Verdict is what one rule made of one event. It owns its memory, apart from the rules, which are those of the set.
type Verdict struct {
	Rule    *config.Metric
	Outcome Outcome
	KeptBy  *config.Metric // of OutcomeKept
	// Checks are the comparisons of the condition, each join before its parts. All are judged, also those that Apply
	// would not come to.
	Checks    []Check
	Reasons   []GivenUp
	Samples   []Made
	Defaulted []string // labels whose regex or map did not match, so that they have their default
}

// Check is a comparison, or with a Join the result of those that are one level deeper.
type Check struct {
	Compare *config.Condition
	Depth   int
	Join    string // "and", "or", or "" of a comparison
	Got     string // the value of the field, as Show writes it
	Holds   bool
}

// GivenUp is a sample that was not made.
type GivenUp struct {
	Reason   Reason
	Field    string // the accessor or the path of the field
	Got      string // its value, as Show writes it
	Expected string // what would have been right, or ""
}

// Made is a sample that was made.
type Made struct {
	Name   string
	Labels []string // names and values in turn, sorted by name, without those that are empty
	Op     collector.Op
	Value  float64
	Count  uint64 // of the observations that the sample represents; 0: one
	Field  string // the path of the field that it is from, of a rule with fields
	Text   string // what a Distinct counts, unless the rule runs over arrays
}

// missingText is how Show writes a field that is not there.
const missingText = "missing"

// maxShown bounds a text that Show writes, in bytes.
const maxShown = 200

// Show writes a value for people: a text in quotes, a number as it is, and of others what they are.
func Show(v *record.Value) string {
	switch v.Kind() {
	case record.Missing:
		return missingText
	case record.String, record.Binary:
		text := v.Bytes()
		if len(text) > maxShown {
			return strconv.Quote(string(truncate(text, maxShown))) + "..."
		}
		return strconv.Quote(string(text))
	case record.Array:
		return "an array"
	case record.Map:
		return "a map"
	case record.Nil:
		return "null"
	}
	if text, ok := appendText(nil, v); ok && utf8.Valid(text) {
		return string(text)
	}
	return v.Kind().String()
}
