package rule

import (
	"maps"
	"slices"
	"sync"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
)

// Options configures a Set.
type Options struct {
	// Namespace is what ${namespace} stands for, without the underscore.
	Namespace string
	// Counters keeps the rules' counts. Nil means a new one.
	Counters *Counters
	// FieldLimit bounds the number of different field paths that rules with fields remember. Further ones make no
	// samples.
	FieldLimit int
}

// Set is a compiled rules file. It is safe for concurrent use.
type Set struct {
	options Options
	rules   []*rule
	caches  int

	mu         sync.RWMutex
	plans      map[string]*compiledPlan // by the rules that match, a byte of 0 or 1 each; guarded by mu, as all below
	key        []byte                   // memory for such bytes
	plansByTag map[string]*compiledPlan
	tagBytes   int // of tags

	sources sources
}

// rule is what all programs share of one rule.
type rule struct {
	config *config.Metric
	family *collector.Family // nil when the name depends on the field
	stats  *Stats
	labels []string
	fixed  []bool // the labels whose values do not come from records

	mu           sync.Mutex
	derivedNames map[string]struct{} // names of families made after fields; under mu
}

// familyNames returns the names of the rule's families.
func (r *rule) familyNames() []string {
	if r.family != nil {
		return []string{r.family.Name}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Keys(r.derivedNames))
}

// derivedFamily returns the family of that name, made after a field for r. It gives way to a family of the same name
// that a rule defines otherwise: whichever record came first would keep the samples of the other from the page.
func (s *Set) derivedFamily(r *rule, name string) *collector.Family {
	f := r.newFamily(name)
	for _, other := range s.rules {
		if other.family != nil && baseName(other.family) == baseName(f) && !other.family.Equal(f) {
			f.Name = fitName(baseName(f)+valueSuffix, r.config.Type)
			break
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.derivedNames == nil {
		r.derivedNames = make(map[string]struct{})
	}
	r.derivedNames[f.Name] = struct{}{}
	return f
}

// Compile compiles rules, which must come from config.ParseRules, in the order in which they apply.
func Compile(files []*config.Rules, o Options) *Set {
	if o.Counters == nil {
		o.Counters = new(Counters)
	}
	s := &Set{options: o, plans: make(map[string]*compiledPlan), plansByTag: make(map[string]*compiledPlan)}
	for _, file := range files {
		for i := range file.Metrics {
			s.rules = append(s.rules, newRule(&file.Metrics[i], o))
		}
	}
	return s
}

func newRule(c *config.Metric, o Options) *rule {
	r := &rule{config: c, stats: o.Counters.stats(c.Rule)}
	for i := range c.Labels {
		r.labels = append(r.labels, c.Labels[i].Name)
		r.fixed = append(r.fixed, c.Labels[i].IsConstant())
	}
	if name, ok := fixedName(c.Name, o.prefix()); ok && !c.Drop {
		r.family = r.newFamily(name)
	}
	return r
}

// prefix returns the text of ${namespace}.
func (o Options) prefix() string {
	if o.Namespace == "" {
		return ""
	}
	return o.Namespace + "_"
}

var collectorTypes = [...]collector.Type{
	config.Counter:   collector.Counter,
	config.Gauge:     collector.Gauge,
	config.Histogram: collector.Histogram,
	config.Summary:   collector.Summary,
}

func (r *rule) newFamily(name string) *collector.Family {
	c := r.config
	f := &collector.Family{
		Name:        name,
		Help:        c.Help,
		Unit:        c.Unit,
		Type:        collectorTypes[c.Type],
		Labels:      r.labels,
		Buckets:     c.Histogram.Buckets,
		Quantiles:   c.Summary.Quantiles,
		MaxAge:      c.Summary.MaxAge,
		Timestamps:  c.Timestamps,
		TTL:         c.TTL,
		SeriesLimit: c.SeriesLimit,
		Fixed:       r.fixed,
	}
	if c.Histogram.Native {
		f.Native = collector.Native{Factor: c.Histogram.Factor, MaxBuckets: c.Histogram.MaxBuckets}
	}
	return f
}

// Families returns the families whose names do not depend on records.
func (s *Set) Families() []*collector.Family {
	var families []*collector.Family
	for _, r := range s.rules {
		if r.family != nil {
			families = append(families, r.family)
		}
	}
	return families
}

// DerivedFamily returns f as the first rule of the set would make it that names families after fields and could have
// made it, or nil.
func (s *Set) DerivedFamily(f *collector.Family) *collector.Family {
	for _, r := range s.rules {
		if r.family != nil || r.config.Drop || !couldExpandTo(r.config.Name, f.Name) {
			continue
		}
		if made := r.newFamily(f.Name); made.Equal(f) {
			return made
		}
	}
	return nil
}

// Declare makes the series in c that the rules want from the start.
func (s *Set) Declare(c *collector.Collector, now int64) error {
	for _, r := range s.rules {
		if r.family == nil || len(r.config.Init) == 0 {
			continue
		}
		if err := c.Init(now, r.family, r.config.Init...); err != nil {
			return err
		}
	}
	return nil
}

// RuleStats is the counts of one rule.
type RuleStats struct {
	Rule string
	Type string // of its first rule
	*Stats
	// Families are the names of the families that the rule made samples of, and of those that it will.
	Families []string
}

// Stats returns the counts of all rules, in their order, which go on changing. Rules of one name are one.
func (s *Set) Stats() []RuleStats {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var all []RuleStats
	at := make(map[string]int)
	for _, r := range s.rules {
		i, ok := at[r.config.Rule]
		if !ok {
			i = len(all)
			at[r.config.Rule] = i
			all = append(all, RuleStats{Rule: r.config.Rule, Type: r.config.Type.String(), Stats: r.stats})
		}
		all[i].Families = append(all[i].Families, r.familyNames()...)
	}
	return all
}

// Len returns the number of rules.
func (s *Set) Len() int { return len(s.rules) }
