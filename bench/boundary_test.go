package bench

import (
	"runtime/cgo"
	"sync"
	"testing"
	"time"

	"github.com/promexporter/promexporter/bench/callback"
	"github.com/promexporter/promexporter/collector"
)

// The subjects of BenchmarkBoundary.
const (
	functionC = "by=C"
	mutex     = "by=sync.Mutex"
)

// BenchmarkBoundary measures the fixed cost of a chunk: a call from C into Go, compared with one within C, on the stack
// of a thread and on coroutines, as in Fluent Bit; and the round trip over the channel to the goroutine that owns the
// series, compared with a lock.
func BenchmarkBoundary(b *testing.B) {
	for _, coroutines := range []bool{false, true} {
		what := "callback"
		if coroutines {
			what = "callback-on-coroutine"
		}
		b.Run("what="+what+"/"+ours, func(b *testing.B) { calls(b, callback.InGo, coroutines) })
		b.Run("what="+what+"/"+functionC, func(b *testing.B) { calls(b, callback.InC, coroutines) })
	}
	b.Run("what=hand-over/"+ours, func(b *testing.B) {
		c := collector.New(collector.Options{SeriesLimit: 1})
		defer c.Close()
		batch := &collector.Batch{Now: time.Now().UnixNano()}
		perCall(b, 1, func() error { return c.Ingest(batch, nil) })
	})
	b.Run("what=hand-over/"+mutex, func(b *testing.B) {
		var mu sync.Mutex
		batches := 0
		perCall(b, 1, func() error {
			mu.Lock()
			batches++
			mu.Unlock()
			return nil
		})
	})
}

// calls measures a hundred thousand calls at a time, because each measurement has to create a thread.
func calls(b *testing.B, callee callback.Callee, coroutines bool) {
	const n = 100_000
	context := cgo.NewHandle(nil)
	defer context.Delete()
	perCall(b, n, func() error { return callback.Call(callee, coroutines, uintptr(context), n) })
}

// perCall reports the cost of one of the calls of each run of work.
func perCall(b *testing.B, calls float64, work func() error) {
	b.ReportAllocs()
	used := processorTime(b)
	for b.Loop() {
		if err := work(); err != nil {
			b.Fatal(err)
		}
	}
	all := float64(b.N) * calls
	b.ReportMetric(float64((processorTime(b)-used).Nanoseconds())/all, "cpu-ns/call")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/all, "ns/call")
	b.ReportMetric(0, "ns/op")
}
