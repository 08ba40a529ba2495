package bench

import (
	"fmt"
	"testing"

	"github.com/promexporter/promexporter/bench/workload"
)

// megabyte is about the size of a chunk of a busy input.
const megabyte = 1 << 20

// BenchmarkPath measures the whole path from a chunk to the series, with chunks of 50 records and of about a megabyte.
// The small ones show the cost per chunk.
func BenchmarkPath(b *testing.B) {
	for _, load := range []func() *workload.Load{workload.Access, workload.Requests, workload.Kubernetes, workload.CPU, hundredThousand} {
		l := load()
		b.Run("load="+l.Name, func(b *testing.B) {
			small, large := even(l, 50), even(l, inMegabyte(l))
			// The heap of a plugin is small, so its garbage is collected often. The memory of the records here would
			// make collections rarer.
			l.Records = nil
			for _, chunks := range [][][]byte{small, large} {
				b.Run(fmt.Sprintf("records=%d", workload.Events(chunks[0])), func(b *testing.B) { measurePath(b, l, chunks) })
			}
		})
	}
}

func hundredThousand() *workload.Load { return workload.Wide(100_000) }

// measurePath measures the chunks of l with each subject.
func measurePath(b *testing.B, l *workload.Load, chunks [][]byte) {
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

// even packs the records of l into chunks of n, and leaves out an incomplete one.
func even(l *workload.Load, n int) [][]byte { return l.Chunks(n)[:len(l.Records)/n] }
