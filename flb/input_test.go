package flb

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"unsafe"

	"github.com/promexporter/promexporter/flb/flbtest"
)

var inputDefinition = Definition{Name: "go_procfs", Description: "Processes", Keys: []Key{{"path", "/proc", "where"}}}

// registered registers the plugin until end is called, at the latest at the end of the test.
func registered(t *testing.T, v flbtest.Version) (d *flbtest.Def, end func() []any) {
	t.Helper()
	d = flbtest.NewDef(v)
	if status := RegisterInput(d.Pointer(), inputDefinition); status != 0 {
		t.Fatalf("status %d", status)
	}
	end = sync.OnceValue(func() []any {
		defer d.Free()
		return UnregisterInput(d.Pointer())
	})
	t.Cleanup(func() { end() })
	return d, end
}

func initInput(t *testing.T, v flbtest.Version, properties ...string) (*flbtest.Input, *Input) {
	t.Helper()
	ins := flbtest.NewInput(v, "go_procfs", 3, properties...)
	t.Cleanup(ins.Free)
	i := NewInput(ins.Pointer())
	if i == nil {
		t.Fatal("no input")
	}
	return ins, i
}

func TestRegisterInput(t *testing.T) {
	for _, v := range flbtest.InputVersions {
		t.Run(v.Name, func(t *testing.T) {
			d, _ := registered(t, v)
			if err := d.CheckInput("go_procfs", "Processes"); err != nil {
				t.Error(err)
			}
			if d.HasMap() && !slices.Equal(d.Keys(), []string{"path=/proc (where)"}) {
				t.Errorf("keys %q", d.Keys())
			}
			if d.HasMap() != d.HasRoom() {
				t.Errorf("config map: %v, room for it: %v", d.HasMap(), d.HasRoom())
			}
		})
	}
	if status := RegisterInput(nil, inputDefinition); status != -1 {
		t.Errorf("status %d, want -1", status)
	}
	if gone := UnregisterInput(nil); gone != nil {
		t.Errorf("%v are gone", gone)
	}
}

func TestInputProperty(t *testing.T) {
	for _, v := range flbtest.InputVersions {
		t.Run(v.Name, func(t *testing.T) {
			registered(t, v)
			_, i := initInput(t, v, "Path=/host/proc", "top", "pid=1", "pid=2")
			for key, want := range map[string]string{"path": "/host/proc", "top": "", "pid": "1", "absent": ""} {
				if got := i.Property(key); got != want {
					t.Errorf("%s = %q, want %q", key, got, want)
				}
			}
			if err := i.SetContext(1); err != nil {
				t.Error(err)
			}
			if got := i.Property("path"); got != "" {
				t.Errorf("path = %q after Init, when the host's structure is another instance's", got)
			}
		})
	}
}

func TestInputLog(t *testing.T) {
	registered(t, newest)
	_, i := initInput(t, newest)
	flbtest.Lines()
	i.Logger().Warn("w", "k", 1)
	i.Logger().Debug("unwanted")
	if got, want := flbtest.Lines(), []string{"2 [input:go_procfs:go_procfs.0] w k=1"}; !slices.Equal(got, want) {
		t.Errorf("lines %q, want %q", got, want)
	}
}

// TestInputContexts has the layouts since 4.1, in which the host passes a context.
func TestInputContexts(t *testing.T) {
	for _, v := range flbtest.InputVersions {
		if !v.InputContexts {
			continue
		}
		t.Run(v.Name, func(t *testing.T) {
			registered(t, v)
			a, ia := initInput(t, v)
			b, ib := initInput(t, v)
			if err := errors.Join(ia.SetContext("a"), ib.SetContext("b"), a.Check(), b.Check()); err != nil {
				t.Fatal(err)
			}
			expect(t, a.Context(), "a")
			expect(t, b.Context(), "b")
			if v, ok := OnlyInput(); ok {
				t.Errorf("the only input is %v", v)
			}
		})
	}
}

