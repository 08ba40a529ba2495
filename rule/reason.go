package rule

import (
	"sync/atomic"

	"github.com/promexporter/promexporter/collector"
)

// Reason says why a rule made no sample of a record that it matched.
type Reason uint8

// The reasons to skip a sample.
const (
	noReason       Reason = iota // the sample was made
	NoValue                      // the field of the value is missing
	NotANumber                   // the value is not a number and cannot be parsed as one
	OutOfRange                   // the value is below the rule's min or above its max
	ReservedName                 // the name starts with a prefix of the plugin's own metrics
	TooManyFields                // more different field paths than the bound allows
	FieldTooDeep                 // the field is nested too deep or its path is too long
	NotAnArray                   // the field of `each` is not an array of maps
	NotACount                    // the weight of an observation is not a positive integer
	NoMatch                      // the regular expression of the value matches nothing
	NoLength                     // the value has no length: it is a number, for instance
	DivisionByZero               // a value is divided by another that is 0
	BadBuckets                   // the counts of a ready histogram cannot be read
	OtherBounds                  // a ready histogram does not have the bounds of the rule
	Inconsistent                 // the counts of a ready histogram contradict each other
	BadName                      // no name can be made of the record
	FamilyLimit                  // more names than the rule may make of records
	reasons
	nothing // the value is optional and missing
)

var reasonNames = [reasons]string{
	"made", "no_value", "not_a_number", "out_of_range", "reserved_name", "too_many_fields", "field_too_deep", "not_an_array",
	"not_a_count", "no_match", "no_length", "division_by_zero", "bad_buckets", "other_bounds", "inconsistent",
	"bad_name", "family_limit",
}

// String returns the reason as the value of the label `reason`.
func (r Reason) String() string {
	if r < reasons {
		return reasonNames[r]
	}
	return "unknown"
}

// isAbsence reports whether the record has no value, which optional and default are about.
func (r Reason) isAbsence() bool { return r == NoValue || r == NoMatch }

// Reasons returns all reasons to skip a sample.
func Reasons() []Reason {
	all := make([]Reason, 0, reasons-1)
	for r := noReason + 1; r < reasons; r++ {
		all = append(all, r)
	}
	return all
}

// Stats counts what one rule did. Its methods are safe for concurrent use.
type Stats struct {
	// Origin counts the samples of the rule that the collector dropped.
	collector.Origin

	matched atomic.Uint64
	samples atomic.Uint64
	refused atomic.Uint64
	dropped [reasons]atomic.Uint64
	applied atomic.Uint64 // what Applied returned at most

	nextRefusal [reasons]atomic.Int64 // when a value is described again, in nanoseconds since 1970
	lastRefusal atomic.Pointer[Refusal]
}

// LastRefusal describes the last value that the rule refused, as far as one a minute is described; nil: it refused
// none.
func (s *Stats) LastRefusal() *Refusal { return s.lastRefusal.Load() }

// Matched returns the number of records, or fields of a rule with fields, that the rule applied to.
func (s *Stats) Matched() uint64 { return s.matched.Load() }

// Samples returns the number of samples that the rule made.
func (s *Stats) Samples() uint64 { return s.samples.Load() }

// Dropped returns the number of samples that the rule made and that were dropped for r, by the collector or by a full
// batch.
func (s *Stats) Dropped(r collector.Reason) uint64 {
	n := s.Origin.Dropped(r)
	if r == collector.BatchLimit {
		n += s.refused.Load()
	}
	return n
}

// Applied returns the number of samples that changed a series. It never decreases: while a batch is applied, its drops
// are counted before its samples.
func (s *Stats) Applied() uint64 {
	n := s.samples.Load()
	for _, r := range collector.AllReasons() {
		n -= min(n, s.Dropped(r))
	}
	for {
		before := s.applied.Load()
		if n <= before || s.applied.CompareAndSwap(before, n) {
			return max(n, before)
		}
	}
}

// Skipped returns the number of samples that the rule skipped for r.
func (s *Stats) Skipped(r Reason) uint64 { return s.dropped[r].Load() }

// tally is the part of Stats that belongs to one goroutine, so that counting a record needs no atomic operation.
type tally struct {
	matched uint64
	samples uint64
	refused uint64 // samples refused by a full batch
	dropped [reasons]uint64
}

func (t *tally) count(r Reason) {
	if r == noReason {
		t.samples++
	} else {
		t.dropped[r]++
	}
}

// flush adds t to s.
func (t *tally) flush(s *Stats) {
	if t.matched == 0 {
		return
	}
	s.matched.Add(t.matched)
	s.samples.Add(t.samples)
	s.refused.Add(t.refused)
	for r, n := range t.dropped {
		if n > 0 {
			s.dropped[r].Add(n)
		}
	}
}
