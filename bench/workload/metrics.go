package workload

import (
	"fmt"
	"strings"

	"github.com/promexporter/promexporter/internal/chunktest"
)

// Histograms is a chunk of metrics events as the input opentelemetry makes it: a histogram with 12 buckets and n series
// of two labels.
func Histograms(n int) []byte {
	const family = `{"type":2,"opts":{"ns":"","ss":"","name":"http.server.request.duration","desc":"Duration of requests.","unit":"s"},` +
		`"labels":["http.request.method","http.route"],"aggregation_type":2,` +
		`"buckets":[0.005,0.01,0.025,0.05,0.075,0.1,0.25,0.5,0.75,1.5,2.5]}`
	points := make([]string, n)
	for i := range points {
		buckets := make([]string, 12)
		for k := range buckets {
			buckets[k] = fmt.Sprint(i * k)
		}
		points[i] = fmt.Sprintf(`{"ts":1700000001000000000,"start_ts":1700000000000000000,"histogram":{"buckets":[%s],"sum":%d.5,"count":%d},`+
			`"labels":["GET","/api/v1/items/%d"],"hash":%d}`, strings.Join(buckets, ","), i, i*66, i, uint64(i)*0x9e3779b97f4a7c15>>1)
	}
	return chunktest.JSON(nil, `{"meta":{"cmetrics":{"producer":"opentelemetry"},`+
		`"external":{"resource":{"attributes":{"service.name":"cart"}}},"processing":{}},`+
		`"metrics":[{"meta":`+family+`,"values":[`+strings.Join(points, ",")+`]}]}`)
}
