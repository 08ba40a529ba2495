package procfs

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// TestRoundDoesNotAllocate holds that a process costs no garbage once it is known. What a round costs by itself is that
// of reading the time of the boot.
func TestRoundDoesNotAllocate(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	const processes = 200
	tree := newFakeTree(t)
	for n := range processes {
		tree.process(fake{pid: n + 1, name: fmt.Sprint("process-", n), fds: 2, cmdline: []string{"/bin/x", "y"}})
	}
	r := newRig(t, Choice{Path: tree.path, Fields: Files | Cmdline})
	busiest := top{n: 10}
	var records []byte
	clock := func() time.Time { return r.now }
	all := func() {
		round, err := r.Round(context.Background(), clock)
		if err != nil || len(round.Processes) != processes {
			t.Fatalf("%d processes, %v", len(round.Processes), err)
		}
		records = appendProcesses(records[:0], round)
		records = appendWide(records, round)
		records = busiest.append(records, round)
	}
	all()
	boot := testing.AllocsPerRun(20, func() {
		if _, err := readBoot(r.fs); err != nil {
			t.Error(err)
		}
	})
	if n := testing.AllocsPerRun(20, all) - boot; n > 5 {
		t.Errorf("%v allocations in a round of %d processes, want none for each", n, processes)
	}
}
