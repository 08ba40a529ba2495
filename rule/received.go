package rule

import (
	"maps"
	"slices"
	"sync"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/record"
)

// How rules change a point of a metrics event, from the outside in:
//
//	Set.Received           the rules of the tag               this file
//	Received.Family        the rules of the name              received_family.go
//	ReceivedFamily.Apply   conditions, and what rules set     received_apply.go
//	ReceivedLabel.Append   the labels that rules set          received_apply.go
//
// None of these allocates after the first point of a kind.

// maxReceivedNames bounds the names that the rules of a tag remember.
const maxReceivedNames = 4096

// receivedRule is the part of a rule on metrics events that all tags share.
type receivedRule struct {
	config *config.Received
	stats  *Stats
	help   []byte
	unit   []byte

	mu    sync.Mutex
	names map[string]struct{} // of the families that it changed; guarded by mu
}

func (r *receivedRule) matches(tag string) bool {
	if r.config.MatchRegex != nil {
		return r.config.MatchRegex.MatchString(tag)
	}
	return matchTag(r.config.Match, tag)
}

func (r *receivedRule) matchesName(name string) bool {
	if r.config.MetricRegex != nil {
		return r.config.MetricRegex.MatchString(name)
	}
	return matchTag(r.config.Metric, name)
}

// isOf reports whether the rule is about metrics that come with a type.
func (r *receivedRule) isOf(t collector.Type) bool {
	isScalar := t == collector.Counter || t == collector.Gauge || t == collector.Untyped
	isCounted := t == collector.Counter || t == collector.Gauge || t == collector.Histogram
	return (!r.config.HasType || isScalar) && (r.config.Temporality == config.AsSent || isCounted) &&
		(r.config.Buckets == nil || t == collector.Histogram)
}

// fed notes that the rule changed a family.
func (r *receivedRule) fed(name []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.names == nil {
		r.names = make(map[string]struct{})
	}
	if _, known := r.names[string(name)]; !known && len(r.names) < maxReceivedNames {
		r.names[string(name)] = struct{}{}
	}
}

func (r *receivedRule) familyNames() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Keys(r.names))
}

// Received are the rules on metrics events of one tag. They are safe for concurrent use if each goroutine has its own
// Scratch.
type Received struct {
	*compiledPlan
	// Snapshots says that contexts have all series of their source, as a rule says.
	Snapshots bool

	rules     []receivedStep
	externals [][]string // where the context has it, by slot; nil for what it does not have

	mu       sync.RWMutex
	families map[string]*ReceivedFamily // by the name that they come with; guarded by mu
}

// receivedStep is a rule as compiled for a tag.
type receivedStep struct {
	*receivedRule
	index    int // among the rules of the tag
	when     *condition
	labels   []ReceivedLabel
	perPoint bool // whether what it does depends on the labels of a point
}

// ReceivedLabel is a label that a rule sets or takes away.
type ReceivedLabel struct {
	Name []byte
	// Removed says that the label is taken away.
	Removed bool

	label
}

// ReceivedFamily are the rules of one name.
type ReceivedFamily struct {
	// Fingerprint differs between rules that make different series. It is not 0.
	Fingerprint uint64
	// PerPoint says that what rules do depends on the labels of a point. Otherwise it is the same for all of the family.
	PerPoint bool

	plan  *Received
	name  []byte
	rules []*receivedStep
	names [][]byte // that the rules give, in their order; nil keeps the name
}

// HasReceived reports whether there are rules on metrics events.
func (s *Set) HasReceived() bool { return len(s.received) > 0 }

// Received returns the rules on metrics events with a tag, or nil if there is none.
func (s *Set) Received(tag string) *Received {
	if len(s.received) == 0 {
		return nil
	}
	return s.Plan(tag).received
}

// compileReceived compiles the rules whose byte in matching is 1. The caller holds mu.
func (s *Set) compileReceived(matching []byte) *Received {
	if !slices.Contains(matching, 1) {
		return nil
	}
	p := &Received{
		compiledPlan: &compiledPlan{set: s, paths: newPaths(), shared: make(map[operand]int)},
		families:     make(map[string]*ReceivedFamily),
	}
	for i, r := range s.received {
		if matching[i] == 0 {
			continue
		}
		p.Snapshots = p.Snapshots || r.config.Snapshot != nil && *r.config.Snapshot
		step := receivedStep{receivedRule: r, index: len(p.rules), perPoint: looksAtLabels(r.config.Condition)}
		sp := spaces{event: p.paths, plan: p.compiledPlan}
		if r.config.Condition != nil {
			when := sp.condition(r.config.Condition)
			step.when = &when
		}
		compiled := p.labels(sp, r.config.Labels)
		for k := range compiled {
			c := &r.config.Labels[k]
			step.labels = append(step.labels, ReceivedLabel{
				Name: []byte(c.Name), Removed: c.From == nil && c.Constant == "", label: compiled[k],
			})
			step.perPoint = step.perPoint || readsLabels(c.From)
		}
		p.rules = append(p.rules, step)
	}
	p.externals = make([][]string, len(p.paths.list))
	for i := range p.paths.list {
		if path := &p.paths.list[i]; path.Root == record.GroupBody {
			p.externals[i] = external(path)
		}
	}
	return p
}

// external returns where a context has what the accessor of a group of logs has.
func external(path *record.Path) []string {
	steps := make([]string, 0, 3)
	for _, s := range path.Steps {
		steps = append(steps, s.Key)
	}
	if len(steps) == 2 { // the name or the version of a scope
		steps = slices.Insert(steps, 1, "metadata")
	}
	return steps
}

// looksAtLabels reports whether a condition, which may be nil, is on labels of a point.
func looksAtLabels(c *config.Condition) bool {
	if c == nil {
		return false
	}
	return readsLabels(c.Field) || slices.ContainsFunc(c.Rules, func(c config.Condition) bool { return looksAtLabels(&c) })
}

// readsLabels reports whether a source is a label of a point.
func readsLabels(s config.Source) bool {
	return slices.ContainsFunc(s, func(a *config.Accessor) bool { return a.Root == config.RootBody && len(a.Steps) > 1 })
}

// receivedSource is where rules find what a point has.
type receivedSource interface {
	// Label returns the value of a label, or nothing.
	Label(name string) []byte
	// External sets v to what came with the context, or to Missing.
	External(v *record.Value, path ...string)
}

// Begin begins a context with a tag.
func (p *Received) Begin(w *Scratch, tag string, from receivedSource) {
	if w.cachesOf != p.set {
		w.caches, w.cachesOf = nil, p.set
	}
	p.makeRoom(w)
	n := len(p.paths.list)
	w.Event.Values = slices.Grow(w.Event.Values[:0], n)[:n]
	w.tag.set(tag)
	w.alternatives = p.alternatives
	for i, path := range p.externals {
		if path != nil {
			from.External(&w.Event.Values[i], path...)
		}
	}
}

// makeRoom makes room for the counts of the rules.
func (p *Received) makeRoom(w *Scratch) {
	if n := len(p.rules); len(w.tallies) < n {
		w.tallies = append(w.tallies, make([]tally, n-len(w.tallies))...)
	}
}
