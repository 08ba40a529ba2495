package workload

import "fmt"

// Series is a counter with three labels and n series, one record each.
func Series(n int) *Load {
	l := &Load{Name: "series", Tag: "requests"}
	l.rules([]Metric{{Name: "requests_total", Labels: []Label{
		{"host", []string{"host"}}, {"path", []string{"path"}}, {"status", []string{"status"}},
	}}})
	for i := range n {
		s := SeriesLabels(i)
		l.Records = append(l.Records, fmt.Sprintf(`{"host":%q,"path":%q,"status":%q}`, s[0], s[1], s[2]))
	}
	return l
}

// SeriesLabels returns the label values of a series of Series.
func SeriesLabels(i int) [3]string {
	return [3]string{fmt.Sprintf("host-%d", i%100), fmt.Sprintf("/api/v1/things/%d", i/100), "200"}
}
