package bench

import (
	"fmt"
	"sync"
	"testing"

	"github.com/promexporter/promexporter/bench/workload"
)

// BenchmarkRules measures the access log with 1 to 50 rules that have a condition each, two of which always match.
func BenchmarkRules(b *testing.B) {
	for _, n := range []int{2, 5, 10, 20, 50} {
		b.Run(fmt.Sprintf("rules=%d", n), func(b *testing.B) {
			l := workload.Rules(n)
			chunks := even(l, inMegabyte(l))
			l.Records = nil
			measurePath(b, l, chunks)
		})
	}
}

// BenchmarkSeries measures a counter with five labels and 10 to 1,000,000 series, which get their samples in turn.
func BenchmarkSeries(b *testing.B) {
	for _, n := range []int{10, 1000, 10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("series=%d", n), func(b *testing.B) {
			l := workload.Wide(n)
			for len(l.Records) < 5000 { // so that the chunks are of one size
				l.Records = append(l.Records, l.Records...)
			}
			chunks := even(l, 5000)
			l.Records = nil
			measurePath(b, l, chunks)
		})
	}
}

// BenchmarkWorkers flushes the access log from one and from two threads, as Fluent Bit does with workers. The floor,
// which shares nothing, shows how much a second thread can gain on this machine.
func BenchmarkWorkers(b *testing.B) {
	l := workload.Access()
	chunks := even(l, inMegabyte(l))[:1]
	l.Records = nil
	for _, n := range []int{1, 2} {
		b.Run(fmt.Sprintf("workers=%d", n), func(b *testing.B) {
			for _, by := range []string{ours, floor} {
				b.Run(by, func(b *testing.B) {
					flush := worker(b, l, by)
					perRecords(b, chunks, flushes*workload.Events(chunks[0]), func(chunk []byte) { divide(n, chunk, flush) })
				})
			}
		})
	}
}

// flushes is the number of chunks that an operation of BenchmarkWorkers divides among the workers.
const flushes = 16

func divide(workers int, chunk []byte, flush func(chunk []byte)) {
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range flushes / workers {
				flush(chunk)
			}
		})
	}
	wg.Wait()
}
