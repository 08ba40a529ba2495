package rule

import (
	"slices"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/record"
)

// collect takes what an instruction has put into the batch and counted.
func (e *explainer) collect(in *instruction, v *Verdict, to *target, leaf *record.Leaf) {
	e.batch.Each(func(s *collector.Sample, values []string) {
		m := Made{Name: s.Family.Name, Op: s.Op, Value: s.Value}
		if in.weight != nil || in.ready != nil {
			m.Count = s.Count
		}
		if leaf != nil {
			m.Field = string(leaf.Path)
		}
		if s.Op == collector.Distinct && in.each == nil {
			m.Text = Show(in.key.of(e.w, fieldOf(leaf)))
		}
		for i, name := range s.Family.Labels {
			if values[i] != "" {
				m.Labels = append(m.Labels, name, values[i])
			}
		}
		v.Samples = append(v.Samples, m)
	})
	t := &e.w.tallies[in.index]
	for r, n := range t.dropped {
		if n > 0 {
			v.Reasons = append(v.Reasons, slices.Repeat([]GivenUp{e.givenUp(in, Reason(r), leaf)}, int(n))...)
		}
	}
	if len(v.Samples) > 0 {
		v.Defaulted = e.defaulted(to)
	}
	*t = tally{}
	e.batch.Reset()
	e.w.event++ // the spans were in the batch
}

// givenUp says which field a reason is about, what it has, and what was expected.
func (e *explainer) givenUp(in *instruction, r Reason, leaf *record.Leaf) GivenUp {
	field := fieldOf(leaf)
	v := &in.value
	if r == NotAnArray && in.each != nil {
		field = in.each[0].array.value(e.w)
	} else {
		v, field = in.atFault(e.w, r, v.of(e.w, field))
	}
	return GivenUp{Reason: r, Field: in.refusedField(e.w, r, v.config), Got: Show(field), Expected: expected(v.config, r)}
}

// fieldOf returns the value of a leaf, which is nil in a rule without fields.
func fieldOf(leaf *record.Leaf) *record.Value {
	if leaf == nil {
		return &missing
	}
	return &leaf.Value
}

// defaulted returns the labels that have their default because their text did not match.
func (e *explainer) defaulted(to *target) (names []string) {
	for i := range to.labels {
		l := &to.labels[i]
		if l.isConstant() || l.transform == nil || l.transform.Length != config.NoLength || l.from.space != eventSpace && l.from.space != tagSpace {
			continue
		}
		text, _ := e.w.textOf(l.from.value(e.w))
		if _, ok := transform(nil, l.transform, text); !ok && len(text) > 0 {
			names = append(names, l.transform.Name)
		}
	}
	return names
}

// judge lists the comparisons of the condition of an instruction.
func (e *explainer) judge(in *instruction, v *Verdict) {
	if in.when != nil {
		v.Checks = e.checks(v.Checks, in.when, in.config.Condition, 0)
	}
}

func (e *explainer) checks(all []Check, c *condition, of *config.Condition, depth int) []Check {
	check := Check{Compare: of, Depth: depth, Holds: c.holds(e.w)}
	if c.compare != nil {
		check.Got = Show(c.field.value(e.w))
		return append(all, check)
	}
	check.Join = "and"
	if c.any {
		check.Join = "or"
	}
	all = append(all, check)
	for i := range c.rules {
		all = e.checks(all, &c.rules[i], &of.Rules[i], depth+1)
	}
	return all
}
