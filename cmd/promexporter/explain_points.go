package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/internal/ansi"
	"github.com/promexporter/promexporter/rule"
	"github.com/promexporter/promexporter/sample"
	"github.com/promexporter/promexporter/trial"
)

// refused is of points that no rule dropped, and that no series shows.
const refused = "refused"

// points explains the points of a context.
func (w *explainWriter) points(t *trial.Trial, f *explainFlags, c *sample.Chunk) error {
	return t.ExplainPoints(c, func(p *trial.Point) error {
		all, ok := f.choosePoint(p)
		if !ok {
			return nil
		}
		if f.limit > 0 && w.shown == f.limit {
			return errEnough
		}
		w.shown, w.noun = w.shown+1, "point"
		return w.writePoint(p, all)
	})
}

// choosePoint returns the verdicts that are to be shown, and whether the point is.
func (f *explainFlags) choosePoint(p *trial.Point) (all []rule.ReceivedVerdict, ok bool) {
	all = p.Verdicts
	if f.rule != "" {
		all = slices.DeleteFunc(all, func(v rule.ReceivedVerdict) bool { return v.Rule.Rule != f.rule })
	}
	has := func(outcomes ...rule.Outcome) bool {
		return slices.ContainsFunc(all, func(v rule.ReceivedVerdict) bool { return slices.Contains(outcomes, v.Outcome) })
	}
	switch f.only {
	case "":
		return all, f.rule == "" || len(all) > 0
	case unmatched:
		return all, !has(rule.OutcomeApplied, rule.OutcomeDropped)
	case refused:
		return all, p.IsLost()
	}
	return all, has(rule.Outcome(f.only))
}

// What follows is the form of a point in explain -o json.
type (
	explainedPoint struct {
		Source  string            `json:"source"`
		Context int               `json:"context"`
		Tag     string            `json:"tag"`
		Name    string            `json:"name"`
		Type    string            `json:"type"`
		Labels  map[string]string `json:"labels"`
		Rules   []explainedRule   `json:"rules"`
		Series  *explainedSeries  `json:"series,omitempty"`
		Dropped string            `json:"dropped,omitempty"`
	}
	explainedSeries struct {
		Name      string            `json:"name"`
		Type      string            `json:"type"`
		Labels    map[string]string `json:"labels"`
		Increment bool              `json:"increment,omitempty"`
		Ends      bool              `json:"ends,omitempty"`
		Unit      string            `json:"unit,omitempty"` // as a rule says
		Timestamp bool              `json:"timestamp,omitempty"`
		Snapshot  bool              `json:"snapshot,omitempty"`
	}
)

// writePoint writes what became of a point.
func (w *explainWriter) writePoint(p *trial.Point, all []rule.ReceivedVerdict) error {
	if w.json {
		return w.writePointJSON(p, all)
	}
	if w.shown > 1 {
		_ = w.out.WriteByte('\n')
	}
	fmt.Fprintf(w.out, "%s  %s\n%s  %s\n", w.color.Bold(fmt.Sprintf("%s:%d", p.Source, p.Line)), ansi.Printable(p.Tag),
		seriesText(p.Name, p.Labels), w.color.Faint(typeText(p.Type)))
	name, place := 0, 0
	for i := range all {
		name = max(name, utf8.RuneCountInString(all[i].Rule.Rule))
		place = max(place, len(w.receivedPlace(all[i].Rule)))
	}
	for i := range all {
		w.pointVerdict(&all[i], name, place)
	}
	switch {
	case p.IsDropped():
	case p.IsLost():
		fmt.Fprintf(w.out, "  %s  %s: the point was dropped\n", w.color.Red("!"), p.Drop)
	default:
		fmt.Fprintf(w.out, "       %s %s %s\n", w.arrow, seriesText(p.Changed.Name, p.Changed.Labels), pointText(p))
	}
	return nil
}

