package config

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/prometheus/common/model"

	"github.com/promexporter/promexporter/internal/metric"
)

// reservedPrefix returns the reserved prefix of name without its namespace, or "".
func reservedPrefix(name string) string {
	name, _, _ = strings.Cut(strings.TrimPrefix(name, namespaceVariable), "$")
	return metric.ReservedPrefix(name)
}

// name reads the name of the metric family.
func (r *reader) name() {
	path := r.under("name")
	n := r.get("name")
	if n == nil {
		if !r.has("name") {
			r.wrong(r.node, path, "missing", "write the name of the metric, such as http_requests_total")
		}
		return
	}
	s, t, ok := r.template(n, path, "write the name of the metric, such as http_requests_total")
	if !ok {
		return
	}
	r.m.Name = t
	r.checkName(n, path, s)
	for i := range t {
		switch v := t[i].Variable; {
		case v == "" || v == "namespace":
		case r.has("fields") || v == "field":
			r.variable(n, path, v)
		default:
			t[i].From = r.nameField(n, path, v)
		}
	}
}

// template reads a name, as written and parsed.
func (r *reader) template(n *node, path, advice string) (s string, t Template, ok bool) {
	if s, ok = r.text(n, path, advice); !ok {
		return "", nil, false
	}
	t, err := parseTemplate(s)
	if err != nil {
		r.wrongText(n, path, "bad name "+quote(s), err)
		return "", nil, false
	}
	return s, t, true
}

// nameField returns the accessor in ${variable}, whose $ may be left out.
func (r *reader) nameField(n *node, path, variable string) *Accessor {
	a, err := parseAccessor("$" + strings.TrimPrefix(variable, "$"))
	if err == nil {
		err = r.ofRule(a)
	}
	switch {
	case err != nil:
		r.wrongText(n, path, "bad accessor in ${"+variable+"}", err)
		return nil
	case a.Root == RootTime || a.Root == RootNow:
		r.wrong(n, path, a.Text+" differs in every record, and so would the metric", "write value: "+a.Text)
		return nil
	}
	return a
}

// maxName bounds the name of a metric, in bytes.
const maxName = 256

// checkName checks the parts of the name s that do not depend on records.
func (r *reader) checkName(n *node, path, s string) {
	literals := ""
	for _, part := range r.m.Name {
		literals += part.Literal
	}
	prefix := reservedPrefix(s)
	switch {
	case len(s) > maxName:
		r.wrong(n, path, fmt.Sprintf("a name of %d bytes", len(s)), fmt.Sprintf("write at most %d", maxName))
	case prefix != "":
		r.wrong(n, path, "names that start with "+prefix+" are reserved for the metrics of the plugin", "write another prefix")
	case s == "_total":
		r.wrong(n, path, "the name is empty without _total", "write a name before _total")
	case strings.Contains(literals, "$"):
		r.wrong(n, path, "a $ that does not start a variable", "write ${name} for the field $name, or ${namespace}")
	case strings.ContainsFunc(literals, unicode.IsControl):
		r.wrong(n, path, "a control character in "+quote(s), "write letters, digits and _")
	}
}

// variable checks that this rule defines a variable of the name.
func (r *reader) variable(n *node, path, name string) {
	switch {
	case !r.has("fields"):
		r.wrong(n, path, "the variable ${"+name+"} needs fields in the rule",
			"add fields: '...', or write ${$"+name+"} for the field $"+name)
	case strings.HasPrefix(name, "$"):
		r.wrong(n, path, "${"+name+"} is a field of the record, but the rule has fields", "write ${field} or a capture, or remove fields")
	case name == "field", r.m.Fields == nil, r.m.Fields.SubexpIndex(name) >= 0:
	default:
		known := append([]string{"field", "namespace"}, r.m.Fields.SubexpNames()...)
		known = slices.DeleteFunc(known, func(s string) bool { return s == "" })
		r.wrong(n, path, "unknown variable ${"+name+"}", suggest(name, known))
	}
}

// unit reads the unit, which the name must end with.
func (r *reader) unit(n *node) {
	path := r.under("unit")
	unit, ok := r.text(n, path, "write a base unit such as seconds or bytes")
	if !ok {
		return
	}
	r.m.Unit = unit
	if !model.LegacyValidation.IsValidMetricName("_" + unit) {
		r.wrong(n, path, quote(unit)+" is not a unit", "write letters, digits and _, such as seconds")
		return
	}
	name, end := metric.BaseName(r.m.Name.String(), r.m.Type), "_"+unit
	if r.typed && name != "" && !strings.HasSuffix(name, end) {
		if r.m.Type == Counter {
			end += "_total"
		}
		r.wrong(n, path, "the name does not end with the unit, as OpenMetrics requires", unitAdvice(unit, name)+"name: "+name+end)
	}
}

// abbreviates reports whether word starts with the first letter of short, and has the others in this order.
func abbreviates(short, word string) bool {
	if len(short) >= len(word) || short[0] != word[0] {
		return false
	}
	for i := range len(word) {
		if short != "" && word[i] == short[0] {
			short = short[1:]
		}
	}
	return short == ""
}

// unitAdvice begins the advice for a unit with which name does not end. The last word of name is probably the unit
// that an abbreviation means: seconds for s.
func unitAdvice(unit, name string) string {
	word := name[strings.LastIndexByte(name, '_')+1:]
	if strings.HasSuffix(word, "s") && abbreviates(strings.ToLower(unit), word) {
		return "write unit: " + word + ", or "
	}
	return "write "
}
