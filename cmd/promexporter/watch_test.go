package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// output is a stream that is read while it is written.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

func (o *output) await(t *testing.T, text string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !strings.Contains(o.String(), text); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%q does not come, but %q", text, o.String())
		}
	}
}

// TestWatch changes rules while their tests are watched, takes them away and brings them back.
func TestWatch(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("rules.yaml", "metrics: [{name: a_total, type: counter, help: A.}]\n")
	write("rules_test.yaml", "rules: rules.yaml\ntests: [{name: counts, steps: [{records: [{}], expect: a_total 1}]}]\n")
	ctx, cancel := context.WithCancel(t.Context())
	var out output
	done := make(chan int)
	go func() {
		done <- execute(ctx, []string{"test", "--watch", dir}, streams{strings.NewReader(""), &out, &out})
	}()
	out.await(t, "1 test, 0 failed")
	write("rules.yaml", "metrics: [{name: another_total, type: counter, help: A.}]\n")
	out.await(t, "1 test, 1 failed")
	if err := os.Remove(filepath.Join(dir, "rules.yaml")); err != nil {
		t.Fatal(err)
	}
	out.await(t, "there is no file rules.yaml")
	cancel()
	if status := <-done; status != statusInterrupted {
		t.Errorf("status %d", status)
	}
}

// TestInterrupted holds that a command that is asked to stop prints what it has.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, notes bytes.Buffer
	if status := execute(ctx, []string{"eval"}, streams{strings.NewReader("{\"a\":1}\n"), &out, &notes}); status != statusInterrupted {
		t.Errorf("status %d: %s", status, notes.String())
	}
}

// closedPipe is a reader of the output that has seen enough.
type closedPipe struct{}

func (closedPipe) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestOutputFails(t *testing.T) {
	var notes bytes.Buffer
	if status := execute(t.Context(), []string{"version"}, streams{strings.NewReader(""), closedPipe{}, &notes}); status != statusFailed {
		t.Errorf("status %d: %s", status, notes.String())
	}
}
