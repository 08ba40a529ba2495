package config

import (
	"regexp"
	"time"

	"github.com/promexporter/promexporter/internal/metric"
)

// Rules is a checked rules file. The settings of the file are copied into each rule. It is immutable and safe for
// concurrent use.
type Rules struct {
	File string
	// Defaults adds the embedded default rules after those of the file.
	Defaults bool
	Metrics  []Metric
	// Received are the rules on metrics events, in their order.
	Received []Received
	// Warnings are mistakes that do not invalidate the rules.
	Warnings []Mistake
}

// Metric is one rule. It turns matching records into samples of a family, or of one family per field if Fields is set,
// or per name if Name has accessors.
type Metric struct {
	Position Position
	// Rule is the name of the rule in messages and metrics: the key `rule`, or else Name as written, or else its path,
	// such as metrics[3]. Only rules with the same Name can share it.
	Rule string
	Name Template
	Type Type
	Help string
	Unit string

	Match      string         // Fluent Bit's tag wildcard, "*" by default; "" with MatchRegex
	MatchRegex *regexp.Regexp // nil unless given
	Condition  *Condition     // nil: every record
	Fields     *regexp.Regexp // nil unless the rule runs once per matching field path
	Each       []Source       // the arrays that the rule runs over, from the outermost to the innermost; excludes Fields

	Value      Value
	Cumulative bool // the value is a running total
	// ResetBelow is the share of the last running total below which a lower one was reset, 0: the default. ResetField, if
	// not nil, is what changes when a running total is reset. They exclude each other.
	ResetBelow float64
	ResetField Source
	// MaxIncrement bounds what a record adds to a counter, or to the sum of a histogram or summary. 0: the default.
	MaxIncrement float64
	Action       Action
	Aggregate    Aggregate
	Window       time.Duration // how long a value of a Distinct counts; at least a second
	Labels       []Label       // sorted by name, including those of the file
	Exemplar     []Label       // in the order written
	// Init holds the label values of series that exist from the start, in the order of Labels. If it is nil, Name may
	// depend on the field or the record.
	Init [][]string
	// Drop hides records, or with Fields the fields, from later rules. Such a rule makes no samples and has no Name.
	Drop bool
	// First hides what the rule used from later rules.
	First       bool
	TTL         time.Duration // 0: series never expire; else at least a second
	SeriesLimit int           // 0: only the limit of the instance
	FamilyLimit int           // of the names that are made of records; 0: Name has no accessor
	Timestamps  bool          // expose the times of the records

	Histogram HistogramOptions
	Summary   SummaryOptions
}

// HasRounds reports whether the rule aggregates the records of rounds.
func (m *Metric) HasRounds() bool { return m.Aggregate != NoAggregate && m.Aggregate != Distinct }

// Type is the type of a metric family.
type Type = metric.Type

// The types that a rule can make.
const (
	Counter   = metric.Counter
	Gauge     = metric.Gauge
	Histogram = metric.Histogram
	Summary   = metric.Summary
)

// Action is what a sample does to a gauge.
type Action uint8

// The actions of a gauge.
const (
	Set Action = iota
	Add
	Subtract
	Inc
	Dec
)

// Aggregate combines the records of a gauge series that have the same timestamp, or with Distinct, those of a Window.
type Aggregate uint8

// The aggregates of a gauge. With NoAggregate the Action applies.
const (
	NoAggregate Aggregate = iota
	Sum
	Min
	Max
	Count
	Distinct
)

// HistogramOptions are the options of a histogram.
type HistogramOptions struct {
	Buckets    []float64 // upper bounds, ascending, without +Inf; nil without a classic histogram
	Native     bool
	Factor     float64 // ratio of successive native bounds
	MaxBuckets uint32  // of the native histogram
	Weight     *Value  // number of observations of a value; nil: one
	// Counts says where a ready histogram has its counts; Value is its sum then. nil: the histogram observes values.
	Counts *BucketCounts
}

