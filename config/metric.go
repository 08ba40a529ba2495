package config

import (
	"fmt"
	"slices"
	"strings"
)

// reader reads one rule.
type reader struct {
	*parser
	*section
	m Metric
	// typed is false when the type is not known, so that nothing is said about
	// keys that depend on it.
	typed bool
}

// metric reads the rule n and adds it to the rules.
func (p *parser) metric(n *node, path string) {
	s, ok := p.section(n, path, "a rule", metricKeys)
	if !ok {
		return
	}
	r := &reader{parser: p, section: s, m: Metric{
		Position: n.Position, TTL: p.ttl, SeriesLimit: p.seriesLimit, Match: "*",
		Value: Value{Scale: 1, Constant: 1},
	}}
	if d := s.get("drop"); d != nil {
		r.m.Drop, _ = p.boolean(d, s.under("drop"))
	}
	r.selection()
	if r.m.Drop {
		r.dropsOnly()
	} else {
		r.family()
		r.samples()
		r.limits()
	}
	r.identify()
	p.rules.Metrics = append(p.rules.Metrics, r.m)
}

// dropsOnly refuses what a rule that drops records has no use for.
func (r *reader) dropsOnly() {
	for _, f := range r.fields {
		if key := f.key.text; slices.Contains(metricKeys, key) && !slices.Contains(dropKeys, key) {
			r.wrong(f.key, r.under(key), "a rule with drop: true makes no samples", "remove "+key)
		}
	}
}

// identify finds the rule's name for messages and metrics.
func (r *reader) identify() {
	if n := r.get("rule"); n != nil {
		r.m.Rule, _ = r.text(n, r.under("rule"), "write a name for the rule")
	}
	if r.m.Rule == "" {
		r.m.Rule = r.m.Name.String()
	}
	if r.m.Rule == "" {
		r.m.Rule = r.path
	}
}

// selection reads which events and fields the rule is about.
func (r *reader) selection() {
	if n := r.get("match"); n != nil {
		r.m.Match, _ = r.text(n, r.under("match"), "write a tag with wildcards such as 'nginx.*'")
	}
	if n := r.get("match_regex"); n != nil {
		r.m.MatchRegex, _ = r.regexp(n, r.under("match_regex"))
		if r.get("match") != nil {
			r.wrong(n, r.under("match_regex"), "match stands there too", "write one of them")
		}
		r.m.Match = ""
	}
	if n := r.get("fields"); n != nil {
		r.m.Fields, _ = r.regexp(n, r.under("fields"))
	}
	if n := r.get("each"); n != nil {
		r.each(n)
	}
	if n := r.get("condition"); n != nil {
		if c, ok := r.condition(n, r.under("condition"), 0); ok {
			r.m.Condition = &c
		}
	}
}

// each reads the array that the rule runs over.
func (r *reader) each(n *node) {
	path := r.under("each")
	if r.get("fields") != nil {
		r.wrong(n, path, "fields stands there too", "write one of them: a rule runs over fields or over elements")
	}
	a, ok := r.parser.accessor(n, path)
	if !ok {
		return
	}
	if a.Root == RootItem || a.Root == RootTag {
		r.wrong(n, path, a.Text+" is no array of the record", "write a field that holds an array, such as $items")
		return
	}
	r.m.Each = a
}

// accessor reads an accessor of this rule.
func (r *reader) accessor(n *node, path string) (*Accessor, bool) {
	a, ok := r.parser.accessor(n, path)
	if ok && a.Root == RootItem && r.get("each") == nil {
		r.wrong(n, path, a.Text+" is an element of an array that the rule does not name",
			"write each: $items beside it, or $['item'] for a field of this name")
		return nil, false
	}
	return a, ok
}

