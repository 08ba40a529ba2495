package config

import (
	"regexp"
	"slices"
	"strings"
)

// reader reads one rule.
type reader struct {
	*parser
	*mappingReader
	m Metric
	// typed is false if the type is not valid, in which case keys that depend on it are not checked.
	typed bool
	// received is the rule on metrics events that is read; nil for one on records.
	received *Received
}

// ruleSource is the mapping of a rule in the file.
type ruleSource struct {
	*mappingReader
	typed       bool // the type is valid
	hasMistakes bool // the rule has mistakes
}

// metric reads rule n and adds it to the rules.
func (p *parser) metric(n *node, path string) {
	before := len(p.mistakes)
	s, ok := p.readMapping(n, path, metricSpec)
	if !ok {
		return
	}
	r := &reader{parser: p, mappingReader: s, m: Metric{
		Position: n.Position, TTL: p.ttl, SeriesLimit: p.seriesLimit, Match: "*",
		Value: newValue(),
	}}
	r.selection()
	switch {
	case s.has("drop") && !r.dropped():
	case r.m.Drop:
		r.dropsOnly()
	default:
		r.family()
		r.limits()
		r.samples()
	}
	r.identify()
	p.rules.Metrics = append(p.rules.Metrics, r.m)
	p.sources = append(p.sources, ruleSource{s, r.typed, len(p.mistakes) > before})
}

// dropped reads the key drop.
func (r *reader) dropped() (ok bool) {
	if n := r.get("drop"); n != nil {
		r.m.Drop, ok = r.boolean(n, r.under("drop"))
	}
	return ok
}

// dropsOnly reports keys that a rule with drop: true cannot have.
func (r *reader) dropsOnly() {
	for _, f := range r.fields {
		if key := f.key.text; slices.Contains(metricSpec.keys, key) && !slices.Contains(dropKeys, key) {
			r.wrong(f.key, r.under(key), "a rule with drop: true does not make samples", "remove "+key)
		}
	}
}

// identify sets the name of the rule for messages and metrics.
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

// selection reads which events and fields the rule applies to.
func (r *reader) selection() {
	r.pattern("match", "write a tag with wildcards such as 'nginx.*'", &r.m.Match, &r.m.MatchRegex)
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

// pattern reads a text with wildcards at key, or a regular expression at key_regex, of which a rule has one.
func (r *reader) pattern(key, advice string, wildcard *string, regex **regexp.Regexp) {
	if n := r.get(key); n != nil {
		*wildcard, _ = r.text(n, r.under(key), advice)
		if looksLikeRegex(*wildcard) {
			r.warn(WildcardRegex, n.Position, r.under(key), "the text looks like a regular expression, but only * is special in it",
				"write "+key+"_regex for a regular expression")
		}
	}
	if n := r.get(key + "_regex"); n != nil {
		*regex, _ = r.regexp(n, r.under(key+"_regex"))
		if r.has(key) {
			r.wrong(n, r.under(key+"_regex"), key+" is also set", "write only one of them")
		}
		*wildcard = ""
	}
}

// looksLikeRegex reports whether a text with wildcards has what tags and names do not have, and expressions do.
func looksLikeRegex(s string) bool {
	return strings.ContainsAny(s, `^$\|(`) || len(s) > 2 && s[0] == '/' && s[len(s)-1] == '/'
}

// family reads the definition of the metric family.
func (r *reader) family() {
	r.name()
	if n := r.get("type"); n != nil {
		var t int
		if t, r.typed = r.word(n, r.under("type"), typeWords); r.typed {
			r.m.Type = Type(t)
		}
	} else if !r.has("type") {
		r.wrong(r.node, r.under("type"), "missing", oneOf(typeWords))
	}
	if n := r.get("help"); n != nil {
		help, ok := r.text(n, r.under("help"), "describe what is measured")
		if ok && !r.hasNUL(n, r.under("help")) {
			r.m.Help = strings.TrimSpace(help)
		}
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

// fitsType reports keys that only rules of other types have.
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
		r.wrong(f.key, r.under(f.key.text), "a "+r.m.Type.String()+" does not have this key",
			"remove it, or write type: "+strings.Join(words, " or "))
	}
}

// samples reads how the rule makes samples.
func (r *reader) samples() {
	if r.m.Histogram.Counts == nil {
		r.value()
	}
	if !r.typed {
		return
	}
	if n := r.get("temporality"); n != nil && (r.m.Type == Counter || r.m.Histogram.Counts != nil) {
		r.temporality(n)
	}
	if n := r.get("reset"); n != nil && r.m.Type == Counter {
		r.reset(n)
	}
	if r.m.Type == Gauge && !r.gauge() {
		return
	}
	if r.m.Type != Gauge {
		r.maxIncrement()
	}
	if n := r.get("exemplar"); n != nil && (r.m.Type == Counter || r.m.Type == Histogram) {
		r.exemplar(n)
	}
	if n := r.get("init"); n != nil {
		r.init(n)
	}
	r.needsValue()
}

// limits reads keys for samples of all types.
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
	r.familyLimit()
}

// Bounds of family_limit.
const (
	defaultFamilyLimit = 1000
	maxFamilyLimit     = 100_000
)

// familyLimit reads how many families the rule makes of records.
func (r *reader) familyLimit() {
	if r.m.Name.readsRecord() {
		r.m.FamilyLimit = defaultFamilyLimit
	}
	n := r.get("family_limit")
	if n == nil {
		return
	}
	path := r.under("family_limit")
	limit, ok := r.whole(n, path, 1, maxFamilyLimit)
	switch {
	case !ok:
	case r.m.FamilyLimit > 0:
		r.m.FamilyLimit = limit
	case len(r.m.Name) > 0:
		r.wrong(n, path, "the name does not depend on fields of the record", "remove it, or write series_limit to bound the series")
	}
}
