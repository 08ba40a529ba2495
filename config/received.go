package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/promexporter/promexporter/internal/metric"
)

// Received is one rule on metrics events. It changes or drops the points that it matches. All rules that match a point
// apply, in their order; each of them sees the name and the labels that the point came with, not what rules before it
// made of them. Where two rules set the same, the later one decides.
type Received struct {
	Position Position
	// Rule is the name of the rule in messages and metrics: the key `rule`, or else its path, such as received[3].
	Rule string

	Match       string         // Fluent Bit's tag wildcard, "*" by default; "" with MatchRegex
	MatchRegex  *regexp.Regexp // nil unless given
	Metric      string         // a wildcard of names, "*" by default; "" with MetricRegex
	MetricRegex *regexp.Regexp // nil unless given
	Condition   *Condition     // on the labels; nil: every series

	// Drop drops the points, and hides them from later rules. Such a rule sets nothing.
	Drop bool
	// First hides the points from later rules.
	First bool

	Name Template // its variables are namespace and the captures of MetricRegex; nil keeps the name
	// Type is the type that a counter, a gauge or an untyped metric gets if HasType is set. Such a rule does not match
	// histograms and summaries.
	Type        Type
	HasType     bool
	Help        string // "" keeps it
	Temporality Temporality
	Unit        string // "" keeps it
	// Buckets are the upper bounds of the classic buckets that exponential histograms get; nil unless the rule has them.
	// Such a rule matches histograms only.
	Buckets []float64
	// Snapshot, Timestamps and MaxLag are nil unless the rule has them.
	Snapshot   *bool          // a context has all series of its source
	Timestamps *bool          // expose the times of the points
	MaxLag     *time.Duration // how much older than the newest point of its context a point may be; 0: any
	// Identity is equal for rules that make the same series of points, whatever their limits and texts are.
	Identity string
	// Labels are sorted by name, including those of the file. A constant "" takes a label away.
	Labels []Label
	// TTL and SeriesLimit are nil unless the rule has them. Those of the file count where no rule has them.
	TTL, FileTTL                 *time.Duration
	SeriesLimit, FileSeriesLimit *int
}

// Temporality says what points count.
type Temporality uint8

// The temporalities. AsSent is what the sender says. A rule with another one does not match summaries and untyped
// metrics; of gauges, it concerns those that statsd marks as incremental.
const (
	AsSent     Temporality = iota
	Delta                  // since the last point
	Cumulative             // since the start
)

// Untyped is the type of a received metric of which nothing is known.
const Untyped = metric.Unknown

// receivedTypes are the types that a rule on metrics events can set, in the order of receivedTypeWords.
var receivedTypes = [...]Type{Counter, Gauge, Untyped}

// smallestReceived is a useful list of rules on metrics events.
const smallestReceived = "received: [{metric: 'node_scrape_*', drop: true}]"

// received reads the rules on metrics events.
func (p *parser) received(list *node) {
	if !p.isRuleList(list, "received", smallestReceived, "remove the key", maxReceived) {
		return
	}
	for i, e := range list.elements {
		p.receivedRule(e, at("received", i))
	}
	p.reachableReceived()
}

// receivedRule reads a rule and adds it to the rules.
func (p *parser) receivedRule(n *node, path string) {
	s, ok := p.readMapping(n, path, receivedSpec)
	if !ok {
		return
	}
	rule := Received{Position: n.Position, Rule: path, Metric: "*", FileTTL: p.fileTTL, FileSeriesLimit: p.fileSeriesLimit}
	r := &reader{parser: p, mappingReader: s, m: Metric{Match: "*"}, received: &rule}
	r.selection()
	rule.Match, rule.MatchRegex, rule.Condition = r.m.Match, r.m.MatchRegex, r.m.Condition
	r.metricName()
	named := n
	if n := r.get("rule"); n != nil {
		if text, ok := r.text(n, r.under("rule"), "write a name for the rule"); ok {
			rule.Rule, named = text, n
		}
	}
	r.distinctReceived(named, rule.Rule)
	switch {
	case s.has("drop") && !r.dropped():
	case r.m.Drop:
		rule.Drop = true
		r.dropsPoints()
	default:
		r.changes()
	}
	rule.Identity = r.identity()
	p.rules.Received = append(p.rules.Received, rule)
}

