package config

import "fmt"

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

// gauge reads what the rule does to a gauge.
func (r *reader) gauge() (ok bool) {
	ok = true
	if n := r.get("action"); n != nil {
		var i int
		i, ok = r.word(n, r.under("action"), actionWords)
		r.m.Action = Action(i)
	}
	if n := r.get("aggregate"); n != nil {
		i, good := r.word(n, r.under("aggregate"), aggregateWords)
		if good {
			r.m.Aggregate = Aggregate(i) + Sum
		}
		ok = ok && good
		if r.has("action") {
			r.wrong(n, r.under("aggregate"), "action is also set", "write only one of them")
		}
	}
	if n := r.get("value"); n != nil && r.counts() {
		r.wrong(n, r.under("value"), "the gauge counts records and does not use a value",
			"remove it, or write action: add or aggregate: sum")
	}
	return ok
}

// counts reports whether the rule counts records, so that it needs no value.
func (r *reader) counts() bool {
	return r.m.Type == Counter || r.m.Type == Gauge && (r.m.Action == Inc || r.m.Action == Dec || r.m.Aggregate == Count)
}

// needsValue reports a rule whose samples would not have a value.
func (r *reader) needsValue() {
	if !r.has("value") && !r.has("fields") && !r.counts() && r.m.Histogram.Counts == nil {
		r.wrong(r.node, r.under("value"), "missing",
			fmt.Sprintf("write the field that the %s is made from: value: $field", r.m.Type))
	}
}
