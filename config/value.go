package config

import (
	"fmt"
	"math"
	"slices"
)

// Value says how a number is made of a record. Its steps apply in the order of the fields.
type Value struct {
	// From is nil when the rule reads no field of its own: its value is then the field's own in a rule with Fields,
	// unless IsConstant, and else Constant.
	From Source
	// Constant is 1 unless the rule says a number, in which case IsConstant is set.
	Constant   float64
	IsConstant bool

	// ReadsText says that a rule with Fields looks at strings, not only at numbers.
	ReadsText bool
	Text      TextSteps
	Length    Length             // instead of Map and Parse
	Map       map[string]float64 // strings with their numbers, nil unless given; strings that are not in it are parsed
	Parse     Parse
	Format    Format // how Parse parses a string

	// Optional says that a record without a readable value makes no sample and no error. With HasDefault, the value is
	// Default then. Optional and HasDefault exclude each other.
	Optional   bool
	HasDefault bool
	Default    float64

	Scale    float64   // 1 unless given
	Operands []Operand // in the order in which they apply
	Invert   bool      // 1 divided by the value
	Bounds   *Bounds   // of the result; nil unless given
}

// Operand is a step of arithmetic with another value.
type Operand struct {
	Op    Operation
	Value Value
}

// Operation is a step of arithmetic.
type Operation uint8

// The operations.
const (
	Plus Operation = iota
	Minus
	Times
	DivideBy
)

// Apply returns n op m.
func (op Operation) Apply(n, m float64) float64 {
	switch op {
	case Plus:
		return n + m
	case Minus:
		return n - m
	case Times:
		return n * m
	}
	return n / m
}

// IsTransformed reports whether the number is another one than the field shows.
func (v *Value) IsTransformed() bool { return v.Scale != 1 || len(v.Operands) > 0 || v.Invert }

// maxOperands bounds how deep values nest as operands of others.
const maxOperands = 8

// newValue returns a Value without any step.
func newValue() Value { return Value{Constant: 1, Scale: 1} }

// value reads the source of the rule's numbers.
func (r *reader) value() {
	n := r.get("value")
	if n == nil {
		return
	}
	path := r.under("value")
	r.m.Value, _ = r.anyValue(n, path, r.has("fields"), 0)
	r.fitsCounter(n, path)
}

// fitsCounter refuses what would make a counter go down.
func (r *reader) fitsCounter(n *node, path string) {
	v := &r.m.Value
	switch {
	case !r.typed || r.m.Type != Counter:
	case v.IsConstant && v.Constant < 0:
		r.wrong(n, path, "a counter cannot decrease by "+n.text, "write a number of at least 0")
	case v.Scale < 0:
		scale, path := n.field("scale"), under(path, "scale")
		r.wrong(scale, path, "a counter cannot decrease", "write a positive factor")
	}
}

// field returns the value of a key of a mapping, which must have it.
func (n *node) field(key string) *node {
	i := slices.IndexFunc(n.fields, func(f field) bool { return f.key.text == key })
	return n.fields[i].value
}

// otherValue reads a value other than that of the rule. It has a field of its own and is one number.
func (r *reader) otherValue(n *node, path string, depth int) (Value, bool) {
	v, ok := r.anyValue(n, path, false, depth)
	if ok && v.Text.Pick == PickEach {
		r.wrong(n.field("pick"), under(path, "pick"), "each makes many numbers, and one is wanted", oneOf(pickWords[:PickEach-1]))
		return v, false
	}
	return v, ok
}

// anyValue reads a number, an accessor or a mapping. isField says that a mapping without from is about the rule's
// field.
func (r *reader) anyValue(n *node, path string, isField bool, depth int) (v Value, ok bool) {
	v = newValue()
	switch n.kind {
	case number:
		v.Constant, ok = r.number(n, path, "write a number or a field: $bytes")
		v.IsConstant = true
		return v, ok
	case text:
		v.From, ok = r.source(n, path)
		return v, ok
	}
	s, ok := r.parser.readMapping(n, path, valueSpec)
	if !ok {
		return v, false
	}
	before := len(r.mistakes)
	if n := s.get("from"); n != nil {
		v.From, _ = r.source(n, s.under("from"))
	} else if !s.has("from") && !isField {
		r.wrong(s.node, path, "the value has no source", "write {from: $field, ...}")
	}
	for _, key := range []string{"regex", "split", "length", "map", "parse"} {
		v.ReadsText = v.ReadsText || s.has(key) && isField
	}
	r.textSteps(&v, s)
	r.conversion(&v, s)
	r.absence(&v, s)
	r.arithmetic(&v, s, depth)
	r.bounds(&v, s)
	return v, len(r.mistakes) == before
}

// absence reads what a record without a value means.
func (r *reader) absence(v *Value, s *mappingReader) {
	if n := s.get("optional"); n != nil {
		v.Optional, _ = r.boolean(n, s.under("optional"))
	}
	if n := s.get("default"); n != nil {
		v.Default, v.HasDefault = r.number(n, s.under("default"), "write the number of records without a value, such as 0")
		if s.has("optional") {
			r.wrong(n, s.under("default"), "optional is also set", "write only one of them")
		}
	}
}

// arithmetic reads what is done with the number.
func (r *reader) arithmetic(v *Value, s *mappingReader, depth int) {
	if n := s.get("scale"); n != nil {
		path := s.under("scale")
		f, ok := r.number(n, path, "write a factor such as 0.001")
		switch {
		case ok && f == 0:
			r.wrong(n, path, "a scale of 0 makes every value 0", "write a factor such as 0.001")
		case ok:
			v.Scale = f
		}
	}
	for op, key := range operandWords {
		n, path := s.get(key), s.under(key)
		switch {
		case n == nil:
		case depth >= maxOperands:
			r.wrong(n, path, fmt.Sprintf("operands nest more than %d levels deep", maxOperands), "write fewer")
		default:
			other, ok := r.otherValue(n, path, depth+1)
			if ok && other.IsConstant && other.Constant == 0 && op >= int(Times) {
				r.wrong(n, path, "the number 0", "write another number, or a field")
			}
			v.Operands = append(v.Operands, Operand{Operation(op), other})
		}
	}
	if n := s.get("invert"); n != nil {
		v.Invert, _ = r.boolean(n, s.under("invert"))
	}
}

// bounds reads the range of numbers that make a sample.
func (r *reader) bounds(v *Value, s *mappingReader) {
	b := Bounds{Min: r.bound(s, "min", math.Inf(-1)), Max: r.bound(s, "max", math.Inf(1))}
	switch {
	case b.Min > b.Max:
		r.wrong(s.get("min"), s.under("min"), "min is greater than max", "write a min of at most max")
	case s.has("min") || s.has("max"):
		v.Bounds = &b
	}
}

func (r *reader) bound(s *mappingReader, key string, none float64) float64 {
	if n := s.get(key); n != nil {
		if v, ok := r.number(n, s.under(key), "write a number, such as 1000"); ok {
			return v
		}
	}
	return none
}
