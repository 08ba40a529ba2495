package host_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promexporter/promexporter/test/flbhost/host"
	"github.com/promexporter/promexporter/test/flbhost/host/hosttest"
	"github.com/promexporter/promexporter/test/flbhost/property"
)

var chunk = []byte{0x92, 0x00, 0x80}

func outputs(sections ...property.List) []host.Section {
	var o []host.Section
	for _, s := range sections {
		o = append(o, host.Section{Plugin: "fixture", Properties: s})
	}
	return o
}

func wantCalls(t *testing.T, p *hosttest.Plugin, want ...string) {
	t.Helper()
	if got := p.Calls(t); !slices.Equal(got, want) {
		t.Errorf("got calls\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func start(t *testing.T, h *host.Host, c host.Config) {
	t.Helper()
	if err := h.Start(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

func flush(t *testing.T, h *host.Host, output int, want host.Status) {
	t.Helper()
	if got, err := h.Flush(t.Context(), output, "tag", chunk); err != nil || got != want {
		t.Errorf("flush: %v, %v, want %v", got, err, want)
	}
}

func TestOrderOfStartAndStop(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture")
	h := hosttest.Launch(t, host.Options{})
	start(t, h, host.Config{Plugins: []string{p.Path}, Outputs: outputs(property.Of("id", "a"), property.Of("id", "b"))})
	wantCalls(t, p,
		"PreRegister(0) on main",
		"Register on main",
		"Init a on flb-pipeline",
		"Init b on flb-pipeline",
		"PreRun(0) on flb-pipeline",
		"PreRun(0) on flb-pipeline",
	)
	flush(t, h, 1, host.StatusOK)
	flush(t, h, 0, host.StatusOK)
	wantCalls(t, p, "Flush b tag 3 92..80 on flb-pipeline", "Flush a tag 3 92..80 on flb-pipeline")
	hosttest.Stop(t, h)
	wantCalls(t, p,
		"PreExit(0) on flb-pipeline",
		"ExitCtx a on flb-pipeline",
		"PreExit(0) on flb-pipeline",
		"ExitCtx b on flb-pipeline",
		"Unregister on main",
	)
}

func TestOrderOfTwoPlugins(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture")
	other := hosttest.NewPlugin(t, "other")
	h := hosttest.Launch(t, host.Options{})
	start(t, h, host.Config{
		Plugins: []string{p.Path, other.Path},
		Outputs: []host.Section{{Plugin: "OTHER"}, {Plugin: "fixture"}},
	})
	flush(t, h, 0, host.StatusOK)
	hosttest.Stop(t, h)
	if got := other.Calls(t); !slices.Contains(got, "Flush  tag 3 92..80 on flb-pipeline") {
		t.Errorf("the first output is not the other plugin's: %q", got)
	}
}

func TestOrderOfFailingInit(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture")
	h := hosttest.Launch(t, host.Options{})
	c := host.Config{Plugins: []string{p.Path}, Outputs: outputs(
		property.Of("id", "a"), property.Of("id", "b", "fail", "yes"), property.Of("id", "c"), property.Of("id", "d"))}
	if err := h.Start(t.Context(), c); err == nil || !strings.Contains(err.Error(), "init fixture.1") {
		t.Errorf("got %v", err)
	}
	wantCalls(t, p,
		"PreRegister(0) on main",
		"Register on main",
		"Init a on flb-pipeline",
		"Init b on flb-pipeline",
		"PreExit(0) on flb-pipeline",
		"ExitCtx a on flb-pipeline",
		"PreExit(0) on flb-pipeline",
		"ExitCtx NULL on flb-pipeline",
		"PreExit(0) on flb-pipeline",
		"ExitCtx NULL on flb-pipeline",
		"Unregister on main",
	)
	start(t, h, host.Config{Plugins: []string{p.Path}, Outputs: outputs(property.Of("id", "again"))})
	hosttest.Stop(t, h)
}

func TestOrderOfUnknownOutput(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture")
	h := hosttest.Launch(t, host.Options{})
	c := host.Config{Plugins: []string{p.Path}, Outputs: append(outputs(nil), host.Section{Plugin: "nothing"})}
	if err := h.Start(t.Context(), c); err == nil || !strings.Contains(err.Error(), "'nothing' tried to instance") {
		t.Errorf("got %v", err)
	}
	wantCalls(t, p,
		"PreRegister(0) on main",
		"Register on main",
		"PreExit(0) on main",
		"ExitCtx NULL on main",
		"Unregister on main",
	)
}

func TestOrderOfDryRun(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture")
	h := hosttest.Launch(t, host.Options{})
	c := host.Config{Plugins: []string{p.Path}, Outputs: outputs(nil, nil)}
	if err := h.DryRun(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	hosttest.Stop(t, h)
	wantCalls(t, p,
		"PreRegister(0) on main",
		"Register on main",
		"PreExit(0) on main",
		"ExitCtx NULL on main",
		"PreExit(0) on main",
		"ExitCtx NULL on main",
		"Unregister on main",
	)
}

func TestOrderOfReload(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture")
	h := hosttest.Launch(t, host.Options{})
	c := host.Config{Plugins: []string{p.Path}, Outputs: outputs(property.Of("id", "old")), HotReload: true}
	start(t, h, c)
	wantCalls(t, p,
		"PreRegister(0) on main", "Register on main", "Init old on flb-pipeline", "PreRun(1) on flb-pipeline")
	c.Outputs = outputs(property.Of("id", "new"))
	err := h.Reload(t.Context(), c, func(ctx context.Context) {
		if _, err := h.Flush(ctx, 0, "last", chunk); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	wantCalls(t, p,
		"PreRegister(1) on main",
		"Register on main",
		"Flush old last 3 92..80 on flb-pipeline",
		"PreExit(1) on flb-pipeline",
		"ExitCtx old on flb-pipeline",
		"Unregister on main",
		"Init new on flb-pipeline",
		"PreRun(1) on flb-pipeline",
	)
	flush(t, h, 0, host.StatusOK)
	hosttest.Stop(t, h)
	wantCalls(t, p,
		"Flush new tag 3 92..80 on flb-pipeline",
		"PreExit(0) on flb-pipeline",
		"ExitCtx new on flb-pipeline",
		"Unregister on main",
	)
}

func TestOrderOfFailedReload(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture", "-DKEYS")
	for name, broken := range map[string][]host.Section{
		"unknown plugin": append(outputs(property.Of("id", "new")), host.Section{Plugin: "nothing"}),
		"unknown key":    outputs(property.Of("idd", "new")),
		"bad level":      outputs(property.Of("log_level", "loud")),
	} {
		t.Run(name, func(t *testing.T) {
			h := hosttest.Launch(t, host.Options{})
			c := host.Config{Plugins: []string{p.Path}, Outputs: outputs(property.Of("id", "old")), HotReload: true}
			start(t, h, c)
			p.Calls(t)
			c.Outputs = broken
			err := h.Reload(t.Context(), c, func(context.Context) { t.Error("a last flush") })
			if !errors.Is(err, host.ErrReloadHalted) {
				t.Fatalf("got %v", err)
			}
			flush(t, h, 0, host.StatusOK)
			hosttest.Stop(t, h)
			wantCalls(t, p,
				"PreRegister(1) on main",
				"Register on main",
				"PreExit(0) on main",
				"ExitCtx NULL on main",
				"Unregister on main",
				"Flush old tag 3 92..80 on flb-pipeline",
				"PreExit(1) on flb-pipeline", // as if by a reload, though it is a plain stop
				"ExitCtx old on flb-pipeline",
				"Unregister on main",
			)
		})
	}
}

func TestOrderOfAbortedReload(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture")
	h := hosttest.Launch(t, host.Options{})
	c := host.Config{Plugins: []string{p.Path}, Outputs: outputs(property.Of("id", "old")), HotReload: true}
	start(t, h, c)
	p.Calls(t)
	c.Outputs = outputs(property.Of("id", "new", "fail", "yes"), property.Of("id", "next"))
	if err := h.Reload(t.Context(), c, nil); !errors.Is(err, host.ErrReloadAborted) {
		t.Fatalf("got %v", err)
	}
	wantCalls(t, p,
		"PreRegister(1) on main",
		"Register on main",
		"PreExit(1) on flb-pipeline",
		"ExitCtx old on flb-pipeline",
		"Unregister on main",
		"Init new on flb-pipeline",
		"PreExit(0) on flb-pipeline",
		"ExitCtx NULL on flb-pipeline",
		"Unregister on main",
	)
	if _, err := h.Flush(t.Context(), 0, "tag", chunk); !errors.Is(err, host.ErrNotRunning) {
		t.Errorf("got %v", err)
	}
	hosttest.Stop(t, h)
}

func TestReloadDisabled(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture")
	h := hosttest.Launch(t, host.Options{})
	c := host.Config{Plugins: []string{p.Path}, Outputs: outputs(property.Of("id", "a", "crash", "handler"))}
	start(t, h, c)
	p.Calls(t)
	if err := h.Reload(t.Context(), c, nil); !errors.Is(err, host.ErrReloadDisabled) {
		t.Errorf("got %v", err)
	}
	flush(t, h, 0, host.StatusOK)
	wantCalls(t, p,
		"Flush a tag 3 92..80 on flb-pipeline", "SIGSEGV on alternate stack: 0 on flb-pipeline")
	hosttest.Stop(t, h)
}

func TestManyReloads(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture")
	h := hosttest.Launch(t, host.Options{})
	c := host.Config{Plugins: []string{p.Path}, Outputs: outputs(nil, property.Of("workers", "2")), HotReload: true}
	start(t, h, c)
	before := tasks(t, h)
	for range 20 {
		if err := h.Reload(t.Context(), c, nil); err != nil {
			t.Fatal(err)
		}
		flush(t, h, 1, host.StatusOK)
	}
	after := tasks(t, h)
	// The kernel may list a thread for a moment after it has ended.
	for deadline := time.Now().Add(hosttest.Patience); !slices.Equal(before, after) && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
		after = tasks(t, h)
	}
	if !slices.Equal(before, after) {
		t.Errorf("threads were %q, and now are %q", before, after)
	}
	hosttest.Stop(t, h)
}

// TestOrderOfOldVersion has no PreRegister, PreRun and PreExit, which came with 2.2.
func TestOrderOfOldVersion(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture")
	h := hosttest.Launch(t, host.Options{Version: host.V19})
	start(t, h, host.Config{Plugins: []string{p.Path}, Outputs: outputs(property.Of("id", "a"))})
	flush(t, h, 0, host.StatusOK)
	hosttest.Stop(t, h)
	wantCalls(t, p,
		"Register on main",
		"Init a on flb-pipeline",
		"Flush a tag 3 92..80 on flb-pipeline",
		"ExitCtx a on flb-pipeline",
		"Unregister on main",
	)
}

func TestOrderWithoutContexts(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture", "-DLEGACY")
	h := hosttest.Launch(t, host.Options{})
	start(t, h, host.Config{Plugins: []string{p.Path}, Outputs: outputs(nil)})
	p.Calls(t)
	flush(t, h, 0, host.StatusOK)
	hosttest.Stop(t, h)
	wantCalls(t, p,
		"Flush legacy tag 3 92..80 on flb-pipeline",
		"PreExit(0) on flb-pipeline",
		"Exit on flb-pipeline",
		"Unregister on main",
	)
}

// TestRefusedRegistration loads a plugin that refuses to register: it has no sections, and is not unregistered.
func TestRefusedRegistration(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture", "-DREFUSE")
	h := hosttest.Launch(t, host.Options{})
	err := h.Start(t.Context(), host.Config{Plugins: []string{p.Path}, Outputs: outputs(nil)})
	if err == nil || !strings.Contains(err.Error(), "doesn't exist") {
		t.Errorf("got %v", err)
	}
	wantCalls(t, p, "PreRegister(0) on main", "Register on main")
	hosttest.Stop(t, h)
}

func TestPluginThatCannotBeOpened(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture")
	h := hosttest.Launch(t, host.Options{})
	err := h.Start(t.Context(), host.Config{Plugins: []string{p.Path, "./absent.so"}, Outputs: outputs(nil)})
	if err == nil || !strings.Contains(err.Error(), "load ./absent.so") {
		t.Errorf("got %v", err)
	}
	wantCalls(t, p, "PreRegister(0) on main", "Register on main", "Unregister on main")
	hosttest.Stop(t, h)
}
