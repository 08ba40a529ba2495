package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// goneRules count processes: with rounds that are complete, and with a ttl where a round without processes has no
// record.
const goneRules = `metrics:
- name: service_processes
  type: gauge
  help: How many processes of a service run.
  match: system.rounds
  condition: {field: $pid, op: exists}
  aggregate: count
  labels: {name: $name}
  init:
  - {name: gone-worker}
  - {name: gone-never}
- name: service_processes_by_state
  type: gauge
  help: The same by state.
  match: system.rounds
  condition: {field: $pid, op: exists}
  aggregate: count
  ttl: 1h
  labels: {name: $name, state: $state}
- name: service_processes_ttl
  type: gauge
  help: The same where only the ttl says that there is none.
  match: system.silent
  aggregate: count
  ttl: 3s
  labels: {name: $name}
  init:
  - {name: gone-worker}
  - {name: gone-never}
`

// TestProcfsGone starts, stops and kills a process: rules see that it is there, in one state at a time, and that it is
// gone, also after a hot reload.
func TestProcfsGone(t *testing.T) {
	needsInputs(t)
	input := "[INPUT]\n    Name go_procfs\n    Interval_Sec 1\n    Include ^gone-\n"
	dir := procfsConf(t, []string{procfsPlugin(t), plugin}, input+"    Tag system.rounds\n    Round_Stats on\n"+
		input+"    Tag system.silent\n"+toPage("    Rules_File rules.yaml\n"))
	if err := os.WriteFile(filepath.Join(dir, "rules.yaml"), []byte(goneRules), 0o644); err != nil {
		t.Fatal(err)
	}
	a := start(t, dir, "-c", "fluent-bit.conf", "-Y")
	url := a.url(0)
	counts := func(n string) map[string]string {
		return map[string]string{
			`service_processes{name="gone-worker"}`: n, `service_processes_ttl{name="gone-worker"}`: n,
			`service_processes{name="gone-never"}`: "0", `service_processes_ttl{name="gone-never"}`: "0",
		}
	}
	shows(t, url, counts("0"))
	b := startBurner(t, "gone-worker")
	shows(t, url, counts("1"))
	b.signal(syscall.SIGSTOP)
	a.page(url, "not the state T alone", func(page string) bool {
		return value(page, `service_processes_by_state{name="gone-worker",state="T"}`) == "1" &&
			strings.Count(page, "\nservice_processes_by_state{") == 1
	})
	b.kill()
	page := a.page(url, "the process is not gone", func(page string) bool {
		return value(page, `service_processes{name="gone-worker"}`) == "0"
	})
	if strings.Contains(page, "service_processes_by_state{") {
		t.Errorf("something is left of the process:\n%s", page)
	}
	shows(t, url, counts("0"))
	if !atLeast(t, 3, 2) {
		return // without hot reloads
	}
	startBurner(t, "gone-worker")
	shows(t, url, counts("1"))
	a.reload()
	url = a.url(1)
	shows(t, url, counts("1"))
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
