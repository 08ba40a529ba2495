package flb

import (
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/promexporter/promexporter/flb/flbtest"
)

var oldest, newest = flbtest.Versions[0], flbtest.Versions[len(flbtest.Versions)-1]

func open(t *testing.T, v flbtest.Version, logLevel int, properties ...string) (*flbtest.Instance, *Output) {
	t.Helper()
	ins := flbtest.NewInstance(v, "promexporter", logLevel, properties...)
	t.Cleanup(ins.Free)
	o := NewOutput(ins.Pointer())
	if o == nil {
		t.Fatal("no output")
	}
	return ins, o
}

func TestProperty(t *testing.T) {
	for _, v := range flbtest.Versions {
		_, o := open(t, v, 3, "Listen_Address=:9000", "namespace", "rules=a", "rules=b", "empty=")
		for key, want := range map[string]string{
			"listen_address": ":9000", "namespace": "", "rules": "a", "empty": "", "absent": "", "": "",
		} {
			if got := o.Property(key); got != want {
				t.Errorf("%s: %s = %q, want %q", v.Name, key, got, want)
			}
		}
	}
}

func TestPropertyEndsWithInit(t *testing.T) {
	ins, o := open(t, newest, 3, "namespace=app")
	o.SetContext(1)
	defer ReleaseContext(ins.Context())
	if got := o.Property("namespace"); got != "" {
		t.Errorf("namespace = %q after Init, when the host's structure is another instance's", got)
	}
}

func TestNames(t *testing.T) {
	d := flbtest.NewDef(newest)
	defer d.Free()
	for range 2 {
		RegisterOutput(d.Pointer(), definition)
		for _, want := range []string{"promexporter.0", "promexporter.1", "promexporter.2"} {
			if _, o := open(t, newest, 3); o.Name() != want {
				t.Errorf("name %q, want %q", o.Name(), want)
			}
		}
		UnregisterOutput(d.Pointer())
	}
}

func TestNewOutputNil(t *testing.T) {
	if NewOutput(nil) != nil {
		t.Error("an output out of nothing")
	}
}

func TestContext(t *testing.T) {
	a, oa := open(t, newest, 3)
	b, ob := open(t, newest, 3)
	oa.SetContext("a")
	ob.SetContext("b")
	if a.Context() == b.Context() {
		t.Fatalf("both instances have context %d", a.Context())
	}
	expect(t, a.Context(), "a")
	expect(t, b.Context(), "b")
	if v, ok := ReleaseContext(a.Context()); v != "a" || !ok {
		t.Errorf("release: %v, %v", v, ok)
	}
	expect(t, a.Context(), nil)
	expect(t, b.Context(), "b")
	if v, ok := ReleaseContext(a.Context()); v != nil || ok {
		t.Errorf("second release: %v, %v", v, ok)
	}
	ReleaseContext(b.Context())
}

func TestContextSetTwice(t *testing.T) {
	ins, o := open(t, newest, 3)
	o.SetContext("first")
	first := ins.Context()
	o.SetContext("second")
	if ins.Context() != first {
		t.Error("a second SetContext left the first handle without an owner")
	}
	ReleaseContext(first)
}

func TestContextUnknown(t *testing.T) {
	for _, ctx := range []uintptr{0, 1 << 30, ^uintptr(0)} {
		expect(t, ctx, nil)
		if v, ok := ReleaseContext(ctx); v != nil || ok {
			t.Errorf("release of %#x: %v, %v", ctx, v, ok)
		}
	}
}

// TestContextSurvivesGC checks that the handle, which is not in a Go variable, keeps the value alive.
func TestContextSurvivesGC(t *testing.T) {
	ins, o := open(t, newest, 3)
	func() { o.SetContext(&[]string{"kept"}[0]) }()
	for range 3 {
		runtime.GC()
	}
	v, _ := ReleaseContext(ins.Context())
	if s, ok := v.(*string); !ok || *s != "kept" {
		t.Errorf("context %v", v)
	}
}

func TestContextConcurrent(t *testing.T) {
	ins, o := open(t, newest, 3)
	o.SetContext("value")
	ctx := ins.Context()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				if _, ok := Context(ctx); !ok {
					return
				}
			}
		})
	}
	ReleaseContext(ctx)
	wg.Wait()
}

// TestWorkers holds that a flush on a thread of its own gives a warning, once, and a reload with workers an error.
func TestWorkers(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	ins, o := open(t, newest, 3)
	o.SetContext("value")
	defer ReleaseContext(ins.Context())
	flush := func() {
		if v, ok := FlushContext(ins.Context()); v != "value" || !ok {
			t.Errorf("context %v, %v", v, ok)
		}
	}
	reload := func() {
		old, next := flbtest.NewDef(newest), flbtest.NewDef(newest)
		defer old.Free()
		defer next.Free()
		RegisterOutput(old.Pointer(), definition)
		ExitContext(ins.Context()) // the host stops
		RegisterOutput(next.Pointer(), definition)
		ExitContext(ins.Context())
		UnregisterOutput(old.Pointer())
		UnregisterOutput(next.Pointer())
	}
	flbtest.Lines()
	flush()
	reload()
	if lines := flbtest.Lines(); len(lines) != 0 {
		t.Errorf("without workers: %q", lines)
	}
	for range 3 {
		other := make(chan struct{})
		go func() { // on another thread, because this one is taken
			flush()
			close(other)
		}()
		<-other
	}
	if lines := flbtest.Lines(); len(lines) != 1 || !strings.Contains(lines[0], "section has workers") {
		t.Errorf("at the flushes: %q", lines)
	}
	reload()
	if lines := flbtest.Lines(); len(lines) != 1 || !strings.Contains(lines[0], "reloads a section with workers") {
		t.Errorf("at the reload: %q", lines)
	}
}

func expect(t *testing.T, ctx uintptr, want any) {
	t.Helper()
	if v, ok := Context(ctx); v != want || ok != (want != nil) {
		t.Errorf("context %#x: %v, %v, want %v", ctx, v, ok, want)
	}
}
