package config

import (
	"fmt"
	"slices"
	"time"
)

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
	r.window()
	return ok
}

// window reads for how long the values of a distinct count count.
func (r *reader) window() {
	n, path := r.get("window"), r.under("window")
	switch {
	case r.m.Aggregate == Distinct && n != nil:
		r.m.Window, _ = r.duration(n, path, time.Second)
	case r.m.Aggregate == Distinct && !r.has("window"):
		r.wrong(r.get("aggregate"), path, "missing", "write for how long a value counts: window: 5m")
	case n != nil && (r.has("aggregate") == (r.m.Aggregate != NoAggregate)):
		r.wrong(n, path, "only aggregate: distinct has a window", "remove it, or write aggregate: distinct")
	}
	r.m.Value.ReadsText = r.m.Value.ReadsText || r.m.Aggregate == Distinct && r.m.Fields != nil
	if n := r.get("value"); n != nil && r.m.Aggregate == Distinct {
		r.asItIs(n)
	}
}

// distinctKeys are the keys of a value whose different texts are counted.
var distinctKeys = []string{"from", "optional"}

// asItIs reports what a value of a distinct count cannot have.
func (r *reader) asItIs(n *node) {
	const right = "write the field whose values are counted: value: $user"
	path := r.under("value")
	if n.kind == number {
		r.wrong(n, path, "a constant has one value", right)
	}
	for _, f := range n.fields {
		if key := f.key.text; slices.Contains(valueSpec.keys, key) && !slices.Contains(distinctKeys, key) {
			r.wrong(f.key, under(path, key), "aggregate: distinct compares values as they are", "remove "+key)
		}
	}
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
