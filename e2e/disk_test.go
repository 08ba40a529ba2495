package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// The test of this file runs in a real Fluent Bit when FLUENT_BIT names one.

// onSmallDisk returns a command that runs program with a disk of 64 KiB at folder. It uses namespaces, so that no other
// process sees the disk, and root is not needed. The test is skipped if the kernel does not allow that.
func onSmallDisk(t *testing.T, folder, program string, args ...string) *exec.Cmd {
	t.Helper()
	command := func(program string, args ...string) *exec.Cmd {
		const script = `mount -t tmpfs -o size=64k none "$0" && exec "$@"`
		cmd := exec.Command("/bin/sh", append([]string{"-c", script, folder, program}, args...)...)
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
			UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
		}
		return cmd
	}
	if out, err := command("/bin/true").CombinedOutput(); err != nil {
		t.Skipf("no disk can be mounted: %v %s", err, out)
	}
	return command(program, args...)
}

// fill writes to file until the disk is full.
func fill(t *testing.T, file string) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for page := make([]byte, 4096); err == nil; {
		_, err = f.Write(page)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}

// TestStateOnFullDisk fills the disk of the state file: metrics continue, errors are counted and logged, the last state
// is kept, and a new one is written when there is room again.
func TestStateOnFullDisk(t *testing.T) {
	t.Parallel()
	folder, rules := t.TempDir(), filepath.Join(t.TempDir(), "rules.yaml")
	writeRules(t, rules, countRules)
	path, _ := program()
	a := startCommand(t, onSmallDisk(t, folder, path, withPlugin(append(dummy("t", `{"a":1}`), "-p", "rate=20", "-o", "promexporter", "-p", anyPort,
		"-p", "rules_file="+rules, "-p", "state_file="+filepath.Join(folder, "state"), "-p", "state_interval=1s")...)...))
	url := a.url(0)
	more := func(series string, than float64) float64 {
		t.Helper()
		page := a.page(url, series+" does not grow", func(page string) bool { return number(t, page, series) > than })
		return number(t, page, series)
	}
	seen := more("seen_total", 0)
	more(stateWritten, 0)
	disk := fmt.Sprintf("/proc/%d/root%s/", a.cmd.Process.Pid, folder) // as the agent sees it
	until(t, "no error is counted", func() bool {
		fill(t, disk+"other") // again, since a state that is being replaced gives its room back
		return number(t, scrape(t, url), stateErrors) > 0
	})
	good, err := os.ReadFile(disk + "state")
	if err != nil || len(good) == 0 {
		t.Fatalf("the state has %d bytes, %v", len(good), err)
	}
	more(stateErrors, number(t, scrape(t, url), stateErrors))
	more("seen_total", seen)
	if now, err := os.ReadFile(disk + "state"); err != nil || string(now) != string(good) {
		t.Errorf("the last state is gone: %q, %v", now, err)
	}
	a.logged("[error] [output:promexporter:promexporter.0] could not write the state file; metrics are still served ")
	if log := a.log.String(); strings.Count(log, "could not write the state file") != 1 || !strings.Contains(log, "no space left on device") {
		t.Error("the log has not one line of it")
	}
	if err := os.Remove(disk + "other"); err != nil {
		t.Fatal(err)
	}
	a.logged("state file is written again")
	if now, err := os.ReadFile(disk + "state"); err != nil || string(now) == string(good) {
		t.Errorf("the state is the same: %v", err)
	}
	a.stop()
}
