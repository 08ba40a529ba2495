package rule

import (
	"slices"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/record"
)

// compiledPlan holds the compiled rules that match a tag. Tags that the same rules match share it.
type compiledPlan struct {
	set       *Set
	selector  *record.Selector
	paths     *paths
	perRecord []instruction // rules for whole records
	perField  []instruction // rules for each field
	received  *Received     // rules on metrics events; nil if there is none
	fields    fields
	shared    map[operand]int // the spans of label values that are taken as they are

	alternatives [][]operand // of operands in firstSpace
}

// instruction is a rule as compiled for a plan.
type instruction struct {
	*rule
	index  int // among the rules of the plan
	when   *condition
	rounds *collector.Aggregates // that of the rule
	each   []each                // by level; nil: the rule runs once per record or field
	value  value
	to     target
	op     collector.Op
	counts bool // samples have a Count: there is a weight, a key or a ready histogram
	sign   float64
	weight *value           // of a histogram's observation; nil: 1
	key    *value           // whose text becomes a digest: the start of a running total, or what is counted
	ready  *bucketCounts    // of a ready histogram; nil: another rule
	name   []value          // the fields that the name of the family is made of; nil: the record does not name it
	parent *record.Selector // what is read of the map of a field; nil: nothing
}

// each is an array that a rule runs over.
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

// compile makes the plan of the rules whose byte in matching is 1.
func (s *Set) compile(matching []byte) *compiledPlan {
	p := &compiledPlan{set: s, paths: newPaths(), shared: make(map[operand]int)}
	for i, r := range s.rules {
		if matching[i] == 0 {
			continue
		}
		in := p.instruction(r, len(p.perRecord)+len(p.perField))
		if r.config.Fields != nil {
			p.perField = append(p.perField, in)
		} else {
			p.perRecord = append(p.perRecord, in)
		}
	}
	p.selector = record.NewSelector(p.paths.list, p.leaves())
	p.fields.byPath = make(map[string]*field)
	p.received = s.compileReceived(matching[len(s.rules):])
	return p
}

func (p *compiledPlan) instruction(r *rule, index int) instruction {
	c, sp := r.config, spaces{event: p.paths, parents: newPaths(), plan: p}
	for range c.Each {
		sp.items = append(sp.items, newPaths())
	}
	in := instruction{rule: r, index: index, rounds: r.rounds, sign: 1, op: collector.Add}
	if c.Condition != nil {
		when := sp.condition(c.Condition)
		in.when = &when
	}
	in.value = sp.value(&c.Value, c.Fields != nil)
	in.key = sp.key(c, &in.value)
	if c.Histogram.Weight != nil {
		weight := sp.value(c.Histogram.Weight, false)
		in.weight = &weight
	}
	in.ready = sp.bucketCounts(&c.Histogram)
	in.counts = in.weight != nil || in.key != nil || in.ready != nil
	in.name = sp.names(c.Name)
	in.setOperation()
	in.to = target{family: r.family, labels: p.labels(sp, c.Labels), exemplar: p.exemplar(sp, c.Exemplar)}
	if c.Fields == nil {
		in.to.labels = bind(in.to.labels, nil)
	}
	if len(sp.parents.list) > 0 {
		in.parent = record.NewSelector(sp.parents.list, 0)
	}
	for _, source := range c.Each {
		in.each = append(in.each, each{array: sp.operand(source)})
	}
	for i := range in.each { // when all of its paths are known
		in.each[i].selector = record.NewSelector(sp.items[i].list, 0)
	}
	return in
}

// setOperation sets what a sample does to its series.
func (in *instruction) setOperation() {
	c := in.config
	switch c.Type {
	case config.Counter:
		if c.Cumulative {
			in.op = collector.Total
		}
	case config.Histogram, config.Summary:
		switch {
		case in.ready == nil:
			in.op = collector.Observe
		case c.Cumulative:
			in.op = collector.MergeTotal
		default:
			in.op = collector.Merge
		}
	case config.Gauge:
		in.op = gaugeOps[c.Action]
		if c.Action == config.Subtract || c.Action == config.Dec {
			in.sign = -1
		}
		if c.Aggregate != config.NoAggregate {
			in.op = aggregateOps[c.Aggregate]
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

	config.Distinct: collector.Distinct,
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

func (p *compiledPlan) labels(sp spaces, from []config.Label) []label {
	labels := make([]label, len(from))
	for i := range from {
		c := &from[i]
		switch {
		case c.From != nil:
			labels[i].from = sp.operand(c.From)
			if !isPlain(c) {
				labels[i].transform = c
				labels[i].cacheIndex = p.set.caches
				p.set.caches++
			} else if p.isOfRecord(labels[i].from) {
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

// isOfRecord reports whether an operand has one value for all of a record.
func (p *compiledPlan) isOfRecord(o operand) bool {
	if o.space == firstSpace {
		return !slices.ContainsFunc(p.alternatives[o.slot], func(o operand) bool { return !p.isOfRecord(o) })
	}
	return o.space != itemSpace && o.space != indexSpace && o.space != parentSpace
}

// leaves returns which fields the rules of the plan look at.
func (p *compiledPlan) leaves() (wanted record.Leaves) {
	for i := range p.perField {
		in := &p.perField[i]
		wanted |= record.Numbers
		switch {
		case in.op == collector.Distinct:
			wanted |= record.Texts
		case in.value.numericTexts:
			wanted |= record.NumericTexts
		case in.config.Value.ReadsText:
			wanted |= record.Texts
		}
		if in.parent != nil {
			wanted |= record.Parents
		}
	}
	return wanted
}

// share returns the index of the span of the label values of from. Index 0 is for labels without a span.
func (p *compiledPlan) share(from operand) int {
	i, ok := p.shared[from]
	if !ok {
		i = len(p.shared) + 1
		p.shared[from] = i
	}
	return i
}
