package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// parsedRule is a rule with its place in the file.
type parsedRule struct {
	*Metric
	ruleSource
}

// families checks the rules of the file against each other.
func (p *parser) families() {
	rules := make([]parsedRule, len(p.rules.Metrics))
	for i := range rules {
		rules[i] = parsedRule{&p.rules.Metrics[i], p.sources[i]}
	}
	p.distinctRules(rules)
	p.reachable(rules)
	families := p.sameDefinitions(rules)
	p.distinctNames(families)
	for _, f := range families {
		p.lint(f)
	}
}

// distinctRules checks that the names of rules are unique.
func (p *parser) distinctRules(rules []parsedRule) {
	first := make(map[string]parsedRule, len(rules))
	for _, r := range rules {
		f, taken := first[r.Rule]
		if !taken {
			first[r.Rule] = r
			continue
		}
		if r.get("rule") == nil {
			f, r = r, f
		}
		if given := r.get("rule"); given != nil {
			p.wrong(given, r.under("rule"), quote(given.text)+" is also the name of "+f.describeRule(),
				"write another name; messages and metrics identify rules by it")
		}
	}
}

func (r parsedRule) describeRule() string {
	return fmt.Sprintf("%s on line %d", r.path, r.Metric.Position.Line)
}

// reachable warns of rules after one that takes every record they could get.
func (p *parser) reachable(rules []parsedRule) {
	taken := make(map[string]parsedRule)
	for _, r := range rules {
		f, ok := taken["*"]
		if !ok && r.MatchRegex == nil {
			f, ok = taken[r.Match]
		}
		if ok {
			p.warn(Unreachable, r.Metric.Position, r.path, "no record reaches the rule, because "+f.describeRule()+" "+f.takes()+" all",
				"move it up, or add a condition to the other")
		}
		if !ok && r.takesAll() {
			taken[r.Match] = r
		}
	}
}

// takesAll reports whether r keeps every record that its Match matches from later rules.
func (r parsedRule) takesAll() bool {
	return (r.Drop || r.First) && r.Match != "" && !r.has("condition") && !r.has("fields") && !r.has("each")
}

func (r parsedRule) takes() string {
	if r.Drop {
		return "drops"
	}
	return "takes"
}

// sameDefinitions checks that all rules of a family define it the same way, and copies the help of one to the others.
// It returns the first rule of each family.
func (p *parser) sameDefinitions(rules []parsedRule) []parsedRule {
	first := make(map[string]int, len(rules))
	families := make([]parsedRule, 0, len(rules))
	for _, r := range rules {
		name := r.Name.String()
		if name == "" || !r.Name.fixed() {
			continue
		}
		i, known := first[name]
		if !known {
			first[name] = len(families)
			families = append(families, r)
			continue
		}
		p.sameDefinition(families[i], r)
		if families[i].Help == "" {
			families[i].Help = r.Help
		}
	}
	for _, r := range rules {
		if i, ok := first[r.Name.String()]; ok && r.Help == "" {
			r.Help = families[i].Help
		}
	}
	return families
}

// sameDefinition reports the differences of the definition in r to that in f.
func (p *parser) sameDefinition(f, r parsedRule) {
	differ := func(key string, first, second any) {
		at := r.get(key)
		if at == nil {
			at = r.node
		}
		wrong := fmt.Sprintf("%v, but %s has %v for the same metric %s",
			second, f.describeRule(), first, quote(r.Name.String()))
		p.wrong(at, r.under(key), wrong, "write the same in both, or rename one of them")
	}
	switch {
	case !f.typed || !r.typed:
	case f.Type != r.Type:
		differ("type", f.Type, r.Type)
	case f.hasMistakes || r.hasMistakes: // a difference may result from these mistakes
	default:
		f.sameDefinition(r, differ)
		f.sameShape(r, differ)
	}
}

// sameDefinition compares the keys of all types.
func (f parsedRule) sameDefinition(r parsedRule, differ func(key string, first, second any)) {
	if f.Help != r.Help && f.Help != "" && r.Help != "" {
		differ("help", quote(f.Help), quote(r.Help))
	}
	if f.Unit != r.Unit {
		differ("unit", orNone(f.Unit), orNone(r.Unit))
	}
	if a, b := f.labelNames(), r.labelNames(); a != b {
		differ("labels", orNone(a), orNone(b))
	}
	if f.TTL != r.TTL {
		differ("ttl", f.TTL, r.TTL)
	}
	if f.SeriesLimit != r.SeriesLimit {
		differ("series_limit", f.SeriesLimit, r.SeriesLimit)
	}
	if f.Window != r.Window {
		differ("window", orNone(f.window()), orNone(r.window()))
	}
	if f.Timestamps != r.Timestamps {
		differ("timestamps", f.Timestamps, r.Timestamps)
	}
}

// sameShape compares the keys of histograms and summaries.
func (f parsedRule) sameShape(r parsedRule, differ func(key string, first, second any)) {
	if a, b := f.Histogram.Buckets, r.Histogram.Buckets; !slices.Equal(a, b) {
		differ("buckets", a, b)
	}
	if a, b := f.native(), r.native(); a != b {
		differ("native", a, b)
	}
	if a, b := f.Summary.Quantiles, r.Summary.Quantiles; !maps.Equal(a, b) {
		differ("quantiles", quantileText(a), quantileText(b))
	}
	if a, b := f.Summary.MaxAge, r.Summary.MaxAge; a != b {
		differ("max_age", a, b)
	}
}

func (r parsedRule) window() string {
	if r.Window == 0 {
		return ""
	}
	return r.Window.String()
}

func (r parsedRule) native() string {
	if !r.Histogram.Native {
		return "none"
	}
	return fmt.Sprintf("factor %v with at most %d buckets", r.Histogram.Factor, r.Histogram.MaxBuckets)
}

func quantileText(q map[float64]float64) string {
	if len(q) == 0 {
		return "none"
	}
	return strings.TrimPrefix(fmt.Sprint(q), "map")
}

func (r parsedRule) labelNames() string {
	names := make([]string, len(r.Labels))
	for i := range r.Labels {
		names[i] = r.Labels[i].Name
	}
	return strings.Join(names, ", ")
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
