package workload

import (
	"fmt"
	"strings"
)

// Rules is a load of access logs with n counters, each with a condition. Two of the conditions match each record, no
// matter how many there are.
func Rules(n int) *Load {
	l := Access()
	l.Name = "rules"
	var metrics []Metric
	for i := range n {
		m := Metric{
			Name:   fmt.Sprintf("requests_%d_total", i),
			Labels: []Label{{"method", []string{"method"}}, {"namespace", []string{"kubernetes", "namespace_name"}}},
			Where:  &Where{Path: []string{"host"}, Text: fmt.Sprintf("shop-%d.example.org", i)},
		}
		// The first and the last one, so that stopping early saves nothing.
		if i == 0 || i == n-1 {
			m.Where.Text = "shop.example.org"
		}
		metrics = append(metrics, m)
	}
	l.rules(metrics)
	return l
}

// rules gives l its metrics, in both forms.
func (l *Load) rules(metrics []Metric) {
	var b strings.Builder
	b.WriteString("metrics:\n")
	for i := range metrics {
		b.WriteString(metrics[i].rule())
	}
	l.Metrics, l.Rules = metrics, b.String()
}

// rule writes m in the plugin's language.
func (m *Metric) rule() string {
	var b strings.Builder
	fmt.Fprintf(&b, "- name: %s\n  help: Lines.\n", m.Name)
	if m.Buckets == nil {
		b.WriteString("  type: counter\n")
	} else {
		fmt.Fprintf(&b, "  type: histogram\n  value: %s\n  buckets: %s\n", accessor(m.Value),
			strings.Join(strings.Fields(fmt.Sprint(m.Buckets)), ", "))
	}
	if m.Where != nil {
		fmt.Fprintf(&b, "  condition: {op: and, rules: [{field: %s, op: eq, value: %s}]}\n", accessor(m.Where.Path), m.Where.Text)
	}
	b.WriteString("  labels:\n")
	for _, l := range m.Labels {
		fmt.Fprintf(&b, "    %s: %s\n", l.Name, accessor(l.Path))
	}
	return b.String()
}

func accessor(path []string) string {
	var b strings.Builder
	b.WriteString("$" + path[0])
	for _, key := range path[1:] {
		fmt.Fprintf(&b, "['%s']", key)
	}
	return b.String()
}
