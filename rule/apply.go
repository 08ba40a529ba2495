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
//	appendSamples      the samples of a rule, with value and labels      sample.go, value.go, label.go
//
// None of these allocates after the first event of a kind.

// Scratch is the memory that a goroutine needs to apply plans. The zero Scratch is ready. Apply evaluates its Event;
// read into it with the Selector of the plan.
type Scratch struct {
	Event record.Event

	items           []record.Event // the elements that each is at, by level
	index           index
	parent          record.Event // the map of the field that a rule with fields looks at
	tag             tag          // of the plan
	path            []byte       // of the field that a rule with fields looks at
	alternatives    [][]operand  // of the plan
	fields          []*field     // of the leaves of the last event
	fieldsOf        *compiledPlan
	verdicts        []verdict
	tallies         []tally
	caches          []map[string][]byte
	cachesOf        *Set
	spans           []span
	event           uint64 // sequence number of the event, for the spans
	text            []byte
	texts           texts
	ready           readyHistogram
	named           target // of a rule whose family the record names
	nameTexts       []byte // that its name is made of
	clock           clock
	labelsTruncated uint64
	refusals        []*Refusal
	refused         []refusedPoints // of metrics events
}

// Release drops all references to the chunk. Call it before the memory of the chunk, which belongs to Fluent Bit, is
// freed: the garbage collector must not see pointers into memory that Go may have reused.
func (w *Scratch) Release() {
	w.Event.Release()
	for i := range w.items {
		w.items[i].Release()
	}
	w.parent.Release()
	w.tag.release()
}

// verdict is the result of a rule's condition for the current event.
type verdict uint8

const (
	notEvaluated verdict = iota
	holds
	fails
)

// Apply appends the samples of w.Event to b.
func (p *Plan) Apply(w *Scratch, b *collector.Batch) {
	w.begin(p, b.Now)
	stop := p.runPerRecord(w, b)
	if len(p.perField) > 0 {
		p.runPerField(w, b, stop)
		if w.Event.Unlisted > 0 {
			t := &w.tallies[p.perField[0].index]
			t.matched += uint64(w.Event.Unlisted)
			t.dropped[FieldTooDeep] += uint64(w.Event.Unlisted)
		}
	}
}

// Finish ends a chunk. It adds what Apply counted since the last call to the counts of the rules, or discards it if the
// batch was not taken, because the chunk will be retried. Call it before the scratch is used with another plan. It
// returns the number of truncated label values.
func (p *Plan) Finish(w *Scratch, taken bool) (labelsCut uint64) {
	w.prepare(p)
	for _, steps := range [...][]instruction{p.perRecord, p.perField} {
		for i := range steps {
			t := &w.tallies[steps[i].index]
			if taken {
				t.flush(steps[i].stats)
			}
			*t = tally{}
		}
	}
	labelsCut, w.labelsTruncated = w.labelsTruncated, 0
	return labelsCut
}

// begin prepares for an event that is evaluated at the time now.
func (w *Scratch) begin(p *Plan, now int64) {
	w.tag.set(p.tag)
	w.clock.now, w.alternatives, w.path = now, p.alternatives, nil
	w.prepare(p)
}

// prepare makes room for the rules of the plan, and clears the verdicts of the last event and the caches of another
// set.
func (w *Scratch) prepare(p *Plan) {
	if w.cachesOf != p.set {
		w.caches, w.cachesOf = nil, p.set
	}
	n := len(p.perRecord) + len(p.perField)
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

// countSkipped counts a record or field that a rule matches and cannot use.
func (w *Scratch) countSkipped(in *instruction, r Reason, field *record.Value) {
	w.tallies[in.index].matched++
	w.countRefused(in, r, field)
}

// runPerRecord runs the rules for whole records and returns the index of the first rule that no longer applies.
func (p *Plan) runPerRecord(w *Scratch, b *collector.Batch) (stop int) {
	for i := range p.perRecord {
		in := &p.perRecord[i]
		if in.rounds != nil {
			b.Round(p.tag, in.rounds, w.Event.Time)
		}
		var matched bool
		if in.each != nil {
			matched = w.runEach(in, 0, b)
		} else {
			matched = w.applies(in) && w.runRule(in, b)
		}
		if matched && (in.config.Drop || in.config.First) {
			return in.index
		}
	}
	return len(p.perRecord) + len(p.perField)
}

// runRule makes the sample of a rule whose condition holds.
func (w *Scratch) runRule(in *instruction, b *collector.Batch) bool {
	w.tallies[in.index].matched++
	switch {
	case in.config.Drop:
	case in.name != nil:
		w.appendSamples(in, b, &missing, w.namedByRecord(in))
	default:
		w.appendSamples(in, b, &missing, &in.to)
	}
	return true
}

// runEach runs a rule for every element of its arrays from a level on. It reports whether the condition held for any.
func (w *Scratch) runEach(in *instruction, level int, b *collector.Batch) (matched bool) {
	array, i := in.each[level].array.value(w), 0
	switch array.Kind() {
	case record.Missing, record.Nil:
		return false
	case record.Array:
	default:
		w.countSkipped(in, NotAnArray, array)
		return false
	}
	if level == len(w.items) {
		w.items = append(w.items, record.Event{})
	}
	array.Each(func(element []byte) bool {
		isReadable := in.each[level].selector.Pick(element, &w.items[level])
		w.index.set(i)
		i++
		switch {
		case !isReadable: // a map whose keys are maps or arrays
			w.countSkipped(in, NotAnArray, array)
		case level < len(in.each)-1:
			matched = w.runEach(in, level+1, b) || matched
		case in.when == nil || in.when.holds(w):
			matched = w.runRule(in, b)
		}
		return true
	})
	return matched
}

// applies reports whether the condition of in holds. It evaluates it once per event.
func (w *Scratch) applies(in *instruction) bool {
	if in.when == nil {
		return true
	}
	v := &w.verdicts[in.index]
	if *v == notEvaluated || in.parent != nil {
		*v = fails
		if in.when.holds(w) {
			*v = holds
		}
	}
	return *v == holds
}
