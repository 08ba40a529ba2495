package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// goneRules count the processes of a service, all and by state, and take a number of them.
const goneRules = `metrics:
- name: service_processes
  type: gauge
  help: How many processes of a service run.
  condition: {field: $pid, op: exists}
  aggregate: count
  ttl: 4s
  labels: {name: $name}
  init:
  - {name: gone-worker}
  - {name: gone-never}
- name: service_processes_by_state
  type: gauge
  help: The same by state.
  condition: {field: $pid, op: exists}
  aggregate: count
  ttl: 1h
  labels: {name: $name, state: $state}
- name: service_threads
  type: gauge
  help: Threads of a process.
  condition: {field: $pid, op: exists}
  value: $threads
  ttl: 4s
  labels: {name: $name}
  init:
  - {name: gone-worker}
`

const (
	goneCount   = `service_processes{name="gone-worker"}`
	goneThreads = `service_threads{name="gone-worker"}`
	goneNever   = `service_processes{name="gone-never"}`
	goneStates  = "\nservice_processes_by_state{"
)

func startGone(t *testing.T, keys string) *agent {
	t.Helper()
	needsInputs(t)
	dir := procfsConf(t, []string{procfsPlugin(t), plugin}, "[INPUT]\n    Name go_procfs\n    Tag system.t\n"+
		"    Interval_Sec 1\n    Include ^gone-\n"+keys+toPage("    Rules_File rules.yaml\n"))
	if err := os.WriteFile(filepath.Join(dir, "rules.yaml"), []byte(goneRules), 0o644); err != nil {
		t.Fatal(err)
	}
	return start(t, dir, "-c", "fluent-bit.conf", "-Y")
}

// TestProcfsGone starts, stops and kills a process: rules see that it is there, in one state at a time, and that it is
// gone, also after a hot reload.
func TestProcfsGone(t *testing.T) {
	a := startGone(t, "    Round_Stats on\n")
	url := a.url(0)
	shows(t, url, map[string]string{goneCount: "0", goneThreads: "0", goneNever: "0"})
	b := startBurner(t, "gone-worker")
	shows(t, url, map[string]string{goneCount: "1", goneNever: "0"})
	b.signal(syscall.SIGSTOP)
	a.page(url, "not the state T alone", func(page string) bool {
		return value(page, `service_processes_by_state{name="gone-worker",state="T"}`) == "1" && strings.Count(page, goneStates) == 1
	})
	b.kill()
	page := a.page(url, "the process is not gone", func(page string) bool { return value(page, goneCount) == "0" })
	if strings.Contains(page, goneStates) {
		t.Errorf("something is left of the process:\n%s", page)
	}
	shows(t, url, map[string]string{goneCount: "0", goneThreads: "0", goneNever: "0"})
	if !atLeast(t, 3, 2) {
		return // without hot reloads
	}
	again := startBurner(t, "gone-worker")
	shows(t, url, map[string]string{goneCount: "1"})
	a.reload()
	url = a.url(1)
	shows(t, url, map[string]string{goneCount: "1"})
	again.kill()
	shows(t, url, map[string]string{goneCount: "0", goneThreads: "0", goneNever: "0"})
}

// TestProcfsGoneSilently kills the only process, so that there are no records any more: the ttl ends what is left.
func TestProcfsGoneSilently(t *testing.T) {
	a := startGone(t, "")
	url := a.url(0)
	b := startBurner(t, "gone-worker")
	shows(t, url, map[string]string{goneCount: "1", goneNever: "0"})
	b.kill()
	shows(t, url, map[string]string{goneCount: "0", goneThreads: "0", goneNever: "0"})
}

func (b *burner) signal(s syscall.Signal) {
	b.t.Helper()
	if err := b.cmd.Process.Signal(s); err != nil {
		b.t.Fatal(err)
	}
}

// kill ends the process and waits for its end.
func (b *burner) kill() {
	b.t.Helper()
	b.signal(syscall.SIGKILL)
	_ = b.cmd.Wait() // killed is an error
}
