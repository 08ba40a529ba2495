package rule

import (
	"bytes"
	"unsafe"

	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/record"
)

// condition is a compiled config.Condition.
type condition struct {
	any   bool
	rules []condition

	field   operand
	compare *config.Condition // nil for a group of conditions
}

// holds reports whether the condition holds in s. A missing field only satisfies negated comparisons.
func (c *condition) holds(w *Scratch) bool {
	if c.compare == nil {
		for i := range c.rules {
			if c.rules[i].holds(w) == c.any {
				return c.any
			}
		}
		return !c.any
	}
	v := c.field.value(w)
	switch c.compare.Op {
	case config.Exists:
		return v.Kind() != record.Missing
	case config.NotExists:
		return v.Kind() == record.Missing
	case config.Neq:
		return !w.equals(v, c.compare.Number, c.compare.Text, c.compare.IsNumber)
	case config.NotIn:
		return !w.in(v, c.compare.List)
	case config.NotRegex:
		return !w.matches(v, c.compare)
	case config.Eq:
		return w.equals(v, c.compare.Number, c.compare.Text, c.compare.IsNumber)
	case config.In:
		return w.in(v, c.compare.List)
	case config.Regex:
		return w.matches(v, c.compare)
	}
	return w.ordered(v, c.compare)
}

// ordered evaluates gt, gte, lt and lte: as numbers if the value of the condition is a number, otherwise as strings.
func (w *Scratch) ordered(v *record.Value, c *config.Condition) bool {
	var order int
	if c.IsNumber {
		n, ok := numeric(v)
		if !ok {
			return false
		}
		switch {
		case n < c.Number:
			order = -1
		case n > c.Number:
			order = 1
		case n != c.Number:
			return false // NaN
		}
	} else {
		text, ok := w.textOf(v)
		if !ok {
			return false
		}
		order = bytes.Compare(text, unsafe.Slice(unsafe.StringData(c.Text), len(c.Text)))
	}
	switch c.Op {
	case config.Gt:
		return order > 0
	case config.Gte:
		return order >= 0
	case config.Lt:
		return order < 0
	default:
		return order <= 0
	}
}

// equals compares v with a number or a string. A string that can be parsed as the number equals it, so that "200" and
// 200 are the same status.
func (w *Scratch) equals(v *record.Value, n float64, text string, isNumber bool) bool {
	if isNumber {
		got, ok := numeric(v)
		return ok && got == n
	}
	got, ok := w.textOf(v)
	return ok && string(got) == text
}

func (w *Scratch) in(v *record.Value, list []config.Scalar) bool {
	for i := range list {
		if w.equals(v, list[i].Number, list[i].Text, list[i].IsNumber) {
			return true
		}
	}
	return false
}

func (w *Scratch) matches(v *record.Value, c *config.Condition) bool {
	text, ok := w.textOf(v)
	return ok && c.Regex.Match(text)
}

// textOf returns v as text, valid until the next call.
func (w *Scratch) textOf(v *record.Value) ([]byte, bool) {
	if v.IsText() {
		return v.Bytes(), true
	}
	var ok bool
	w.text, ok = appendText(w.text[:0], v)
	return w.text, ok
}

// numeric returns v as a number. It also parses strings.
func numeric(v *record.Value) (float64, bool) {
	if v.IsText() {
		n, r := parseText(v.Bytes(), config.ParseNumber)
		return n, r == noReason
	}
	return v.Float()
}
