package pipeline

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/promexporter/promexporter/flb"
	"github.com/promexporter/promexporter/internal/chunktest"
)

// TestFlushGoesOnWhileWriting checks that no chunk waits long or is refused while the state of many series is being
// written continuously.
func TestFlushGoesOnWhileWriting(t *testing.T) {
	keys := stateKeys(t, oneRule)
	keys["state_interval"] = "1h"
	p, _ := openOne(t, keys)
	until(t, "the first write", func() bool { return p.state.writtenAt.Load() > 0 })
	fillSeries(t, p, 50_000)
	stop, writes := make(chan struct{}), 0
	var writing sync.WaitGroup
	writing.Go(func() {
		for {
			p.state.write()
			writes++
			select {
			case <-stop:
				return
			default:
			}
		}
	})
	chunk := chunktest.Events(`{"l":"1"}`)
	var longest time.Duration
	for begin := time.Now(); time.Since(begin) < 500*time.Millisecond; {
		start := time.Now()
		if status := p.Flush(chunk, "t"); status != flb.OK {
			t.Fatalf("status %d", status)
		}
		longest = max(longest, time.Since(start))
	}
	close(stop)
	writing.Wait()
	t.Logf("%d writes; the longest flush took %s", writes, longest)
	if longest > p.config.FlushTimeout/2 {
		t.Errorf("a flush took %s", longest)
	}
}

// fillSeries makes n series of a_total.
func fillSeries(t testing.TB, p *Pipeline, n int) {
	t.Helper()
	var records strings.Builder
	for i := range n {
		fmt.Fprintf(&records, "{\"l\":\"%d\"}\n", i)
		if i%5000 == 4999 || i == n-1 {
			flush(t, p, "t", strings.TrimSuffix(records.String(), "\n"), flb.OK)
			records.Reset()
		}
	}
}

// BenchmarkStateWrite writes the state of 100,000 series to a file, and reports how large it is.
func BenchmarkStateWrite(b *testing.B) {
	keys := stateKeys(b, oneRule)
	keys["state_interval"] = "1h"
	p, _ := openOne(b, keys)
	until(b, "the first write", func() bool { return p.state.writtenAt.Load() > 0 })
	fillSeries(b, p, 100_000)
	b.ReportAllocs()
	for b.Loop() {
		p.state.write()
	}
	b.ReportMetric(float64(p.state.writtenBytes.Load()), "B/file")
	if p.state.errors.Load() > 0 {
		b.Error("errors")
	}
}
