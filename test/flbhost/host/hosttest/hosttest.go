// Package hosttest helps tests that need a loader, and plugins written in C that record the calls they get.
package hosttest

import (
	"context"
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/promexporter/promexporter/test/flbhost/abi"
	"github.com/promexporter/promexporter/test/flbhost/host"
)

//go:embed testdata/plugin.c
var source []byte

// Patience bounds how long tests wait for something that must happen, even on a busy machine.
const Patience = time.Minute

var build = sync.OnceValues(host.CachedLoader)

// Loader returns the path of a loader, compiled for the first test that asks. It skips the test if there is no C
// compiler.
func Loader(tb testing.TB) string {
	tb.Helper()
	if _, err := exec.LookPath(host.Compiler()[0]); err != nil {
		tb.Skip("no C compiler")
	}
	path, err := build()
	if err != nil {
		tb.Fatal(err)
	}
	return path
}

// Plugin is a fixture that writes each call to a file, such as
//
//	Init promexporter.0 on flb-pipeline
//
// Properties and compiler flags control what it does; testdata/plugin.c lists them.
type Plugin struct {
	Path  string // of the shared object
	trace string
	read  int // bytes of the trace that Calls has returned
}

// NewPlugin compiles an output that registers as name, with further flags for the compiler.
func NewPlugin(tb testing.TB, name string, flags ...string) *Plugin {
	tb.Helper()
	Loader(tb)
	dir := tb.TempDir()
	p := &Plugin{Path: filepath.Join(dir, name+".so"), trace: filepath.Join(dir, "trace")}
	file := filepath.Join(dir, "plugin.c")
	for path, content := range map[string][]byte{file: source, filepath.Join(dir, "abi.h"): abi.Header} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	cc := append(host.Compiler(), "-std=gnu11", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror",
		`-DNAME="`+name+`"`, `-DTRACE="`+p.trace+`"`, "-o", p.Path, file)
	if out, err := exec.Command(cc[0], append(cc[1:], flags...)...).CombinedOutput(); err != nil {
		tb.Fatalf("%v\n%s", err, out)
	}
	return p
}

// NewInput compiles an input that registers as name.
func NewInput(tb testing.TB, name string, flags ...string) *Plugin {
	tb.Helper()
	return NewPlugin(tb, name, append(flags, "-DINPUT")...)
}

// Calls returns the calls since the last Calls.
func (p *Plugin) Calls(tb testing.TB) []string {
	tb.Helper()
	b, err := os.ReadFile(p.trace)
	if err != nil && !os.IsNotExist(err) {
		tb.Fatal(err)
	}
	var calls []string
	for line := range strings.Lines(string(b[p.read:])) {
		call, whole := strings.CutSuffix(line, "\n")
		if !whole {
			break
		}
		calls = append(calls, call)
		p.read += len(line)
	}
	return calls
}

// Launch starts a host that ends with the test. It logs to the test unless o has another log.
func Launch(tb testing.TB, o host.Options) *host.Host {
	tb.Helper()
	o.Loader = Loader(tb)
	if o.Log == nil {
		o.Log = tb.Output()
	}
	h, err := host.Launch(o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(h.Kill)
	return h
}

// Stop stops h and fails the test if an error occurs.
func Stop(tb testing.TB, h *host.Host) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	if err := h.Stop(ctx); err != nil {
		tb.Errorf("stop: %v", err)
	}
}
