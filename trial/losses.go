package trial

import (
	"fmt"
	"slices"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/record"
	"github.com/promexporter/promexporter/rule"
	"github.com/promexporter/promexporter/sample"
)

// Loss is samples that were not counted, for one reason.
type Loss struct {
	Rule   string // or "" for bytes that are not records
	Reason string
	Count  uint64
	// First says where the first one is and what it has. It is "" where that is not known.
	First string
}

type lossKey struct{ rule, reason string }

type losses struct {
	given map[lossKey]*Loss
	bad   []*Loss
}

func (l *losses) malformed(c *sample.Chunk, index int, m *record.Malformed) {
	i := slices.IndexFunc(l.bad, func(o *Loss) bool { return o.Reason == string(m.Reason) })
	if i < 0 {
		i = len(l.bad)
		l.bad = append(l.bad, &Loss{Reason: string(m.Reason), First: fmt.Sprintf("%s:%d", c.Source, c.Line(index))})
	}
	l.bad[i].Count++
}

// look finds out whether rules gave up samples for a reason for the first time, and then where. Nothing of it costs a
// record that is counted.
func (l *losses) look(t *Trial, c *sample.Chunk, plan *rule.Plan) error {
	fresh := false
	for _, s := range t.set.Stats() {
		for _, r := range rule.Reasons() {
			n := s.Skipped(r)
			if n == 0 {
				continue
			}
			key := lossKey{s.Rule, r.String()}
			if l.given[key] == nil {
				l.given[key] = &Loss{Rule: s.Rule, Reason: r.String()}
				fresh = true
			}
			l.given[key].Count = n
		}
	}
	if !fresh {
		return nil
	}
	return eachEvent(c, plan, &rule.Scratch{}, func(e *Event) error {
		for _, v := range rule.Explain(plan, e.scratch, t.at(e)) {
			for _, g := range v.Reasons {
				if loss := l.given[lossKey{v.Rule.Rule, g.Reason.String()}]; loss != nil && loss.First == "" {
					loss.First = fmt.Sprintf("%s:%d: %s is %s", c.Source, e.Line, g.Field, g.Got)
				}
			}
		}
		return nil
	})
}

// Losses returns all losses, in the order of the rules.
func (t *Trial) Losses() (all []Loss) {
	for _, l := range t.losses.bad {
		all = append(all, *l)
	}
	for _, s := range t.set.Stats() {
		for _, r := range rule.Reasons() {
			if l := t.losses.given[lossKey{s.Rule, r.String()}]; l != nil {
				all = append(all, *l)
			}
		}
		for _, r := range collector.AllReasons() {
			if n := s.Dropped(r); n > 0 {
				all = append(all, Loss{Rule: s.Rule, Reason: r.String(), Count: n})
			}
		}
	}
	return append(all, t.pointLosses()...)
}

// Unmatched returns the rules that no record or point matched. Rules that drop are not among them.
func (t *Trial) Unmatched() (names []string) {
	drops := make(map[string]bool)
	for _, file := range t.options.Rules {
		for i := range file.Metrics {
			drops[file.Metrics[i].Rule] = file.Metrics[i].Drop
		}
		for i := range file.Received {
			drops[file.Received[i].Rule] = file.Received[i].Drop
		}
	}
	for _, s := range t.set.Stats() {
		if s.Matched() == 0 && !drops[s.Rule] {
			names = append(names, s.Rule)
		}
	}
	return names
}
