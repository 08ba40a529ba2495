package config

// temporality reads whether the value is a running total.
func (r *reader) temporality(n *node) {
	path := r.under("temporality")
	i, ok := r.word(n, path, temporalityWords)
	r.m.Cumulative = ok && i == 1
	if r.m.Cumulative && r.m.Type == Counter && r.m.Value.From == nil && (r.m.Value.IsConstant || r.m.Fields == nil) {
		r.wrong(n, path, "a running total comes from a field, but the rule has no value",
			"add value: $field")
	}
}

// reset reads when a running total was reset.
func (r *reader) reset(n *node) {
	path := r.under("reset")
	s, ok := r.parser.readMapping(n, path, resetSpec)
	if !ok {
		return
	}
	below, field := s.get("below"), s.get("field")
	switch {
	case !r.m.Cumulative:
		if t := r.get("temporality"); t == nil || t.text == temporalityWords[0] {
			r.wrong(n, path, "only a running total can be reset", "remove it, or write temporality: cumulative")
		}
	case below != nil && field != nil:
		r.wrong(field, s.under("field"), "below is also set", "write only one of them")
	case below != nil:
		r.resetBelow(below, s.under("below"))
	case field != nil:
		r.m.ResetField, _ = r.source(field, s.under("field"))
	case len(n.fields) == 0:
		r.wrong(n, path, "an empty mapping", "write "+resetSpec.example)
	}
}

func (r *reader) resetBelow(n *node, path string) {
	const right = "write the share of the last total below which a total was reset, above 0 and at most 1, such as 0.5"
	v, ok := r.number(n, path, right)
	switch {
	case !ok:
	case v <= 0 || v > 1:
		r.wrong(n, path, n.text+" is not a share", right)
	default:
		r.m.ResetBelow = v
	}
}

// maxIncrement reads the most that a record may add.
func (r *reader) maxIncrement() {
	n := r.get("max_increment")
	if n == nil {
		return
	}
	const right = "write a positive number, such as 1e9"
	path := r.under("max_increment")
	v, ok := r.number(n, path, right)
	switch {
	case !ok:
	case v <= 0:
		r.wrong(n, path, n.text+" is not greater than 0", right)
	default:
		r.m.MaxIncrement = v
	}
}
