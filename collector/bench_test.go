package collector_test

import (
	"fmt"
	"io"
	"runtime"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/internal/exposition"
)

// labelSet returns the i-th of many label sets as an access log has them.
func labelSet(i int) [3]string {
	return [3]string{fmt.Sprintf("host-%d", i%100), fmt.Sprintf("/api/v1/things/%d", i/100), "200"}
}

var labelNames = []string{"host", "path", "status"}

func hits() *collector.Family {
	return &collector.Family{Name: "hits_total", Help: "Hits.", Type: collector.Counter, Labels: labelNames}
}

// populate makes n counter series of three labels in batches of a chunk's size.
func populate(b *testing.B, c *collector.Collector, f *collector.Family, n int) {
	b.Helper()
	batch := batchAt(noon)
	for i := range n {
		set := labelSet(i)
		add(f, float64(i)+0.5, set[:]...)(batch)
		if batch.Len() == 5000 || i == n-1 {
			if err := c.Ingest(batch, nil); err != nil {
				b.Fatal(err)
			}
			batch.Reset()
		}
	}
}

// BenchmarkIngest applies batches of 1000 samples to known series; ns/op is per sample, building the batch included.
func BenchmarkIngest(b *testing.B) {
	for _, series := range []int{10, 100_000} {
		b.Run(fmt.Sprintf("series=%d", series), func(b *testing.B) {
			c := open(b, collector.Options{SeriesLimit: series})
			f := hits()
			populate(b, c, f, series)
			keys := make([][]byte, series)
			for i := range keys {
				for _, v := range labelSet(i * 7919 % series) { // not in the order of the columns
					keys[i] = collector.AppendLabel(keys[i], []byte(v))
				}
			}
			batch := batchAt(noon)
			b.ReportAllocs()
			at := 0
			for b.Loop() {
				batch.EncodedLabels(keys[at])
				batch.Append(&collector.Sample{Family: f, Value: 1})
				if at++; at == series {
					at = 0
				}
				if batch.Len() == 1000 {
					if err := c.Ingest(batch, nil); err != nil {
						b.Fatal(err)
					}
					batch.Reset()
				}
			}
		})
	}
}

// BenchmarkIngestClientGolang is the baseline of BenchmarkIngest.
func BenchmarkIngestClientGolang(b *testing.B) {
	for _, series := range []int{10, 100_000} {
		b.Run(fmt.Sprintf("series=%d", series), func(b *testing.B) {
			vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "hits_total", Help: "Hits."}, labelNames)
			sets := make([][3]string, series)
			for i := range sets {
				sets[i] = labelSet(i * 7919 % series)
				vec.WithLabelValues(sets[i][:]...).Add(0.5)
			}
			b.ReportAllocs()
			at := 0
			for b.Loop() {
				vec.WithLabelValues(sets[at][:]...).Add(1)
				if at++; at == series {
					at = 0
				}
			}
		})
	}
}

// BenchmarkScrape gathers and encodes counter series as text.
func BenchmarkScrape(b *testing.B) {
	for _, series := range []int{1000, 100_000} {
		b.Run(fmt.Sprintf("series=%d", series), func(b *testing.B) {
			c := open(b, collector.Options{SeriesLimit: series})
			populate(b, c, hits(), series)
			b.ReportAllocs()
			for b.Loop() {
				families, done, err := c.Gather(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				discard(b, families)
				done()
			}
		})
	}
}

// BenchmarkGather is the part of BenchmarkScrape that is ours.
func BenchmarkGather(b *testing.B) {
	c := open(b, collector.Options{SeriesLimit: 100_000})
	f := hits()
	populate(b, c, f, 100_000)
	set := labelSet(0)
	batch := batchAt(noon, add(f, 1, set[:]...))
	b.ReportAllocs()
	for b.Loop() {
		if err := c.Ingest(batch, nil); err != nil {
			b.Fatal(err)
		}
		_, done, err := c.Gather(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		done()
	}
}

// BenchmarkScrapeClientGolang is the baseline of BenchmarkScrape.
func BenchmarkScrapeClientGolang(b *testing.B) {
	const series = 100_000
	registry := prometheus.NewRegistry()
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "hits_total", Help: "Hits."}, labelNames)
	registry.MustRegister(vec)
	for i := range series {
		set := labelSet(i)
		vec.WithLabelValues(set[:]...).Add(float64(i) + 0.5)
	}
	b.Run(fmt.Sprintf("series=%d", series), func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			gathered, err := registry.Gather()
			if err != nil {
				b.Fatal(err)
			}
			var families []exposition.Family
			for _, f := range gathered {
				families = append(families, exposition.Family{MetricFamily: f})
			}
			discard(b, families)
		}
	})
}

func discard(b *testing.B, families []exposition.Family) {
	b.Helper()
	encoder := expfmt.NewEncoder(io.Discard, textFormat)
	for _, f := range families {
		if err := encoder.Encode(f.MetricFamily); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMemory reports the heap of a counter series of three labels, before and after the first scrape.
func BenchmarkMemory(b *testing.B) {
	const series = 100_000
	for b.Loop() {
		before := heap()
		c := collector.New(collector.Options{SeriesLimit: series})
		populate(b, c, hits(), series)
		b.ReportMetric((heap()-before)/series, "B/series")
		_, done, err := c.Gather(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		done()
		b.ReportMetric((heap()-before)/series, "B/series-scraped")
		c.Close()
	}
}

func heap() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}
