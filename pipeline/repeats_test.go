package pipeline

import (
	"fmt"
	"testing"

	"github.com/promexporter/promexporter/flb"
)

// wantCounted checks how many records were counted, and how many chunks were not counted again.
func wantCounted(t *testing.T, p *Pipeline, records, repeated int) {
	t.Helper()
	expect(t, p, fmt.Sprintf(`
		lines_total %d
		promexporter_chunks_repeated_total{output="promexporter.0"} %d`, records, repeated))
}

// TestChunkCountsOnce brings a chunk that another output has not taken once more: after a restart, and after a reload.
func TestChunkCountsOnce(t *testing.T) {
	tests := map[string]struct {
		window string
		next   func(*testing.T, *process, *Pipeline, map[string]string) *Pipeline
		counts int
	}{
		"restart": {"10m", restartSection, 1},
		"reload":  {"10m", reloadSection, 1},
		"off":     {"0", reloadSection, 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			process := newProcess(t)
			keys := stateKeys(t, oneLine)
			keys["dedupe_window"] = test.window
			p := process.open("promexporter.0", keys)
			flush(t, p, "t", `{"a":1}`, flb.OK)
			p = test.next(t, process, p, keys)
			flush(t, p, "t", `{"a":1}`, flb.OK)
			wantCounted(t, p, test.counts, 2-test.counts)
			if lines := process.log.lines("is not counted again"); len(lines) != 2-test.counts {
				t.Errorf("log: %q", lines)
			}
			flush(t, p, "other", `{"a":1}`, flb.OK) // of another tag, so another chunk
			flush(t, p, "t", `{"a":1}`, flb.OK)
			wantCounted(t, p, test.counts+2, 2-test.counts)
		})
	}
}

const oneLine = "metrics:\n- {name: lines_total, type: counter, help: Lines.}\n"

func restartSection(t *testing.T, s *process, p *Pipeline, keys map[string]string) *Pipeline {
	closeWritten(t, p)
	return s.open("promexporter.0", keys)
}

func reloadSection(t *testing.T, s *process, p *Pipeline, keys map[string]string) *Pipeline {
	p.CloseForReload()
	return s.open("promexporter.0", keys)
}

// TestRepeatedChunkIsNotReceived holds that the section's own counts do not know a chunk that comes again either.
func TestRepeatedChunkIsNotReceived(t *testing.T) {
	process := newProcess(t)
	keys := stateKeys(t, oneLine)
	keys["dedupe_window"] = "10m"
	p := process.open("promexporter.0", keys)
	flush(t, p, "t", `{"a":1}`, flb.OK)
	p = reloadSection(t, process, p, keys)
	flush(t, p, "t", `{"a":1}`, flb.OK)
	expect(t, p, `
		promexporter_chunks_received_total{output="promexporter.0"} 1
		promexporter_records_received_total{output="promexporter.0"} 1
		promexporter_chunks_answered_total{output="promexporter.0",status="ok"} 2
		promexporter_rule_records_matched_total{output="promexporter.0",rule="lines_total"} 1
		promexporter_samples_applied_total{output="promexporter.0"} 1`)
}

// TestDigestDoesNotAllocate holds that to know a chunk again takes no memory.
func TestDigestDoesNotAllocate(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	p, _ := openOne(t, map[string]string{"dedupe_window": "10m"})
	chunk := make([]byte, 2<<20)
	if n := testing.AllocsPerRun(100, func() { p.digest(chunk, "kube.var.log") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkDigest(b *testing.B) {
	p, _ := openOne(b, map[string]string{"dedupe_window": "10m"})
	for _, size := range []int{400, 32 << 10, 2 << 20} {
		chunk := make([]byte, size)
		b.Run(fmt.Sprintf("bytes=%d", size), func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				p.digest(chunk, "kube.var.log")
			}
		})
	}
}
