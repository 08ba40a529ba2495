package host_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/promexporter/promexporter/internal/logtest"
	"github.com/promexporter/promexporter/test/flbhost/host"
	"github.com/promexporter/promexporter/test/flbhost/host/hosttest"
	"github.com/promexporter/promexporter/test/flbhost/property"
)

// rig is a host with both fixtures, each with its own trace.
type rig struct {
	*host.Host
	in, out *hosttest.Plugin
}

func newRig(t *testing.T, o host.Options, flags ...string) *rig {
	t.Helper()
	return &rig{hosttest.Launch(t, o), hosttest.NewInput(t, "source", flags...), hosttest.NewPlugin(t, "fixture")}
}

// config loads the output first; the order does not matter.
func (r *rig) config(inputs ...property.List) host.Config {
	c := host.Config{Plugins: []string{r.out.Path, r.in.Path}, Outputs: outputs(property.Of("id", "o"))}
	for _, l := range inputs {
		c.Inputs = append(c.Inputs, host.Section{Plugin: "source", Properties: l})
	}
	return c
}

func (r *rig) collect(t *testing.T, input int, want string) {
	t.Helper()
	got, err := r.Collect(t.Context(), input)
	if err != nil || string(got) != want {
		t.Errorf("input %d: %q, %v, want %q", input, got, err, want)
	}
}

func TestInputs(t *testing.T) {
	r := newRig(t, host.Options{})
	start(t, r.Host, r.config(property.Of("id", "a"), property.Of("id", "b", "threaded", "off")))
	wantCalls(t, r.in,
		"PreRegister(0) on main",
		"Register on main",
		"Init a on flb-in-source.0",
		"Init b on flb-pipeline",
		"PreRun(0) on flb-pipeline",
		"PreRun(0) on flb-in-source.0",
	)
	r.collect(t, 1, "\x92\x01\x81\xa2id\xa1b")
	r.collect(t, 0, "\x92\x01\x81\xa2id\xa1a")
	if err := errors.Join(r.PauseInput(t.Context(), 0), r.ResumeInput(t.Context(), 1)); err != nil {
		t.Error(err)
	}
	wantCalls(t, r.in,
		"CallbackCtx b on flb-pipeline",
		"CleanupCtx b on flb-pipeline",
		"CallbackCtx a on flb-in-source.0",
		"CleanupCtx a on flb-in-source.0",
		"Pause on flb-in-source.0",
		"Resume on flb-pipeline",
	)
	for _, n := range []int{-1, 2} {
		if _, err := r.Collect(t.Context(), n); err == nil {
			t.Errorf("input %d: no error", n)
		}
	}
	hosttest.Stop(t, r.Host)
	wantCalls(t, r.in,
		"Pause on flb-in-source.0",
		"Pause on flb-pipeline",
		"PreExit(0) on flb-pipeline",
		"Exit on flb-pipeline",
		"PreExit(0) on flb-in-source.0",
		"Exit on flb-in-source.0",
		"Unregister on main",
	)
	if _, err := r.Collect(t.Context(), 0); !errors.Is(err, host.ErrNotRunning) {
		t.Errorf("after the end: %v", err)
	}
}

// TestInputsWithoutContexts has callbacks that do not name an instance: both sections reach the last one.
func TestInputsWithoutContexts(t *testing.T) {
	for _, o := range []struct {
		version host.Version
		flags   []string
	}{{host.V32, nil}, {host.V403, nil}, {host.V51, []string{"-DLEGACY"}}} {
		r := newRig(t, host.Options{Version: o.version}, o.flags...)
		start(t, r.Host, r.config(property.Of("id", "a"), property.Of("id", "b")))
		r.in.Calls(t)
		r.collect(t, 0, "\x92\x01\x81\xa2id\xa1b")
		wantCalls(t, r.in, "Callback on flb-in-source.0", "Cleanup on flb-in-source.0")
		hosttest.Stop(t, r.Host)
	}
}

func TestInputsAnswer(t *testing.T) {
	r := newRig(t, host.Options{})
	start(t, r.Host, r.config(property.Of("id", "a", "answer", "nothing"), property.Of("id", "b", "answer", "error")))
	r.in.Calls(t)
	r.collect(t, 0, "")
	r.collect(t, 1, "")
	wantCalls(t, r.in, "CallbackCtx a on flb-in-source.0", "CallbackCtx b on flb-in-source.1") // without cleanup
	hosttest.Stop(t, r.Host)
}

func TestFailingInput(t *testing.T) {
	r := newRig(t, host.Options{})
	err := r.Start(t.Context(), r.config(property.Of("id", "a"), property.Of("id", "b", "fail", "yes"), property.Of("id", "c"),
		property.Of("id", "d", "threaded", "off")))
	if !errors.Is(err, host.ErrInit) || !strings.Contains(err.Error(), "source.1") {
		t.Errorf("got %v", err)
	}
	wantCalls(t, r.in,
		"PreRegister(0) on main",
		"Register on main",
		"Init a on flb-in-source.0",
		"Init b on flb-in-source.1",
		"Pause on flb-pipeline", // of d, which was never opened
		"PreExit(0) on flb-pipeline",
		"Exit on flb-pipeline",
		"Unregister on main",
	)
	wantCalls(t, r.out,
		"PreRegister(0) on main",
		"Register on main",
		"PreExit(0) on flb-pipeline",
		"ExitCtx NULL on flb-pipeline",
		"Unregister on main",
	)
	start(t, r.Host, r.config(property.Of("id", "again")))
	hosttest.Stop(t, r.Host)
}

