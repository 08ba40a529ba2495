package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// The tests of this file delay the rounds of the input go_procfs: by the host, by the kernel, by their size.

// procfsTree makes a procfs of so many processes with 40 names.
func procfsTree(t *testing.T, processes int) (path string) {
	t.Helper()
	path = t.TempDir()
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(path, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("stat", "btime 1700000000\n")
	for pid := 1; pid <= processes; pid++ {
		if err := os.Mkdir(filepath.Join(path, fmt.Sprint(pid)), 0o755); err != nil {
			t.Fatal(err)
		}
		write(fmt.Sprint(pid, "/stat"), fmt.Sprintf("%d (program-%d) S 1 1 1 0 -1 0 0 0 0 0 211 771 0 0 20 0 3 0 %d 8192000 25 0\n",
			pid, pid%40, pid))
	}
	return path
}

// TestProcfsTenThousand has rounds of ten thousand processes, which take longer than a callback waits.
func TestProcfsTenThousand(t *testing.T) {
	needsInputs(t)
	const processes = 10_000
	dir := procfsConf(t, []string{procfsPlugin(t), plugin}, "[INPUT]\n    Name go_procfs\n    Tag system.t\n    Interval_Sec 1\n"+
		"    Path "+procfsTree(t, processes)+"\n"+toPage("    Rules_File "+procfsRules(t)+"\n"))
	a := start(t, dir, "-c", "fluent-bit.conf")
	whole := func(page string) bool {
		for n := range 40 {
			name := fmt.Sprintf(`{name="program-%d"}`, n)
			if value(page, "processes_alive"+name) != "250" || value(page, "processes_threads"+name) != "750" {
				return false
			}
		}
		return true
	}
	page := a.page(a.url(0), "not two rounds", func(page string) bool { return received(page) >= 2*processes && whole(page) })
	// A disk, unlike procfs, may keep a reader waiting for a second, which costs a process its record.
	if n := received(page); n%processes != 0 && !strings.Contains(a.log.String(), "a file blocks its reader") {
		t.Errorf("%d records, want whole rounds of %d", n, processes)
	}
	if took := a.stop(); took > maxStop {
		t.Errorf("stopping took %s", took)
	}
}

func procfsRules(t *testing.T) string {
	t.Helper()
	rules, err := filepath.Abs("../rules/procfs.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// TestProcfsHeldUp reloads and stops while a round waits for a file that never answers.
func TestProcfsHeldUp(t *testing.T) {
	needsInputs(t)
	if !atLeast(t, 3, 2) {
		t.Skip("no hot reload")
	}
	tree := procfsTree(t, 2)
	hang := filepath.Join(tree, "1", "stat")
	if err := os.Remove(hang); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(hang, 0o644); err != nil {
		t.Skip(err)
	}
	dir := procfsConf(t, []string{procfsPlugin(t), plugin}, "[INPUT]\n    Name go_procfs\n    Tag system.t\n    Interval_Sec 1\n"+
		"    Path "+tree+"\n"+toPage(""))
	a := start(t, dir, "-c", "fluent-bit.conf", "-Y")
	a.url(0)
	for n := range 2 {
		release := a.held(hang)
		a.reload()
		a.url(n + 1)
		release()
	}
	defer a.held(hang)()
	if took := a.stop(); took > maxStop {
		t.Errorf("stopping took %s", took)
	}
}

// held waits until a round reads the file, and lets it wait until release.
func (a *agent) held(fifo string) (release func()) {
	a.t.Helper()
	var fd int
	until(a.t, "no round reads "+fifo, func() (open bool) {
		var err error
		fd, err = syscall.Open(fifo, syscall.O_WRONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
		return err == nil
	})
	return func() { _ = syscall.Close(fd) }
}

// TestProcfsPausedByHost has room for less than one round, so that Fluent Bit pauses the input after each. The CPU time
// during the pauses is not lost.
func TestProcfsPausedByHost(t *testing.T) {
	needsInputs(t)
	if _, real := program(); !real {
		t.Skip("the development host has no limit on memory")
	}
	b := startBurner(t, "burn-in-pauses")
	before := b.burn()
	dir := procfsConf(t, []string{procfsPlugin(t), plugin}, "[INPUT]\n    Name go_procfs\n    Tag system.metrics\n"+
		"    Interval_Sec 1\n    Include ^burn-in-\n    Mem_Buf_Limit 100\n"+toPage("    Rules_File "+procfsRules(t)+"\n"))
	a := start(t, dir, "-c", "fluent-bit.conf")
	url := a.url(0)
	const user, system = `processes_cpu_seconds_total{mode="user",name="burn-in-pauses"}`,
		`processes_cpu_seconds_total{mode="system",name="burn-in-pauses"}`
	a.page(url, "nothing of the first rounds", func(page string) bool { return value(page, user) != "" })
	for n := range 3 {
		until(t, "no pause", func() bool { return strings.Count(a.log.String(), "resume (mem buf overlimit") > n })
		used := b.burn() - before
		seconds := func(page string) float64 { return number(t, page, user) + number(t, page, system) }
		page := a.page(url, "the time that was used does not show", func(page string) bool { return seconds(page) > used-0.05 })
		if got := seconds(page); !near(got, used, 0.05) {
			t.Errorf("%v s on the page, the process used %v s", got, used)
		}
	}
	a.stop()
}
