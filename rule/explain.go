package rule

import (
	"slices"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/record"
)

// Explain returns what each rule of the set of p makes of w.Event at the time now, in nanoseconds since 1970, in the
// order of the rules. It runs the instructions of the plan as Apply does, into a batch of its own, and counts
// nothing. w must serve no plan whose counts are not finished.
//
// It is not a method of Plan, because a linker keeps methods that nobody calls: the plugin does not explain.
func Explain(p *Plan, w *Scratch, now int64) []Verdict {
	e := explainer{plan: p, w: w, verdicts: make([]Verdict, len(p.set.rules))}
	w.begin(p, now)
	for i, r := range p.set.rules {
		e.verdicts[i] = Verdict{Rule: r.config, Outcome: OutcomeOtherTag}
	}
	stop := e.whole()
	e.perField(stop)
	for i := range e.verdicts {
		e.verdicts[i].conclude()
	}
	w.refusals = nil // verdicts say more
	return e.verdicts
}

type explainer struct {
	plan     *Plan
	w        *Scratch
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
			matched = e.w.applies(in) && e.w.runRule(in, &e.batch)
		}
		e.collect(in, v, &in.to, nil)
		switch {
		case matched && in.config.Drop:
			v.Outcome = OutcomeDropped
		case matched:
			v.Outcome = OutcomeNoField // unless there are samples: the value is optional
		}
		if matched && (in.config.Drop || in.config.First) {
			stop, e.keeper = in.index, in
		}
	}
	return stop
}

// each explains a rule for every element of its arrays.
func (e *explainer) each(in *instruction, v *Verdict) (matched bool) {
	v.Outcome = OutcomeNoField
	matched = e.w.runEach(in, 0, &e.batch)
	e.collect(in, v, &in.to, nil) // while w has the last element
	if in.when != nil && e.judgeEach(in, v, 0, matched) && !matched {
		v.Outcome = OutcomeNotHeld
	}
	return matched
}

// judgeEach lists the comparisons for the first element for which the condition holds, or for which it does not.
func (e *explainer) judgeEach(in *instruction, v *Verdict, level int, holds bool) (found bool) {
	array, i := in.each[level].array.value(e.w), 0
	array.Each(func(element []byte) bool {
		isReadable := in.each[level].selector.Pick(element, &e.w.items[level])
		e.w.index.set(i)
		i++
		switch {
		case !isReadable:
		case level < len(in.each)-1:
			found = e.judgeEach(in, v, level+1, holds)
		case in.when.holds(e.w) == holds:
			e.judge(in, v)
			found = true
		}
		return !found
	})
	return found
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
		e.w.path = leaf.Path
		if f == fieldOverLimit {
			e.giveUp(&p.perField[0], TooManyFields, leaf)
			continue
		}
		e.field(f, i, stop)
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
func (e *explainer) field(f *field, at, stop int) {
	leaf := &e.w.Event.Leaves[at]
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
		if leaf.Value.IsText() && !h.config.Value.ReadsText && !h.config.Drop {
			continue
		}
		if h.parent != nil {
			h.parent.Pick(e.w.Event.Parent(at), &e.w.parent)
		}
		if v.Checks == nil {
			e.judge(h.instruction, v)
		}
		if !e.w.applies(h.instruction) {
			v.Outcome = OutcomeNotHeld
			continue
		}
		if h.config.Drop {
			v.Outcome, keeper = OutcomeDropped, h.instruction
			continue
		}
		e.w.appendSamples(h.instruction, &e.batch, &leaf.Value, &h.to)
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
