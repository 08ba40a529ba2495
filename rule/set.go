package rule

import (
	"cmp"
	"hash/maphash"
	"slices"
	"sync"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/internal/metric"
)

// Options configures a Set.
type Options struct {
	// Namespace is the value of ${namespace}, without the underscore.
	Namespace string
	// Counters keeps the counts of the rules. Nil means new ones.
	Counters *Counters
	// FieldLimit bounds the number of distinct field paths that rules with fields match. Other paths make no samples.
	FieldLimit int
	// HideValues leaves the values out of what describes refused ones.
	HideValues bool
}

// Set is a set of compiled rules. It is safe for concurrent use.
type Set struct {
	options Options
	rules   []*rule
	caches  int
	seed    maphash.Seed // of the digests of values that are counted

	received   []*receivedRule
	fixedNames map[string]*collector.Family // the families whose names do not depend on records, by what they expose

	mu         sync.RWMutex
	plans      map[string]*compiledPlan // by matching rules, a byte of 0 or 1 each; guarded by mu, like the fields below
	key        []byte                   // memory for a key of plans
	plansByTag map[string]*compiledPlan
	tagBytes   int // of tags

	sources sources

	claimsMu sync.Mutex
	claims   map[string]string // the names of derived families by what they expose; guarded by claimsMu
}

// rule is the part of a rule that all plans share.
type rule struct {
	config *config.Metric
	family *collector.Family // nil if the name depends on the field or the record
	stats  *Stats
	labels []string
	fixed  []bool                // the labels whose values do not come from records
	rounds *collector.Aggregates // the families that the rule aggregates rounds into; nil: it does not

	recordNames recordNames

	mu      sync.Mutex
	derived map[string]*collector.Family // made from fields or records, by name before it is adapted; guarded by mu
}

// familyNames returns the names of the rule's families.
func (r *rule) familyNames() []string {
	if r.family != nil {
		return []string{r.family.Name}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	names := make([]string, 0, len(r.derived))
	for _, f := range r.derived {
		names = append(names, f.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Compile compiles rules in the order in which they apply. They must come from config.ParseRules.
func Compile(files []*config.Rules, o Options) *Set {
	if o.Counters == nil {
		o.Counters = new(Counters)
	}
	s := &Set{options: o, seed: o.Counters.hashSeed(), plans: make(map[string]*compiledPlan), plansByTag: make(map[string]*compiledPlan)}
	for _, file := range files {
		for i := range file.Metrics {
			s.rules = append(s.rules, newRule(&file.Metrics[i], o))
		}
		for i := range file.Received {
			c := &file.Received[i]
			r := &receivedRule{config: c, stats: o.Counters.stats(c.Rule)}
			if c.Help != "" {
				r.help = []byte(c.Help)
			}
			if c.Unit != "" {
				r.unit = []byte(c.Unit)
			}
			s.received = append(s.received, r)
		}
	}
	s.fixedNames = make(map[string]*collector.Family)
	for _, f := range s.Families() {
		for _, name := range metric.Names(f.Name, f.Type) {
			s.fixedNames[name] = f
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
	if c.HasRounds() {
		r.rounds = new(collector.Aggregates)
	}
	if name, ok := fixedName(c.Name, o.prefix()); ok && !c.Drop {
		r.family = r.newFamily(name)
		if r.rounds != nil {
			r.rounds.Add(r.family)
		}
	}
	return r
}

// prefix returns the expansion of ${namespace}.
func (o Options) prefix() string {
	if o.Namespace == "" {
		return ""
	}
	return o.Namespace + "_"
}

func (r *rule) newFamily(name string) *collector.Family {
	c := r.config
	f := &collector.Family{
		Name:         name,
		Help:         c.Help,
		Unit:         c.Unit,
		Type:         c.Type,
		Labels:       r.labels,
		Buckets:      c.Histogram.Buckets,
		Quantiles:    c.Summary.Quantiles,
		MaxAge:       c.Summary.MaxAge,
		Window:       c.Window,
		Timestamps:   c.Timestamps,
		TTL:          c.TTL,
		SeriesLimit:  c.SeriesLimit,
		Fixed:        r.fixed,
		MaxIncrement: maxIncrement(c),
		ResetBelow:   c.ResetBelow,
	}
	if c.Histogram.Native {
		f.Native = collector.Native{Factor: c.Histogram.Factor, MaxBuckets: c.Histogram.MaxBuckets}
	}
	return f
}

// The defaults of max_increment. Above the first one, Prometheus cannot represent all integers, so a counter would not
// show increments of 1 any more. A running total of nanoseconds may be above it. The second one is below the largest
// integers of 64 bits, signed and unsigned, which programs write if they have no number.
const (
	defaultMaxIncrement      = 1 << 53
	defaultMaxTotalIncrement = 9e18
)

// maxIncrement returns the most that a sample may add. Gauges have no limit.
func maxIncrement(c *config.Metric) float64 {
	if c.Cumulative {
		return cmp.Or(c.MaxIncrement, defaultMaxTotalIncrement)
	}
	return cmp.Or(c.MaxIncrement, defaultMaxIncrement)
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

// Declare makes the series of the `init` keys in c.
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
	Type string // of its first rule; "received" for a rule on metrics events
	*Stats
	// Families are the names of the families that the rule made samples of or will make samples of.
	Families []string
}

// IsReceived reports whether the rule is on metrics events.
func (s *RuleStats) IsReceived() bool { return s.Type == receivedType }

// Stats returns the live counts of all rules, in their order, those on metrics events last. Rules with the same name
// have one entry.
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
	for _, r := range s.received {
		all = append(all, RuleStats{Rule: r.config.Rule, Type: receivedType, Stats: r.stats, Families: r.familyNames()})
	}
	return all
}

// receivedType is what RuleStats have instead of the type of a family for a rule on metrics events.
const receivedType = "received"

// Len returns the number of rules.
func (s *Set) Len() int { return len(s.rules) + len(s.received) }
