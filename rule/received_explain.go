package rule

import (
	"slices"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
)

// The outcomes of rules on metrics events, in addition to OutcomeDropped, OutcomeKept, OutcomeNotHeld and
// OutcomeOtherTag.
const (
	OutcomeApplied   Outcome = "applied"    // the rule applied to the point
	OutcomeOtherName Outcome = "other_name" // the rule is about other names
	OutcomeOtherType Outcome = "other_type" // the rule is about other types
)

// ReceivedVerdict is what one rule made of a point of a metrics event.
type ReceivedVerdict struct {
	Rule    *config.Received
	Outcome Outcome
	KeptBy  *config.Received // of OutcomeKept
	Checks  []Check          // the comparisons of the condition, as in Verdict
}

// ExplainReceived returns what each rule on metrics events made of the point for which ReceivedFamily.Apply set result
// last. p and f are the rules of its tag and its name, or nil.
func (s *Set) ExplainReceived(p *Received, f *ReceivedFamily, w *Scratch, kind collector.Type, result *ReceivedResult) []ReceivedVerdict {
	all := make([]ReceivedVerdict, len(s.received))
	var keeper *config.Received
	for i, r := range s.received {
		v := &all[i]
		*v = ReceivedVerdict{Rule: r.config, Outcome: OutcomeOtherTag}
		ofTag := p != nil && slices.ContainsFunc(p.rules, func(st receivedStep) bool { return st.receivedRule == r })
		at := -1
		if f != nil {
			at = slices.IndexFunc(f.rules, func(st *receivedStep) bool { return st.receivedRule == r })
		}
		switch {
		case !ofTag:
		case at < 0:
			v.Outcome = OutcomeOtherName
		case keeper != nil:
			v.Outcome, v.KeptBy = OutcomeKept, keeper
		case !r.isOf(kind):
			v.Outcome = OutcomeOtherType
		default:
			f.explain(v, f.rules[at], w, result)
		}
		if v.Outcome == OutcomeDropped || v.Outcome == OutcomeApplied && r.config.First {
			keeper = r.config
		}
	}
	return all
}

func (f *ReceivedFamily) explain(v *ReceivedVerdict, step *receivedStep, w *Scratch, result *ReceivedResult) {
	if step.when != nil {
		e := explainer{w: w}
		v.Checks = e.checks(nil, step.when, step.config.Condition, 0)
	}
	switch {
	case !slices.Contains(result.applied, step):
		v.Outcome = OutcomeNotHeld
	case step.config.Drop:
		v.Outcome = OutcomeDropped
	default:
		v.Outcome = OutcomeApplied
	}
}
