package procfs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// hang makes a file of the tree block whoever opens it. release lets all go on, with content to read.
func (t fakeTree) hang(name, content string) (release func()) {
	t.tb.Helper()
	t.remove(name)
	path := filepath.Join(t.path, name)
	if err := syscall.Mkfifo(path, 0o644); err != nil {
		t.tb.Skip(err)
	}
	return func() {
		t.tb.Helper()
		pipe := filepath.Join(t.tb.TempDir(), "pipe")
		if err := os.Rename(path, pipe); err != nil {
			t.tb.Fatal(err)
		}
		t.write(name, content)
		over := make(chan bool)
		t.tb.Cleanup(func() { close(over) })
		go openUntil(over, pipe)
	}
}

// openUntil opens a pipe for writers again and again, since a signal may have a reader miss that it was.
func openUntil(over <-chan bool, pipe string) {
	for {
		if both, err := os.OpenFile(pipe, os.O_RDWR, 0); err == nil {
			_ = both.Close()
		}
		select {
		case <-over:
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// blockedRig is a sampler that gives up on a file soon.
func blockedRig(t *testing.T, c Choice) *rig {
	t.Helper()
	r := newRig(t, c)
	r.limit = 50 * time.Millisecond
	return r
}

// back waits until no reader hangs.
func (r *rig) back() {
	r.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		hanging := 0
		for _, b := range r.blocked {
			if b.reader.turn.hangs() {
				hanging++
			}
		}
		if hanging == 0 {
			return
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("%d readers still hang", hanging)
		}
	}
}

// detailed adds a process with all files.
func (t fakeTree) detailed(f fake) {
	t.tb.Helper()
	t.process(f)
	dir := fmt.Sprint(f.pid, "/")
	t.write(dir+"statm", "2000 30 20 1 0 10 0\n")
	t.write(dir+"cgroup", "0::/system.slice/x.service\n")
	t.write(dir+"status", statusText(f.name, 12, 5*f.user, f.user))
	t.write(dir+"smaps_rollup", rollupText(40))
	if err := os.Symlink("/usr/bin/"+f.name, filepath.Join(t.path, dir, "exe")); err != nil && !os.IsExist(err) {
		t.tb.Fatal(err)
	}
}

// TestBlockingFile has each file of a process block its reader for good. Only this process loses its records, the round
// waits for it once, and its counters go on where they were when it is back.
func TestBlockingFile(t *testing.T) {
	for _, file := range []string{"stat", "statm", "io", "cmdline", "cgroup", "status", "smaps_rollup"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			tree := newFakeTree(t)
			for pid := range 3 {
				tree.detailed(fake{pid: pid + 1, name: fmt.Sprint("p", pid), user: 10, start: 5})
			}
			r := blockedRig(t, Choice{Path: tree.path, Fields: Files | detailed, PasswdFile: "testdata/passwd"})
			r.round(0)
			name := "2/" + file
			content, err := os.ReadFile(filepath.Join(tree.path, name))
			if err != nil {
				t.Fatal(err)
			}
			release := tree.hang(name, string(content))
			for n := range 3 {
				round := r.round(time.Second)
				if got := pidsOf(round); !slices.Equal(got, []int32{1, 3}) || round.Skipped != (Skipped{Blocked: 1}) {
					t.Errorf("round %d: processes %v, %+v", n, got, round.Skipped)
				}
				if round.Processes[1].Elapsed != time.Second {
					t.Errorf("the process after it is compared with %s before", round.Processes[1].Elapsed)
				}
			}
			if len(r.reports) != 3 || !strings.HasPrefix(r.reports[0], file+" of 2: a reader has waited for it for ") {
				t.Errorf("reports %q", r.reports)
			}
			release()
			r.back()
			tree.detailed(fake{pid: 2, name: "p1", user: 25, start: 5})
			round := r.round(time.Second)
			if got := pidsOf(round); !slices.Equal(got, []int32{1, 2, 3}) || round.Skipped != (Skipped{}) {
				t.Fatalf("after it: processes %v, %+v, %q", got, round.Skipped, r.reports)
			}
			if p := round.Processes[1]; p.Elapsed != 4*time.Second || p.Interval.User != 15 || p.Details.Switches.Interval != (Pair{75, 15}) {
				t.Errorf("after it: %+v, %+v", p, p.Details)
			}
		})
	}
}

