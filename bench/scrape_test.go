package bench

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	"github.com/promexporter/promexporter/bench/baseline"
	"github.com/promexporter/promexporter/bench/workload"
)

// BenchmarkScrape measures one scrape of counters with three labels over a connection, including the client's reading.
// Each page is alone in the process, so that its garbage collection does not include other garbage.
func BenchmarkScrape(b *testing.B) {
	for _, n := range []int{1000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("series=%d", n), func(b *testing.B) {
			b.Run(ours, func(b *testing.B) { formatsOf(b, serve(b, n)) })
			b.Run(registry, func(b *testing.B) { formatsOf(b, server(b, baseline.NewRegistry(n))) })
			b.Run(victoria, func(b *testing.B) { scrapes(b, server(b, baseline.NewSet(n)), "text", "identity") })
			b.Run(bytes, func(b *testing.B) { scrapes(b, server(b, finished(b, n)), "text", "identity") })
		})
	}
}

// finished is the prepared text of n series.
func finished(b *testing.B, n int) baseline.Page {
	set := httptest.NewServer(baseline.NewSet(n))
	defer set.Close()
	return read(b, newScraper("text", "identity"), set.URL)
}

// serve opens a section with n series of three labels and returns the URL of its page.
func serve(b *testing.B, n int) string {
	l := workload.Series(n)
	s := open(b, l)
	for _, chunk := range l.Chunks(5000) {
		s.flush(b, chunk, l.Tag)
	}
	return s.url
}

// formatsOf scrapes a page in each format, plain and compressed.
func formatsOf(b *testing.B, url string) {
	for _, format := range []string{"text", "openmetrics", "protobuf"} {
		for _, coding := range []string{"identity", "gzip"} {
			scrapes(b, url, format, coding)
		}
	}
}

func scrapes(b *testing.B, url, format, coding string) {
	b.Run(fmt.Sprintf("format=%s/coding=%s", format, coding), func(b *testing.B) {
		s := newScraper(format, coding)
		defer s.close()
		once(b, s, url) // makes what is kept between scrapes
		runtime.GC()
		b.ReportAllocs()
		used, size := processorTime(b), int64(0)
		for b.Loop() {
			size = once(b, s, url)
		}
		b.ReportMetric(float64(processorTime(b)-used)/float64(b.N), "cpu-ns/op")
		b.ReportMetric(float64(size), "page-B")
	})
}

func once(b *testing.B, s *scraper, url string) int64 {
	n, err := s.scrape(url)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

func read(b *testing.B, s *scraper, url string) []byte {
	response, err := s.get(url)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err != nil {
		b.Fatal(err)
	}
	return page
}

// BenchmarkHeap measures how much heap a counter with three labels takes: before the first scrape, and between two
// scrapes.
func BenchmarkHeap(b *testing.B) {
	const n = 100_000
	makers := map[string]func(b *testing.B) string{
		ours:     func(b *testing.B) string { return serve(b, n) },
		registry: func(b *testing.B) string { return server(b, baseline.NewRegistry(n)) },
		victoria: func(b *testing.B) string { return server(b, baseline.NewSet(n)) },
	}
	for _, by := range []string{ours, registry, victoria} {
		b.Run(fmt.Sprintf("series=%d/%s", n, by), func(b *testing.B) {
			before := heap()
			url := makers[by](b)
			idle := heap() - before
			s := newScraper("text", "identity")
			for b.Loop() {
				once(b, s, url)
			}
			s.close()
			b.ReportMetric(idle/n, "B/series")
			b.ReportMetric((heap()-before)/n, "scraped-B/series")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// heap returns the heap in use, without garbage and the content of pools.
func heap() float64 {
	var m runtime.MemStats
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// BenchmarkSlowScrapers measures the peak growth of the heap while many clients read a page of 100,000 series at once, as
// slowly as possible.
func BenchmarkSlowScrapers(b *testing.B) {
	const n = 100_000
	for _, clients := range []int{1, 10, 40} {
		b.Run(fmt.Sprintf("scrapers=%d", clients), func(b *testing.B) {
			pages := map[string]func() string{
				ours:     func() string { return serve(b, n) },
				registry: func() string { return server(b, baseline.NewRegistry(n)) },
			}
			for _, by := range []string{ours, registry} {
				b.Run(by, func(b *testing.B) {
					url := pages[by]()
					once(b, newScraper("text", "identity"), url)
					before := heap()
					for b.Loop() {
						b.ReportMetric((slowScrapers(b, url, clients)-before)/(1<<20), "MiB")
					}
					b.ReportMetric(0, "ns/op")
				})
			}
		})
	}
}

// slowScrapers starts clients that read a page, and returns the heap when all of them are waiting.
func slowScrapers(b *testing.B, url string, clients int) float64 {
	open := make(chan *http.Response, clients)
	for range clients {
		go func() {
			response, err := newScraper("text", "identity").get(url)
			if err != nil {
				b.Error(err)
			}
			open <- response
		}()
	}
	responses := make([]*http.Response, 0, clients)
	for range clients {
		responses = append(responses, <-open)
	}
	used := heap()
	for _, r := range responses {
		if r != nil {
			r.Body.Close()
		}
	}
	return used
}