// TestInputWithoutContext has the layouts before 4.1: one instance, and no write to the host's context.
func TestInputWithoutContext(t *testing.T) {
	for _, v := range flbtest.InputVersions {
		if v.InputContexts {
			continue
		}
		t.Run(v.Name, func(t *testing.T) {
			_, end := registered(t, v)
			if v, ok := OnlyInput(); ok {
				t.Errorf("before Init the only input is %v", v)
			}
			a, ia := initInput(t, v)
			b, ib := initInput(t, v)
			if err := ia.SetContext("a"); err != nil {
				t.Fatal(err)
			}
			if err := ib.SetContext("b"); !errors.Is(err, ErrOneInput) {
				t.Errorf("a second instance: %v", err)
			}
			if err := errors.Join(a.Check(), b.Check()); err != nil {
				t.Error(err)
			}
			if v, ok := OnlyInput(); v != "a" || !ok {
				t.Errorf("the only input is %v, %v", v, ok)
			}
			if gone := end(); !slices.Equal(gone, []any{"a"}) {
				t.Errorf("%v are gone", gone)
			}
			if v, ok := OnlyInput(); ok {
				t.Errorf("after the end the only input is %v", v)
			}
		})
	}
}

// TestInputReload has the host's order of calls. Exit does not identify an instance.
func TestInputReload(t *testing.T) {
	for _, v := range flbtest.InputVersions {
		t.Run(v.Name, func(t *testing.T) {
			old, failed, next := flbtest.NewDef(v), flbtest.NewDef(v), flbtest.NewDef(v)
			defer func() { old.Free(); failed.Free(); next.Free() }()
			RegisterInput(old.Pointer(), inputDefinition)
			_, i := initInput(t, v)
			if err := i.SetContext("old"); err != nil {
				t.Fatal(err)
			}
			RegisterInput(failed.Pointer(), inputDefinition)
			if gone := UnregisterInput(failed.Pointer()); gone != nil {
				t.Errorf("a failed reload took %v", gone)
			}
			RegisterInput(next.Pointer(), inputDefinition)
			if gone := UnregisterInput(old.Pointer()); !slices.Equal(gone, []any{"old"}) {
				t.Errorf("%v are gone", gone)
			}
			ins, i := initInput(t, v)
			if err := i.SetContext("next"); err != nil {
				t.Fatal(err)
			}
			ctx := ins.Context()
			if gone := UnregisterInput(next.Pointer()); !slices.Equal(gone, []any{"next"}) {
				t.Errorf("%v are gone", gone)
			}
			expect(t, ctx, nil)
		})
	}
}

// TestInputRefused checks that before 4.0.3, where an error would crash the other instances, the answer is OK.
func TestInputRefused(t *testing.T) {
	for _, v := range flbtest.InputVersions {
		t.Run(v.Name, func(t *testing.T) {
			registered(t, v)
			want := Error
			if !v.InputFailures {
				want = OK
			}
			ins, i := initInput(t, v)
			flbtest.Lines()
			if got := i.Refuse(); got != want {
				t.Errorf("refused with %d, want %d", got, want)
			}
			if n := len(flbtest.Lines()); n != int(want) {
				t.Errorf("%d lines, want %d", n, want)
			}
			if err := ins.Check(); err != nil || ins.Context() != 0 && v.InputContexts {
				t.Errorf("%v, context %d", err, ins.Context())
			}
		})
	}
}

// TestInputRefusedAmongTwo has a thread for each of two instances, as in the host, and callbacks without a context.
func TestInputRefusedAmongTwo(t *testing.T) {
	v := flbtest.InputVersions[0]
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	registered(t, v)
	_, first := initInput(t, v)
	if err := first.SetContext("first"); err != nil {
		t.Fatal(err)
	}
	_, second := initInput(t, v)
	if got := second.Refuse(); got != Error {
		t.Errorf("on one thread the second was refused with %d, want %d", got, Error)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		runtime.LockOSThread()
		_, second := initInput(t, v)
		if err := second.SetContext("second"); !errors.Is(err, ErrOneInput) {
			t.Errorf("a second instance: %v", err)
		}
		if got := second.Refuse(); got != OK {
			t.Errorf("on a thread of its own the second was refused with %d, want %d", got, OK)
		}
		if v, ok := OnlyInput(); ok {
			t.Errorf("a callback of the second finds %v", v)
		}
	})
	wg.Wait()
	if v, ok := OnlyInput(); v != "first" || !ok {
		t.Errorf("a callback of the first finds %v, %v", v, ok)
	}
}