// SummaryOptions are the options of a summary.
type SummaryOptions struct {
	Quantiles map[float64]float64 // allowed error by quantile; nil: only sum and count
	MaxAge    time.Duration       // how long values count in the quantiles; 0 without quantiles
}

// Template is a name with variables: literals and ${variable} alternate. "namespace" is the key namespace followed by
// an underscore, or empty. In a rule with Fields, "field" is the path of the field, and others are captures of Fields.
// In other rules, they are accessors.
type Template []TemplatePart

// TemplatePart is a variable, or a literal if Variable is empty.
type TemplatePart struct {
	Literal  string
	Variable string    // as written
	From     *Accessor // nil: Variable is not an accessor
}

// Root is the start of an Accessor.
type Root uint8

// The roots of an Accessor. RootTag is the tag or one of its parts.
const (
	RootBody Root = iota
	RootMetadata
	RootGroupMetadata
	RootGroupAttributes
	RootTag
	RootItem   // the current element of `each`
	RootTime   // the time of the record, in seconds since 1970
	RootNow    // the time at which the record came, in seconds since 1970
	RootParent // the map that the field of a rule with Fields is in
	RootIndex  // the index of the element that the innermost array of `each` is at
)

// Accessor is a record accessor of Fluent Bit: $status, $kubernetes['labels']['app'], $items[0], $TAG, $TAG[1],
// $metadata['x'].
type Accessor struct {
	Text string // as written
	Root Root
	// Steps lead from the root to the value. For RootTag, no step means the whole tag, and one index means that part
	// between dots, counted from 0.
	Steps []Step
	// Level is the array of `each` whose element a RootItem is, counted from 0.
	Level int
}

// Step leads to a key of a map, or, if IsIndex is set, to an element of an array.
type Step struct {
	Key     string
	Index   int
	IsIndex bool
}

// Bounds are the smallest and the largest number that make a sample. A bound that is not set is infinite. Min is at
// most Max.
type Bounds struct{ Min, Max float64 }

// Label is the source of a label value: From if it is not nil, else Capture if it is not empty, else Constant.
type Label struct {
	Name     string
	Constant string
	From     Source
	Capture  string // a named capture of Fields

	Regex       *regexp.Regexp // nil: the value as it is
	Replacement string         // in Go's Expand syntax; default $1, or $0 when the regex has no group
	Replace     []Replacement  // each applies everywhere in the value, in this order
	Case        Case
	Length      Length    // the value is what this counts
	Map         []MapCase // the first that matches decides; none matches: Default
	Default     string    // when the field is missing or nothing matched; "" leaves the label out
	MaxLength   int       // in runes, 0: only the general bound
}

// IsConstant reports whether the label has the same value in all series.
func (l *Label) IsConstant() bool { return l.From == nil && l.Capture == "" }

// MapCase maps label values that Match matches to Value.
type MapCase struct {
	Match *regexp.Regexp
	Value string
}

// Condition is a condition in the syntax of Fluent Bit: a comparison if Field is not nil, otherwise a group of
// conditions.
type Condition struct {
	Any   bool // or instead of and
	Rules []Condition

	Field Source
	Op    CompareOp
	// Text is the value to compare with, as written, but true and false in lower case. If it is a number, IsNumber is
	// set and Number has it; Gt, Gte, Lt and Lte always have a number. Regex and List are the values of regex and in.
	Number   float64
	Text     string
	IsNumber bool
	Regex    *regexp.Regexp
	List     []Scalar
}

// Scalar is a number or string of a list, in the form of a Condition.
type Scalar struct {
	Number   float64
	Text     string
	IsNumber bool
}

// CompareOp compares a field with a value.
type CompareOp uint8

// The comparisons.
const (
	Eq CompareOp = iota
	Neq
	Gt
	Gte
	Lt
	Lte
	In
	NotIn
	Regex
	NotRegex
	Exists
	NotExists
)