// TestFailingInputOfOldVersion continues without the input, and with memory that it has freed, as before 4.0.3.
func TestFailingInputOfOldVersion(t *testing.T) {
	r := newRig(t, host.Options{Version: host.V32})
	start(t, r.Host, r.config(property.Of("id", "a"), property.Of("id", "b", "fail", "yes")))
	if _, err := r.Collect(t.Context(), 0); err == nil {
		t.Error("the callback was called by memory that is freed")
	}
	<-r.Done()
}

func TestFailingOutputBesideInputs(t *testing.T) {
	r := newRig(t, host.Options{})
	c := r.config(property.Of("id", "a"))
	c.Outputs = outputs(property.Of("fail", "yes"))
	if err := r.Start(t.Context(), c); !errors.Is(err, host.ErrInit) {
		t.Errorf("got %v", err)
	}
	wantCalls(t, r.in,
		"PreRegister(0) on main", "Register on main", "Init a on flb-in-source.0", "Unregister on main")
}

func TestInputsOfDryRun(t *testing.T) {
	r := newRig(t, host.Options{})
	if err := r.DryRun(t.Context(), r.config(property.Of("id", "a"), property.Of("threaded", "off"))); err != nil {
		t.Fatal(err)
	}
	wantCalls(t, r.in,
		"PreRegister(0) on main",
		"Register on main",
		"Pause on main",
		"PreExit(0) on main",
		"Exit on main",
		"Unregister on main",
	)
	hosttest.Stop(t, r.Host)
}

func TestInputsThroughReload(t *testing.T) {
	r := newRig(t, host.Options{})
	c := r.config(property.Of("id", "old"))
	c.HotReload = true
	start(t, r.Host, c)
	r.in.Calls(t)
	broken := c
	broken.Outputs = append(outputs(nil), host.Section{Plugin: "nothing"})
	if err := r.Reload(t.Context(), broken, nil); !errors.Is(err, host.ErrReloadHalted) {
		t.Fatalf("got %v", err)
	}
	wantCalls(t, r.in, "PreRegister(1) on main", "Register on main", "Unregister on main")
	r.collect(t, 0, "\x92\x01\x81\xa2id\xa3old")
	r.in.Calls(t)
	c.Inputs[0].Properties = property.Of("id", "new")
	if err := r.Reload(t.Context(), c, func(ctx context.Context) {
		if err := r.PauseInput(ctx, 0); err != nil {
			t.Error(err)
		}
	}); err != nil {
		t.Fatal(err)
	}
	wantCalls(t, r.in,
		"PreRegister(1) on main",
		"Register on main",
		"Pause on flb-in-source.0",
		"Pause on flb-in-source.0",
		"PreExit(1) on flb-in-source.0",
		"Exit on flb-in-source.0",
		"Unregister on main",
		"Init new on flb-in-source.0",
		"PreRun(1) on flb-in-source.0",
	)
	r.collect(t, 0, "\x92\x01\x81\xa2id\xa3new")
	hosttest.Stop(t, r.Host)
}

func TestMistakesOfInputs(t *testing.T) {
	for name, test := range map[string]struct {
		section property.List
		want    string
	}{
		"unknown key": {property.Of("idd", "a"), "[config] source: unknown configuration property 'idd'"},
		"level":       {property.Of("log_level", "loud"), "'log_level' on input plugin"},
		"threaded":    {property.Of("threaded", "maybe"), "'threaded' on input plugin"},
	} {
		r := newRig(t, host.Options{}, "-DKEYS")
		if err := r.Start(t.Context(), r.config(test.section)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
		hosttest.Stop(t, r.Host)
	}
}

// TestInputsOfOldestVersion has no inputs written in Go, and does not take one as an output.
func TestInputsOfOldestVersion(t *testing.T) {
	r := newRig(t, host.Options{Version: host.V19})
	err := r.Start(t.Context(), r.config(nil))
	if err == nil || !strings.Contains(err.Error(), "'source' tried to instance a plugin name that doesn't exist") {
		t.Errorf("got %v", err)
	}
	c := r.config()
	c.Outputs = []host.Section{{Plugin: "source"}}
	if err := r.Start(t.Context(), c); err == nil {
		t.Error("an input became an output")
	}
	if calls := r.in.Calls(t); slices.Contains(calls, "Unregister on main") {
		t.Errorf("calls %q", calls)
	}
	hosttest.Stop(t, r.Host)
}

func TestDamageByAnInput(t *testing.T) {
	for _, v := range []host.Version{host.V32, host.V403, host.V41, host.V50, host.V51} {
		r := newRig(t, host.Options{Version: v})
		if err := r.Start(t.Context(), r.config(property.Of("smash", "yes"))); !errors.Is(err, host.ErrDamage) {
			t.Errorf("%s: %v", v, err)
		}
		r.Kill()
	}
}

func TestInputLogs(t *testing.T) {
	var log logtest.Buffer
	r := newRig(t, host.Options{Log: &log})
	start(t, r.Host, r.config(property.Of("say", "hello", "log_level", "warn")))
	hosttest.Stop(t, r.Host)
	if got := strings.Count(log.String(), "] hello\n"); got != 2 {
		t.Errorf("%d lines, want those of error and warn:\n%s", got, log.String())
	}
}