// identity returns the keys and values of the rule that decide which series it makes, and the labels of the file.
func (r *reader) identity() string {
	var b []byte
	for _, f := range r.fields {
		if key := f.key.text; !slices.Contains(receivedSettings, key) {
			b = appendNode(append(append(b, key...), ':'), f.value)
		}
	}
	for i := range r.parser.labels {
		b = fmt.Appendf(b, "%q:%q", r.parser.labels[i].Name, r.parser.labels[i].Constant)
	}
	return string(b)
}

// metricName reads which names the rule is about.
func (r *reader) metricName() {
	r.pattern("metric", "write a name with wildcards, such as 'node_scrape_*'", &r.received.Metric, &r.received.MetricRegex)
}

// distinctReceived checks that no other rule has this name.
func (r *reader) distinctReceived(n *node, name string) {
	others := r.rules.Received
	i := slices.IndexFunc(others, func(o Received) bool { return o.Rule == name })
	at := ""
	switch {
	case i >= 0:
		at = fmt.Sprintf("received[%d] on line %d", i, others[i].Position.Line)
	case slices.ContainsFunc(r.rules.Metrics, func(m Metric) bool { return m.Rule == name }):
		at = "a rule of metrics"
	default:
		return
	}
	r.wrong(n, r.under("rule"), quote(name)+" is also the name of "+at,
		"write another name; messages and metrics identify rules by it")
}

// dropsPoints reports keys that a rule with drop: true cannot have.
func (r *reader) dropsPoints() {
	for _, f := range r.fields {
		if key := f.key.text; slices.Contains(receivedSpec.keys, key) && !slices.Contains(receivedDropKeys, key) {
			r.wrong(f.key, r.under(key), "a rule with drop: true changes nothing", "remove "+key)
		}
	}
}

// changes reads what the rule does to points.
func (r *reader) changes() {
	rule := r.received
	if n := r.get("first"); n != nil {
		rule.First, _ = r.boolean(n, r.under("first"))
	}
	if n := r.get("name"); n != nil {
		r.rename(n)
	}
	if n := r.get("type"); n != nil {
		var i int
		if i, rule.HasType = r.word(n, r.under("type"), receivedTypeWords); rule.HasType {
			rule.Type = receivedTypes[i]
		}
	}
	if n := r.get("help"); n != nil {
		help, ok := r.text(n, r.under("help"), "describe what is measured")
		if ok && !r.hasNUL(n, r.under("help")) {
			rule.Help = strings.TrimSpace(help)
		}
	}
	if n := r.get("temporality"); n != nil {
		if i, ok := r.word(n, r.under("temporality"), temporalityWords); ok {
			rule.Temporality = Temporality(i) + Delta
		}
	}
	if n := r.get("buckets"); n != nil {
		rule.Buckets = r.buckets(n, r.under("buckets"))
		if r.has("type") {
			r.wrong(n, r.under("buckets"), "type is for metrics without buckets", "remove type or buckets")
		}
	}
	rule.Snapshot, rule.Timestamps = r.choice("snapshot"), r.choice("timestamps")
	if rule.Snapshot != nil && *rule.Snapshot && rule.Temporality == Delta {
		r.wrong(r.get("snapshot"), r.under("snapshot"), "a snapshot of increments would remove series that did not change",
			"remove snapshot, or temporality: delta")
	}
	if n := r.get("unit"); n != nil {
		r.receivedUnit(n)
	}
	r.receivedLimits()
	r.receivedLabels()
}

// choice reads a boolean, and returns nil if the rule does not have it.
func (r *reader) choice(key string) *bool {
	n := r.get(key)
	if n == nil {
		return nil
	}
	if is, ok := r.boolean(n, r.under(key)); ok {
		return &is
	}
	return nil
}

// receivedLimits reads how long series stay, and how many there may be.
func (r *reader) receivedLimits() {
	rule := r.received
	if n := r.get("ttl"); n != nil {
		if ttl, ok := r.expiry(n, r.under("ttl")); ok {
			rule.TTL = &ttl
		}
	}
	if n := r.get("max_lag"); n != nil {
		if lag, ok := r.duration(n, r.under("max_lag"), 0); ok {
			rule.MaxLag = &lag
		}
	}
	if n := r.get("series_limit"); n != nil {
		if limit, ok := r.whole(n, r.under("series_limit"), 0, maxSeriesLimit); ok {
			rule.SeriesLimit = &limit
		}
	}
}
