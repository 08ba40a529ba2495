package collector_test

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/promexporter/promexporter/collector"
)

// maxChunks is how many chunks a collector remembers.
const maxChunks = 1 << 14

func digest(n int) (d collector.Digest) {
	binary.BigEndian.PutUint64(d[:], uint64(n)+1)
	return d
}

// bring brings the chunk n, which adds 1 to f, and reports whether it was applied.
func bring(t testing.TB, c *collector.Collector, f *collector.Family, n int, now int64) bool {
	t.Helper()
	b := batchAt(now, add(f, 1))
	b.Chunk = digest(n)
	err := c.Ingest(b, nil)
	var repeated *collector.RepeatedError
	if err != nil && !errors.As(err, &repeated) {
		t.Fatal(err)
	}
	return err == nil
}

func expectRepeats(t testing.TB, c *collector.Collector, until int64) {
	t.Helper()
	if err := c.ExpectRepeats(until); err != nil {
		t.Fatal(err)
	}
}

func TestRepeatedChunks(t *testing.T) {
	f := &collector.Family{Name: "c_total", Type: collector.Counter}
	type step struct {
		chunk   int
		applied bool
	}
	tests := map[string]struct {
		before []int
		pass   time.Duration // from the start to the repeats
		after  []step
	}{
		"never applied":            {[]int{1}, 0, []step{{2, true}, {3, true}}},
		"applied before":           {[]int{1, 2}, 0, []step{{2, false}, {1, false}, {3, true}}},
		"equal ones after":         {[]int{1}, 0, []step{{1, false}, {1, true}, {1, true}}},
		"applied twice":            {[]int{1, 1}, 0, []step{{1, false}, {1, false}, {1, true}}},
		"equal ones, both new":     {nil, 0, []step{{1, true}, {1, true}}},
		"at the end of the window": {[]int{1}, time.Minute, []step{{1, false}}},
		"after the window":         {[]int{1}, time.Minute + 1, []step{{1, true}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := open(t, collector.Options{})
			for _, chunk := range test.before {
				if !bring(t, c, f, chunk, noon) {
					t.Fatal("refused before the start")
				}
			}
			expectRepeats(t, c, noon+int64(time.Minute))
			applied := c.Stats().Applied()
			for i, s := range test.after {
				if got := bring(t, c, f, s.chunk, noon+int64(test.pass)); got != s.applied {
					t.Errorf("chunk %d of %v: applied %v", i, test.after, got)
				}
				if s.applied {
					applied++
				}
			}
			if got := c.Stats().Applied(); got != applied {
				t.Errorf("%d samples applied, want %d", got, applied)
			}
		})
	}
}

// TestRepeatsAgain holds that a chunk is known at every start, not at the next one alone.
func TestRepeatsAgain(t *testing.T) {
	f := &collector.Family{Name: "c_total", Type: collector.Counter}
	c := open(t, collector.Options{})
	bring(t, c, f, 1, noon)
	for start := range 3 {
		expectRepeats(t, c, noon+second)
		if bring(t, c, f, 1, noon) {
			t.Errorf("applied again after start %d", start)
		}
	}
}

// TestOldestChunkIsForgotten holds that the bound costs the chunks that came first.
func TestOldestChunkIsForgotten(t *testing.T) {
	f := &collector.Family{Name: "c_total", Type: collector.Counter}
	c := open(t, collector.Options{})
	const all = maxChunks + 10
	for i := range all {
		bring(t, c, f, i, noon)
	}
	expectRepeats(t, c, noon+second)
	for i := range all {
		if applied := bring(t, c, f, i, noon); applied != (i < 10) {
			t.Fatalf("chunk %d of %d: applied %v", i, all, applied)
		}
	}
}

// TestChunksAndSeriesAreOneState kills a collector again and again: it continues from its last state, and every chunk
// that the host still has comes again. Each counts once.
func TestChunksAndSeriesAreOneState(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		f := &collector.Family{Name: "c_total", Type: collector.Counter}
		c := open(t, collector.Options{})
		state := written(t, c, noon, false)
		chunks := 0
		for range 100 {
			switch r.IntN(10) {
			case 0:
				state = written(t, c, noon, false)
			case 1:
				c.Close()
				c, f = open(t, collector.Options{}), &collector.Family{Name: "c_total", Type: collector.Counter}
				restored(t, c, state, noon, f)
				expectRepeats(t, c, noon+second)
				for n := range chunks {
					bring(t, c, f, n, noon)
				}
			default:
				bring(t, c, f, chunks, noon)
				chunks++
			}
		}
		if got := counterOf(t, c); got != float64(chunks) {
			t.Fatalf("seed %d: %d chunks count %v", seed, chunks, got)
		}
	}
}

// counterOf returns the value of the only counter, or 0 without one.
func counterOf(t *testing.T, c *collector.Collector) float64 {
	t.Helper()
	families, done, err := c.Gather(t.Context())
	defer done()
	if err != nil {
		t.Fatal(err)
	}
	if len(families) == 0 {
		return 0
	}
	return families[0].Metric[0].Counter.GetValue()
}
