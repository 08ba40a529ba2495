package cases

import (
	"slices"
	"strconv"

	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/rule"
)

// choice is what a label, or the value, is by a map or a default. Cases of a map with the same result are one choice.
type choice struct{ of, result string }

func (c choice) String() string { return c.of + " is never " + c.result }

const ofValue = "the value"

func ofLabel(name string) string { return "the label " + name }

// choices lists the choices of a rule, in the order of its text.
func choices(m *config.Metric) (all []choice) {
	add := func(of, result string) {
		if c := (choice{of, result}); !slices.Contains(all, c) {
			all = append(all, c)
		}
	}
	for i := range m.Labels {
		l := &m.Labels[i]
		for _, c := range l.Map {
			add(ofLabel(l.Name), labelResult(l, c.Value))
		}
		if l.Default != "" {
			add(ofLabel(l.Name), labelResult(l, l.Default))
		}
	}
	if v := &m.Value; len(v.Operands) == 0 && !v.Invert { // other values do not show what they are made of
		for _, text := range sortedKeys(v.Map) {
			add(ofValue, number(v.Map[text]*v.Scale))
		}
		if v.HasDefault {
			add(ofValue, number(v.Default))
		}
	}
	return all
}

// labelResult returns a result as the label has it.
func labelResult(l *config.Label, result string) string {
	if runes := []rune(result); l.MaxLength > 0 && len(runes) > l.MaxLength {
		result = string(runes[:l.MaxLength])
	}
	return strconv.Quote(result)
}

// take marks the choices of the samples that a rule made.
func (s *seen) take(samples []rule.Made) {
	for i := range samples {
		made := &samples[i]
		for j := 0; j < len(made.Labels); j += 2 {
			s.takeOne(choice{ofLabel(made.Labels[j]), strconv.Quote(made.Labels[j+1])})
		}
		s.takeOne(choice{ofValue, number(made.Value)})
	}
}

func (s *seen) takeOne(c choice) {
	if i := slices.Index(s.choices, c); i >= 0 {
		s.taken[i] = true
	}
}
