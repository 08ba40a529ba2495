package procfs

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestDetails holds what each key adds, and that totals never fall and have no interval before there is one.
func TestDetails(t *testing.T) {
	tree := newFakeTree(t)
	p := fake{pid: 5, name: "x", user: 10, start: 1000, cmdline: []string{"/usr/bin/x", "-v"}}
	tree.detailed(p)
	kernel := fake{pid: 6, name: "kthread", start: 1000}
	tree.process(kernel)
	tree.write("6/stat", strings.Replace(kernel.stat(), " 8192000 25 ", " 0 0 ", 1))
	tree.write("6/cgroup", "0::/\n")
	tree.write("6/status", "Name:\tkthread\nvoluntary_ctxt_switches:\t3\nnonvoluntary_ctxt_switches:\t4\n")
	r := newRig(t, Choice{Path: tree.path, Fields: detailed, PasswdFile: "testdata/passwd"})
	first := r.round(0)
	user := strconv.Itoa(os.Geteuid())
	if os.Geteuid() == 0 {
		user = "root"
	}
	counter := func(total, interval Pair, compared bool) Counter {
		return Counter{Total: total, Interval: interval, Known: true, Compared: compared, begun: true}
	}
	want := Details{Cmdline: "/usr/bin/x -v", Exe: "/usr/bin/x", User: user, Cgroup: "/system.slice/x.service",
		PSS: Size{40 * 1024, true}, Swap: Size{12 * 1024, true}, Switches: counter(Pair{50, 10}, Pair{}, false),
		PageFaults: counter(Pair{87751, 0}, Pair{}, false)}
	if got := *first.Processes[0].Details; got != want {
		t.Errorf("got  %+v, want %+v", got, want)
	}
	want = Details{User: user, Cgroup: "/", Switches: counter(Pair{3, 4}, Pair{}, false), PageFaults: counter(Pair{87751, 0}, Pair{}, false)}
	if got := *first.Processes[1].Details; got != want {
		t.Errorf("got  %+v, want %+v", got, want)
	}
	p.user = 8
	tree.detailed(p)
	if got, want := r.round(time.Second).Processes[0].Details.Switches, counter(Pair{50, 10}, Pair{}, true); got != want {
		t.Errorf("after a fall: %+v, want %+v", got, want)
	}
	tree.write("5/status", "Name:\tx\n")
	if got := r.round(time.Second).Processes[0].Details; got.Switches.Known || got.Swap.Known || len(r.reports) != 1 {
		t.Errorf("without them: %+v, %q", got, r.reports)
	}
	p.user = 12
	tree.detailed(p)
	tree.detailed(fake{pid: 7, name: "born", user: 3, start: 1000})
	round := r.round(time.Second)
	if got, want := round.Processes[0].Details.Switches, counter(Pair{60, 12}, Pair{10, 2}, true); got != want {
		t.Errorf("after the fall: %+v, want %+v", got, want)
	}
	if got, want := round.Processes[2].Details.Switches, counter(Pair{15, 3}, Pair{15, 3}, true); got != want {
		t.Errorf("of a process that was born since: %+v, want %+v", got, want)
	}
	if len(r.reports) != 1 {
		t.Errorf("reports %q", r.reports)
	}
}
