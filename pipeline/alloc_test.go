package pipeline

import (
	"path/filepath"
	"testing"

	"github.com/promexporter/promexporter/flb"
)

// TestFlushDoesNotAllocate checks that a chunk of known series leaves no garbage.
func TestFlushDoesNotAllocate(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	for _, name := range []string{"access", "cpu", "dummy"} {
		p, _ := openOne(t, nil)
		chunk := capture(t, filepath.Join(captures, "v5.1.1", name+".mp"))
		flush := func() {
			if status := p.Flush(chunk, name); status != flb.OK {
				t.Errorf("status %d", status)
			}
		}
		flush()
		if n := testing.AllocsPerRun(200, flush); n != 0 {
			t.Errorf("%v allocations per flush of %s, want 0", n, name)
		}
	}
}

func BenchmarkFlush(b *testing.B) {
	p, _ := openOne(b, nil)
	chunk := capture(b, filepath.Join(captures, "v5.1.1", "access.mp"))
	b.SetBytes(int64(len(chunk)))
	b.ReportAllocs()
	for b.Loop() {
		if status := p.Flush(chunk, "access"); status != flb.OK {
			b.Fatalf("status %d", status)
		}
	}
}
