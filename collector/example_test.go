package collector_test

import (
	"context"
	"fmt"
	"os"

	"github.com/prometheus/common/expfmt"

	"github.com/promexporter/promexporter/collector"
)

// A batch is applied whole before Ingest returns. A scrape then sees all of it.
func Example() {
	c := collector.New(collector.Options{SeriesLimit: 100})
	defer c.Close()
	requests := &collector.Family{Name: "requests_total", Help: "Requests.", Type: collector.Counter, Labels: []string{"method"}}
	var b collector.Batch
	for _, method := range []string{"GET", "PUT", "GET"} {
		b.Label([]byte(method))
		b.Append(&collector.Sample{Family: requests, Op: collector.Add, Value: 1})
	}
	if err := c.Ingest(&b, nil); err != nil {
		fmt.Println(err)
	}
	families, done, err := c.Gather(context.Background())
	if err != nil {
		fmt.Println(err)
	}
	defer done()
	for _, f := range families {
		_, _ = expfmt.MetricFamilyToText(os.Stdout, f.MetricFamily)
	}
	// Output:
	// # HELP requests_total Requests.
	// # TYPE requests_total counter
	// requests_total{method="GET"} 2
	// requests_total{method="PUT"} 1
}
