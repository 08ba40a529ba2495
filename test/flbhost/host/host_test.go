package host_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/promexporter/promexporter/internal/logtest"
	"github.com/promexporter/promexporter/test/flbhost/abi"
	"github.com/promexporter/promexporter/test/flbhost/host"
	"github.com/promexporter/promexporter/test/flbhost/host/hosttest"
	"github.com/promexporter/promexporter/test/flbhost/property"
)

// tasks returns the names of the loader's threads.
func tasks(t *testing.T, h *host.Host) []string {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/comm", h.PID()))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		if b, err := os.ReadFile(f); err == nil {
			names = append(names, strings.TrimSpace(string(b)))
		}
	}
	slices.Sort(names)
	return names
}

func TestWorkers(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture")
	h := hosttest.Launch(t, host.Options{})
	c := host.Config{Plugins: []string{p.Path}, Outputs: outputs(property.Of("id", "a", "workers", "3"))}
	start(t, h, c)
	want := []string{"flb-out-fixture", "flb-out-fixture", "flb-out-fixture", "flb-pipeline", "flbhost-loader"}
	if got := tasks(t, h); !slices.Equal(got, want) {
		t.Errorf("threads %q, want %q", got, want)
	}
	p.Calls(t)
	var wg sync.WaitGroup
	for range 30 {
		wg.Go(func() { flush(t, h, 0, host.StatusOK) })
	}
	wg.Wait()
	wantCalls(t, p, slices.Repeat([]string{"Flush a tag 3 92..80 on flb-out-fixture"}, 30)...)
	hosttest.Stop(t, h)
	wantCalls(t, p, "PreExit(0) on flb-pipeline", "ExitCtx a on flb-pipeline", "Unregister on main")
}

func TestStatus(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture")
	h := hosttest.Launch(t, host.Options{})
	answers := []string{"ok", "error", "retry", "other"}
	want := []host.Status{host.StatusOK, host.StatusError, host.StatusRetry, host.StatusError}
	var sections []property.List
	for _, a := range answers {
		sections = append(sections, property.Of("answer", a))
	}
	start(t, h, host.Config{Plugins: []string{p.Path}, Outputs: outputs(sections...)})
	for n := range answers {
		flush(t, h, n, want[n])
	}
	if _, err := h.Flush(t.Context(), len(answers), "tag", chunk); err == nil {
		t.Error("there is no such output")
	}
	hosttest.Stop(t, h)
}

// TestMisuseOfChunk ends the process if the plugin does with a chunk what it must not.
func TestMisuseOfChunk(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture")
	for _, crash := range []string{"read", "write", "keep", "abort"} {
		t.Run(crash, func(t *testing.T) {
			var log logtest.Buffer
			h := hosttest.Launch(t, host.Options{Log: &log})
			start(t, h, host.Config{Plugins: []string{p.Path}, Outputs: outputs(property.Of("crash", crash))})
			var err error
			for range 2 { // a pointer that was kept is used by the second
				if _, err = h.Flush(t.Context(), 0, "tag", chunk); err != nil {
					break
				}
			}
			var ended *host.ExitError
			if !errors.As(err, &ended) || !strings.Contains(ended.Error(), "abort") {
				t.Errorf("got %v", err)
			}
			if crash != "abort" && !strings.Contains(log.String(), "[engine] caught signal (SIGSEGV)") {
				t.Errorf("log: %s", log.String())
			}
			if err := h.Stop(t.Context()); !errors.As(err, &ended) {
				t.Errorf("stop: %v", err)
			}
		})
	}
}

func TestStopKillsWhatHangs(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture")
	h := hosttest.Launch(t, host.Options{})
	start(t, h, host.Config{Plugins: []string{p.Path}, Outputs: outputs(property.Of("crash", "hang"))})
	if _, err := h.Send(0, "tag", chunk); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := h.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if h.State() == nil || h.State().Success() {
		t.Errorf("state %v", h.State())
	}
}

