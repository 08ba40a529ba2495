package cases

import (
	"fmt"
	"slices"

	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/rule"
)

// Coverage is what tests reached of the rules in a file.
type Coverage struct {
	File  string
	rules []*config.Metric
	index map[*config.Metric]int
	seen  []*seen // of each rule; nil until it was looked at
}

// seen is what tests reached of a rule.
type seen struct {
	reached    bool
	held, fell []bool // whether each comparison or join was ever true, or false
	checks     []rule.Check
	choices    []choice
	taken      []bool // whether each choice was made
}

func newSeen(m *config.Metric) *seen {
	all := choices(m)
	return &seen{choices: all, taken: make([]bool, len(all))}
}

func newCoverage(file string, rules []*config.Rules) *Coverage {
	c := &Coverage{File: file, index: make(map[*config.Metric]int)}
	if file == "" {
		return c // the default rules are tested elsewhere
	}
	for i := range rules[0].Metrics {
		c.rules = append(c.rules, &rules[0].Metrics[i])
		c.index[&rules[0].Metrics[i]] = i
	}
	c.seen = make([]*seen, len(c.rules))
	return c
}

// add takes what a rule made of a record. Rules of other files do not matter.
func (c *Coverage) add(v *rule.Verdict) {
	i, ok := c.index[v.Rule]
	if !ok {
		return
	}
	if c.seen[i] == nil {
		c.seen[i] = newSeen(v.Rule)
	}
	s := c.seen[i]
	switch v.Outcome {
	case rule.OutcomeMade, rule.OutcomeGaveUp, rule.OutcomeDropped:
		s.reached = true
	}
	s.take(v.Samples)
	if s.checks == nil && len(v.Checks) > 0 {
		s.checks, s.held, s.fell = v.Checks, make([]bool, len(v.Checks)), make([]bool, len(v.Checks))
	}
	for i := range v.Checks {
		s.held[i] = s.held[i] || v.Checks[i].Holds
		s.fell[i] = s.fell[i] || !v.Checks[i].Holds
	}
}

// Merge adds what other tests reached of the same rules, unless the file has changed between them.
func (c *Coverage) Merge(o *Coverage) {
	if !slices.EqualFunc(c.rules, o.rules, func(a, b *config.Metric) bool { return a.Position == b.Position && a.Rule == b.Rule }) {
		return
	}
	for i, s := range o.seen {
		have := c.seen[i]
		switch {
		case s == nil:
			continue
		case have == nil:
			c.seen[i] = s
			continue
		}
		have.reached = have.reached || s.reached
		for i := range min(len(s.taken), len(have.taken)) {
			have.taken[i] = have.taken[i] || s.taken[i]
		}
		if have.checks == nil {
			have.checks, have.held, have.fell = s.checks, s.held, s.fell
			continue
		}
		for i := range min(len(s.held), len(have.held)) {
			have.held[i], have.fell[i] = have.held[i] || s.held[i], have.fell[i] || s.fell[i]
		}
	}
}

// Rules returns how many rules there are, and those that no test reached.
func (c *Coverage) Rules() (all int, missed []*config.Metric) {
	for i, m := range c.rules {
		if s := c.seen[i]; s == nil || !s.reached {
			missed = append(missed, m)
		}
	}
	return len(c.rules), missed
}

// Missed lists what no test reached: rules, comparisons that were never true or never false, and results of maps and
// defaults that never came. The other result is how much there is to reach.
func (c *Coverage) Missed() (lines []string, all int) {
	for i, m := range c.rules {
		place := fmt.Sprintf("%s:%d: %s", c.File, m.Position.Line, m.Rule)
		s := c.seen[i]
		all++
		if s == nil || !s.reached {
			lines = append(lines, place+" is not reached")
		}
		if s == nil {
			continue
		}
		for _, text := range s.missed() {
			lines = append(lines, place+": "+text)
		}
		all += 2*len(s.checks) + len(s.choices)
	}
	return lines, all
}

// missed lists what no test reached of a rule.
func (s *seen) missed() (lines []string) {
	for i, check := range s.checks {
		text := check.Join
		if check.Join == "" {
			text = check.Compare.Field.String() + " " + check.Compare.Op.String()
		}
		if !s.held[i] {
			lines = append(lines, text+" is never true")
		}
		if !s.fell[i] {
			lines = append(lines, text+" is never false")
		}
	}
	for i, c := range s.choices {
		if !s.taken[i] {
			lines = append(lines, c.String())
		}
	}
	return lines
}
