package bench

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/promexporter/promexporter/bench/workload"
)

// megabyte is about what a busy input fills between two flushes.
const megabyte = 1 << 20

// BenchmarkWay is the whole way from a chunk to series that the next scrape shows, in chunks of 50 records and of about
// a megabyte: what is paid per chunk shows in the small ones.
func BenchmarkWay(b *testing.B) {
	for _, l := range []*workload.Load{workload.Access(), workload.Kubernetes(), workload.CPU(), workload.Wide(100_000)} {
		for _, n := range []int{50, inMegabyte(l)} {
			chunks := even(l, n)
			b.Run(fmt.Sprintf("load=%s/records=%d", l.Name, n), func(b *testing.B) { ways(b, l, chunks) })
		}
	}
}

// ways runs the chunks of l through each of those who turn them into series.
func ways(b *testing.B, l *workload.Load, chunks [][]byte) {
	work := workers(b, l)
	for _, by := range slices.Sorted(maps.Keys(work)) {
		b.Run(by, func(b *testing.B) { perRecord(b, chunks, work[by]) })
	}
}

// inMegabyte returns how many records of l make about a megabyte, so that they divide the records of l evenly.
func inMegabyte(l *workload.Load) int {
	n := megabyte * 50 / len(l.First(50))
	for n = min(n, len(l.Records)); len(l.Records)%n != 0; n-- {
	}
	return n
}

// even packs the records of l into chunks of n.
func even(l *workload.Load, n int) [][]byte {
	chunks := l.Chunks(n)
	return chunks[:len(l.Records)/n]
}
