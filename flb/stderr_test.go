package flb

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestFormatLine(t *testing.T) {
	at := time.Date(2026, 11, 21, 1, 2, 3, 4, time.Local)
	if got, want := string(formatLine(3, at, "[x] m")), "[2026/11/21 01:02:03] [ info] [x] m\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	long := formatLine(1, at, strings.Repeat("x", 2*maxLine))
	if len(long) != maxLine || bytes.IndexByte(long, '\n') != maxLine-1 {
		t.Errorf("a long line has %d bytes, newline at %d", len(long), bytes.IndexByte(long, '\n'))
	}
}

// TestStderrGone runs itself in a new process whose fd 2 is a pipe without a reader.
func TestStderrGone(t *testing.T) {
	const child = "PROMEXPORTER_TEST_STDERR_GONE"
	if os.Getenv(child) != "" {
		PluginLogger("promexporter").Error("nobody reads this")
		return
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	cmd := exec.Command(os.Args[0], "-test.run=^TestStderrGone$")
	cmd.Env = append(os.Environ(), child+"=1")
	cmd.Stderr = w
	r.Close()
	if err := cmd.Run(); err != nil {
		t.Errorf("a broken stderr ended the process: %v", err)
	}
}

func TestPluginLogger(t *testing.T) {
	var fd2 stderr
	s := newSink("output", "promexporter", "")
	s.stderr = fd2.write
	s.print(1, time.Now(), "m")
	if got := fd2.lines(t); len(got) != 1 || !strings.HasPrefix(got[0], "[error] [output:promexporter] ") {
		t.Errorf("lines %q", got)
	}
}
