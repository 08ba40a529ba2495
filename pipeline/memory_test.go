package pipeline

import (
	"fmt"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/promexporter/promexporter/flb"
	"github.com/promexporter/promexporter/internal/chunktest"
)

// matching are n rules that apply to all records.
func matching(n int) string {
	var b strings.Builder
	b.WriteString("metrics:\n")
	for i := range n {
		fmt.Fprintf(&b, "- {name: m%d_total, type: counter, help: Records., labels: {l: $l}}\n", i)
	}
	return b.String()
}

// TestLargeFlushesDoNotAllocate checks that flushing does not allocate, for any size of chunk.
func TestLargeFlushesDoNotAllocate(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	for _, test := range []struct{ rules, records int }{{1, 1}, {1, 50_000}, {50, 5000}, {100, 3000}} {
		p, _ := openOne(t, map[string]string{"rules_file": writeRules(t, matching(test.rules))})
		chunk := chunktest.Events(strings.Repeat(`{"l":"0123456789012345678901234567890123456789"}`+"\n", test.records))
		flush := func() {
			if status := p.Flush(chunk, "tag"); status != flb.OK {
				t.Errorf("status %d", status)
			}
		}
		flush()
		if n := leastAllocs(flush); n != 0 {
			t.Errorf("%d rules, %d records: %v allocations per flush, want 0", test.rules, test.records, n)
		}
	}
}

// leastAllocs returns the least number of allocations of a few runs, because the watcher of the rules file allocates
// meanwhile.
func leastAllocs(f func()) (least float64) {
	least = testing.AllocsPerRun(1, f)
	for range 20 {
		least = min(least, testing.AllocsPerRun(1, f))
	}
	return least
}

// TestBuffersShrink checks that the memory of large flushes is kept while they continue, and freed afterwards.
func TestBuffersShrink(t *testing.T) {
	p, _ := openOne(t, map[string]string{"rules_file": writeRules(t, matching(20))})
	large := chunktest.Events(strings.Repeat(`{"l":"x"}`+"\n", 2000))
	small := chunktest.Events(`{"l":"x"}`)
	send := func(chunk []byte) {
		if status := p.Flush(chunk, "tag"); status != flb.OK {
			t.Fatalf("status %d", status)
		}
	}
	for minute, step := range []struct {
		chunks  [][]byte
		freed   bool
		resting int
	}{
		{[][]byte{large, small}, false, 1},
		{[][]byte{small, large, small}, false, 1},
		{[][]byte{small}, true, 1},
		{[][]byte{small}, false, 1},
		{nil, false, 0},
	} {
		for _, chunk := range step.chunks {
			send(chunk)
		}
		freed := p.buffers.shrink()
		if (freed > 64*20*1000) != step.freed || len(p.buffers.idle) != step.resting {
			t.Errorf("minute %d: %d bytes freed, %d buffers are idle; want any: %v, %d", minute, freed, len(p.buffers.idle), step.freed, step.resting)
		}
	}
}

// TestScavenger checks that the memory of expired series is collected soon, and that nothing is collected while the
// series do not change.
func TestScavenger(t *testing.T) {
	p, _ := openOne(t, map[string]string{"rules_file": writeRules(t, "metrics: [{name: a_total, type: counter, help: h, ttl: 1s, labels: {l: $l}}]")})
	var records strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&records, "{\"l\":\"%d\"}\n", i)
	}
	if status := p.Flush(chunktest.Events(records.String()), "tag"); status != flb.OK {
		t.Fatalf("status %d", status)
	}
	s, now := &scavenger{instance: p.instance, lastShrink: time.Now()}, time.Now()
	before := p.collector.Stats().Bytes()
	look := func(when string, want int64) {
		t.Helper()
		if freed := s.release(now); freed != want {
			t.Errorf("%s: %d bytes freed, want %d", when, freed, want)
		}
	}
	look("while series may still come", 0)
	look("when they are there", before)
	look("later", 0)
	until(t, "the series did not expire", func() bool {
		p.Flush(chunktest.Events(`{"l":"x"}`), "tag")
		return p.collector.Stats().Series() == 1
	})
	look("while they may still expire", 0)
	look("when they are gone", before-p.collector.Stats().Bytes())
	look("later", 0)
}

// TestGCPercent checks that the settings of the garbage collector in the environment are kept.
func TestGCPercent(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	for _, test := range []struct {
		gogc, limit string
		want        int
	}{{"", "", gcPercent}, {"200", "", 100}, {"off", "", 100}, {"", "1GiB", 100}} {
		t.Setenv("GOGC", test.gogc)
		t.Setenv("GOMEMLIMIT", test.limit)
		debug.SetGCPercent(100)
		setGCPercent()
		if got := debug.SetGCPercent(100); got != test.want {
			t.Errorf("GOGC=%s GOMEMLIMIT=%s: %d, want %d", test.gogc, test.limit, got, test.want)
		}
	}
}
