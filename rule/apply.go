package rule

import (
	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/record"
)

// How an event becomes samples, from the outside in:
//
//	Plan.Apply                 all rules of the tag                              this file
//	runPerRecord               the rules for whole records                       this file
//	runPerField                the rules for each number of a record             fields.go
//	applies                    conditions, in the order of the file              this file
//	runRule, runEach           one rule, for the record or for each element      this file
//	appendSample               one sample: its value and its labels              this file, value.go, label.go
//
// None of these allocates after the first event of a kind.

// Scratch is the memory that a goroutine needs to apply plans. The zero Scratch is ready. Apply evaluates its Event;
// read into it with the Selector of the plan.
type Scratch struct {
	Event record.Event

	item            record.Event // the current element of each
	tag             tag          // of the plan
	fields          []*field     // of the leaves of the last event
	fieldsOf        *compiledPlan
	verdicts        []verdict
	tallies         []tally
	caches          []map[string][]byte
	cachesOf        *Set
	spans           []span
	event           uint64 // sequence number of the event, for the spans
	text            []byte
	labelsTruncated uint64
}

// Release drops all references to the chunk. Call it before the memory of the chunk, which belongs to Fluent Bit, is
// freed: the garbage collector must not see pointers into memory that Go may have reused.
func (w *Scratch) Release() {
	w.Event.Release()
	w.item.Release()
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
	s := scope{event: &w.Event, tag: &w.tag}
	w.tag.set(p.tag)
	w.prepare(p)
	stop := p.runPerRecord(&s, w, b)
	if len(p.perField) > 0 {
		p.runPerField(&s, w, b, stop)
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

func (w *Scratch) countSkipped(in *instruction, r Reason) {
	t := &w.tallies[in.index]
	t.matched++
	t.count(r)
}

// runPerRecord runs the rules for whole records and returns the index of the first rule that no longer applies.
func (p *Plan) runPerRecord(s *scope, w *Scratch, b *collector.Batch) (stop int) {
	for i := range p.perRecord {
		in := &p.perRecord[i]
		var matched bool
		if in.each != nil {
			matched = w.runEach(in, s, b)
		} else {
			matched = w.applies(in, s) && w.runRule(in, s, b)
		}
		if matched && (in.config.Drop || in.config.First) {
			return in.index
		}
	}
	return len(p.perRecord) + len(p.perField)
}

// runRule makes the sample of a rule whose condition holds.
func (w *Scratch) runRule(in *instruction, s *scope, b *collector.Batch) bool {
	w.tallies[in.index].matched++
	if !in.config.Drop {
		var v *record.Value
		if in.value != nil {
			v = in.value.value(s)
		}
		w.appendSample(in, s, b, v, &in.to)
	}
	return true
}

// runEach runs a rule for each element of its array. It reports whether the condition held for any.
func (w *Scratch) runEach(in *instruction, s *scope, b *collector.Batch) (matched bool) {
	array := in.each.array.value(s)
	switch array.Kind() {
	case record.Missing, record.Nil:
		return false
	case record.Array:
	default:
		w.countSkipped(in, NotAnArray)
		return false
	}
	s.item = &w.item
	array.Each(func(element []byte) bool {
		switch {
		case !in.each.selector.Pick(element, &w.item):
			w.countSkipped(in, NotAnArray)
		case in.when == nil || in.when.holds(s, w):
			matched = w.runRule(in, s, b)
		}
		return true
	})
	return matched
}

// applies reports whether the condition of in holds. It evaluates it once per event.
func (w *Scratch) applies(in *instruction, s *scope) bool {
	if in.when == nil {
		return true
	}
	v := &w.verdicts[in.index]
	if *v == notEvaluated {
		*v = fails
		if in.when.holds(s, w) {
			*v = holds
		}
	}
	return *v == holds
}

// appendSample appends one sample to b, or counts the reason not to.
func (w *Scratch) appendSample(in *instruction, s *scope, b *collector.Batch, v *record.Value, to *target) {
	n, weight, r := in.sampleValue(s, v)
	if r == noReason && to.family == nil {
		r = to.reason
	}
	w.tallies[in.index].count(r)
	if r != noReason {
		return
	}
	w.appendLabels(to.labels, s, b)
	if len(to.exemplar) > 0 {
		w.appendExemplar(to.exemplar, s, b)
	}
	taken := b.Append(&collector.Sample{
		Family: to.family,
		Op:     in.op,
		Value:  n,
		Count:  weight,
		Time:   s.event.Time,
		Origin: &in.stats.Origin,
		Source: to.source,
	})
	if !taken {
		w.tallies[in.index].refused++
		w.event++ // the spans may refer to removed label values
	}
}

// sampleValue returns the value of the sample and the number of observations that it stands for; 0 means 1.
func (in *instruction) sampleValue(s *scope, v *record.Value) (n float64, weight uint64, r Reason) {
	n = in.config.Value.Constant
	if !in.fixed {
		n, r = readNumber(v, &in.config.Value)
	}
	if r == noReason && in.weight != nil {
		weight, r = readWeight(in.weight.value(s))
	}
	return n * in.sign, weight, r
}
