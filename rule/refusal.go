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
func (w *Scratch) countRefused(in *instruction, r Reason, field *record.Value) {
	w.tallies[in.index].count(r)
	next, now := &in.stats.nextRefusal[r], w.clock.now
	if due := next.Load(); now < due || !next.CompareAndSwap(due, now+int64(refusalInterval)) {
		return
	}
	v, field := in.atFault(w, r, field)
	refusal := &Refusal{Rule: in.config.Rule, Reason: r, Tag: strings.Clone(w.tag.source), Expected: expected(v.config, r)}
	refusal.Field = in.refusedField(w, r, v.config)
	if !w.cachesOf.options.HideValues {
		refusal.Value = refusedText(field)
	}
	in.stats.lastRefusal.Store(refusal)
	w.refusals = append(w.refusals, refusal)
}

// atFault returns the value that is the cause of r, and its field: the value of the rule, its weight, or an operand. It
// measures again, so that measuring need not note which value it was.
func (in *instruction) atFault(w *Scratch, r Reason, field *record.Value) (*value, *record.Value) {
	if in.name != nil && r.isOfName() {
		v := in.nameAtFault(w)
		return v, v.from.value(w)
	}
	if in.ready != nil {
		if v := in.ready.atFault(w, r); v != nil {
			return v, v.from.value(w)
		}
	}
	if in.weight != nil {
		_, own := in.value.measure(w, field)
		if _, why := in.weight.weigh(w); own != r && why == r {
			return in.weight.atFault(w, r, in.weight.of(w, &missing))
		}
	}
	if in.key != nil && r == NoValue {
		if _, own := in.value.measure(w, field); own != r {
			return in.key, in.key.of(w, field)
		}
	}
	return in.value.atFault(w, r, field)
}

func (v *value) atFault(w *Scratch, r Reason, field *record.Value) (*value, *record.Value) {
	if !v.constant && !(r.isAbsence() && v.config.HasDefault) {
		if _, own := v.read(w, field); own == r {
			return v, field
		}
	}
	for i := range v.operands {
		o := &v.operands[i]
		its := o.of(w, field)
		switch m, why := o.measure(w, its); {
		case why == r:
			return o.atFault(w, r, its)
		case r == DivisionByZero && why == noReason && m == 0 && v.config.Operands[i].Op == config.DivideBy:
			return o, its
		}
	}
	return v, field
}

func (in *instruction) refusedField(w *Scratch, r Reason, c *config.Value) string {
	switch {
	case r == NotAnArray && in.config.Each != nil:
		levels := make([]string, len(in.config.Each))
		for i, source := range in.config.Each {
			levels[i] = source.String()
		}
		return strings.Join(levels, ", ")
	case c.From != nil:
		return c.From.String()
	}
	return string(w.path)
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

// expected says what the value should have been instead of what was refused.
func expected(v *config.Value, r Reason) string {
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
		return "a string, an array or a map"
	case DivisionByZero:
		return "a divisor that is not 0"
	case NotAnArray:
		return "an array"
	case BadBuckets:
		return "bounds with whole numbers from 0, as bucket_counts says"
	case OtherBounds:
		return "all bounds of buckets"
	case Inconsistent:
		return "counts that do not exceed each other: those of the buckets, cumulative or not as the rule says, and count"
	case BadName:
		return fmt.Sprintf("a text of at most %d bytes with a letter or digit, for the name of the metric", maxRecordName)
	case ReservedName:
		return "a name that does not start with promexporter_ or go_"
	case FamilyLimit:
		return "a name that the rule already has, because it has as many as family_limit"
	case NotACount:
		return "a whole number from 1 to 2^32"
	}
	return ""
}
