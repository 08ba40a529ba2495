package receive_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/receive"
	"github.com/promexporter/promexporter/record"
)

// BenchmarkIngest takes a chunk of each kind of input from the bytes to the series.
func BenchmarkIngest(b *testing.B) {
	for _, name := range []string{"node_exporter_metrics", "fluentbit_metrics", "prometheus_scrape", "otlp_all_kinds", "log_to_metrics_histogram"} {
		b.Run("chunk="+name, func(b *testing.B) {
			chunk, err := os.ReadFile(filepath.Join("..", "cmetrics", "testdata", "chunks", "v5.1.1", name+".mp"))
			if err != nil {
				b.Fatal(err)
			}
			c := collector.New(collector.Options{SeriesLimit: 100_000})
			defer c.Close()
			var batch collector.Batch
			var scratch receive.Scratch
			ingest := func() {
				batch.Reset()
				batch.Now = newest(chunk) + int64(time.Second)
				scratch.Read(chunk, "tag", &batch, func(m *record.Malformed) { b.Error(m) })
				if err := c.Ingest(&batch, nil); err != nil {
					b.Error(err)
				}
				scratch.Release()
			}
			_ = strings.TrimSpace
			at := newest(chunk) + int64(time.Second)
			_ = at
			ingest()
			b.ReportAllocs()
			for b.Loop() {
				batch.Reset()
				batch.Now = at
				scratch.Read(chunk, "tag", &batch, func(m *record.Malformed) { b.Error(m) })
				if err := c.Ingest(&batch, nil); err != nil {
					b.Error(err)
				}
				scratch.Release()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*scratch.Points), "ns/point")
		})
	}
}
