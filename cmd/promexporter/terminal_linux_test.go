package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal opens a pseudo terminal, and returns what is written to it as a stream that is read while it is written.
func terminal(t *testing.T) (tty *os.File, shown *output) {
	t.Helper()
	control, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("there are no terminals here: ", err)
	}
	if err := unix.IoctlSetPointerInt(int(control.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(control.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	tty, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("a terminal cannot be opened: ", err)
	}
	shown = new(output)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(shown, control) // until the terminal is closed
	}()
	t.Cleanup(func() { _ = tty.Close(); <-done; _ = control.Close() })
	return tty, shown
}

// neutralEnv replaces what the machine says about colors and characters, so that the stream alone decides.
func neutralEnv(t *testing.T) {
	t.Helper()
	for key, value := range map[string]string{"NO_COLOR": "", "CLICOLOR_FORCE": "", "TERM": "xterm", "LC_ALL": "C.UTF-8"} {
		t.Setenv(key, value)
	}
}

// TestColors holds that each stream has colors by itself, if it is a terminal and nobody objects.
func TestColors(t *testing.T) {
	neutralEnv(t)
	rules := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(rules, []byte("metrics: [{name: a, type: counter}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		key, value       string
		flags            []string
		onTTY, elsewhere bool
	}{
		"by themselves":   {onTTY: true},
		"NO_COLOR":        {key: "NO_COLOR", value: "1"},
		"dumb":            {key: "TERM", value: "dumb"},
		"CLICOLOR_FORCE":  {key: "CLICOLOR_FORCE", value: "1", onTTY: true, elsewhere: true},
		"never":           {flags: []string{"--color=never"}},
		"always":          {key: "NO_COLOR", value: "1", flags: []string{"--color=always"}, onTTY: true, elsewhere: true},
		"CLICOLOR_FORCE0": {key: "CLICOLOR_FORCE", value: "0", onTTY: true},
	} {
		t.Run(name, func(t *testing.T) {
			if test.key != "" {
				t.Setenv(test.key, test.value)
			}
			tty, shown := terminal(t)
			var plain bytes.Buffer
			args := append([]string{"check", rules}, test.flags...)
			execute(t.Context(), args, streams{strings.NewReader(""), tty, &plain})
			shown.await(t, "no-help")
			shown.await(t, "^") // the excerpt, which is there on a terminal
			if got := strings.Contains(shown.String(), "\x1b["); got != test.onTTY {
				t.Errorf("on the terminal: %q", shown.String())
			}
			plain.Reset()
			execute(t.Context(), args, streams{strings.NewReader(""), &plain, tty})
			if got := strings.Contains(plain.String(), "\x1b["); got != test.elsewhere || strings.Contains(plain.String(), "^") {
				t.Errorf("elsewhere: %q", plain.String())
			}
		})
	}
}

// TestWatchClearsScreen holds that a terminal shows the last run only.
func TestWatchClearsScreen(t *testing.T) {
	neutralEnv(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a_test.yaml"), []byte("tests: [{name: nothing, steps: []}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tty, shown := terminal(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan int)
	go func() { done <- execute(ctx, []string{"test", "-w", dir}, streams{strings.NewReader(""), tty, tty}) }()
	shown.await(t, "1 test, 0 failed")
	if !strings.HasPrefix(shown.String(), "\x1b[H\x1b[2J\x1b[") {
		t.Errorf("%q", shown.String())
	}
	cancel()
	<-done
}

// TestProgress holds that reading a large file shows how far it is, and leaves nothing behind.
func TestProgress(t *testing.T) {
	tty, shown := terminal(t)
	a := &app{streams: streams{err: tty}}
	if !a.progresses() {
		t.Error("no progress on a terminal")
	}
	if a.quiet = true; a.progresses() {
		t.Error("progress, though notes are off")
	}
	a.quiet = false
	p := progress{app: a, from: strings.NewReader(strings.Repeat("x", 3e6)), size: 12e6, begin: time.Now().Add(-2 * time.Second), name: "big"}
	if _, err := p.Read(make([]byte, 3e6)); err != nil {
		t.Fatal(err)
	}
	p.end()
	shown.await(t, "\rbig: 3 MB of 12 MB, ")
	shown.await(t, "s left\x1b[K\r\x1b[K")
}
