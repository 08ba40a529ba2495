package rule

import (
	"slices"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/record"
)

// Explain returns what each rule of the set makes of w.Event, in the order of the rules. It runs the instructions of the plan as
// Apply does, into a batch of its own, and counts nothing. w must serve no plan whose counts are not finished.
func (p *Plan) Explain(w *Scratch) []Verdict {
	e := explainer{plan: p, w: w, scope: scope{event: &w.Event, tag: &w.tag}, verdicts: make([]Verdict, len(p.set.rules))}
	w.tag.set(p.tag)
	w.prepare(p)
	for i, r := range p.set.rules {
		e.verdicts[i] = Verdict{Rule: r.config, Outcome: OutcomeOtherTag}
	}
	stop := e.whole()
	e.perField(stop)
	for i := range e.verdicts {
		e.verdicts[i].conclude()
	}
	return e.verdicts
}

type explainer struct {
	plan     *Plan
	w        *Scratch
	scope    scope
	batch    collector.Batch
	verdicts []Verdict
	keeper   *instruction // the rule that keeps the event from later rules
}

func (e *explainer) verdict(in *instruction) *Verdict {
	return &e.verdicts[slices.Index(e.plan.set.rules, in.rule)]
}

// whole explains the rules that look at the event as a whole, and returns the index of the first rule that no longer
// applies, as runWhole does.
func (e *explainer) whole() (stop int) {
	p := e.plan
	stop = len(p.perRecord) + len(p.perField)
	for i := range p.perRecord {
		in := &p.perRecord[i]
		v := e.verdict(in)
		if e.keeper != nil {
			v.keptBy(e.keeper)
			continue
		}
		v.Outcome = OutcomeNotHeld
		var matched bool
		if in.each != nil {
			matched = e.each(in, v)
		} else {
			e.judge(in, v)
			matched = e.w.applies(in, &e.scope) && e.w.runRule(in, &e.scope, &e.batch)
		}
		e.collect(in, v, &in.to, nil)
		if matched && in.config.Drop {
			v.Outcome = OutcomeDropped
		}
		if matched && (in.config.Drop || in.config.First) {
			stop, e.keeper = in.index, in
		}
	}
	return stop
}

// each explains a rule for every element of its array.
func (e *explainer) each(in *instruction, v *Verdict) (matched bool) {
	v.Outcome = OutcomeNoField
	matched = e.w.runEach(in, &e.scope, &e.batch)
	if e.scope.item == nil || in.when == nil {
		return matched
	}
	if !matched {
		v.Outcome = OutcomeNotHeld
	}
	array := in.each.array.value(&e.scope)
	array.Each(func(element []byte) bool {
		shows := in.each.selector.Pick(element, e.scope.item) && in.when.holds(&e.scope, e.w) == matched
		if shows {
			e.judge(in, v)
		}
		return !shows // the first one shows enough
	})
	return matched
}

// perField explains the rules that make samples of each field. Rules from stop on do not apply.
func (e *explainer) perField(stop int) {
	p := e.plan
	if len(p.perField) == 0 {
		return
	}
	for i := range p.perField {
		v := e.verdict(&p.perField[i])
		if v.Outcome = OutcomeNoField; p.perField[i].index > stop {
			v.keptBy(e.keeper)
		}
	}
	for i, f := range p.resolve(e.w) {
		leaf := &e.w.Event.Leaves[i]
		if f == fieldOverLimit {
			e.giveUp(&p.perField[0], TooManyFields, leaf)
			continue
		}
		e.field(f, leaf, stop)
	}
	for range e.w.Event.Unlisted {
		e.giveUp(&p.perField[0], FieldTooDeep, nil)
	}
}

func (e *explainer) giveUp(in *instruction, r Reason, leaf *record.Leaf) {
	g := GivenUp{Reason: r}
	if leaf != nil {
		g.Field, g.Got = string(leaf.Path), Show(&leaf.Value)
	}
	v := e.verdict(in)
	v.Reasons = append(v.Reasons, g)
}

// field explains the rules that want one field, as runFields runs them.
func (e *explainer) field(f *field, leaf *record.Leaf, stop int) {
	var keeper *instruction
	for j := range f.rules {
		h := &f.rules[j]
		v := e.verdict(h.instruction)
		if h.index >= stop {
			return
		}
		if keeper != nil {
			if v.Outcome == OutcomeNoField {
				v.keptBy(keeper)
			}
			continue
		}
		if v.Checks == nil {
			e.judge(h.instruction, v)
		}
		if !e.w.applies(h.instruction, &e.scope) {
			v.Outcome = OutcomeNotHeld
			continue
		}
		if h.config.Drop {
			v.Outcome, keeper = OutcomeDropped, h.instruction
			continue
		}
		value := &leaf.Value
		if h.value != nil {
			value = h.value.value(&e.scope)
		}
		e.w.appendSample(h.instruction, &e.scope, &e.batch, value, &h.to)
		e.collect(h.instruction, v, &h.to, leaf)
		if h.config.First {
			keeper = h.instruction
		}
	}
}

func (v *Verdict) keptBy(in *instruction) { v.Outcome, v.KeptBy = OutcomeKept, in.config }

// conclude finds the outcome that says most.
func (v *Verdict) conclude() {
	switch {
	case len(v.Samples) > 0:
		v.Outcome = OutcomeMade
	case len(v.Reasons) > 0:
		v.Outcome = OutcomeGaveUp
	}
}

// Forget lets go of what w remembers of the batch, which was emptied before the end of a chunk.
func (w *Scratch) Forget() { w.event++ }
