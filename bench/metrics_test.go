package bench

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ugorji/go/codec"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/promexporter/promexporter/bench/workload"
	"github.com/promexporter/promexporter/cmetrics"
	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/receive"
	"github.com/promexporter/promexporter/record"
)

// BenchmarkMetrics takes metrics events from the chunk to the series; the libraries only decode the chunk. The chunks are
// those of inputs of a real Fluent Bit, and one of 1000 histograms.
func BenchmarkMetrics(b *testing.B) {
	chunks := map[string][]byte{"histograms": workload.Histograms(1000)}
	for _, name := range []string{"node_exporter_metrics", "fluentbit_metrics", "otlp_all_kinds"} {
		chunk, err := os.ReadFile(filepath.Join("..", "cmetrics", "testdata", "chunks", "v5.1.1", name+".mp"))
		if err != nil {
			b.Fatal(err)
		}
		chunks[name] = chunk
	}
	for _, load := range []string{"node_exporter_metrics", "fluentbit_metrics", "otlp_all_kinds", "histograms"} {
		chunk := [][]byte{chunks[load]}
		b.Run("load="+load, func(b *testing.B) {
			take, points := taker(b, chunks[load])
			b.Run(ours, func(b *testing.B) { perRecords(b, chunk, points, take) })
			b.Run("by=vmihailenco", func(b *testing.B) { perRecords(b, chunk, points, vmihailenco(b)) })
			b.Run("by=ugorji", func(b *testing.B) { perRecords(b, chunk, points, ugorji(b)) })
		})
	}
}

// taker returns a function that takes a chunk, and how many points it has.
func taker(b *testing.B, chunk []byte) (take func(chunk []byte), points int) {
	c := collector.New(collector.Options{SeriesLimit: 1_000_000})
	b.Cleanup(c.Close)
	var batch collector.Batch
	var scratch receive.Scratch
	now := cmetrics.Newest(chunk) + int64(time.Second)
	take = func(chunk []byte) {
		batch.Reset()
		batch.Now = now
		scratch.Read(chunk, "tag", &batch, func(m *record.Malformed) { b.Fatal(m) })
		scratch.Release()
		if err := c.Ingest(&batch, nil); err != nil {
			b.Fatal(err)
		}
	}
	take(chunk)
	if c.Stats().PointsApplied() == 0 {
		b.Fatal("no point was taken")
	}
	return take, scratch.Points
}

func vmihailenco(b *testing.B) func(chunk []byte) {
	return func(chunk []byte) {
		var v any
		if err := msgpack.Unmarshal(chunk, &v); err != nil {
			b.Fatal(err)
		}
	}
}

func ugorji(b *testing.B) func(chunk []byte) {
	handle := &codec.MsgpackHandle{}
	return func(chunk []byte) {
		var v any
		if err := codec.NewDecoderBytes(chunk, handle).Decode(&v); err != nil {
			b.Fatal(err)
		}
	}
}
