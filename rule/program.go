package rule

import (
	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/record"
)

// program is the rules that apply to a tag, compiled together. Tags to which the
// same rules apply share it.
type program struct {
	set      *Set
	selector *record.Selector
	paths    *paths
	whole    []step // rules that make samples of a record
	perField []step // rules that make samples of each of its fields
	fields   fields
	shared   map[operand]int // the spans of label values that are taken as they are
}

// step is a rule as a program runs it.
type step struct {
	*rule
	index  int // among the program's rules
	when   *condition
	value  *operand // nil: a constant, or the field's own value
	fixed  bool     // the value is the constant of the configuration
	to     target
	op     collector.Op
	sign   float64
	weight *operand // of a histogram's observation; nil: 1
	each   *each    // nil: the rule runs once per record or field
}

// each is the array that a rule runs over.
type each struct {
	array    operand
	selector *record.Selector
}

func (r *rule) matches(tag string) bool {
	if r.config.MatchRegex != nil {
		return r.config.MatchRegex.MatchString(tag)
	}
	return matchTag(r.config.Match, tag)
}

// compile makes the program of the rules whose byte in matching is 1.
func (s *Set) compile(matching []byte) *program {
	p := &program{set: s, paths: newPaths(), shared: make(map[operand]int)}
	for i, r := range s.rules {
		if matching[i] == 0 {
			continue
		}
		st := p.step(r, len(p.whole)+len(p.perField))
		if r.config.Fields != nil {
			p.perField = append(p.perField, st)
		} else {
			p.whole = append(p.whole, st)
		}
	}
	p.selector = record.NewSelector(p.paths.list, len(p.perField) > 0)
	p.fields.byPath = make(map[string]*field)
	return p
}

func (p *program) step(r *rule, index int) step {
	c, sp := r.config, spaces{event: p.paths, items: newPaths()}
	st := step{rule: r, index: index, sign: 1, op: collector.Add}
	if c.Condition != nil {
		when := sp.condition(c.Condition)
		st.when = &when
	}
	if c.Value.From != nil {
		from := sp.operand(c.Value.From)
		st.value = &from
	}
	st.fixed = c.Value.From == nil && (c.Fields == nil || c.Value.IsConstant)
	if c.Histogram.Weight != nil {
		weight := sp.operand(c.Histogram.Weight)
		st.weight = &weight
	}
	st.act()
	st.to = target{family: r.family, labels: p.labels(sp, c.Labels), exemplar: p.exemplar(sp, c.Exemplar)}
	if c.Fields == nil {
		st.to.labels = bind(st.to.labels, nil)
	}
	if c.Each != nil {
		st.each = &each{array: sp.operand(c.Each), selector: record.NewSelector(sp.items.list, false)}
	}
	return st
}

// act finds out what a sample does to its series.
func (st *step) act() {
	c := st.config
	switch c.Type {
	case config.Counter:
		if c.Cumulative {
			st.op = collector.Total
		}
	case config.Histogram, config.Summary:
		st.op = collector.Observe
	case config.Gauge:
		st.op = gaugeOps[c.Action]
		if c.Action == config.Subtract || c.Action == config.Dec {
			st.sign = -1
		}
		if c.Aggregate != config.NoAggregate {
			st.op = aggregateOps[c.Aggregate]
		}
	}
}

var gaugeOps = [...]collector.Op{
	config.Set:      collector.Set,
	config.Add:      collector.Add,
	config.Subtract: collector.Add,
	config.Inc:      collector.Add,
	config.Dec:      collector.Add,
}

var aggregateOps = [...]collector.Op{
	config.Sum:   collector.Sum,
	config.Min:   collector.Min,
	config.Max:   collector.Max,
	config.Count: collector.Count,
}

func (s spaces) condition(c *config.Condition) condition {
	if c.Field != nil {
		return condition{field: s.operand(c.Field), compare: c}
	}
	joined := condition{any: c.Any}
	for i := range c.Rules {
		joined.rules = append(joined.rules, s.condition(&c.Rules[i]))
	}
	return joined
}

func (p *program) labels(sp spaces, from []config.Label) []label {
	labels := make([]label, len(from))
	for i := range from {
		c := &from[i]
		switch {
		case c.From != nil:
			labels[i].from = sp.operand(c.From)
			if !plain(c) {
				labels[i].transform = c
				labels[i].memo = p.set.memos
				p.set.memos++
			} else if labels[i].from.space != itemSpace {
				labels[i].shared = p.share(labels[i].from)
			}
		case c.Capture != "":
			labels[i].capture = c.Capture
			labels[i].transform = c
		default:
			labels[i].encoded = collector.AppendLabel(nil, []byte(c.Constant))
		}
	}
	return labels
}

// share returns the span of the labels that show from. The first one is that of
// labels without a span, and never filled.
func (p *program) share(from operand) int {
	i, ok := p.shared[from]
	if !ok {
		i = len(p.shared) + 1
		p.shared[from] = i
	}
	return i
}
