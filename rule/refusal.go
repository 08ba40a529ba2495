package rule

import (
	"fmt"
	"strings"
	"time"

	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/record"
)

// Refusal describes a value of which a rule made no sample.
type Refusal struct {
	Rule     string
	Reason   Reason
	Tag      string
	Field    string // the accessor, or the path of the field in a rule with fields
	Value    string // its first 64 bytes; empty with Options.HideValues
	Expected string
}

// refusalInterval is how often a rule describes a value that it refuses for one reason.
const refusalInterval = time.Minute

// maxRefusedText bounds what a Refusal shows of texts, in bytes.
const maxRefusedText = 64

// Refusals returns what the plans that used the scratch have refused since the last call: of each rule and reason, one
// value a minute.
func (w *Scratch) Refusals() []*Refusal {
	refusals := w.refusals
	w.refusals = nil
	return refusals
}

// countRefused counts why a rule makes no sample of a field, and describes it when the last time is a minute ago.
func (w *Scratch) countRefused(in *instruction, s *scope, r Reason, field *record.Value) {
	w.tallies[in.index].count(r)
	next, now := &in.stats.nextRefusal[r], w.clock.now
	if due := next.Load(); now < due || !next.CompareAndSwap(due, now+int64(refusalInterval)) {
		return
	}
	refusal := &Refusal{Rule: in.config.Rule, Reason: r, Tag: strings.Clone(s.tag.source), Field: in.refusedField(s, r), Expected: in.expected(r)}
	if !w.cachesOf.options.HideValues {
		refusal.Value = refusedText(field)
	}
	in.stats.lastRefusal.Store(refusal)
	w.refusals = append(w.refusals, refusal)
}

func (in *instruction) refusedField(s *scope, r Reason) string {
	switch c := in.config; {
	case r == NotACount && c.Histogram.Weight != nil:
		return c.Histogram.Weight.From.String()
	case r == NotAnArray && c.Each != nil:
		levels := make([]string, len(c.Each))
		for i, source := range c.Each {
			levels[i] = source.String()
		}
		return strings.Join(levels, ", ")
	case c.Value.From != nil:
		return c.Value.From.String()
	}
	return string(s.path)
}

// refusedText shows the start of a value.
func refusedText(v *record.Value) string {
	text, ok := appendText(nil, v)
	if !ok {
		return v.Kind().String()
	}
	if len(text) > maxRefusedText {
		text = truncate(text, maxRefusedText)
	}
	return strings.ToValidUTF8(string(text), "\uFFFD")
}

var parseExpectations = [...]string{
	config.ParseNumber:    "a number",
	config.ParseDuration:  "a duration, such as 1m30s or 00:01:30",
	config.ParseBytes:     "a number of bytes, such as 12.5MiB",
	config.ParsePercent:   "a percentage, such as 35%",
	config.ParseTimestamp: "a time in RFC 3339",
	config.ParseHex:       "a hexadecimal number of at most 64 bits",
}

// expected says what a rule wanted instead of what it refused.
func (in *instruction) expected(r Reason) string {
	v := &in.config.Value
	switch r {
	case NoValue:
		return "a value"
	case NotANumber:
		if len(v.Format.Layouts) > 0 {
			return "a time in the layout " + v.Format.Layouts[0].Text
		}
		return parseExpectations[v.Parse]
	case OutOfRange:
		return fmt.Sprintf("a number from %v to %v", v.Bounds.Min, v.Bounds.Max)
	case NoMatch:
		return "a match of " + v.Text.Regex.String()
	case NoLength:
		return "a text, an array or a map"
	case DivisionByZero:
		return "a divisor that is not 0"
	case NotAnArray:
		return "an array"
	case NotACount:
		return "a whole number from 1 to 2^32"
	}
	return ""
}