// TestBlockingSharedFile has the file with the time of the boot block, as a file system of user space in front of it
// can.
func TestBlockingSharedFile(t *testing.T) {
	tree := newFakeTree(t)
	tree.process(fake{pid: 1, name: "x", start: 250})
	r := blockedRig(t, Choice{Path: tree.path})
	release := tree.hang("stat", "btime 1700000060\n")
	for range 2 {
		if p := r.only(r.round(time.Second)); r.Sampler.round.Boot != fakeBoot || r.Sampler.round.Skipped != (Skipped{}) {
			t.Errorf("%+v, %+v, boot %v", p, r.Sampler.round.Skipped, r.Sampler.round.Boot)
		}
	}
	release()
	r.back()
	if r.round(0); r.Sampler.round.Boot != 1700000060 {
		t.Errorf("boot %v", r.Sampler.round.Boot)
	}
}

// TestManyBlock has more processes block than readers may hang. All other records go on, without what might block.
func TestManyBlock(t *testing.T) {
	tree := newFakeTree(t)
	var releases []func()
	for pid := range 9 {
		f := fake{pid: pid + 1, name: fmt.Sprint("p", pid), user: 10, start: 5, cmdline: []string{"/bin/x"}}
		tree.process(f)
		if pid%2 == 1 { // 2, 4, 6 and 8
			releases = append(releases, tree.hang(fmt.Sprint(f.pid, "/cmdline"), "x"))
		}
	}
	r := blockedRig(t, Choice{Path: tree.path, Fields: Files | Cmdline})
	r.most = 2
	before := runtime.NumGoroutine()
	for n := range 3 {
		round := r.round(time.Second)
		if got := pidsOf(round); !slices.Equal(got, []int32{1, 3, 5, 6, 7, 8, 9}) || round.Skipped.Blocked != 2 {
			t.Errorf("round %d: processes %v, %+v", n, got, round.Skipped)
		}
		if last := round.Processes[len(round.Processes)-1]; last.Details != nil || last.OpenFDs != -1 {
			t.Errorf("round %d: %+v", n, last)
		}
	}
	if n := runtime.NumGoroutine() - before; n > 2 {
		t.Errorf("%d goroutines are left", n)
	}
	for _, release := range releases {
		release()
	}
	r.back()
	round := r.round(time.Second)
	if got := pidsOf(round); len(got) != 9 || round.Processes[8].Details.Cmdline != "/bin/x" {
		t.Errorf("after it: %v", got)
	}
}

// TestFiltersOfManyBlock holds that a filter's last word stays true where no text can be read.
func TestFiltersOfManyBlock(t *testing.T) {
	tree := newFakeTree(t)
	for pid, cmdline := range []string{"hangs", "wanted", "not"} {
		tree.process(fake{pid: pid + 1, name: "x", start: 5, cmdline: []string{cmdline}})
	}
	r := blockedRig(t, Choice{Path: tree.path, Filters: Filters{Cmdline: Filter{Include: mustCompile(t, "wanted")}}})
	r.most = 1
	r.round(0)
	defer tree.hang("1/cmdline", "x")()
	for range 2 {
		tree.process(fake{pid: 4, name: "new", start: 6, cmdline: []string{"wanted"}})
		if got := pidsOf(r.round(time.Second)); !slices.Equal(got, []int32{2}) {
			t.Errorf("processes %v", got)
		}
	}
}

// TestStopWhileBlocked ends a round that hangs, also where no other reader may hang.
func TestStopWhileBlocked(t *testing.T) {
	for most := range 2 {
		tree := newFakeTree(t)
		tree.process(fake{pid: 1, name: "x", start: 5})
		release := tree.hang("1/stat", fake{pid: 1, name: "x", start: 5}.stat())
		r := blockedRig(t, Choice{Path: tree.path})
		r.most = most
		ctx, stop := context.WithCancel(context.Background())
		time.AfterFunc(5*time.Millisecond, stop)
		if _, err := r.Round(ctx, time.Now); !errors.Is(err, context.Canceled) {
			t.Errorf("with %d that may hang: %v", most, err)
		}
		release()
		r.back()
		r.only(r.round(time.Second))
	}
}

// TestTurn has one goroutine take the turn of another.
func TestTurn(t *testing.T) {
	var turn turn
	if turn.take(turn.state.Load()) {
		t.Error("a turn was taken that nobody left")
	}
	turn.leave()
	seen := turn.state.Load()
	turn.resume()
	if turn.take(seen) {
		t.Error("a turn was taken from a goroutine that was back")
	}
	turn.leave()
	if !turn.take(turn.state.Load()) || !turn.hangs() {
		t.Fatal("the turn was not taken")
	}
	over, cleanedUp := make(chan bool), false
	go func() {
		defer close(over)
		defer func() { cleanedUp = true }()
		turn.resume()
		t.Error("the goroutine went on without its turn")
	}()
	if <-over; turn.hangs() || !cleanedUp {
		t.Errorf("it still hangs: %v, it cleaned up: %v", turn.hangs(), cleanedUp)
	}
}