// typeText returns the type as rules write it.
func typeText(t collector.Type) string {
	if t == collector.Untyped {
		return "untyped"
	}
	return t.String()
}

// pointText says what a point does to its series.
func pointText(p *trial.Point) string {
	value := strconv.FormatFloat(p.Value, 'g', -1, 64)
	switch {
	case p.Changed.Ends:
		return "ends"
	case p.Changed.Type == collector.Histogram || p.Changed.Type == collector.Summary:
		value = fmt.Sprintf("%s: %d observations, sum %s", p.Changed.Type, p.Count, value)
	case p.Changed.Type != p.Type:
		value = "as " + typeText(p.Changed.Type) + " " + value
	}
	if p.Changed.Increment {
		value += ", an increment"
	}
	if p.Changed.Unit != "" {
		value += ", in " + p.Changed.Unit
	}
	if p.Changed.Timestamps {
		value += ", with its time"
	}
	if p.Changed.Snapshot {
		value += ", until a snapshot without it"
	}
	return value
}

func (w *explainWriter) receivedPlace(r *config.Received) string {
	return w.received[r] + ":" + strconv.Itoa(r.Position.Line)
}

func (w *explainWriter) pointVerdict(v *rule.ReceivedVerdict, name, place int) {
	mark, text := "-", ""
	switch v.Outcome {
	case rule.OutcomeApplied:
		mark = w.color.Green(w.yes)
	case rule.OutcomeDropped:
		mark, text = w.color.Yellow(w.no), "dropped"
	case rule.OutcomeKept:
		text = "kept by " + v.KeptBy.Rule
	case rule.OutcomeNotHeld:
		text = "does not hold"
	case rule.OutcomeOtherType:
		text = "not of this type"
	case rule.OutcomeOtherName:
		mark, text = ".", "no name like "+patternText(v.Rule.Metric, v.Rule.MetricRegex)
	default:
		mark, text = ".", "no tag like "+patternText(v.Rule.Match, v.Rule.MatchRegex)
	}
	at := w.receivedPlace(v.Rule)
	fmt.Fprintf(w.out, "  %s  %s", mark, pad(w.color.Bold(v.Rule.Rule), v.Rule.Rule, name))
	if text != "" {
		fmt.Fprintf(w.out, "  %s  %s\n", pad(w.color.Faint(at), at, place), text)
	} else {
		fmt.Fprintf(w.out, "  %s\n", w.color.Faint(at))
	}
	if v.Outcome == rule.OutcomeNotHeld {
		w.checks(v.Checks, nil)
	}
}

// patternText returns a wildcard, or else the regular expression.
func patternText(pattern string, regex fmt.Stringer) string {
	if pattern != "" {
		return pattern
	}
	return regex.String()
}

func (w *explainWriter) writePointJSON(p *trial.Point, all []rule.ReceivedVerdict) error {
	out := explainedPoint{
		Source: p.Source, Context: p.Line, Tag: p.Tag, Name: p.Name, Type: typeText(p.Type), Labels: labelMap(p.Labels),
		Rules: make([]explainedRule, len(all)), Dropped: p.Drop,
	}
	for i := range all {
		v := &all[i]
		out.Rules[i] = explainedRule{
			Rule: v.Rule.Rule, File: w.received[v.Rule], Line: v.Rule.Position.Line, Outcome: v.Outcome, Checks: explainedChecks(v.Checks),
		}
		if v.KeptBy != nil {
			out.Rules[i].KeptBy = v.KeptBy.Rule
		}
	}
	if c := p.Changed; c != nil && p.Drop == "" {
		out.Series = &explainedSeries{
			Name: c.Name, Type: typeText(c.Type), Labels: labelMap(c.Labels), Increment: c.Increment, Ends: c.Ends,
			Unit: c.Unit, Timestamp: c.Timestamps, Snapshot: c.Snapshot,
		}
	}
	encoder := json.NewEncoder(w.out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(out)
}
