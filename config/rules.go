package config

import (
	"regexp"
	"time"
)

// Rules is a rules file: what its author wrote, checked, with the file's defaults filled into every rule. It is
// immutable and safe for concurrent use.
type Rules struct {
	File string
	// Defaults asks for the embedded default rules behind those of the file.
	Defaults bool
	Metrics  []Metric
	// Warnings are the mistakes that do not keep the rules from working.
	Warnings []Mistake
}

// Metric is one rule: what turns matching records into samples of a family, or of one family per field when Fields is
// set.
type Metric struct {
	Position Position
	// Rule names the rule in messages and metrics: its `rule` key, or else its name as written, or else its place, such
	// as metrics[3]. Rules share one only when they share their name.
	Rule string
	Name Template
	Type Type
	Help string
	Unit string

	Match      string         // Fluent Bit's tag wildcard, "*" by default; "" with MatchRegex
	MatchRegex *regexp.Regexp // nil unless given
	Condition  *Condition     // nil: every record
	Fields     *regexp.Regexp // nil unless the rule runs once per matching field path
	Each       *Accessor      // nil unless the rule runs once per element of an array; excludes Fields

	Value      Value
	Cumulative bool // the value is a running total
	Action     Action
	Aggregate  Aggregate
	Labels     []Label // sorted by name, the file's constant labels included
	Exemplar   []Label // in the order written
	// Init are label values of series that exist from the start, in the order of Labels. Without it, Name may depend on
	// the field.
	Init [][]string
	// Drop keeps records, or with Fields the fields, from later rules. Such a rule makes no samples: it has no Name.
	Drop bool
	// First keeps what the rule has used from later rules.
	First       bool
	TTL         time.Duration // 0: series never expire; else at least a second
	SeriesLimit int           // 0: only the instance's limit
	Timestamps  bool          // exposes the times of the records

	Histogram HistogramOptions
	Summary   SummaryOptions
}

// Type is the type of a metric family.
type Type uint8

// The types that a rule can make.
const (
	Counter Type = iota
	Gauge
	Histogram
	Summary
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

// Aggregate says how the records of one gauge series that share a timestamp are joined.
type Aggregate uint8

// The aggregates of a gauge; NoAggregate leaves it to the Action.
const (
	NoAggregate Aggregate = iota
	Sum
	Min
	Max
	Count
)

// HistogramOptions shapes a histogram.
type HistogramOptions struct {
	Buckets    []float64 // upper bounds, ascending, without +Inf; nil without a classic histogram
	Native     bool
	Factor     float64 // growth from one native bucket to the next
	MaxBuckets uint32  // of the native histogram
	Weight     *Accessor
}

// SummaryOptions shapes a summary.
type SummaryOptions struct {
	Quantiles map[float64]float64 // quantile to its allowed error; nil: only sum and count
	MaxAge    time.Duration       // how long values count for the quantiles; 0 without them
}

// Template is a name with variables: literal text and ${variable} in turn. The variables are "field" (the field path),
// "namespace" (the key of that name with an underscore behind it, empty when not set) and the captures of Fields.
type Template []TemplatePart

// TemplatePart is a literal, or a variable when Variable is not empty.
type TemplatePart struct {
	Literal  string
	Variable string
}

// Root is where an Accessor starts.
type Root uint8

// The roots of an Accessor. RootTag is the tag, whole or one of its parts.
const (
	RootBody Root = iota
	RootMetadata
	RootGroupMetadata
	RootGroupAttributes
	RootTag
	RootItem // the element that `each` stands at
)

// Accessor is one of Fluent Bit's record accessors: $status, $kubernetes['labels']['app'], $items[0], $TAG, $TAG[1],
// $metadata['x'].
type Accessor struct {
	Text string // as written
	Root Root
	// Steps lead from the root to the value. For RootTag, no step is the whole tag and one index is that dot-separated
	// part, counted from 0.
	Steps []Step
}

// Step goes to a key of a map, or with IsIndex to an element of an array.
type Step struct {
	Key     string
	Index   int
	IsIndex bool
}

// Parse says how text becomes a number.
type Parse uint8

// How text becomes a number.
const (
	ParseNumber Parse = iota
	ParseDuration
	ParseBytes
	ParsePercent
	ParseTimestamp
)

// Value says where the number of a sample comes from.
type Value struct {
	// From is nil when the rule reads no field of its own: its value is then the field's own in a rule with Fields,
	// unless IsConstant, and else Constant.
	From *Accessor
	// Constant is 1 unless the rule says a number, in which case IsConstant is set.
	Constant   float64
	IsConstant bool

	Parse Parse
	Scale float64            // 1 unless given
	Map   map[string]float64 // nil unless given

	Bounds *Bounds // of the scaled number; nil unless given
}

// Bounds are the least and the greatest number that make a sample, infinite where the rule says none. Min is not above
// Max.
type Bounds struct{ Min, Max float64 }

// Label says where a label value comes from: exactly one of Constant, From and Capture applies, in this order: From
// when not nil, Capture when not empty, otherwise Constant.
type Label struct {
	Name     string
	Constant string
	From     *Accessor
	Capture  string // a named capture of Fields

	Regex       *regexp.Regexp // nil: the value as it is
	Replacement string         // in Go's Expand syntax; default $1, or $0 when the regex has no group
	Map         []MapCase      // the first that matches decides; none matches: Default
	Default     string         // when the field is missing or nothing matched; "" leaves the label out
	MaxLength   int            // in runes, 0: only the general bound
}

// IsConstant reports whether the label has the same value on every series.
func (l *Label) IsConstant() bool { return l.From == nil && l.Capture == "" }

// MapCase turns label values that Match matches into Value.
type MapCase struct {
	Match *regexp.Regexp
	Value string
}

// Condition is Fluent Bit's conditional: a comparison, or several joined. It is a comparison when Field is not nil.
type Condition struct {
	Any   bool // or instead of and
	Rules []Condition

	Field *Accessor
	Op    CompareOp
	// Text is the value to compare with as it is written, true and false in lower case. IsNumber tells a number, which
	// is in Number then. Gt, Gte, Lt and Lte always have a number. Regex and List are those of regex and in.
	Number   float64
	Text     string
	IsNumber bool
	Regex    *regexp.Regexp
	List     []Scalar
}

// Scalar is a number or text of an in list, in the form of a Condition's.
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
