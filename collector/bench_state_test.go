package collector_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/promexporter/promexporter/collector"
)

// stateKinds are the families of which BenchmarkState measures 100,000 series.
func stateKinds() map[string]*collector.Family {
	return map[string]*collector.Family{
		"counter":   {Type: collector.Counter},
		"ttl":       {Type: collector.Counter, TTL: time.Hour},
		"histogram": {Type: collector.Histogram, Buckets: prometheus.DefBuckets},
		"native":    {Type: collector.Histogram, Native: collector.Native{Factor: 1.1}},
	}
}

// BenchmarkState measures a state of 100,000 series: copying it, which holds up batches, writing it, and reading it.
func BenchmarkState(b *testing.B) {
	const series = 100_000
	for name, f := range stateKinds() {
		f.Name, f.Labels = "hits", labelNames
		c := open(b, collector.Options{SeriesLimit: series})
		batch := batchAt(noon)
		for i := range 4 * series {
			op, set := collector.Observe, labelSet(i%series)
			if f.Type == collector.Counter {
				op = collector.Add
			}
			of(collector.Sample{Family: f, Op: op, Value: float64(i%977) / 100}, set[:]...)(batch)
		}
		if err := c.Ingest(batch, nil); err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("%s/copy", name), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Export(noon, true); err != nil {
					b.Fatal(err)
				}
			}
		})
		s, err := c.Export(noon, true)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("%s/write", name), func(b *testing.B) {
			b.ReportAllocs()
			var size int64
			for b.Loop() {
				if size, err = s.WriteTo(io.Discard); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(size)/series, "B/series")
		})
		var state bytes.Buffer
		if _, err := s.WriteTo(&state); err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("%s/read", name), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				known := *stateKinds()[name]
				known.Name, known.Labels = f.Name, f.Labels
				other := collector.New(collector.Options{SeriesLimit: series})
				done, err := other.Import(bytes.NewReader(state.Bytes()), collector.ImportOptions{Now: noon, Families: []*collector.Family{&known}})
				if err != nil || done.Series != series {
					b.Fatal(done, err)
				}
				other.Close()
			}
		})
	}
}
