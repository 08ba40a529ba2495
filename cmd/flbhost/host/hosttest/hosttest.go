// Package hosttest serves tests that need a loader, and a plugin written in C that tells what was asked of it.
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

	"github.com/promexporter/promexporter/cmd/flbhost/host"
)

//go:embed testdata/plugin.c
var pluginSource []byte

//go:embed testdata/input.c
var inputSource []byte

// Patience is how long tests wait for what is to happen at once, on a machine with much else to do.
const Patience = time.Minute

var build = sync.OnceValues(host.CachedLoader)

// Loader returns the path of a loader, compiled for the first test that asks. Without a C compiler it skips the test.
func Loader(tb testing.TB) string {
	tb.Helper()
	if _, err := exec.LookPath("gcc"); err != nil && os.Getenv("CC") == "" {
		tb.Skip("no C compiler")
	}
	path, err := build()
	if err != nil {
		tb.Fatal(err)
	}
	return path
}

// Plugin is a fixture. NewPlugin's is an output plugin that writes each call that it gets to a file, as
//
//	Init promexporter.0 on flb-pipeline
//
// and that is told by properties and environment how to behave; testdata/plugin.c says how.
type Plugin struct {
	Path  string // of the shared object
	trace string
	read  int // bytes of the trace that Calls has returned
}

// NewPlugin compiles the fixture under a name that it registers, with further flags for the compiler.
func NewPlugin(tb testing.TB, name string, flags ...string) *Plugin {
	tb.Helper()
	return compile(tb, name, pluginSource, flags)
}

// NewInput compiles another fixture, an input plugin; testdata/input.c says how it behaves.
func NewInput(tb testing.TB, name string, flags ...string) *Plugin {
	tb.Helper()
	return compile(tb, name, inputSource, flags)
}

func compile(tb testing.TB, name string, fixture []byte, flags []string) *Plugin {
	tb.Helper()
	Loader(tb)
	dir := tb.TempDir()
	p := &Plugin{Path: filepath.Join(dir, name+".so"), trace: filepath.Join(dir, "trace")}
	source := filepath.Join(dir, "plugin.c")
	if err := os.WriteFile(source, fixture, 0o600); err != nil {
		tb.Fatal(err)
	}
	cc := []string{"gcc"}
	if v := strings.Fields(os.Getenv("CC")); len(v) > 0 {
		cc = v
	}
	args := append(cc[1:], "-std=gnu11", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror",
		`-DNAME="`+name+`"`, `-DTRACE="`+p.trace+`"`)
	args = append(append(args, flags...), "-o", p.Path, source)
	if out, err := exec.Command(cc[0], args...).CombinedOutput(); err != nil {
		tb.Fatalf("%v\n%s", err, out)
	}
	return p
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

// Launch starts a host that ends with the test. Its log goes to the test's unless o says otherwise.
func Launch(tb testing.TB, o host.Options) *host.Host {
	tb.Helper()
	if o.Loader == "" {
		o.Loader = Loader(tb)
	}
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

// Stop stops h and fails the test unless all went well.
func Stop(tb testing.TB, h *host.Host) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	if err := h.Stop(ctx); err != nil {
		tb.Errorf("stop: %v", err)
	}
}
