package bench

import (
	"fmt"
	"testing"

	"github.com/promexporter/promexporter/bench/workload"
)

// megabyte is about what a busy input fills between two flushes.
const megabyte = 1 << 20

// BenchmarkWay is the whole way from a chunk to series that the next scrape shows, in chunks of 50 records and of about
// a megabyte: what is paid per chunk shows in the small ones.
func BenchmarkWay(b *testing.B) {
	for _, load := range []func() *workload.Load{workload.Access, workload.Requests, workload.Kubernetes, workload.CPU, hundredThousand} {
		l := load()
		b.Run("load="+l.Name, func(b *testing.B) {
			small, large := even(l, 50), even(l, inMegabyte(l))
			// A plugin's heap is small, and so its garbage is collected often. What is left of the records here would
			// spare that to those who make garbage.
			l.Records = nil
			for _, chunks := range [][][]byte{small, large} {
				b.Run(fmt.Sprintf("records=%d", workload.Events(chunks[0])), func(b *testing.B) { ways(b, l, chunks) })
			}
		})
	}
}

func hundredThousand() *workload.Load { return workload.Wide(100_000) }

// ways runs the chunks of l through each of those who turn them into series.
func ways(b *testing.B, l *workload.Load, chunks [][]byte) {
	for _, by := range []string{ours, vectors, floor, msgpSkip} {
		b.Run(by, func(b *testing.B) { perRecord(b, chunks, worker(b, l, by)) })
	}
}

// inMegabyte returns how many records of l make about a megabyte, so that they divide the records of l evenly.
func inMegabyte(l *workload.Load) int {
	n := megabyte * 50 / len(l.First(50))
	for n = min(n, len(l.Records)); len(l.Records)%n != 0; n-- {
	}
	return n
}

// even packs the records of l into chunks of n, as far as they are whole.
func even(l *workload.Load, n int) [][]byte { return l.Chunks(n)[:len(l.Records)/n] }
