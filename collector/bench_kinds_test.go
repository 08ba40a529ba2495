package collector_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/promexporter/promexporter/collector"
)

// BenchmarkIngestKinds applies batches of 1000 samples to 1000 series, one of each kind that does more than
// BenchmarkIngest.
func BenchmarkIngestKinds(b *testing.B) {
	kinds := map[string]struct {
		family collector.Family
		sample collector.Sample
	}{
		"ttl":       {collector.Family{Type: collector.Counter, TTL: time.Hour}, collector.Sample{}},
		"total":     {collector.Family{Type: collector.Counter}, collector.Sample{Op: collector.Total}},
		"aggregate": {collector.Family{Type: collector.Gauge}, collector.Sample{Op: collector.Max}},
		"histogram": {collector.Family{Type: collector.Histogram, Buckets: prometheus.DefBuckets}, collector.Sample{Op: collector.Observe}},
		"native":    {collector.Family{Type: collector.Histogram, Native: collector.Native{Factor: 1.1}}, collector.Sample{Op: collector.Observe}},
		"summary":   {collector.Family{Type: collector.Summary, Quantiles: map[float64]float64{0.5: 0.05, 0.99: 0.001}}, collector.Sample{Op: collector.Observe}},
	}
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		b.Run(name, func(b *testing.B) {
			c := open(b, collector.Options{})
			f, s := kinds[name].family, kinds[name].sample
			f.Name, f.Labels, s.Family = "m", []string{"n"}, &f
			var keys [1000][]byte
			for i := range keys {
				keys[i] = collector.AppendLabel(nil, fmt.Append(nil, i*919%1000))
			}
			batch := batchAt(noon)
			b.ReportAllocs()
			at := 0
			for b.Loop() {
				batch.EncodedLabels(keys[at])
				s.Value = float64(at*7%1000) / 100
				batch.Append(&s)
				if at++; at == len(keys) {
					at = 0
					if err := c.Ingest(batch, nil); err != nil {
						b.Fatal(err)
					}
					batch.Reset()
					batch.Now += second
				}
			}
		})
	}
}

// BenchmarkRoundsOfTags begins the next round of one tag, which ends a series. Rounds of other tags hardly make that
// slower.
func BenchmarkRoundsOfTags(b *testing.B) {
	for _, tags := range []int{1, 1000, 10_000} {
		b.Run(fmt.Sprint(tags), func(b *testing.B) {
			c := open(b, collector.Options{})
			f := &collector.Family{Name: "m", Type: collector.Gauge, Labels: []string{"n"}, TTL: time.Hour}
			var families collector.Aggregates
			families.Add(f)
			batch := batchAt(noon)
			record := func(tag string, at int64, label string) {
				batch.Reset()
				batch.Now = at
				batch.Round(tag, &families, at)
				of(collector.Sample{Family: f, Op: collector.Sum}, label)(batch)
				if err := c.Ingest(batch, nil); err != nil {
					b.Fatal(err)
				}
			}
			for i := range tags {
				record(fmt.Sprint(i), noon, fmt.Sprint(i))
			}
			at, labels := int64(noon), [2]string{"a", "b"}
			for b.Loop() {
				at++
				record("0", at, labels[at%2])
			}
		})
	}
}

// BenchmarkTouched measures a scrape of 10,000 series that each have a new observation, and how long it holds up the
// goroutine of the collector.
func BenchmarkTouched(b *testing.B) {
	kinds := map[string]collector.Family{
		"classic": {Type: collector.Histogram, Buckets: prometheus.DefBuckets},
		"native":  {Type: collector.Histogram, Native: collector.Native{Factor: 1.1}},
		"summary": {Type: collector.Summary, Quantiles: map[float64]float64{0.5: 0.05, 0.99: 0.001}},
	}
	const series = 10_000
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		b.Run(name, func(b *testing.B) {
			before := heap()
			c := open(b, collector.Options{SeriesLimit: series})
			f := kinds[name]
			f.Name, f.Labels = "m", []string{"n"}
			batch := batchAt(noon)
			for i := range 20 * series {
				observe(&f, float64(i*7%1000)/100, fmt.Sprint(i%series))(batch)
			}
			if err := c.Ingest(batch, nil); err != nil {
				b.Fatal(err)
			}
			batch = batchAt(noon)
			size := (heap() - before) / series
			for i := range series {
				observe(&f, float64(i*7%1000)/100, fmt.Sprint(i))(batch)
			}
			b.ReportAllocs()
			b.ResetTimer()
			for b.Loop() {
				b.StopTimer()
				if err := c.Ingest(batch, nil); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				_, done, err := c.Gather(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				done()
			}
			b.ReportMetric(size, "B/series")
		})
	}
}