// TestLayouts finds a plugin that writes what a release does not have.
func TestLayouts(t *testing.T) {
	good := hosttest.NewPlugin(t, "fixture")
	overrun := hosttest.NewPlugin(t, "fixture", "-DOVERRUN")
	for _, tt := range []struct {
		version host.Version
		damaged bool
	}{
		{host.V19, true}, {host.V32, true}, {host.V403, true}, {host.V41, true}, {host.V50, true}, {host.V51, false},
	} {
		t.Run(string(tt.version), func(t *testing.T) {
			h := hosttest.Launch(t, host.Options{Version: tt.version})
			start(t, h, host.Config{Plugins: []string{good.Path}, Outputs: outputs(nil)})
			flush(t, h, 0, host.StatusOK)
			hosttest.Stop(t, h)

			h = hosttest.Launch(t, host.Options{Version: tt.version})
			err := h.Start(t.Context(), host.Config{Plugins: []string{overrun.Path}, Outputs: outputs(nil)})
			if tt.damaged != errors.Is(err, host.ErrDamage) || tt.damaged == (err == nil) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestDamagedContext(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture")
	h := hosttest.Launch(t, host.Options{})
	err := h.Start(t.Context(), host.Config{Plugins: []string{p.Path}, Outputs: outputs(property.Of("smash", "yes"))})
	if !errors.Is(err, host.ErrDamage) || !strings.Contains(err.Error(), "flb_plugin_proxy_context, as Fluent Bit 5.1") {
		t.Errorf("got %v", err)
	}
}

func TestUnknownVersion(t *testing.T) {
	if _, err := host.Launch(host.Options{Version: "0.1"}); err == nil || !strings.Contains(err.Error(), `"0.1"`) {
		t.Errorf("got %v", err)
	}
}

func TestConfigMap(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture", "-DKEYS")
	for _, tt := range []struct {
		name    string
		version host.Version
		section property.List
		wantErr string
	}{
		{"known", host.V51, property.Of("ID", "a", "metric.x", "1", "label", "1", "label", "2", "match", "*"), ""},
		{
			"unknown", host.V51, property.Of("idd", "a"),
			"[config] fixture: unknown configuration property 'idd'",
		},
		{
			"twice", host.V51, property.Of("id", "a", "id", "b"),
			"[config] fixture: configuration property 'id' is set 2 times",
		},
		{"unknown to an older host", host.V50, property.Of("idd", "a", "id", "a", "id", "b"), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := hosttest.Launch(t, host.Options{Version: tt.version})
			c := host.Config{Plugins: []string{p.Path}, Outputs: outputs(tt.section)}
			for _, err := range []error{h.DryRun(t.Context(), c), h.Start(t.Context(), c)} {
				if !strings.Contains(fmt.Sprint(err), tt.wantErr) || (err == nil) != (tt.wantErr == "") {
					t.Errorf("got %v, want %s", err, tt.wantErr)
				}
			}
			hosttest.Stop(t, h)
		})
	}
}

func TestReservedKeys(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture", "-DKEYS")
	h := hosttest.Launch(t, host.Options{})
	c := host.Config{Plugins: []string{p.Path}}
	for _, bad := range []property.List{
		property.Of("log_level", "loud"), property.Of("workers", "many"), property.Of("workers", "-1"),
	} {
		c.Outputs = outputs(bad)
		err := h.Start(t.Context(), c)
		if err == nil || !strings.Contains(err.Error(), "could not configure property '"+bad[0].Key) {
			t.Errorf("%v: got %v", bad, err)
		}
	}
	c.Outputs = outputs(property.Of("id", "a", "match", "*", "alias", "x", "log_level", "warn", "host", "h", "port", "1",
		"ipv6", "on", "retry_limit", "3", "net.keepalive", "on", "tls", "off", "tls.verify", "off", "workers", "1",
		"storage.total_limit_size", "1M", "match_regex", ".*", "log_suppress_interval", "1"))
	start(t, h, c)
	hosttest.Stop(t, h)
}

func TestLogLines(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture")
	for _, tt := range []struct {
		version host.Version
		level   host.Level
		own     string
		want    []string
	}{
		{host.V51, host.Info, "", []string{"error", " warn", " info"}},
		{host.V51, host.Error, "", []string{"error"}},
		{host.V51, host.Off, "", nil},
		{host.V32, host.Error, "trace", []string{"error", " warn", " info", "debug", "trace"}},
		{host.V32, host.Trace, "off", nil},
	} {
		t.Run(fmt.Sprint(tt.version, tt.level, tt.own), func(t *testing.T) {
			var log logtest.Buffer
			h := hosttest.Launch(t, host.Options{Version: tt.version, Log: &log})
			section := property.Of("say", "100% %s", "log_level", tt.own)
			start(t, h, host.Config{Plugins: []string{p.Path}, Outputs: outputs(section), LogLevel: tt.level})
			hosttest.Stop(t, h)
			stamp := `\[\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\] `
			if tt.version == host.V51 {
				stamp = `\[\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{3}\] `
			}
			var want strings.Builder
			for _, title := range tt.want {
				want.WriteString(stamp + `\[` + title + `\] 100% %s\n`)
			}
			if !regexp.MustCompile(`^` + want.String() + `$`).MatchString(log.String()) {
				t.Errorf("got\n%swant\n%s", log.String(), want.String())
			}
		})
	}
}

// TestLogOrder expects the plugin's lines before those of the host about them.
func TestLogOrder(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture")
	var log logtest.Buffer
	h := hosttest.Launch(t, host.Options{Log: &log})
	section := property.Of("say", "the reason", "log_level", "error", "fail", "yes")
	if err := h.Start(t.Context(), host.Config{Plugins: []string{p.Path}, Outputs: outputs(section)}); err == nil {
		t.Error("no error")
	}
	hosttest.Stop(t, h)
	want := []string{
		"the reason",
		"[go proxy]: plugin 'fixture' failed to initialize",
		"[output] could not initialize 'fixture' plugin",
		"[output] failed to initialize 'fixture' plugin",
		"[engine] output initialization failed",
	}
	var got []string
	for line := range strings.Lines(log.String()) {
		_, text, _ := strings.Cut(strings.TrimSpace(line), "[error] ")
		got = append(got, text)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestKill(t *testing.T) {
	h := hosttest.Launch(t, host.Options{})
	h.Kill()
	select {
	case <-h.Done():
	default:
		t.Error("the loader still runs")
	}
	var ended *host.ExitError
	if err := h.Start(t.Context(), host.Config{}); !errors.As(err, &ended) {
		t.Errorf("got %v", err)
	}
}

// TestLoaderFollowsDriver ends the driver without a request; the loader ends too.
func TestLoaderFollowsDriver(t *testing.T) {
	requests, ours, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer requests.Close()
	cmd := exec.CommandContext(t.Context(), hosttest.Loader(t), append([]string{"3"}, abi.Versions[0].Arguments()...)...)
	cmd.ExtraFiles = []*os.File{requests, requests}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := ours.Close(); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err == nil || err.Error() != "exit status 1" {
		t.Errorf("got %v", err)
	}
}

func TestStartTwice(t *testing.T) {
	h := hosttest.Launch(t, host.Options{})
	start(t, h, host.Config{})
	if err := h.Start(t.Context(), host.Config{}); err == nil {
		t.Error("no error")
	}
	hosttest.Stop(t, h)
}

func TestCachedLoader(t *testing.T) {
	hosttest.Loader(t)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	first, err := host.CachedLoader()
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(first)
	if err != nil {
		t.Fatal(err)
	}
	second, err := host.CachedLoader()
	if err != nil || second != first {
		t.Fatal(second, err)
	}
	if after, err := os.Stat(second); err != nil || !os.SameFile(before, after) {
		t.Error("built again")
	}
	if files, err := os.ReadDir(filepath.Dir(first)); err != nil || len(files) != 1 {
		t.Errorf("%v, %v in addition to the loader", files, err)
	}
	t.Setenv("CC", "no-such-compiler")
	if _, err := host.CachedLoader(); err == nil || !strings.Contains(err.Error(), "no-such-compiler") {
		t.Errorf("got %v", err)
	}
}
