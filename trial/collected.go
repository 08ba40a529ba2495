package trial

import (
	"fmt"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/rule"
)

// result is what the collector did with the samples of a rule.
type result struct {
	dropped    map[collector.Reason]uint64
	overflowed uint64
}

// collected returns what the collector did so far, by rule.
func (t *Trial) collected() map[string]result {
	all := make(map[string]result)
	for _, s := range t.set.Stats() {
		f := result{make(map[collector.Reason]uint64), s.Overflowed()}
		for _, r := range collector.Reasons() {
			f.dropped[r] = s.Dropped(r)
		}
		all[s.Rule] = f
	}
	return all
}

// conclude takes what the collector did between two results.
func (e *Explained) conclude(before, after result) {
	e.Overflowed = after.overflowed > before.overflowed
	for _, r := range collector.Reasons() {
		if after.dropped[r] > before.dropped[r] {
			e.Drops = append(e.Drops, r.String())
		}
	}
}

// feeders are the fields that feed the series of rules with fields. A series takes the values of one field only.
type feeders map[string]string

// maxFeeders bounds what is remembered.
const maxFeeders = 100_000

// claim takes the series of samples for their fields, and returns a field that has one of them already, or "".
func (f feeders) claim(samples []rule.Made) (collided string) {
	for i := range samples {
		s := &samples[i]
		if s.Field == "" {
			continue
		}
		series := fmt.Sprint(s.Name, s.Labels)
		switch owner, ok := f[series]; {
		case ok && owner != s.Field:
			collided = owner
		case !ok && len(f) < maxFeeders:
			f[series] = s.Field
		}
	}
	return collided
}
