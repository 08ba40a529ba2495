package procfs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/promexporter/promexporter/internal/goldentest"
)

// rig is a sampler with a clock that only the test moves.
type rig struct {
	*Sampler
	t       *testing.T
	now     time.Time
	reports []string
}

func newRig(t *testing.T, c Choice) *rig {
	t.Helper()
	r := &rig{t: t, now: time.Unix(1_700_001_000, 5)}
	var err error
	r.Sampler, err = NewSampler(c, func(file string, pid int32, err error) {
		r.reports = append(r.reports, fmt.Sprintf("%s of %d: %v", file, pid, err))
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// round lets time pass and takes a round.
func (r *rig) round(passed time.Duration) *Round {
	r.t.Helper()
	r.now = r.now.Add(passed)
	round, err := r.Round(context.Background(), func() time.Time { return r.now })
	if err != nil {
		r.t.Fatal(err)
	}
	return round
}

// only returns the one process of a round.
func (r *rig) only(round *Round) Process {
	r.t.Helper()
	if len(round.Processes) != 1 {
		r.t.Fatalf("%d processes, want 1", len(round.Processes))
	}
	return round.Processes[0]
}

// TestStrange reads a tree of processes with strange names, unreadable, vanished and garbled files.
func TestStrange(t *testing.T) {
	r := newRig(t, Choice{Path: filepath.Join("testdata", "proc"), Fields: Files | Cmdline})
	r.pageSize = 4096
	round := r.round(0)
	var got strings.Builder
	for i := range round.Processes {
		round.Processes[i].User = 7 // whose files these are
	}
	for _, e := range decode(t, appendProcesses(nil, round)) {
		line, err := json.Marshal(e.record)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&got, "%s\n", line)
	}
	slices.Sort(r.reports)
	fmt.Fprintf(&got, "%+v\n%s\n", round.Skipped, strings.Join(r.reports, "\n"))
	golden(t, "strange", got.String())
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	goldentest.Compare(t, filepath.Join("testdata", name+".golden"), got)
}

func TestInterval(t *testing.T) {
	tree := newFakeTree(t)
	p := fake{pid: 5, parent: 1, name: "burn", user: 100, system: 50, start: 1000, read: 10, fds: 3}
	tree.process(p)
	r := newRig(t, Choice{Path: tree.path, Fields: Files})
	first := r.only(r.round(0))
	if first.Elapsed != 0 || first.Interval != (CPU{}) || first.Total != (CPU{100, 50}) {
		t.Errorf("first round: %+v", first)
	}
	if first.RSS != 25*uint64(os.Getpagesize()) || first.Virtual != 8192000 || first.Threads != 3 || first.OpenFDs != 3 {
		t.Errorf("first round: %+v", first)
	}
	p.user, p.system, p.read = 225, 75, 30
	tree.process(p)
	second := r.only(r.round(2 * time.Second))
	if second.Elapsed != 2*time.Second || second.Interval != (CPU{125, 25}) || second.ioInterval != (IO{20, 40}) {
		t.Errorf("second round: %+v", second)
	}
	record := decode(t, appendProcesses(nil, r.round(0)))[0].record
	if record["cpu_percent"] != nil {
		t.Errorf("no time has passed, and cpu_percent is %v", record["cpu_percent"])
	}
}

// TestElapsed has time pass during a round: each process is compared at the moment when it is read.
func TestElapsed(t *testing.T) {
	tree := newFakeTree(t)
	tree.process(fake{pid: 1, name: "a", start: 1})
	tree.process(fake{pid: 2, name: "b", start: 2})
	r := newRig(t, Choice{Path: tree.path})
	r.round(0)
	step := time.Second
	round, err := r.Round(context.Background(), func() time.Time {
		r.now = r.now.Add(step)
		return r.now
	})
	if err != nil {
		t.Fatal(err)
	}
	if a, b := round.Processes[0].Elapsed, round.Processes[1].Elapsed; a != 2*time.Second || b != 3*time.Second {
		t.Errorf("elapsed %s and %s", a, b)
	}
}

func TestCountersNeverFall(t *testing.T) {
	tree := newFakeTree(t)
	p := fake{pid: 5, name: "x", user: 100, system: 50, start: 1000, read: 1000}
	tree.process(p)
	r := newRig(t, Choice{Path: tree.path, Fields: Files})
	r.round(0)
	p.user, p.system, p.read = 90, 55, 400
	tree.process(p)
	got := r.only(r.round(time.Second))
	if got.Total != (CPU{100, 55}) || got.Interval != (CPU{0, 5}) || got.IO != (IO{1000, 2000}) || got.ioInterval != (IO{}) {
		t.Errorf("after a fall: %+v", got)
	}
	p.user, p.read = 110, 1100
	tree.process(p)
	got = r.only(r.round(time.Second))
	if got.Total != (CPU{110, 55}) || got.Interval != (CPU{10, 0}) || got.ioInterval != (IO{100, 200}) {
		t.Errorf("after the fall: %+v", got)
	}
}

func TestReusedPID(t *testing.T) {
	tree := newFakeTree(t)
	tree.process(fake{pid: 5, name: "old", user: 9000, system: 9000, start: 1000, read: 9000})
	r := newRig(t, Choice{Path: tree.path, Fields: Files})
	r.round(0)
	tree.process(fake{pid: 5, name: "new", user: 30, system: 10, start: 1200, read: 7})
	got := r.only(r.round(4 * time.Second))
	if got.Name != "new" || got.Total != (CPU{30, 10}) || got.IO != (IO{7, 14}) {
		t.Errorf("the new process has the old one's totals: %+v", got)
	}
	// All its time is of this interval, for it did not live in the one before.
	if got.Interval != (CPU{30, 10}) || got.Elapsed != 4*time.Second || got.ioInterval != (IO{7, 14}) {
		t.Errorf("interval %+v, %s", got.Interval, got.Elapsed)
	}
}

func TestNewProcess(t *testing.T) {
	tree := newFakeTree(t)
	tree.process(fake{pid: 5, name: "there", start: 1000})
	r := newRig(t, Choice{Path: tree.path})
	r.round(0)
	tree.process(fake{pid: 6, name: "born", user: 20, start: 1000})
	tree.process(fake{pid: 7, name: "unseen", user: 5000, start: 999})
	round := r.round(time.Second)
	born, unseen := round.Processes[1], round.Processes[2]
	if born.Interval != (CPU{20, 0}) || born.Elapsed != time.Second {
		t.Errorf("a process that was born since: %+v", born)
	}
	if unseen.Elapsed != 0 || unseen.Interval != (CPU{}) {
		t.Errorf("a process that is older than the round before: %+v", unseen)
	}
	tree.remove("6")
	r.round(time.Second)
	if n := len(r.memory.processes); n != 2 {
		t.Errorf("%d processes are remembered, want 2", n)
	}
}

func TestChoice(t *testing.T) {
	tree := newFakeTree(t)
	for pid, name := range map[int]string{1: "init", 2: "nginx", 3: "nginx-old", 40: "postgres", 100: "a b"} {
		tree.process(fake{pid: pid, name: name, start: uint64(pid)})
	}
	for name, test := range map[string]struct {
		choice Choice
		want   []int32
	}{
		"all":     {Choice{}, []int32{1, 2, 3, 40, 100}},
		"include": {Choice{Filters: Filters{Name: Filter{Include: regexp.MustCompile(`^nginx|s$`)}}}, []int32{2, 3, 40}},
		"exclude": {Choice{Filters: Filters{Name: Filter{Exclude: regexp.MustCompile(`^nginx`)}}}, []int32{1, 40, 100}},
		"both":    {Choice{Filters: Filters{Name: Filter{Include: regexp.MustCompile(`^nginx`), Exclude: regexp.MustCompile(`-old$`)}}}, []int32{2}},
		"pids":    {Choice{PIDs: []int32{2, 40, 41}}, []int32{2, 40}},
		"pids of": {Choice{PIDs: []int32{2, 40}, Filters: Filters{Name: Filter{Include: regexp.MustCompile(`s$`)}}}, []int32{40}},
	} {
		test.choice.Path = tree.path
		r := newRig(t, test.choice)
		for range 2 {
			round := r.round(time.Second)
			if got := pidsOf(round); !slices.Equal(got, test.want) || round.Skipped != (Skipped{}) {
				t.Errorf("%s: %v, %+v, want %v", name, got, round.Skipped, test.want)
			}
		}
	}
}

func pidsOf(round *Round) []int32 {
	var pids []int32
	for _, p := range round.Processes {
		pids = append(pids, p.PID)
	}
	return pids
}

// TestNewName has a process take another name, as exec gives it: it stays the same one, and is chosen again.
func TestNewName(t *testing.T) {
	tree := newFakeTree(t)
	p := fake{pid: 5, name: "sh", user: 10, start: 1000}
	tree.process(p)
	r := newRig(t, Choice{Path: tree.path, Filters: Filters{Name: Filter{Include: regexp.MustCompile(`^nginx$`)}}})
	if round := r.round(0); len(round.Processes) != 0 {
		t.Errorf("not chosen and there: %+v", round.Processes)
	}
	p.name, p.user = "nginx", 25
	tree.process(p)
	r.round(time.Second)
	p.user = 30
	tree.process(p)
	if got := r.only(r.round(time.Second)); got.Name != "nginx" || got.Interval != (CPU{5, 0}) {
		t.Errorf("got %+v", got)
	}
}

func TestNotAProcfs(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	noBoot := t.TempDir()
	if err := os.WriteFile(filepath.Join(noBoot, "stat"), []byte("cpu 1 2 3\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "absent"): "no such file or directory",
		file:                         "not a directory",
		dir:                          "stat",
		noBoot:                       "btime",
		"":                           "no such file or directory",
	} {
		if _, err := NewSampler(Choice{Path: path}, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", path, err, want)
		}
	}
}

// TestBootMoves sets the clock of the machine: the time of the boot follows, and is kept if it cannot be read.
func TestBootMoves(t *testing.T) {
	tree := newFakeTree(t)
	tree.process(fake{pid: 5, name: "x", start: 250})
	r := newRig(t, Choice{Path: tree.path})
	startTime := func() any { return decode(t, appendProcesses(nil, r.round(0)))[0].record["start_time"] }
	if got := startTime(); got != fakeBoot+2.5 {
		t.Errorf("start_time %v", got)
	}
	tree.write("stat", "btime 1700000060\n")
	if got := startTime(); got != 1700000062.5 {
		t.Errorf("start_time %v", got)
	}
	tree.remove("stat")
	if got := startTime(); got != 1700000062.5 || len(r.reports) != 1 {
		t.Errorf("start_time %v, reports %q", got, r.reports)
	}
}

// TestUnmounted takes the tree away between two rounds.
func TestUnmounted(t *testing.T) {
	tree := newFakeTree(t)
	tree.process(fake{pid: 5, name: "x", start: 250})
	r := newRig(t, Choice{Path: tree.path})
	r.round(0)
	tree.remove("")
	if round, err := r.Round(context.Background(), time.Now); err == nil && len(round.Processes) > 0 {
		t.Errorf("processes of nothing: %+v", round.Processes)
	}
}

// TestStop ends a round at its third process. The next one knows those of before.
func TestStop(t *testing.T) {
	tree := newFakeTree(t)
	for pid := range 5 {
		tree.process(fake{pid: pid + 1, name: "x", user: 10, start: 5})
	}
	r := newRig(t, Choice{Path: tree.path})
	r.round(0)
	ctx, stop := context.WithCancel(context.Background())
	asked := 0
	_, err := r.Round(ctx, func() time.Time {
		if asked++; asked == 4 {
			stop()
		}
		return r.now
	})
	if !errors.Is(err, context.Canceled) || asked != 4 {
		t.Errorf("%v after %d questions", err, asked)
	}
	for _, p := range r.round(time.Second).Processes {
		if p.Elapsed != time.Second || p.Interval != (CPU{}) {
			t.Errorf("after the stop: %+v", p)
		}
	}
}

// TestOneProcess reads the directory of a process that ends and whose pid is taken by another one meanwhile.
func TestOneProcess(t *testing.T) {
	tree := newFakeTree(t)
	tree.process(fake{pid: 5, name: "first", read: 1})
	r := newRig(t, Choice{Path: tree.path})
	dir, err := r.tree.open(5)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(dir)
	tree.remove("5")
	tree.process(fake{pid: 5, name: "second", read: 2})
	if b, err := r.tree.read(dir, fileIO); err == nil || r.tree.exists(dir) {
		t.Errorf("the second one's file: %s", b)
	}
}

// TestHidden has processes that no round can read for a while, as without file descriptors to open their files by.
func TestHidden(t *testing.T) {
	tree := newFakeTree(t)
	first, last := fake{pid: 5, name: "a", user: 1000, start: 100}, fake{pid: 6, name: "b", user: 5000, start: 200}
	show := func() {
		tree.process(first)
		tree.process(last)
	}
	hide := func(pid int) {
		tree.remove(fmt.Sprint(pid, "/stat"))
		tree.write(fmt.Sprint(pid, "/stat/is-a-directory"), "")
	}
	show()
	hide(7)
	r := newRig(t, Choice{Path: tree.path})
	r.round(0)
	hide(5)
	hide(6)
	if round := r.round(time.Second); len(round.Processes) != 0 || round.Skipped.Unreadable != 3 {
		t.Fatalf("%d processes, %+v", len(round.Processes), round.Skipped)
	}
	for _, pid := range []string{"5", "6", "7"} {
		tree.remove(pid)
	}
	first.user, last.user = 1010, 5020
	show()
	tree.process(fake{pid: 7, name: "c", user: 9000, start: 300})
	round := r.round(time.Second)
	for n, want := range []CPU{{10, 0}, {20, 0}, {}} {
		if p := round.Processes[n]; p.Interval != want {
			t.Errorf("%s has used %+v in %s, want %+v", p.Name, p.Interval, p.Elapsed, want)
		}
	}
	if a, c := round.Processes[0].Elapsed, round.Processes[2].Elapsed; a != 2*time.Second || c != 0 {
		t.Errorf("compared with %s and %s before", a, c)
	}
}
