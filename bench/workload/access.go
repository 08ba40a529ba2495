package workload

import (
	"fmt"
	"strings"
)

// Buckets are those of every histogram here, the usual ones of client libraries.
var Buckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

var (
	methods    = []string{"GET", "GET", "GET", "GET", "GET", "GET", "POST", "POST", "PUT", "DELETE"}
	statuses   = []int{200, 200, 200, 200, 200, 200, 200, 201, 204, 301, 304, 400, 404, 404, 500, 503}
	namespaces = []string{"shop", "checkout", "search", "accounts", "images"}
	agents     = []string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/138.0.0.0 Safari/537.36",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Mobile/22F76",
	}
)

// Access is an access log of 10 fields and some 340 bytes per event, one of the fields a map: a counter with three
// labels and a histogram with two.
func Access() *Load {
	l := &Load{Name: "access", Tag: "kube.shop.frontend"}
	for i := range 5000 {
		l.Records = append(l.Records, accessRecord(i))
	}
	method, namespace := Label{"method", []string{"method"}}, Label{"namespace", []string{"kubernetes", "namespace_name"}}
	l.rules([]Metric{
		{Name: "http_requests_total", Labels: []Label{method, namespace, {"status", []string{"status"}}}},
		{
			Name: "http_request_duration_seconds", Labels: []Label{method, namespace},
			Value: []string{"latency"}, Buckets: Buckets,
		},
	})
	return l
}

// accessRecord has numbers where a JSON log has them: the status becomes text for its label.
func accessRecord(i int) string {
	return fmt.Sprintf(`{"remote":"10.%d.%d.%d","host":"shop.example.org","method":%q,"path":"/api/v1/things/%d",`+
		`"status":%d,"bytes":%d,"latency":%.4f,"referer":"https://shop.example.org/cart","agent":%q,`+
		`"kubernetes":{"namespace_name":%q,"pod_name":"frontend-6d4cf56db6-%s","container_name":"nginx"}}`,
		spread(i, 1)%256, spread(i, 2)%256, spread(i, 3)%256, pick(i, 4, methods), spread(i, 5)%100_000,
		pick(i, 6, statuses), spread(i, 7)%100_000, latency(i), pick(i, 9, agents),
		pick(i, 10, namespaces), podSuffix(spread(i, 11)%20))
}

// latency falls into every bucket, most often into the lower ones.
func latency(i int) float64 {
	return float64(1+spread(i, 8)%1000) / 1000 * float64(int(1)<<(spread(i, 12)%6)) / 8
}

func podSuffix(n int) string {
	const letters = "bcdfghjklmnpqrstvwxz"
	var b strings.Builder
	for i := range 5 {
		b.WriteByte(letters[(n+7*i)%len(letters)])
	}
	return b.String()
}

// AccessLines returns n access-log records as a file of JSON lines.
func AccessLines(n int) []byte {
	var b []byte
	for i := range n {
		b = append(append(b, accessRecord(i)...), '\n')
	}
	return b
}
