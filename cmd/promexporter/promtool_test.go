package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestPromtool holds that promtool reads the page of eval, and finds nothing to say about it.
func TestPromtool(t *testing.T) {
	tool, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	var page, notes bytes.Buffer
	status := execute(t.Context(), []string{"eval", "-r", "../../rules/cpu.yaml", "-t", "cpu.0", "../../rule/testdata/examples/cpu.json"},
		streams{strings.NewReader(""), &page, &notes})
	if status != statusFine || page.Len() == 0 {
		t.Fatalf("status %d: %s", status, notes.String())
	}
	check := exec.Command(tool, "check", "metrics")
	check.Stdin = &page
	if out, err := check.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v: %s", err, out)
	}
}
