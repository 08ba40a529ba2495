package cases

import (
	"fmt"

	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/rule"
)

// Coverage is what tests reached of the rules in a file.
type Coverage struct {
	File  string
	rules []Place
	seen  map[int]*seen // by the line of the rule
}

// Place is a rule of the file.
type Place struct {
	Rule string
	Line int
}

// seen is what tests reached of a rule.
type seen struct {
	reached    bool
	held, fell []bool // whether each comparison or join was ever true, or false
	checks     []rule.Check
}

func newCoverage(file string, rules []*config.Rules) *Coverage {
	c := &Coverage{File: file, seen: make(map[int]*seen)}
	if file == "" {
		return c // the default rules are tested elsewhere
	}
	for i := range rules[0].Metrics {
		c.rules = append(c.rules, Place{rules[0].Metrics[i].Rule, rules[0].Metrics[i].Position.Line})
	}
	for i := range rules[0].Received {
		c.rules = append(c.rules, Place{rules[0].Received[i].Rule, rules[0].Received[i].Position.Line})
	}
	return c
}

// add takes what a rule made of a record.
func (c *Coverage) add(v *rule.Verdict) { c.reach(v.Rule.Position.Line, v.Outcome, v.Checks) }

// addReceived takes what a rule made of a point.
func (c *Coverage) addReceived(v *rule.ReceivedVerdict) {
	c.reach(v.Rule.Position.Line, v.Outcome, v.Checks)
}

func (c *Coverage) reach(line int, o rule.Outcome, checks []rule.Check) {
	s := c.seen[line]
	if s == nil {
		s = &seen{}
		c.seen[line] = s
	}
	switch o {
	case rule.OutcomeMade, rule.OutcomeGaveUp, rule.OutcomeDropped, rule.OutcomeApplied:
		s.reached = true
	}
	if s.checks == nil && len(checks) > 0 {
		s.checks, s.held, s.fell = checks, make([]bool, len(checks)), make([]bool, len(checks))
	}
	for i := range checks {
		s.held[i] = s.held[i] || checks[i].Holds
		s.fell[i] = s.fell[i] || !checks[i].Holds
	}
}

// Merge adds what other tests reached of the same rules.
func (c *Coverage) Merge(o *Coverage) {
	for line, s := range o.seen {
		have := c.seen[line]
		if have == nil {
			c.seen[line] = s
			continue
		}
		have.reached = have.reached || s.reached
		if have.checks == nil {
			have.checks, have.held, have.fell = s.checks, s.held, s.fell
			continue
		}
		for i := range s.held {
			have.held[i], have.fell[i] = have.held[i] || s.held[i], have.fell[i] || s.fell[i]
		}
	}
}

// Rules returns how many rules there are, and those that no test reached.
func (c *Coverage) Rules() (all int, missed []Place) {
	for _, m := range c.rules {
		if s := c.seen[m.Line]; s == nil || !s.reached {
			missed = append(missed, m)
		}
	}
	return len(c.rules), missed
}

// Missed lists what no test reached: rules, and comparisons that were never true or never false. The other result is how
// much there is to reach.
func (c *Coverage) Missed() (lines []string, all int) {
	for _, m := range c.rules {
		place := fmt.Sprintf("%s:%d: %s", c.File, m.Line, m.Rule)
		s := c.seen[m.Line]
		all++
		if s == nil || !s.reached {
			lines = append(lines, place+" is not reached")
		}
		if s == nil {
			continue
		}
		for i, check := range s.checks {
			text := check.Join
			if check.Join == "" {
				text = check.Compare.Field.String() + " " + check.Compare.Op.String()
			}
			all += 2
			if !s.held[i] {
				lines = append(lines, place+": "+text+" is never true")
			}
			if !s.fell[i] {
				lines = append(lines, place+": "+text+" is never false")
			}
		}
	}
	return lines, all
}