// family reads what defines the metric family.
func (r *reader) family() {
	r.name()
	if n := r.get("type"); n != nil {
		var t int
		if t, r.typed = r.word(n, r.under("type"), typeWords); r.typed {
			r.m.Type = Type(t)
		}
	} else {
		r.wrong(r.node, r.under("type"), "missing", oneOf(typeWords))
	}
	if n := r.get("help"); n != nil {
		r.m.Help, _ = r.text(n, r.under("help"), "say what is measured")
	}
	if n := r.get("unit"); n != nil {
		r.unit(n)
	}
	if r.typed {
		r.fitsType()
	}
	r.labels()
	switch {
	case !r.typed:
	case r.m.Type == Histogram:
		r.histogram()
	case r.m.Type == Summary:
		r.summary()
	}
}

// fitsType refuses keys that the rule's type has no use for.
func (r *reader) fitsType() {
	for _, f := range r.fields {
		types, ok := typeKeys[f.key.text]
		if !ok || slices.Contains(types, r.m.Type) {
			continue
		}
		words := make([]string, len(types))
		for i, t := range types {
			words[i] = t.String()
		}
		r.wrong(f.key, r.under(f.key.text), "a "+r.m.Type.String()+" has no such key",
			"it belongs to a "+strings.Join(words, " or a "))
	}
}

// samples reads what the rule makes of an event.
func (r *reader) samples() {
	r.value()
	if !r.typed {
		return
	}
	if n := r.get("temporality"); n != nil && r.m.Type == Counter {
		r.temporality(n)
	}
	if r.m.Type == Gauge {
		r.gauge()
	}
	if n := r.get("exemplar"); n != nil && (r.m.Type == Counter || r.m.Type == Histogram) {
		r.exemplar(n)
	}
	if n := r.get("init"); n != nil {
		r.init(n)
	}
	r.needsValue()
}

// limits reads what holds for the samples of any type.
func (r *reader) limits() {
	if n := r.get("first"); n != nil {
		r.m.First, _ = r.boolean(n, r.under("first"))
	}
	if n := r.get("timestamps"); n != nil {
		r.m.Timestamps, _ = r.boolean(n, r.under("timestamps"))
	}
	if n := r.get("ttl"); n != nil {
		r.m.TTL, _ = r.expiry(n, r.under("ttl"))
	}
	if n := r.get("series_limit"); n != nil {
		r.m.SeriesLimit, _ = r.whole(n, r.under("series_limit"), 0, maxSeriesLimit)
	}
}

func (r *reader) temporality(n *node) {
	path := r.under("temporality")
	i, ok := r.word(n, path, temporalityWords)
	r.m.Cumulative = ok && i == 1
	if r.m.Cumulative && r.m.Value.From == nil && (r.m.Value.IsConstant || r.m.Fields == nil) {
		r.wrong(n, path, "a running total is read from the record, and the rule has no value",
			"write value: $field beside it")
	}
}

// gauge reads what is done with the value of a gauge.
func (r *reader) gauge() {
	if n := r.get("action"); n != nil {
		i, _ := r.word(n, r.under("action"), actionWords)
		r.m.Action = Action(i)
	}
	if n := r.get("aggregate"); n != nil {
		if i, ok := r.word(n, r.under("aggregate"), aggregateWords); ok {
			r.m.Aggregate = Aggregate(i) + Sum
		}
		if r.get("action") != nil {
			r.wrong(n, r.under("aggregate"), "action stands there too", "write one of them")
		}
	}
	n := r.get("value")
	counts := r.m.Action == Inc || r.m.Action == Dec || r.m.Aggregate == Count
	if n != nil && counts {
		r.wrong(n, r.under("value"), "the gauge counts records and has no use for a value",
			"remove it, or write action: add or aggregate: sum")
	}
}

// needsValue refuses a rule whose samples would have no value.
func (r *reader) needsValue() {
	switch {
	case r.get("value") != nil, r.m.Type == Counter, r.get("fields") != nil:
		return
	case r.m.Type == Gauge && (r.m.Action == Inc || r.m.Action == Dec || r.m.Aggregate == Count):
		return
	}
	r.wrong(r.node, r.under("value"), "missing",
		fmt.Sprintf("write the field that a %s is made of: value: $field", r.m.Type))
}
