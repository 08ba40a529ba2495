package config

import "math"

// value reads the source of the rule's numbers.
func (r *reader) value() {
	n := r.get("value")
	if n == nil {
		return
	}
	path, v := r.under("value"), &r.m.Value
	switch n.kind {
	case number:
		v.Constant, v.IsConstant = n.number, true
		_, ok := r.number(n, path, "write a number or a field: $bytes")
		if ok && n.number < 0 && r.typed && r.m.Type == Counter {
			r.wrong(n, path, "a counter cannot decrease by "+n.text, "write a number of at least 0")
		}
	case text:
		v.From, _ = r.accessor(n, path)
	default:
		r.valueMapping(n, path)
	}
}

func (r *reader) valueMapping(n *node, path string) {
	s, ok := r.parser.readMapping(n, path, valueSpec)
	if !ok {
		return
	}
	v := &r.m.Value
	if n := s.get("from"); n != nil {
		v.From, _ = r.accessor(n, s.under("from"))
	} else if !s.has("from") && !r.has("fields") {
		r.wrong(s.node, path, "the value has no source", "write value: {from: $field, ...}")
	}
	if n := s.get("parse"); n != nil {
		i, _ := r.word(n, s.under("parse"), parseWords)
		v.Parse = Parse(i)
	}
	if n := s.get("scale"); n != nil {
		r.scale(n, s.under("scale"))
	}
	if n := s.get("map"); n != nil {
		r.valueMap(n, s.under("map"))
	}
	r.bounds(s)
}

// bounds reads the range of numbers that make a sample.
func (r *reader) bounds(s *mappingReader) {
	b := Bounds{Min: r.bound(s, "min", math.Inf(-1)), Max: r.bound(s, "max", math.Inf(1))}
	switch {
	case b.Min > b.Max:
		r.wrong(s.get("min"), s.under("min"), "min is greater than max", "write a min of at most max")
	case s.has("min") || s.has("max"):
		r.m.Value.Bounds = &b
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

func (r *reader) scale(n *node, path string) {
	f, ok := r.number(n, path, "write a factor such as 0.001")
	switch {
	case !ok:
	case f == 0:
		r.wrong(n, path, "a scale of 0 makes every value 0", "write a factor such as 0.001")
	case f < 0 && r.typed && r.m.Type == Counter:
		r.wrong(n, path, "a counter cannot decrease", "write a positive factor")
	default:
		r.m.Value.Scale = f
	}
}

// valueMap reads the map from strings to numbers.
func (r *reader) valueMap(n *node, path string) {
	const right = "map strings to numbers: {up: 1, down: 0}"
	if n.kind != mapping {
		r.wrongKind(n, path, "a mapping", right)
		return
	}
	if len(n.fields) == 0 {
		r.wrong(n, path, "an empty mapping", right)
	}
	r.m.Value.Map = make(map[string]float64, len(n.fields))
	for _, f := range n.fields {
		if v, ok := r.number(f.value, under(path, f.key.text), right); ok {
			r.m.Value.Map[f.key.text] = v
		}
	}
}
