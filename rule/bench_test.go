package rule_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/tinylib/msgp/msgp"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/record"
	"github.com/promexporter/promexporter/rule"
)

const accessRules = `
metrics:
- name: http_requests_total
  type: counter
  help: Requests.
  labels: {method: $method, status: $status, host: $host}
- name: http_request_duration_seconds
  type: histogram
  help: Latency.
  value: $latency
  labels: {method: $method, host: $host}
`

// accessLog returns a chunk of 5000 records, about the megabyte that a busy input fills between two flushes.
func accessLog(b *testing.B) []byte {
	b.Helper()
	chunk, err := os.ReadFile(filepath.Join("..", "record", "testdata", "chunks", "v5.1.1", "access.mp"))
	if err != nil {
		b.Fatal(err)
	}
	return bytes.Repeat(chunk, 100)
}

// perRecord reports the time per record of chunk.
func perRecord(b *testing.B, chunk []byte) {
	n := 0
	for rest := chunk; len(rest) > 0; n++ {
		rest, _ = msgp.Skip(rest)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/record")
	b.SetBytes(int64(len(chunk)))
}

// BenchmarkAccessLog is the way from a chunk to applied series.
func BenchmarkAccessLog(b *testing.B) { benchmarkRules(b, parse(b, accessRules), accessLog(b)) }

// BenchmarkDefaultRules is the same with the embedded rules.
func BenchmarkDefaultRules(b *testing.B) { benchmarkRules(b, defaults(b), accessLog(b)) }

// BenchmarkFloor is the least that reading the chunk costs.
func BenchmarkFloor(b *testing.B) {
	chunk := accessLog(b)
	for b.Loop() {
		for rest := chunk; len(rest) > 0; {
			var err error
			if rest, err = msgp.Skip(rest); err != nil {
				b.Fatal(err)
			}
		}
	}
	perRecord(b, chunk)
}

func benchmarkRules(b *testing.B, rules *config.Rules, chunk []byte) {
	set := rule.Compile([]*config.Rules{rules}, rule.Options{FieldLimit: 1000})
	c := collector.New(collector.Options{SeriesLimit: 100000})
	defer c.Close()
	var reader record.Reader
	var scratch rule.Scratch
	var batch collector.Batch
	b.ReportAllocs()
	for b.Loop() {
		plan := set.Plan("access")
		batch.Reset()
		reader.Reset(chunk, plan.Selector())
		for reader.Next(&scratch.Event) == nil {
			plan.Apply(&scratch, &batch)
		}
		if err := c.Ingest(&batch, nil); err != nil {
			b.Fatal(err)
		}
		plan.Finish(&scratch, true)
	}
	perRecord(b, chunk)
}

// BenchmarkNamedByRecord compares a rule whose name is in the record with one that has a name.
func BenchmarkNamedByRecord(b *testing.B) {
	chunk := bytes.Repeat(chunktest.Events(`{"name":"queue_length","value":7,"host":"a"}`), 5000)
	for name, rules := range map[string]string{
		"name=record": "metrics:\n- {name: 'app_${name}', type: gauge, help: G., value: $value, labels: {host: $host}}\n",
		"name=fixed":  "metrics:\n- {name: app_queue_length, type: gauge, help: G., value: $value, labels: {host: $host}}\n",
	} {
		b.Run(name, func(b *testing.B) { benchmarkRules(b, parse(b, rules), chunk) })
	}
}

// BenchmarkReady compares a histogram that is ready in the record with one that observes a value.
func BenchmarkReady(b *testing.B) {
	chunk := bytes.Repeat(chunktest.Events(`{"buckets":[{"le":0.1,"count":3},{"le":1,"count":0},{"le":5,"count":2}],"count":6,"sum":14.5}`), 5000)
	const histogram = "metrics:\n- {name: took_seconds, type: histogram, help: H., buckets: [0.1, 1, 5], "
	for name, keys := range map[string]string{
		"counts=record": "bucket_counts: $buckets, sum: $sum, count: $count}\n",
		"counts=none":   "value: $sum, count: $count}\n",
	} {
		b.Run(name, func(b *testing.B) { benchmarkRules(b, parse(b, histogram+keys), chunk) })
	}
}
