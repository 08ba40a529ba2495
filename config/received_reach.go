package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// reachableReceived warns of rules after one that takes every point that they could get.
func (p *parser) reachableReceived() {
	for i := range p.rules.Received {
		r := &p.rules.Received[i]
		covers := func(f Received) bool { return f.takesAllOf(r) }
		if k := slices.IndexFunc(p.rules.Received[:i], covers); k >= 0 {
			f, does := &p.rules.Received[k], "takes"
			if f.Drop {
				does = "drops"
			}
			p.warn(Unreachable, r.Position, at("received", i),
				fmt.Sprintf("no point reaches the rule, because %s on line %d %s all", at("received", k), f.Position.Line, does),
				"move it up, or add a condition to the other")
		}
	}
}

// takesAllOf reports whether f keeps every point that r matches from it.
func (f *Received) takesAllOf(r *Received) bool {
	return (f.Drop || f.First) && f.Condition == nil && !f.isOfTypes() && covers(f.Match, f.MatchRegex, r.Match, r.MatchRegex) &&
		covers(f.Metric, f.MetricRegex, r.Metric, r.MetricRegex)
}

// isOfTypes reports whether the rule matches some types only.
func (f *Received) isOfTypes() bool { return f.HasType || f.Temporality != AsSent }

// covers reports whether a pattern surely matches all that another one does.
func covers(pattern string, regex *regexp.Regexp, other string, otherRegex *regexp.Regexp) bool {
	switch {
	case pattern == "*":
		return true
	case regex != nil:
		return otherRegex != nil && regex.String() == otherRegex.String()
	case otherRegex != nil:
		return false
	}
	prefix, isPrefix := strings.CutSuffix(pattern, "*")
	return pattern == other || isPrefix && !strings.Contains(prefix, "*") && strings.HasPrefix(other, prefix)
}
