package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/promexporter/promexporter/cmd/flbhost/host/hosttest"
	"github.com/promexporter/promexporter/internal/logtest"
)

// session is a run of the program.
type session struct {
	stdout, stderr logtest.Buffer
	signals        chan os.Signal
	code           chan int
}

func begin(t *testing.T, args ...string) *session {
	t.Helper()
	hosttest.Loader(t)
	s := &session{signals: make(chan os.Signal, 1), code: make(chan int, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.code <- run(ctx, args, &s.stdout, io.MultiWriter(&s.stderr, t.Output()), s.signals)
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
			t.Fatalf("%s does not come", what)
		}
		time.Sleep(time.Millisecond)
	}
}

func (s *session) awaitLog(t *testing.T, text string) {
	t.Helper()
	await(t, text, func() bool { return strings.Contains(s.stderr.String(), text) })
}

// end waits for the end, and checks the exit code.
func (s *session) end(t *testing.T, want int) {
	t.Helper()
	select {
	case code := <-s.code:
		if code != want {
			t.Errorf("exit code %d, want %d", code, want)
		}
	case <-time.After(hosttest.Patience):
		t.Fatal("the program does not end")
	}
}

func (s *session) terminate(t *testing.T) {
	t.Helper()
	began := time.Now()
	s.signals <- syscall.SIGTERM
	s.end(t, exitOK)
	if took := time.Since(began); took > 4*time.Second { // five, when the host kills what hangs
		t.Errorf("the end took %v", took)
	}
}

// awaitCall waits until the plugin was called so, and returns the calls until then.
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
	code := make(chan int)
	go func() { code <- run(ctx, args, io.Discard, t.Output(), nil) }()
	awaitCall(t, p, "Flush") // by then the start is over, which would end with its context too, and fail
	cancel()
	if got := <-code; got != exitOK {
		t.Errorf("exit code %d", got)
	}
	calls := p.Calls(t)
	want(t, calls[max(0, len(calls)-2):], "ExitCtx  on flb-pipeline", "Unregister on main")
}

func TestRunWithConfiguration(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture")
	for name, files := range map[string]map[string]string{
		"a.conf": {
			"a.conf": "[SERVICE]\n    Flush 0.02\n    Plugins_File plugins.conf\n    Parsers_File parsers.conf\n" +
				"[INPUT]\n    Name dummy\n    Rate 100\n    Tag t\n[OUTPUT]\n    Name fixture\n    Match *\n    Id ${NAME}\n",
			"plugins.conf": "[PLUGINS]\n    Path " + p.Path + "\n",
		},
		"a.yaml": {
			"a.yaml": "service:\n  flush: 0.02\nplugins:\n  - " + p.Path + "\npipeline:\n  inputs:\n    - name: dummy\n" +
				"      rate: 100\n      tag: t\n  outputs:\n    - name: fixture\n      match: '*'\n      id: ${NAME}\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("NAME", "fromenv")
			dir := t.TempDir()
			for path, content := range files {
				write(t, filepath.Join(dir, path), content)
			}
			p.Calls(t) // of the run before
			s := begin(t, "-c", filepath.Join(dir, name))
			awaitCall(t, p, "Flush fromenv t ")
			s.terminate(t)
		})
	}
}

func TestRunUnderRealInputs(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture")
	path := filepath.Join(t.TempDir(), "a.log")
	write(t, path, "{\"a\":1}\n")
	s := begin(t, "-e", p.Path, "-f", "0.02", "-i", "cpu", "-p", "interval_sec=0", "-p", "interval_nsec=10000000",
		"-i", "mem", "-p", "interval_nsec=10000000", "-t", "memory",
		"-i", "tail", "-p", "path="+path, "-p", "read_from_head=on", "-o", "fixture", "-m", "*")
	seen := map[string]bool{}
	await(t, "a flush of each", func() bool {
		for _, c := range p.Calls(t) {
			for _, tag := range []string{"cpu.0", "memory", "tail.2"} {
				if strings.HasPrefix(c, "Flush  "+tag+" ") {
					seen[tag] = true
				}
			}
		}
		return len(seen) == 3
	})
	s.terminate(t)
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
	s.end(t, exitInit)
	if !strings.HasSuffix(s.stderr.String(), "reloading is aborted and exit\n") {
		t.Errorf("log: %s", s.stderr.String())
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

func TestStartThatFails(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture", "-DKEYS")
	for _, tt := range []struct {
		name string
		args string
		code int
		want string
	}{
		{"no input", "-o null", exitFailed, "no input(s) have been defined"},
		{"no output", "-i cpu", exitFailed, "you must specify an output target"},
		{"unknown input", "-i nothing -o null", exitFailed, "'nothing' tried to instance a plugin name that doesn't exist"},
		{"unknown output", "-i cpu -o nothing", exitFailed, "'nothing' tried to instance a plugin name that doesn't exist"},
		{"unknown key", "-i cpu -o fixture -p idd=1", exitInit, "[config] fixture: unknown configuration property 'idd'"},
		{"key of an input", "-i cpu -p x=1 -o null", exitFailed, "[config] cpu: unknown configuration property 'x'"},
		{"key of null", "-i cpu -o null -p x=1", exitFailed, "[config] null: unknown configuration property 'x'"},
		{"init", "-i cpu -o fixture -p fail=yes", exitInit, "[output] failed to initialize 'fixture' plugin"},
		{"absent plugin", "-e ./absent.so -i cpu -o null", exitFailed, "[proxy] error opening plugin ./absent.so"},
		{"absent file", "-c absent.conf", exitFailed, "absent.conf: no such file"},
		{"absent directory", "-w /absent -i cpu -o null", exitFailed, "chdir /absent"},
		{"expression", "-i cpu -o null -p match_regex=(", exitFailed, "match_regex: error parsing"},
		{"argument", "--nonsense", exitFailed, "Usage: flbhost"},
		{"dry run", "-D -i cpu -o fixture -p idd=1", exitFailed, "[config] fixture: unknown configuration property 'idd'"},
		{"good dry run", "-D -i cpu -o fixture -p id=1", exitOK, "configuration test is successful"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := begin(t, append([]string{"-e", p.Path}, strings.Fields(tt.args)...)...)
			s.end(t, tt.code)
			if !strings.Contains(s.stderr.String(), tt.want) {
				t.Errorf("no %q in the log:\n%s", tt.want, s.stderr.String())
			}
		})
	}
}

func TestPluginThatCrashes(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture")
	s := begin(t, "-e", p.Path, "-i", "dummy", "-p", "rate=100", "-o", "fixture", "-p", "crash=abort", "-f", "0.02")
	s.end(t, exitFailed)
	s.awaitLog(t, "flbhost: the loader has ended: signal: aborted")
}

func TestLogLevels(t *testing.T) {
	p := hosttest.NewPlugin(t, "fixture")
	for args, want := range map[string]string{
		"":          "error warn info",
		"-v":        "error warn info debug",
		"-v -v":     "error warn info debug trace",
		"-v -v -v":  "error warn info debug trace",
		"-q":        "",
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

func TestHelpAndVersion(t *testing.T) {
	s := begin(t, "--help")
	s.end(t, exitOK)
	if !strings.HasPrefix(s.stdout.String(), "Usage: flbhost") || s.stderr.String() != "" {
		t.Errorf("got %s and %s", s.stdout.String(), s.stderr.String())
	}
	s = begin(t, "--version")
	s.end(t, exitOK)
	if s.stdout.String() != banner+"\n" {
		t.Errorf("got %s", s.stdout.String())
	}
}
