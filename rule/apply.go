package rule

import (
	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/record"
)

// How an event becomes samples, from the outside in:
//
//	Plan.Apply         all rules of the tag                              this file
//	runWhole           the rules that look at the record as a whole      this file
//	runFields          the rules that look at each number of it          fields.go
//	applies            conditions, in the order of the file              this file
//	run, runEach       one rule, for the record or for each element      this file
//	make               one sample: measures its value, appends labels    this file, value.go, label.go
//
// None of them allocates once an event of the kind was seen.

// Scratch is the memory that one goroutine needs to apply plans. The zero
// Scratch is ready. Its Event is what Apply evaluates: read into it with the
// plan's Selector.
type Scratch struct {
	Event record.Event

	item      record.Event // the element that each stands at
	tag       tag          // of the plan
	fields    []*field     // of the last event's leaves
	fieldsOf  *program
	verdicts  []verdict
	tallies   []tally
	memos     []map[string][]byte
	memosOf   *Set
	spans     []span
	event     uint64 // numbers the events, for the spans
	text      []byte
	labelsCut uint64
}

// Release lets go of the chunk, whose memory is Fluent Bit's. Call it before the
// chunk is gone: what still pointed into it could be taken for memory of Go.
func (w *Scratch) Release() {
	w.Event.Release()
	w.item.Release()
	w.tag.release()
}

// verdict is what is known of a rule's condition in the current event.
type verdict uint8

const (
	unjudged verdict = iota
	holds
	fails
)

// Apply appends to b the samples that the plan makes of w.Event.
func (p *Plan) Apply(w *Scratch, b *collector.Batch) {
	s := scope{event: &w.Event, tag: &w.tag}
	w.tag.set(p.tag)
	w.fit(p)
	stop := p.runWhole(&s, w, b)
	if len(p.perField) > 0 {
		p.runFields(&s, w, b, stop)
		if w.Event.Unlisted > 0 {
			t := &w.tallies[p.perField[0].index]
			t.matched += uint64(w.Event.Unlisted)
			t.dropped[FieldTooDeep] += uint64(w.Event.Unlisted)
		}
	}
}

// Finish ends a chunk: it adds to the rules' counts what Apply counted since the
// last call, or forgets it when the batch was not taken and the chunk will come
// again. Call it before the scratch serves another plan. It returns how many
// label values were cut to their bound.
func (p *Plan) Finish(w *Scratch, taken bool) (labelsCut uint64) {
	w.fit(p)
	for _, steps := range [...][]step{p.whole, p.perField} {
		for i := range steps {
			t := &w.tallies[steps[i].index]
			if taken {
				t.flush(steps[i].stats)
			}
			*t = tally{}
		}
	}
	labelsCut, w.labelsCut = w.labelsCut, 0
	return labelsCut
}

// fit makes room for the rules of the plan and forgets what is known of the last
// event, and what the rules of another set made of label values.
func (w *Scratch) fit(p *Plan) {
	if w.memosOf != p.set {
		w.memos, w.memosOf = nil, p.set
	}
	n := len(p.whole) + len(p.perField)
	if len(w.verdicts) < n {
		w.verdicts = make([]verdict, n)
		w.tallies = append(w.tallies, make([]tally, n-len(w.tallies))...)
	}
	clear(w.verdicts[:n])
	if n = len(p.shared) + 1; len(w.spans) < n {
		w.spans = make([]span, n)
	}
	w.event++
}

func (w *Scratch) count(st *step, r Reason) {
	t := &w.tallies[st.index]
	t.matched++
	t.count(r)
}

// runWhole runs the rules that look at the record as a whole and returns the
// index of the first rule that no longer applies.
func (p *Plan) runWhole(s *scope, w *Scratch, b *collector.Batch) (stop int) {
	for i := range p.whole {
		st := &p.whole[i]
		var matched bool
		if st.each != nil {
			matched = w.runEach(st, s, b)
		} else {
			matched = w.applies(st, s) && w.run(st, s, b)
		}
		if matched && (st.config.Drop || st.config.First) {
			return st.index
		}
	}
	return len(p.whole) + len(p.perField)
}

// run makes the sample of a rule whose condition holds.
func (w *Scratch) run(st *step, s *scope, b *collector.Batch) bool {
	w.tallies[st.index].matched++
	if !st.config.Drop {
		var v *record.Value
		if st.value != nil {
			v = st.value.value(s)
		}
		w.make(st, s, b, v, &st.to)
	}
	return true
}

// runEach runs a rule for every element of its array. It reports whether the
// condition held for any.
func (w *Scratch) runEach(st *step, s *scope, b *collector.Batch) (matched bool) {
	array := st.each.array.value(s)
	switch array.Kind() {
	case record.Missing, record.Nil:
		return false
	case record.Array:
	default:
		w.count(st, NotAnArray)
		return false
	}
	s.item = &w.item
	array.Each(func(element []byte) bool {
		switch {
		case !st.each.selector.Pick(element, &w.item):
			w.count(st, NotAnArray)
		case st.when == nil || st.when.holds(s, w):
			matched = w.run(st, s, b)
		}
		return true
	})
	return matched
}

// applies reports whether the condition of st holds, judging it once per event.
func (w *Scratch) applies(st *step, s *scope) bool {
	if st.when == nil {
		return true
	}
	v := &w.verdicts[st.index]
	if *v == unjudged {
		*v = fails
		if st.when.holds(s, w) {
			*v = holds
		}
	}
	return *v == holds
}

// make appends one sample to b, or counts why not.
func (w *Scratch) make(st *step, s *scope, b *collector.Batch, v *record.Value, to *target) {
	n, weight, r := st.measure(s, v)
	if r == made && to.family == nil {
		r = to.reason
	}
	w.tallies[st.index].count(r)
	if r != made {
		return
	}
	w.appendLabels(to.labels, s, b)
	if len(to.exemplar) > 0 {
		w.appendExemplar(to.exemplar, s, b)
	}
	taken := b.Append(&collector.Sample{
		Family: to.family,
		Op:     st.op,
		Value:  n,
		Count:  weight,
		Time:   s.event.Time,
		Origin: &st.stats.Origin,
		Source: to.source,
	})
	if !taken {
		w.tallies[st.index].refused++
		w.event++ // the spans may be of label values that went with it
	}
}

// measure returns the value of the sample, and how many observations it stands
// for, 0 for one.
func (st *step) measure(s *scope, v *record.Value) (n float64, weight uint64, r Reason) {
	n = st.config.Value.Constant
	if !st.fixed {
		n, r = number(v, &st.config.Value)
	}
	if r == made && st.weight != nil {
		weight, r = weigh(st.weight.value(s))
	}
	return n * st.sign, weight, r
}
