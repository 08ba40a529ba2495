package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/promexporter/promexporter/internal/logtest"
	"github.com/promexporter/promexporter/test/flbhost/host/hosttest"
)

// session is a run of the program.
type session struct {
	stdout, stderr logtest.Buffer
	signals        chan os.Signal
	err            chan error
}

func begin(t *testing.T, args ...string) *session {
	t.Helper()
	hosttest.Loader(t)
	s := &session{signals: make(chan os.Signal, 1), err: make(chan error, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.err <- run(ctx, args, &s.stdout, io.MultiWriter(&s.stderr, t.Output()), s.signals)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return s
}

// await polls until ok holds.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(hosttest.Patience); !ok(); {
		if time.Now().After(deadline) {
			t.Fatalf("timeout: %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

func (s *session) awaitLog(t *testing.T, text string) {
	t.Helper()
	await(t, text, func() bool { return strings.Contains(s.stderr.String(), text) })
}

// end waits for the end and returns the error and the log.
func (s *session) end(t *testing.T) string {
	t.Helper()
	select {
	case err := <-s.err:
		return fmt.Sprint(err, "\n", s.stderr.String())
	case <-time.After(hosttest.Patience):
		t.Fatal("the program does not end")
		return ""
	}
}

// terminate ends the program as a user does.
func (s *session) terminate(t *testing.T) {
	t.Helper()
	s.signals <- syscall.SIGTERM
	if got := s.end(t); !strings.HasPrefix(got, "<nil>\n") {
		t.Errorf("the program ended with %s", got)
	}
}

// awaitCall waits for a call of the plugin and returns the calls up to it.
func awaitCall(t *testing.T, p *hosttest.Plugin, call string) []string {
	t.Helper()
	var calls []string
	await(t, call, func() bool {
		calls = append(calls, p.Calls(t)...)
		return slices.ContainsFunc(calls, func(c string) bool { return strings.HasPrefix(c, call) })
	})
	return calls
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestRun(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture")
	s := begin(t, "-e", p.Path, "-i", "dummy", "-p", "rate=100", "-o", "stdout", "-m", "*", "-o", "fixture", "-m", "d*.0",
		"-p", "id=a", "-p", "say=hello", "-f", "0.02")
	calls := awaitCall(t, p, "Flush a dummy.0")
	want(t, calls[:4],
		"PreRegister(0) on main", "Register on main", "Init a on flb-pipeline", "PreRun(0) on flb-pipeline")
	await(t, "stdout", func() bool { return s.stdout.String() != "" })
	s.terminate(t)
	calls = p.Calls(t)
	want(t, calls[max(0, len(calls)-3):],
		"PreExit(0) on flb-pipeline", "ExitCtx a on flb-pipeline", "Unregister on main")
	if first, _, _ := strings.Cut(s.stderr.String(), "\n"); first != banner {
		t.Errorf("the first line is %q", first)
	}
	if !strings.Contains(s.stderr.String(), "[ info] hello") {
		t.Errorf("no log line of the plugin: %s", s.stderr.String())
	}
	got := s.stdout.String()
	if !strings.HasPrefix(got, "[0] dummy.0: [[") || !strings.Contains(got, `, {}], {"message"=>"dummy"}]`) {
		t.Errorf("stdout: %s", got)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture")
	ctx, cancel := context.WithCancel(t.Context())
	args := []string{"-e", p.Path, "-i", "dummy", "-p", "rate=100", "-o", "fixture", "-f", "0.02"}
	ended := make(chan error)
	go func() { ended <- run(ctx, args, io.Discard, t.Output(), nil) }()
	awaitCall(t, p, "Flush") // the start is over; it would fail with the context
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	calls := p.Calls(t)
	want(t, calls[max(0, len(calls)-2):], "ExitCtx  on flb-pipeline", "Unregister on main")
}

func TestRunWithConfiguration(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture")
	dir := t.TempDir()
	write(t, filepath.Join(dir, "plugins.conf"), "[PLUGINS]\n    Path "+p.Path+"\n")
	write(t, filepath.Join(dir, "a.conf"), "[SERVICE]\n    Flush 0.02\n    Plugins_File plugins.conf\n"+
		"[INPUT]\n    Name cpu\n[INPUT]\n    Name mem\n    Tag memory\n[OUTPUT]\n    Name fixture\n    Match *\n    Id a\n")
	s := begin(t, "-c", filepath.Join(dir, "a.conf"))
	seen := map[string]bool{}
	await(t, "a flush of each", func() bool {
		for _, c := range p.Calls(t) {
			seen[strings.Join(strings.Fields(c)[:min(3, len(strings.Fields(c)))], " ")] = true
		}
		return seen["Flush a cpu.0"] && seen["Flush a memory"]
	})
	s.terminate(t)
}

func TestRunWithInputPlugin(t *testing.T) {
	in, out := hosttest.NewInput(t, "source"), hosttest.NewPlugin(t, "fixture")
	file := filepath.Join(t.TempDir(), "a.conf")
	write(t, file, "[SERVICE]\n    Flush 0.02\n    Hot_Reload on\n[INPUT]\n    Name source\n    Id a\n[INPUT]\n    Name source\n"+
		"    Tag t\n    Id b\n[OUTPUT]\n    Name fixture\n    Match *\n")
	s := begin(t, "-e", out.Path, "-e", in.Path, "-c", file)
	seen := map[string]bool{}
	await(t, "a flush of each", func() bool {
		for _, c := range out.Calls(t) {
			seen[strings.Join(strings.Fields(c)[:2], " ")] = true
		}
		return seen["Flush source.0"] && seen["Flush t"]
	})
	in.Calls(t)
	s.signals <- syscall.SIGHUP
	s.awaitLog(t, "successful reload done")
	s.terminate(t)
	calls := slices.DeleteFunc(in.Calls(t), func(c string) bool { return strings.HasPrefix(c, "C") }) // callbacks
	want(t, calls[:8],
		"PreRegister(1) on main", "Register on main",
		"Pause on flb-in-source.0", "Pause on flb-in-source.1",
		"Pause on flb-in-source.0", "Pause on flb-in-source.1",
		"PreExit(1) on flb-in-source.1", "Exit on flb-in-source.1")
	if last := calls[len(calls)-1]; last != "Unregister on main" {
		t.Errorf("the last call is %q", last)
	}
}

// reloading is a configuration whose output has the given properties.
func reloading(properties string) string {
	return "[SERVICE]\n    Flush 0.02\n    Hot_Reload on\n[INPUT]\n    Name dummy\n    Rate 100\n" +
		"[OUTPUT]\n    Name fixture\n" + properties
}

func TestReload(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture")
	file := filepath.Join(t.TempDir(), "a.conf")
	write(t, file, reloading("    Id old\n"))
	s := begin(t, "-e", p.Path, "-c", file)
	awaitCall(t, p, "Flush old")
	write(t, file, reloading("    Id new\n"))
	s.signals <- syscall.SIGHUP
	calls := awaitCall(t, p, "Flush new")
	calls = slices.DeleteFunc(calls, func(c string) bool { return strings.HasPrefix(c, "Flush") })
	want(t, calls,
		"PreRegister(1) on main",
		"Register on main",
		"PreExit(1) on flb-pipeline",
		"ExitCtx old on flb-pipeline",
		"Unregister on main",
		"Init new on flb-pipeline",
		"PreRun(1) on flb-pipeline",
	)
	s.terminate(t)
}

func TestReloadOfBrokenConfiguration(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture", "-DKEYS")
	file := filepath.Join(t.TempDir(), "a.conf")
	for name, broken := range map[string]string{
		"file":   "[OUTPUT\n",
		"input":  "[INPUT]\n    Name nothing\n[OUTPUT]\n    Name fixture\n",
		"output": "[INPUT]\n    Name cpu\n[OUTPUT]\n    Name nothing\n",
		"key":    reloading("    Idd new\n"),
	} {
		t.Run(name, func(t *testing.T) {
			write(t, file, reloading("    Id old\n"))
			p.Calls(t) // of the run before
			s := begin(t, "-e", p.Path, "-c", file)
			awaitCall(t, p, "Flush old")
			write(t, file, broken)
			s.signals <- syscall.SIGHUP
			s.awaitLog(t, "Reloading is halted")
			p.Calls(t)
			awaitCall(t, p, "Flush old")
			s.terminate(t)
		})
	}
}

func TestReloadThatFailsToStart(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture")
	file := filepath.Join(t.TempDir(), "a.conf")
	write(t, file, reloading("    Id old\n"))
	s := begin(t, "-e", p.Path, "-c", file)
	awaitCall(t, p, "Flush old")
	write(t, file, reloading("    Fail yes\n"))
	s.signals <- syscall.SIGHUP
	if got := s.end(t); !strings.HasPrefix(got, "reloading is aborted: init fixture.0: ") {
		t.Errorf("the program ended with %s", got)
	}
}

func TestReloadHasToBeEnabled(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture")
	s := begin(t, "-e", p.Path, "-i", "dummy", "-p", "rate=100", "-o", "fixture", "-f", "0.02")
	awaitCall(t, p, "Flush")
	s.signals <- syscall.SIGHUP
	s.awaitLog(t, "[reload] hot reloading is not enabled")
	p.Calls(t)
	awaitCall(t, p, "Flush")
	s.terminate(t)
}

// TestRetry flushes a chunk again until the agent stops.
func TestRetry(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture")
	s := begin(t, "-e", p.Path, "-i", "dummy", "-p", "rate=100", "-p", "samples=1", "-o", "fixture", "-p", "answer=retry",
		"-f", "0.02")
	awaitCall(t, p, "Flush")
	awaitCall(t, p, "Flush")
	s.terminate(t)
	if log := s.stderr.String(); !strings.Contains(log, "retry in 1s") || !strings.Contains(log, "gave up a chunk of tag dummy.0") {
		t.Errorf("log: %s", log)
	}
}

func TestEnds(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture", "-DKEYS")
	in := hosttest.NewInput(t, "source")
	for _, tt := range []struct{ name, args, want string }{
		{"no input", "-o null", "needs an input and an output"},
		{"no output", "-i cpu", "needs an input and an output"},
		{"unknown input", "-i nothing -o null", "'nothing' tried to instance a plugin name that doesn't exist"},
		{"unknown output", "-i cpu -o nothing", "'nothing' tried to instance a plugin name that doesn't exist"},
		{"unknown key", "-i cpu -o fixture -p idd=1", "[config] fixture: unknown configuration property 'idd'"},
		{"key of an input", "-i cpu -p x=1 -o null", "[config] cpu: unknown configuration property 'x'"},
		{"key of null", "-i cpu -o null -p x=1", "[config] null: unknown configuration property 'x'"},
		{"output fails", "-i cpu -o fixture -p fail=yes", "[output] failed to initialize 'fixture' plugin"},
		{"input fails", "-i source -p fail=yes -o null", "[engine] input initialization failed"},
		{"absent plugin", "-e ./absent.so -i cpu -o null", "[proxy] error opening plugin ./absent.so"},
		{"absent file", "-c absent.conf", "absent.conf: no such file"},
		{"expression", "-i cpu -o null -p match_regex=x", "match_regex: the development host does not support it"},
		{"argument", "-nonsense", "Usage of flbhost"},
		{"dry run", "-dry-run -i cpu -o fixture -p idd=1", "[config] fixture: unknown configuration property 'idd'"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := begin(t, append([]string{"-e", p.Path, "-e", in.Path}, strings.Fields(tt.args)...)...)
			if got := s.end(t); !strings.Contains(got, tt.want) || strings.HasPrefix(got, "<nil>") {
				t.Errorf("no %q in\n%s", tt.want, got)
			}
		})
	}
	for args, want := range map[string]string{
		"-h": "Usage of flbhost", "-dry-run -i cpu -o fixture -p id=1": "configuration test is successful",
	} {
		s := begin(t, append([]string{"-e", p.Path}, strings.Fields(args)...)...)
		if got := s.end(t); !strings.Contains(got, want) || !strings.HasPrefix(got, "<nil>") {
			t.Errorf("%s: no %q in\n%s", args, want, got)
		}
	}
}

func TestPluginThatCrashes(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture")
	s := begin(t, "-e", p.Path, "-i", "dummy", "-p", "rate=100", "-o", "fixture", "-p", "crash=abort", "-f", "0.02")
	if got := s.end(t); !strings.HasPrefix(got, "stop: the loader has ended: signal: aborted") {
		t.Errorf("the program ended with %s", got)
	}
}

func TestLogLevels(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture")
	for args, want := range map[string]string{
		"":          "error warn info",
		"-v":        "error warn info debug",
		"-v -v":     "error warn info debug trace",
		"-v -v -v":  "error warn info debug trace",
		"-c l.conf": "error",
	} {
		t.Run(args, func(t *testing.T) {
			t.Chdir(t.TempDir())
			write(t, "l.conf", "[SERVICE]\n    Log_Level error\n")
			p.Calls(t) // of the run before
			s := begin(t, append(strings.Fields(args), "-e", p.Path, "-i", "cpu", "-o", "fixture", "-p", "say=hello")...)
			awaitCall(t, p, "PreRun")
			s.terminate(t)
			var levels []string
			for line := range strings.Lines(s.stderr.String()) {
				if head, ok := strings.CutSuffix(line, "] hello\n"); ok {
					levels = append(levels, strings.TrimSpace(head[strings.LastIndex(head, "[")+1:]))
				}
			}
			if got := strings.Join(levels, " "); got != want {
				t.Errorf("got lines of level %q, want %q", got, want)
			}
		})
	}
}
