package bench

import (
	"context"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/promexporter/promexporter/bench/baseline"
	"github.com/promexporter/promexporter/bench/workload"
)

// BenchmarkLatency measures how long Fluent Bit waits for a chunk of 2 MB of access log, with 100,000 further series:
// without scrapes, with one scrape per second, and with another client that reads the page one byte at a time.
func BenchmarkLatency(b *testing.B) {
	const n = 100_000
	access, series := workload.Access(), workload.Series(n)
	chunk := access.Chunk(2 << 20)
	makers := map[string]func(b *testing.B) (flush func(), url string){
		ours: func(b *testing.B) (func(), string) {
			s := open(b, &workload.Load{Rules: withMatch(access) + strings.TrimPrefix(withMatch(series), "metrics:\n")})
			for _, c := range series.Chunks(5000) {
				s.flush(b, c, series.Tag)
			}
			return func() { s.flush(b, chunk, access.Tag) }, s.url
		},
		vectors: func(b *testing.B) (func(), string) {
			p, r := baseline.NewPlugin(access), baseline.NewRegistry(n)
			url := server(b, promhttp.HandlerFor(prometheus.Gatherers{p.Registry, r}, promhttp.HandlerOpts{}))
			return func() { p.Flush(chunk) }, url
		},
	}
	access.Records, series.Records = nil, nil
	for _, test := range []struct {
		name  string
		along []func(ctx context.Context, url string)
	}{
		{"scraper=none", nil},
		{"scraper=each-second", []func(context.Context, string){scrapeEachSecond}},
		{"scraper=slow", []func(context.Context, string){scrapeEachSecond, readSlowly}},
	} {
		b.Run(test.name, func(b *testing.B) {
			for _, by := range []string{ours, vectors} {
				b.Run(by, func(b *testing.B) {
					flush, url := makers[by](b)
					latency(b, flush, func(ctx context.Context) {
						var all sync.WaitGroup
						for _, along := range test.along {
							all.Go(func() { along(ctx, url) })
						}
						all.Wait()
					})
				})
			}
		})
	}
}

// withMatch restricts the rules of l to its tag.
func withMatch(l *workload.Load) string {
	return strings.ReplaceAll(l.Rules, "- name:", "- match: "+l.Tag+"\n  name:")
}

// latency flushes a chunk every 20 ms under a given load.
func latency(b *testing.B, flush func(), along func(ctx context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	var background sync.WaitGroup
	background.Go(func() { along(ctx) })
	defer background.Wait()
	defer cancel()
	flush() // makes the series
	runtime.GC()
	pace := time.NewTicker(20 * time.Millisecond)
	defer pace.Stop()
	var took []time.Duration
	for b.Loop() {
		begin := time.Now()
		flush()
		took = append(took, time.Since(begin))
		<-pace.C
	}
	slices.Sort(took)
	at := func(share float64) float64 { return float64(took[int(share*float64(len(took)-1))].Nanoseconds()) / 1e6 }
	b.ReportMetric(at(.5), "p50-ms")
	b.ReportMetric(at(.99), "p99-ms")
	b.ReportMetric(at(1), "max-ms")
	b.ReportMetric(0, "ns/op") // that of the pace
}

// scrapeEachSecond scrapes at once, and then once a second.
func scrapeEachSecond(ctx context.Context, url string) {
	s := newScraper("text", "identity")
	defer s.close()
	each := time.NewTicker(time.Second)
	defer each.Stop()
	for ctx.Err() == nil {
		_, _ = s.scrape(url) // one that ctx has overtaken fails
		select {
		case <-each.C:
		case <-ctx.Done():
		}
	}
}

// readSlowly reads a byte of the page every 10 ms.
func readSlowly(ctx context.Context, url string) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		panic(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return
	}
	defer response.Body.Close()
	for each := time.Tick(10 * time.Millisecond); ctx.Err() == nil; <-each {
		if _, err := response.Body.Read(make([]byte, 1)); err != nil {
			return
		}
	}
}
