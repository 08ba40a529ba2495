package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/promexporter/promexporter/flb"
	"github.com/promexporter/promexporter/flb/flbtest"
)

const (
	answerError = int32(flb.Error)
	answerOK    = int32(flb.OK)
)

var newest = flbtest.Versions[len(flbtest.Versions)-1]

// tree returns a procfs of one process.
func tree(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"stat":   "btime 1700000000\n",
		"5/stat": "5 (burn) R 1 1 1 0 -1 0 0 0 0 0 211 771 0 0 20 0 3 0 100 8192000 25 0\n",
		"5/io":   "read_bytes: 1\nwrite_bytes: 2\n",
		"5/fd/0": "",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// registered registers the plugin until the returned function is called.
func registered(t *testing.T, v flbtest.Version) (end func()) {
	t.Helper()
	d := flbtest.NewDef(v)
	if status := procfsRegister(d.Pointer()); status != 0 {
		t.Fatalf("register: %d", status)
	}
	if err := d.CheckInput(name, "Processes, their CPU time and memory, from /proc"); err != nil {
		t.Error(err)
	}
	return func() {
		procfsUnregister(d.Pointer())
		d.Free()
	}
}

func open(t *testing.T, v flbtest.Version, properties ...string) *flbtest.Input {
	t.Helper()
	ins := flbtest.NewInput(v, name, 3, append(properties, "path="+tree(t))...)
	t.Cleanup(ins.Free)
	if status := procfsInit(ins.Pointer()); status != answerOK {
		t.Fatalf("init: %d\n%s", status, strings.Join(flbtest.Lines(), "\n"))
	}
	return ins
}

// records collects, as the host's timer does, until there are records, and reads them as the host does.
func records(t *testing.T, collect func(data, size *uintptr) int32, cleanup func() int32) string {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		var data, size uintptr
		if status := collect(&data, &size); status != answerOK {
			t.Fatalf("collect: %d", status)
		}
		if size > 0 {
			b := string(unsafe.Slice(*(**byte)(unsafe.Pointer(&data)), size))
			if status := cleanup(); status != answerOK {
				t.Errorf("cleanup: %d", status)
			}
			return b
		}
		if time.Now().After(deadline) {
			t.Fatal("no records")
		}
	}
}

func TestRegister(t *testing.T) {
	for _, v := range flbtest.InputVersions {
		registered(t, v)()
	}
	if status := procfsRegister(nil); status != -1 {
		t.Errorf("status %d", status)
	}
	procfsUnregister(nil)
}

func TestInstances(t *testing.T) {
	end := registered(t, newest)
	a, b := open(t, newest), open(t, newest, "format=wide")
	if got := records(t, collectOf(a), cleanupOf(a)); !strings.Contains(got, "burn") {
		t.Errorf("records %q", got)
	}
	if got := records(t, collectOf(b), cleanupOf(b)); !strings.Contains(got, "pid_5_cpu_jiffies") {
		t.Errorf("records %q", got)
	}
	var data, size uintptr
	if status := procfsCollect(a.Context(), &data, &size); status != answerOK || size != 0 {
		t.Errorf("before the interval is over: status %d, %d bytes", status, size)
	}
	end()
	for _, ctx := range []uintptr{a.Context(), b.Context(), 0, 1 << 40} {
		if status := procfsCollect(ctx, &data, &size); status != answerOK || size != 0 {
			t.Errorf("context %d after the end: status %d, %d bytes", ctx, status, size)
		}
		if status := procfsCleanup(ctx); status != answerOK {
			t.Errorf("cleanup: %d", status)
		}
	}
}

func collectOf(i *flbtest.Input) func(data, size *uintptr) int32 {
	return func(data, size *uintptr) int32 { return procfsCollect(i.Context(), data, size) }
}

func cleanupOf(i *flbtest.Input) func() int32 {
	return func() int32 { return procfsCleanup(i.Context()) }
}

func TestWithoutContexts(t *testing.T) {
	for _, v := range flbtest.InputVersions {
		if v.InputContexts {
			continue
		}
		end := registered(t, v)
		var data, size uintptr
		if status := procfsCollectOnly(&data, &size); status != answerOK || size != 0 {
			t.Errorf("%s: before Init: status %d, %d bytes", v.Name, status, size)
		}
		open(t, v)
		if got := records(t, procfsCollectOnly, procfsCleanupOnly); !strings.Contains(got, "burn") {
			t.Errorf("%s: records %q", v.Name, got)
		}
		end()
	}
}

// TestSecondWithoutContexts checks that a second instance is refused, with a log line that says why.
func TestSecondWithoutContexts(t *testing.T) {
	v := flbtest.InputVersions[1]
	defer registered(t, v)()
	open(t, v)
	ins := flbtest.NewInput(v, name, 3, "path="+tree(t))
	defer ins.Free()
	flbtest.Lines()
	if status := procfsInit(ins.Pointer()); status != answerError {
		t.Errorf("status %d", status)
	}
	if lines := flbtest.Lines(); !slices.ContainsFunc(lines, func(l string) bool {
		return strings.HasPrefix(l, "1 [input:go_procfs:go_procfs.1] another [INPUT] section") && strings.Contains(l, "4.1")
	}) {
		t.Errorf("no line says why:\n%s", strings.Join(lines, "\n"))
	}
}

func TestInitFails(t *testing.T) {
	defer registered(t, newest)()
	ins := flbtest.NewInput(newest, name, 3, "top=x", "format=y")
	defer ins.Free()
	flbtest.Lines()
	if status := procfsInit(ins.Pointer()); status != answerError || ins.Context() != 0 {
		t.Errorf("status %d, context %d", status, ins.Context())
	}
	if lines := flbtest.Lines(); len(lines) != 2 || !strings.Contains(lines[0], `format: "y"`) || !strings.Contains(lines[1], `top: "x"`) {
		t.Errorf("lines %q", lines)
	}
	if status := procfsInit(nil); status != answerError {
		t.Errorf("without a plugin: status %d", status)
	}
}

func TestPause(t *testing.T) {
	procfsPause() // of none
	defer registered(t, newest)()
	ins := open(t, newest)
	procfsPause()
	var data, size uintptr
	if procfsCollect(ins.Context(), &data, &size); size != 0 {
		t.Errorf("%d bytes in a pause", size)
	}
	procfsResume()
	records(t, collectOf(ins), cleanupOf(ins))
}

// TestReload has the host's order of calls, with a failed reload in between.
func TestReload(t *testing.T) {
	endOld := registered(t, newest)
	old := open(t, newest)
	endFailed := registered(t, newest)
	endFailed()
	records(t, collectOf(old), cleanupOf(old))
	endNew := registered(t, newest)
	endOld()
	next := open(t, newest)
	records(t, collectOf(next), cleanupOf(next))
	endNew()
}

func TestPanicDoesNotPass(t *testing.T) {
	for export, call := range map[string]func() int32{
		"FLBPluginRegister": func() (status int32) {
			defer flb.Recover(pluginLog, version, "FLBPluginRegister", &status, -1)
			panic("test")
		},
		"FLBPluginInit": func() (status int32) {
			defer flb.Recover(pluginLog, version, "FLBPluginInit", &status, -1)
			panic("test")
		},
	} {
		if status := call(); status != -1 {
			t.Errorf("%s: status %d", export, status)
		}
	}
}
