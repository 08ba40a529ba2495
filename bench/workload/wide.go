package workload

import "fmt"

// Wide is a counter with five labels and n series, each of which is in one record, in random order.
func Wide(n int) *Load {
	l := &Load{Name: "wide", Tag: "calls"}
	l.rules([]Metric{{Name: "calls_total", Labels: []Label{
		{"code", []string{"code"}}, {"region", []string{"region"}}, {"service", []string{"service"}},
		{"tenant", []string{"tenant"}}, {"zone", []string{"zone"}},
	}}})
	for i := range n {
		s := i * 7919 % n // 7919 is prime, so every series occurs
		l.Records = append(l.Records, fmt.Sprintf(
			`{"tenant":"tenant-%d","service":"service-%d","region":"eu-%d","zone":"z%d","code":"%d","took":%d}`,
			s/200, s/10%20, s/5%2, s%5, 200+s/200%5, spread(i, 1)%1000))
	}
	return l
}
