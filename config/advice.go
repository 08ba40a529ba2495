package config

import (
	"slices"
	"strings"
)

// advise warns of what often surprises. The plugin does not say it again at each start.
func (p *parser) advise() {
	rules := make([]parsedRule, len(p.rules.Metrics))
	for i := range rules {
		rules[i] = parsedRule{&p.rules.Metrics[i], p.sources[i]}
	}
	p.duplicates(rules)
	for _, r := range rules {
		if r.hasMistakes || r.Drop {
			continue
		}
		p.adviseName(r)
		p.adviseLabels(r)
		p.unguarded(r, rules)
	}
}

// sameKeys are the keys in which two rules that count the same agree.
var sameKeys = []string{"name", "match", "match_regex", "condition", "labels", "value", "fields", "each", "bucket_counts", "sum"}

// duplicates warns of rules that make the same samples twice.
func (p *parser) duplicates(rules []parsedRule) {
	byName := make(map[string][]parsedRule)
	for _, r := range rules {
		name := r.Name.String()
		if name == "" {
			continue
		}
		i := slices.IndexFunc(byName[name], func(f parsedRule) bool {
			return !slices.ContainsFunc(sameKeys, func(key string) bool { return !sameNode(f.get(key), r.get(key)) })
		})
		if i >= 0 {
			p.warn(Duplicate, r.Metric.Position, r.path, "counts the same as "+byName[name][i].describeRule()+" once more",
				"remove one of them, or give them different conditions")
			continue
		}
		byName[name] = append(byName[name], r)
	}
}

// sameNode reports whether two values are written alike.
func sameNode(a, b *node) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.kind == b.kind && a.text == b.text && slices.EqualFunc(a.elements, b.elements, sameNode) &&
		slices.EqualFunc(a.fields, b.fields, func(a, b field) bool {
			return sameNode(a.key, b.key) && sameNode(a.value, b.value)
		})
}

var (
	// unbounded are the fields that have a value of their own for each client or request.
	unbounded = []string{
		"path", "url", "uri", "request_uri", "request", "query", "referer", "referrer", "agent", "user_agent", "user", "user_id",
		"username", "email", "session", "session_id", "request_id", "trace_id", "span_id", "remote", "remote_addr", "client",
		"client_ip", "ip", "message", "msg", "log",
	}
	// shortLived are the fields that have new values whenever a container starts.
	shortLived = []string{"pod", "pod_name", "pod_id", "pod_ip", "container_id", "docker_id", "container_hash"}
)

// adviseLabels warns of labels that make ever more series.
func (p *parser) adviseLabels(r parsedRule) {
	for i := range r.Labels {
		l := &r.Labels[i]
		at, path := r.labelPosition(l.Name), under(r.under("labels"), l.Name)
		isCut := l.Regex != nil || l.Map != nil || len(l.Replace) > 0 || l.Length != NoLength
		if hasField(l.From, unbounded) && !isCut && r.SeriesLimit == 0 {
			p.warn(UnboundedLabel, at, path, l.From.String()+" may have a new value in each record, and each makes a series",
				"cut it with regex or map, or set series_limit")
		}
		if hasField(l.From, shortLived) && r.TTL == 0 {
			p.warn(NoTTL, at, path, l.From.String()+" has new values whenever a container starts, and old series stay",
				"set a ttl, such as ttl: 1h")
		}
	}
}

// adviseName warns of a name that makes ever more metrics.
func (p *parser) adviseName(r parsedRule) {
	for _, part := range r.Name {
		if part.From != nil && hasField(Source{part.From}, unbounded) {
			p.warn(UnboundedName, r.get("name").Position, r.under("name"),
				part.From.Text+" may have a new value in each record, and each makes a metric, up to family_limit",
				"write a field with few values, and make this one a label")
		}
	}
}

// hasField reports whether a source may be a field of one of these names.
func hasField(s Source, names []string) bool {
	return slices.ContainsFunc(s, func(a *Accessor) bool {
		return len(a.Steps) > 0 && a.Root != RootTag && slices.Contains(names, strings.ToLower(a.Steps[len(a.Steps)-1].Key))
	})
}

// labelPosition returns where the rule has a label, or the rule itself.
func (r parsedRule) labelPosition(name string) Position {
	if labels := r.get("labels"); labels != nil {
		for _, f := range labels.fields {
			if f.key.text == name {
				return f.key.Position
			}
		}
	}
	return r.Metric.Position
}

// unguarded warns of a value that is missing in records that other rules of the tag are about: each of them would count
// as an error.
func (p *parser) unguarded(r parsedRule, rules []parsedRule) {
	from := r.Value.From
	if r.Histogram.Counts != nil || len(from) != 1 || from[0].Root != RootBody || r.Value.Optional || r.Value.HasDefault || r.Condition != nil || r.Match == "" {
		return
	}
	for _, other := range rules {
		if other.Drop || other.Match != r.Match || other.Condition == nil {
			continue
		}
		if field := requires(other.Condition); field != "" && field != from.String() {
			p.warn(UnguardedValue, r.get("value").Position, r.under("value"),
				"records without "+from.String()+" count as errors, and "+other.describeRule()+" is about records with "+field,
				"write condition: {field: "+from.String()+", op: exists}")
			return
		}
	}
}

// requires returns a field without which the condition does not hold, as a condition with exists asks for it.
func requires(c *Condition) string {
	if c.Field != nil {
		if c.Op == Exists && len(c.Field) == 1 && c.Field[0].Root == RootBody {
			return c.Field.String()
		}
		return ""
	}
	if c.Any {
		return ""
	}
	for i := range c.Rules {
		if field := requires(&c.Rules[i]); field != "" {
			return field
		}
	}
	return ""
}