// TestInputPause pauses without a context, on the thread of the instance.
func TestInputPause(t *testing.T) {
	_, end := registered(t, newest)
	onThread := func(f func()) {
		var wg sync.WaitGroup
		wg.Go(func() {
			runtime.LockOSThread() // and the thread ends with the goroutine
			f()
		})
		wg.Wait()
	}
	onThread(func() {
		if got := PausedInputs(); got != nil {
			t.Errorf("paused before there is any: %v", got)
		}
		_, a := initInput(t, newest)
		if err := a.SetContext("a"); err != nil {
			t.Error(err)
		}
		if got := PausedInputs(); !slices.Equal(got, []any{"a"}) {
			t.Errorf("paused %v", got)
		}
		if got := ResumedInputs(); !slices.Equal(got, []any{"a"}) {
			t.Errorf("resumed %v", got)
		}
		ResumedInputs() // one too many
		if got := PausedInputs(); !slices.Equal(got, []any{"a"}) {
			t.Errorf("paused again %v", got)
		}
	})
	end() // a new thread may get the name of the one that has ended
	// Two instances on one thread: the host does not say which one it pauses, until it has paused both.
	registered(t, newest)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for _, name := range []string{"b", "c"} {
		_, i := initInput(t, newest)
		if err := i.SetContext(name); err != nil {
			t.Fatal(err)
		}
	}
	if got := PausedInputs(); got != nil {
		t.Errorf("paused %v", got)
	}
	if got := PausedInputs(); !slices.Equal(got, []any{"b", "c"}) {
		t.Errorf("paused %v", got)
	}
	if got := ResumedInputs(); !slices.Equal(got, []any{"b", "c"}) {
		t.Errorf("resumed %v", got)
	}
}

func TestInputSetTwice(t *testing.T) {
	_, end := registered(t, newest)
	ins, i := initInput(t, newest)
	if err := errors.Join(i.SetContext("first"), i.SetContext("second")); err != nil {
		t.Fatal(err)
	}
	expect(t, ins.Context(), "first")
	if gone := end(); len(gone) != 1 {
		t.Errorf("%v are gone", gone)
	}
}

func TestNewInputNil(t *testing.T) {
	if NewInput(nil) != nil {
		t.Error("an input out of nothing")
	}
}

func TestInputConcurrent(t *testing.T) {
	_, end := registered(t, newest)
	ins, i := initInput(t, newest)
	if err := i.SetContext("value"); err != nil {
		t.Fatal(err)
	}
	ctx := ins.Context()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				OnlyInput()
				if _, ok := Context(ctx); !ok {
					return
				}
			}
		})
	}
	end()
	wg.Wait()
}

func TestPinnedBuffer(t *testing.T) {
	var b PinnedBuffer
	var data, size uintptr
	b.Set(nil, &data, &size)
	b.Set([]byte{}, &data, &size)
	if data != 0 || size != 0 {
		t.Errorf("nothing is %#x, %d", data, size)
	}
	for n := range 3 {
		records := fmt.Appendf(nil, "records of round %d", n)
		b.Set(records, &data, &size)
		if got := unsafe.Pointer(unsafe.SliceData(records)); data != uintptr(got) || size != uintptr(len(records)) {
			t.Errorf("%#x, %d, want %p, %d", data, size, got, len(records))
		}
		if n != 1 { // the host may forget
			b.Release()
		}
	}
	b.Release()
	b.Set([]byte{1}, nil, nil)
}
