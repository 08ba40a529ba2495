package config

import (
	"slices"
	"strings"

	"github.com/prometheus/common/model"
)

// reservedPrefixes start the names of the plugin's own metrics and of those of
// its Go runtime, which stand on the same page.
var reservedPrefixes = []string{"promexporter_", "go_"}

func reservedPrefix(name string) string {
	for _, prefix := range reservedPrefixes {
		if strings.HasPrefix(name, prefix) {
			return prefix
		}
	}
	return ""
}

// name reads the name of the metric family.
func (r *reader) name() {
	path := r.under("name")
	n := r.get("name")
	if n == nil {
		r.wrong(r.node, path, "missing", "write the name of the metric, such as http_requests_total")
		return
	}
	s, ok := r.text(n, path, "write the name of the metric, such as http_requests_total")
	if !ok {
		return
	}
	t, err := parseTemplate(s)
	if err != nil {
		r.fault(n, path, "bad name "+quote(s), err)
		return
	}
	r.m.Name = t
	for _, part := range t {
		if v := part.Variable; v != "" && v != "namespace" {
			r.variable(n, path, v)
		}
	}
	if prefix := reservedPrefix(s); prefix != "" {
		r.wrong(n, path, "names that start with "+prefix+" are the plugin's own", "write another prefix")
	}
}

// variable checks that a variable of the name has a meaning in this rule.
func (r *reader) variable(n *node, path, name string) {
	fields := r.get("fields")
	switch {
	case fields == nil:
		r.wrong(n, path, "the variable ${"+name+"} is known in rules with fields only",
			"write ${namespace}, or add fields: '...'")
	case name == "field", r.m.Fields == nil, r.m.Fields.SubexpIndex(name) >= 0:
	default:
		known := append([]string{"field", "namespace"}, r.m.Fields.SubexpNames()...)
		known = slices.DeleteFunc(known, func(s string) bool { return s == "" })
		r.wrong(n, path, "unknown variable ${"+name+"}", "it is "+strings.Join(known, ", ")+" or another capture of fields")
	}
}

// unit reads the unit, which the name must carry.
func (r *reader) unit(n *node) {
	path := r.under("unit")
	unit, ok := r.text(n, path, "write a base unit such as seconds or bytes")
	if !ok {
		return
	}
	r.m.Unit = unit
	if !model.LegacyValidation.IsValidMetricName("_" + unit) {
		r.wrong(n, path, quote(unit)+" is no unit", "write one of letters, digits and _, such as seconds")
		return
	}
	name := r.m.Name.String()
	end := "_" + unit
	if r.m.Type == Counter {
		name = strings.TrimSuffix(name, "_total")
	}
	if r.typed && name != "" && !strings.HasSuffix(name, end) {
		if r.m.Type == Counter {
			end += "_total"
		}
		r.wrong(n, path, "the name does not carry the unit, as OpenMetrics asks", "write name: "+name+end)
	}
}
