package procfs

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestRoundDoesNotAllocate holds that a process costs no garbage once it is known, whatever is read of it. What a round
// costs by itself is that of reading the time of the boot, and of watching the goroutine that reads.
func TestRoundDoesNotAllocate(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	const processes = 200
	tree := newFakeTree(t)
	for n := range processes {
		tree.detailed(fake{pid: n + 1, name: fmt.Sprint("process-", n), fds: 2, cmdline: []string{"/bin/x", strings.Repeat("y", n)}})
	}
	some := Filter{Include: regexp.MustCompile("."), Exclude: regexp.MustCompile("z")}
	for _, test := range []struct {
		name   string
		choice Choice
		most   float64
	}{
		{"default", Choice{Fields: Files}, 5},
		{"all", Choice{Fields: Files | detailed, CmdlineLength: 100}, 8},
		{"filters", Choice{Filters: Filters{Cmdline: some, Exe: some, User: some, Cgroup: some}}, 8},
	} {
		test.choice.Path, test.choice.PasswdFile = tree.path, "testdata/passwd"
		r := newRig(t, test.choice)
		if n := allocations(t, r, processes); n > test.most {
			t.Errorf("%s: %v allocations in a round of %d processes, want none for each", test.name, n, processes)
		}
	}
}

// allocations returns those of a round and its records, without those of reading the time of the boot.
func allocations(t *testing.T, r *rig, processes int) float64 {
	t.Helper()
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
	return testing.AllocsPerRun(20, all) - boot
}
