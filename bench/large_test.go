package bench

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/promexporter/promexporter/bench/workload"
	"github.com/promexporter/promexporter/internal/chunktest"
)

// BenchmarkLargePage reports how long Fluent Bit waits for a chunk of one record, without scrapes and while a page of
// about 300 MB is scraped continuously, and how much resident memory these scrapes take, relative to the page.
func BenchmarkLargePage(b *testing.B) {
	const n, size = 100_000, 1000
	load := &workload.Load{Rules: "metrics:\n- {name: large_total, type: counter, help: Large., labels: {a: $a, b: $b, c: $c}}\n"}
	for _, scraped := range []bool{false, true} {
		name := "scraper=none"
		if scraped {
			name = "scraper=without-pause"
		}
		b.Run(name, func(b *testing.B) {
			b.Run(ours, func(b *testing.B) {
				s := open(b, load)
				var records []string
				for i := range n {
					long := fmt.Sprintf("%d-%s", i, strings.Repeat("v", size))
					if records = append(records, fmt.Sprintf(`{"a":"a%s","b":"b%[1]s","c":"c%[1]s"}`, long)); len(records) == 1000 {
						s.flush(b, chunktest.Events(strings.Join(records, "\n")), "t")
						records = nil
					}
				}
				once(b, newScraper("text", "identity"), s.url+"?name[]=none") // makes the snapshot
				debug.FreeOSMemory()
				before, page := memory(b, "VmRSS"), int64(0)
				if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil { // resets VmHWM
					b.Fatal(err)
				}
				chunk := chunktest.Events(`{"a":"x"}`)
				latency(b, func() { s.flush(b, chunk, "t") }, func(ctx context.Context) {
					for scraped && ctx.Err() == nil {
						scraper := newScraper("text", "identity")
						size, err := scraper.scrape(s.url)
						if page = max(page, size); err != nil {
							time.Sleep(time.Millisecond) // ctx ended, or the next one shows the error
						}
						scraper.close()
					}
				})
				if page > 0 {
					b.ReportMetric(float64(page)/(1<<20), "page-MiB")
					b.ReportMetric(float64(memory(b, "VmHWM")-before)/float64(page), "memory/page")
				}
			})
		})
	}
}

// memory returns a figure of /proc/self/status in bytes.
func memory(b *testing.B, field string) (bytes int) {
	b.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), field+":")
	if _, err := fmt.Sscan(rest, &bytes); err != nil {
		b.Fatal(err)
	}
	return bytes << 10
}
