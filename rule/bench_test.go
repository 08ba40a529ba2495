package rule_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/tinylib/msgp/msgp"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
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
