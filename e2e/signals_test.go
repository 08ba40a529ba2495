package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// The tests of this file run in a real Fluent Bit when FLUENT_BIT names one.

// faultVariable names a file. While it is there, a plugin that buildFaulty made dereferences nil at every flush and for
// every status page.
const faultVariable = "PROMEXPORTER_E2E_FAULT"

// faults are the lines of the plugin before which buildFaulty inserts a nil dereference.
var faults = map[string]string{
	"pipeline/flush.go":    "\tb.read(&plan, chunk)\n",
	"pipeline/endpoint.go": "\tvar s exporter.Status\n",
}

// buildFaulty builds the plugin with a bug that can be switched on, by adding two lines to the code.
var buildFaulty = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(filepath.Dir(plugin), "faulty")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	replaced := map[string]string{}
	for name, line := range faults {
		from, err := filepath.Abs(filepath.Join("..", name))
		if err != nil {
			return "", err
		}
		text, err := os.ReadFile(from)
		if err != nil {
			return "", err
		}
		if strings.Count(string(text), line) != 1 {
			return "", fmt.Errorf("%s has not one line %q", name, line)
		}
		faulty := strings.Replace(string(text), line, "\tif _, err := os.Stat(os.Getenv(\""+faultVariable+"\")); err == nil {\n"+
			"\t\tvar none *Pipeline\n\t\tnone.closed.Load()\n\t}\n"+line, 1)
		faulty = strings.Replace(faulty, "import (", "import (\n\t\"os\"", 1)
		replaced[from] = filepath.Join(dir, filepath.Base(name))
		if err := os.WriteFile(replaced[from], []byte(faulty), 0o644); err != nil {
			return "", err
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replaced})
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, overlay, 0o644); err != nil {
		return "", err
	}
	return makePlugin("out_prom_exporter.so", dir, "FLAGS=-overlay '"+file+"'")
})

// pluginPID returns the process that has the plugin: the agent, or the loader that the development host has started.
func (a *agent) pluginPID() int {
	a.t.Helper()
	pid := a.cmd.Process.Pid
	if _, real := program(); real {
		return pid
	}
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		a.t.Fatal(err)
	}
	for _, file := range files {
		text, _ := os.ReadFile(file) // a thread may be gone
		if child, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
			return child
		}
	}
	a.t.Fatal("the development host has no child")
	return 0
}

// TestFaultsAfterSignals checks that a nil dereference in the plugin costs only a chunk or a page, even after the
// signals at which Fluent Bit replaces the Go runtime's fault handlers.
func TestFaultsAfterSignals(t *testing.T) {
	faulty, err := buildFaulty()
	if err != nil {
		t.Fatal(err)
	}
	for name, signal := range map[string]syscall.Signal{"SIGHUP": syscall.SIGHUP, "SIGCONT": syscall.SIGCONT} {
		t.Run(name, func(t *testing.T) {
			if signal == syscall.SIGHUP && !atLeast(t, 2, 1) {
				t.Skip("SIGHUP ends Fluent Bit before 2.1")
			}
			fault := filepath.Join(t.TempDir(), "fault")
			t.Setenv(faultVariable, fault)
			a := start(t, "", append([]string{"-e", faulty, "-f", "0.2"},
				append(dummy("a", `{"a":1}`), "-o", "promexporter", "-p", anyPort)...)...)
			url := a.url(0)
			a.page(url, "no record", func(page string) bool { return value(page, `a{tag="a"}`) != "" })
			if err := syscall.Kill(a.pluginPID(), signal); err != nil {
				t.Fatal(err)
			}
			a.logged("caught signal (" + name + ")")
			writeRules(t, fault, "on")
			a.page(url, "no panic is counted", func(page string) bool { return number(t, page, panicsTotal) > 0 })
			a.logged("[output:promexporter:promexporter.0] panic in flush, chunk dropped; please report this bug")
			a.logged("invalid memory address or nil pointer dereference")
			if err := os.Remove(fault); err != nil {
				t.Fatal(err)
			}
			page := scrape(t, url)
			chunks := number(t, page, chunksOK)
			a.page(url, "no chunk is applied", func(page string) bool { return number(t, page, chunksOK) > chunks })
			a.stop()
		})
	}
}

const (
	panicsTotal = `promexporter_panics_total{output="promexporter.0"}`
	chunksOK    = `promexporter_chunks_answered_total{output="promexporter.0",status="ok"}`
)

// TestFaultsOfPages is the same for a page, in a Go thread, without flushes that would restore the handlers. A second
// Go plugin, loaded before or after, does not change that.
func TestFaultsOfPages(t *testing.T) {
	faulty, err := buildFaulty()
	if err != nil {
		t.Fatal(err)
	}
	for name, plugins := range map[string][]string{
		"alone": {faulty}, "first": {faulty, procfsPlugin(t)}, "last": {procfsPlugin(t), faulty},
	} {
		t.Run(name, func(t *testing.T) {
			if len(plugins) > 1 {
				needsInputs(t)
			}
			fault := filepath.Join(t.TempDir(), "fault")
			t.Setenv(faultVariable, fault)
			args := append(dummy("a", `{"a":1}`), "-p", "samples=1", "-o", "promexporter", "-p", anyPort, "-f", "0.2")
			for n, path := range plugins {
				args = slices.Insert(args, 2*n, "-e", path)
			}
			a := start(t, "", args...)
			url := a.url(0)
			a.page(url, "no record", func(page string) bool { return value(page, `a{tag="a"}`) != "" })
			for n := range 3 {
				if err := syscall.Kill(a.pluginPID(), syscall.SIGCONT); err != nil {
					t.Fatal(err)
				}
				until(t, "no SIGCONT", func() bool { return strings.Count(a.log.String(), "caught signal (SIGCONT)") > n })
				before := number(t, scrape(t, url), "promexporter_http_panics_total")
				writeRules(t, fault, "on")
				until(t, "no panic is counted", func() bool {
					if code, body, _ := get(t, strings.TrimSuffix(url, "metrics")); code != 200 {
						t.Fatalf("%d %s", code, body)
					}
					return number(t, scrape(t, url), "promexporter_http_panics_total") > before
				})
				if err := os.Remove(fault); err != nil {
					t.Fatal(err)
				}
			}
			a.logged("[output:promexporter:promexporter.0] status of an instance is unavailable")
			a.stop()
		})
	}
}
