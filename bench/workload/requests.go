package workload

import "fmt"

// Requests is a log of 6 fields and some 180 bytes per event: a counter with three labels and 1,600 series, in no
// order.
func Requests() *Load {
	const series = 1600
	l := &Load{Name: "requests", Tag: "requests"}
	l.rules([]Metric{{Name: "requests_total", Labels: []Label{
		{"host", []string{"host"}}, {"method", []string{"method"}}, {"status", []string{"status"}},
	}}})
	for i := range 10_000 {
		s := spread(i, 1) % series
		if i < series {
			s = i
		}
		l.Records = append(l.Records, fmt.Sprintf(
			`{"host":"shop-%03d.example.org","method":%q,"status":%d,"path":"/api/v1/things/%d","bytes":%d,"request_id":"%016x"}`,
			s/16, pick(s%2, 4, []string{"GET", "POST"}), []int{200, 201, 204, 301, 304, 400, 404, 500}[s/2%8],
			spread(i, 5)%100_000, spread(i, 7)%100_000, spread(i, 9)))
	}
	return l
}
