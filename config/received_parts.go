package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/promexporter/promexporter/internal/metric"
)

// rename reads the new name.
func (r *reader) rename(n *node) {
	path := r.under("name")
	s, t, ok := r.template(n, path, "write a name, such as 'agent_${1}' with the captures of metric_regex")
	if !ok {
		return
	}
	if slices.ContainsFunc(t, func(p TemplatePart) bool { return strings.Contains(p.Literal, "$") }) {
		r.wrong(n, path, "a $ that does not start a variable", "write ${namespace}, or ${1} for a group of metric_regex")
		return
	}
	r.m.Name = t
	r.checkName(n, path, s)
	r.received.Name = t
	for _, part := range t {
		if part.Variable != "" && part.Variable != "namespace" {
			r.nameCapture(n, path, part.Variable)
		}
	}
	taken := func(m Metric) bool { return m.Name.String() == s && s != "" }
	if i := slices.IndexFunc(r.rules.Metrics, taken); i >= 0 {
		r.wrong(n, path, fmt.Sprintf("%s makes the metric %s of records", at("metrics", i), quote(s)),
			"write another name; metrics of records win over received ones")
	}
}

// nameCapture checks that metric_regex has the capture of a name.
func (r *reader) nameCapture(n *node, path, name string) {
	re := r.received.MetricRegex
	if re == nil {
		if !r.has("metric_regex") {
			r.wrong(n, path, "the variable ${"+name+"} needs metric_regex in the rule",
				"add metric_regex: '^fluentbit_(.*)$', or write ${namespace}")
		}
		return
	}
	if i, err := strconv.Atoi(name); err == nil {
		if i < 0 || i > re.NumSubexp() {
			r.wrong(n, path, fmt.Sprintf("metric_regex has %d groups, not %s", re.NumSubexp(), name), "write a lower number, or add a group")
		}
		return
	}
	if re.SubexpIndex(name) < 0 {
		r.wrong(n, path, "metric_regex has no capture named "+quote(name), captures(re))
	}
}

// receivedLabels reads the labels of a rule on metrics events.
func (r *reader) receivedLabels() {
	r.mergeLabels()
	r.received.Labels = r.m.Labels
}

// pointAccessor checks that a point has what the accessor reads: $labels['x'], $name, $type, the tag or an attribute.
func (r *reader) pointAccessor(n *node, path string, a *Accessor) bool {
	steps := a.Steps
	switch {
	case a.Root == RootTag || a.Root == RootGroupAttributes && isAttribute(steps):
		return true
	case a.Root == RootBody && len(steps) == 1 && (steps[0].Key == "name" || steps[0].Key == "type"):
		return true
	case a.Root == RootBody && len(steps) == 2 && steps[0].Key == "labels" && !steps[1].IsIndex:
		return true
	}
	right := "write $labels['name of a label'], $name, $type, $TAG, or $group_attributes['resource']['attributes']['service.name']"
	if a.Root == RootBody && len(steps) == 1 {
		right = "write $labels['" + steps[0].Key + "']"
	}
	r.wrong(n, path, "a point has no "+a.Text, right)
	return false
}

// isAttribute reports whether steps lead to what OpenTelemetry sends with metrics: attributes of the resource or the
// scope, or the name or version of the scope.
func isAttribute(steps []Step) bool {
	if slices.ContainsFunc(steps, func(s Step) bool { return s.IsIndex }) {
		return false
	}
	switch {
	case len(steps) == 3:
		return (steps[0].Key == "resource" || steps[0].Key == "scope") && steps[1].Key == "attributes"
	case len(steps) == 2:
		return steps[0].Key == "scope" && (steps[1].Key == "name" || steps[1].Key == "version")
	}
	return false
}

// receivedUnit reads the unit, which the new name, or else the name that came, must end with.
func (r *reader) receivedUnit(n *node) {
	rule, path := r.received, r.under("unit")
	if r.unit(n); r.m.Unit == "" || !model.LegacyValidation.IsValidMetricName("_"+r.m.Unit) {
		return
	}
	rule.Unit = r.m.Unit
	name := rule.Name.String()
	if name == "" {
		name = rule.Metric
	}
	kind := Counter
	if rule.HasType {
		kind = rule.Type
	}
	base := metric.BaseName(name, kind)
	switch {
	case r.has("metric_regex") && !r.has("name"):
		r.wrong(n, path, "the rule does not say how the names end, which must be with the unit", "write metric: '*_"+rule.Unit+"', or add a name")
	case name == "" || strings.HasSuffix(base, "_"+rule.Unit):
	case !r.has("name"):
		r.wrong(n, path, "the names of the metrics do not end with the unit, as OpenMetrics requires",
			unitAdvice(rule.Unit, base)+"metric: '*_"+rule.Unit+"', or add a name")
	default:
		r.wrong(n, path, "the name does not end with the unit, as OpenMetrics requires",
			unitAdvice(rule.Unit, base)+"name: "+base+"_"+rule.Unit+strings.TrimPrefix(name, base))
	}
}
