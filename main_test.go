package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/promexporter/promexporter/flb"
	"github.com/promexporter/promexporter/flb/flbtest"
)

const (
	answerError = int32(flb.Error)
	answerOK    = int32(flb.OK)
)

var newest = flbtest.Versions[len(flbtest.Versions)-1]

// chunk is one record, [1700000000, {"a": 1}].
var chunk = []byte{0x92, 0xce, 0x65, 0x53, 0xf1, 0x00, 0x81, 0xa1, 'a', 0x01}

func register(t *testing.T) *flbtest.Def {
	t.Helper()
	d := flbtest.NewDef(newest)
	if status := promexporterRegister(d.Pointer()); status != 0 {
		t.Fatalf("register: %d", status)
	}
	return d
}

func unregister(d *flbtest.Def) {
	promexporterUnregister(d.Pointer())
	d.Free()
}

func open(t *testing.T, properties ...string) *flbtest.Instance {
	t.Helper()
	ins := flbtest.NewInstance(newest, name, 3, append(properties, "listen_address=127.0.0.1:0")...)
	if status := promexporterInit(ins.Pointer()); status != answerOK {
		t.Fatalf("init: %d\n%s", status, strings.Join(flbtest.Lines(), "\n"))
	}
	return ins
}

func flush(ctx uintptr, b []byte) int32 {
	p, free := flbtest.Block(b)
	defer free()
	tag, freeTag := flbtest.Block([]byte("app.log"))
	defer freeTag()
	return promexporterFlush(ctx, p, uintptr(len(b)), tag)
}

func TestRegister(t *testing.T) {
	for _, v := range flbtest.Versions {
		d := flbtest.NewDef(v)
		if status := promexporterRegister(d.Pointer()); status != 0 {
			t.Errorf("%s: status %d", v.Name, status)
		}
		if err := d.Check("promexporter", "Prometheus Exporter"); err != nil {
			t.Errorf("%s: %v", v.Name, err)
		}
		unregister(d)
	}
	d := register(t)
	defer unregister(d)
	if !slices.ContainsFunc(d.Keys(), func(k string) bool { return strings.HasPrefix(k, "listen_address=:8989 (") }) {
		t.Errorf("keys %q", d.Keys())
	}
}

func TestInstances(t *testing.T) {
	d := register(t)
	a, b := open(t), open(t)
	for _, ctx := range []uintptr{a.Context(), b.Context()} {
		if status := flush(ctx, chunk); status != answerOK {
			t.Errorf("flush: %d", status)
		}
	}
	if status := promexporterExit(a.Context()); status != answerOK {
		t.Errorf("exit: %d", status)
	}
	if status := flush(a.Context(), chunk); status != answerError {
		t.Errorf("flush after exit: %d", status)
	}
	if status := flush(b.Context(), chunk); status != answerOK {
		t.Errorf("flush of the other: %d", status)
	}
	promexporterExit(b.Context())
	a.Free()
	b.Free()
	unregister(d)
}

func TestEmptyChunk(t *testing.T) {
	ins := open(t)
	p, free := flbtest.Block(chunk)
	defer free()
	if status := promexporterFlush(ins.Context(), nil, 10, p); status != answerOK {
		t.Errorf("no chunk: %d", status)
	}
	if status := promexporterFlush(ins.Context(), p, 0, p); status != answerOK {
		t.Errorf("empty chunk: %d", status)
	}
	if status := promexporterFlush(ins.Context(), p, uintptr(len(chunk)), nil); status != answerOK {
		t.Errorf("no tag: %d", status)
	}
	promexporterExit(ins.Context())
	ins.Free()
}

// TestNotOpened has a dry run, a failed start, and the calls that the host makes after an Init that failed.
func TestNotOpened(t *testing.T) {
	d := register(t)
	for _, ctx := range []uintptr{0, 1 << 40} {
		if status := flush(ctx, chunk); status != answerError {
			t.Errorf("flush of %#x: %d", ctx, status)
		}
		if status := promexporterExit(ctx); status != answerOK {
			t.Errorf("exit of %#x: %d", ctx, status)
		}
	}
	unregister(d)
}

func TestInitFails(t *testing.T) {
	ins := flbtest.NewInstance(newest, name, 3, "listen_address=:99999")
	defer ins.Free()
	flbtest.Lines()
	if status := promexporterInit(ins.Pointer()); status != answerError {
		t.Errorf("status %d, want %d", status, answerError)
	}
	if ins.Context() != 0 {
		t.Error("a failed Init left a context")
	}
	lines := flbtest.Lines()
	if !slices.ContainsFunc(lines, func(l string) bool {
		return strings.HasPrefix(l, "1 [output:promexporter:") && strings.Contains(l, "listen_address")
	}) {
		t.Errorf("no line names the mistake:\n%s", strings.Join(lines, "\n"))
	}
	if status := promexporterInit(nil); status != answerError {
		t.Errorf("without a plugin: status %d", status)
	}
}

// TestReload has the host's order of calls: the new registration starts before the old one ends.
func TestReload(t *testing.T) {
	before := register(t)
	old := open(t)
	for range 3 {
		failed := register(t)
		promexporterExit(0)
		unregister(failed)
		if status := flush(old.Context(), chunk); status != answerOK {
			t.Fatalf("flush after a failed reload: %d", status)
		}
	}
	after := register(t)
	promexporterExit(old.Context())
	old.Free()
	unregister(before)
	fresh := open(t)
	if status := flush(fresh.Context(), chunk); status != answerOK {
		t.Errorf("flush after a reload: %d", status)
	}
	promexporterExit(fresh.Context())
	fresh.Free()
	unregister(after)
}

func TestRescue(t *testing.T) {
	status := func() (status int32) {
		defer flb.Recover(pluginLog, version, "FLBPluginFlushCtx", &status, answerError)
		status = answerOK
		var none *struct{ field int }
		none.field++
		return status
	}()
	if status != answerError {
		t.Errorf("status %d, want %d", status, answerError)
	}
}
