package main

import (
	"encoding/json"
	"time"

	"github.com/promexporter/promexporter/rule"
	"github.com/promexporter/promexporter/trial"
)

// What follows is the form of a record in explain -o json.
type (
	explainedRecord struct {
		Source string          `json:"source"`
		Line   int             `json:"line"`
		Tag    string          `json:"tag"`
		Time   string          `json:"time"`
		Record json.RawMessage `json:"record"`
		Rules  []explainedRule `json:"rules"`
	}
	explainedRule struct {
		Rule      string            `json:"rule"`
		File      string            `json:"file"`
		Line      int               `json:"line"`
		Outcome   rule.Outcome      `json:"outcome"`
		KeptBy    string            `json:"kept_by,omitempty"`
		Checks    []explainedCheck  `json:"checks,omitempty"`
		Reasons   []explainedReason `json:"reasons,omitempty"`
		Samples   []explainedSample `json:"samples,omitempty"`
		Defaulted []string          `json:"defaulted,omitempty"`
		Dropped   []string          `json:"dropped,omitempty"`

		Overflowed   bool   `json:"overflowed,omitempty"`
		CollidedWith string `json:"collided_with,omitempty"`
	}
	explainedCheck struct {
		Depth int    `json:"depth"`
		Field string `json:"field,omitempty"`
		Op    string `json:"op"`
		Value string `json:"value,omitempty"`
		Got   string `json:"got,omitempty"`
		Holds bool   `json:"holds"`
	}
	explainedReason struct {
		Reason   string `json:"reason"`
		Field    string `json:"field"`
		Got      string `json:"got"`
		Expected string `json:"expected,omitempty"`
	}
	explainedSample struct {
		Name   string            `json:"name"`
		Labels map[string]string `json:"labels"`
		Op     string            `json:"op"`
		Value  float64           `json:"value"`
		Count  uint64            `json:"count,omitempty"`
		Text   string            `json:"text,omitempty"`
	}
)

func (w *explainWriter) writeJSON(e *trial.Event, record []byte, all []trial.Explained) error {
	out := explainedRecord{
		Source: e.Source, Line: e.Line, Tag: e.Tag, Time: e.Time.Format(time.RFC3339Nano), Record: record,
		Rules: make([]explainedRule, len(all)),
	}
	for i := range all {
		out.Rules[i] = w.rule(&all[i])
	}
	encoder := json.NewEncoder(w.out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(out)
}

func (w *explainWriter) rule(v *trial.Explained) explainedRule {
	r := explainedRule{
		Rule: v.Rule.Rule, File: w.files[v.Rule], Line: v.Rule.Position.Line, Outcome: v.Outcome, Defaulted: v.Defaulted, Dropped: v.Drops,
		Overflowed: v.Overflowed, CollidedWith: v.CollidedWith,
	}
	if v.KeptBy != nil {
		r.KeptBy = v.KeptBy.Rule
	}
	for _, c := range v.Checks {
		check := explainedCheck{Depth: c.Depth, Op: c.Join, Got: c.Got, Holds: c.Holds}
		if c.Join == "" {
			check.Field, check.Op, check.Value = c.Compare.Field.String(), c.Compare.Op.String(), operandText(c.Compare)
		}
		r.Checks = append(r.Checks, check)
	}
	for _, g := range v.Reasons {
		r.Reasons = append(r.Reasons, explainedReason{g.Reason.String(), g.Field, g.Got, g.Expected})
	}
	for _, s := range v.Samples {
		labels := make(map[string]string, len(s.Labels)/2)
		for i := 0; i < len(s.Labels); i += 2 {
			labels[s.Labels[i]] = s.Labels[i+1]
		}
		r.Samples = append(r.Samples, explainedSample{s.Name, labels, s.Op.String(), s.Value, s.Count, s.Text})
	}
	return r
}
