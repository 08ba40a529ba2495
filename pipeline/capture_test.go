package pipeline

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/promexporter/promexporter/flb"
)

// TestCaptures flushes what real Fluent Bits of several versions wrote, each capture under its name as tag, and
// compares the page.
func TestCaptures(t *testing.T) {
	versions, err := filepath.Glob(filepath.Join(captures, "v*"))
	if err != nil || len(versions) == 0 {
		t.Fatalf("no captures in %s (%v)", captures, err)
	}
	for _, version := range versions {
		t.Run(filepath.Base(version), func(t *testing.T) {
			p, log := openOne(t, nil)
			chunks, err := filepath.Glob(filepath.Join(version, "*.mp"))
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range chunks {
				tag := strings.TrimSuffix(filepath.Base(file), ".mp")
				if status := p.Flush(capture(t, file), tag); status != flb.OK {
					t.Errorf("flush of %s: status %d\n%s", tag, status, strings.Join(log.lines("chunk"), "\n"))
				}
			}
			text := page(t, p)
			golden(t, filepath.Base(version)+".prom", records(text))
			// A known complaint: promtool checks units in names that are made from fields.
			lint(t, text, "nested_a_b metric names should not contain abbreviated units")
		})
	}
}

func capture(t testing.TB, file string) []byte {
	t.Helper()
	chunk, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return chunk
}

// lint checks that the linter of promtool, and promtool itself if it is installed, accept a page, except for known
// advice on the names of fields.
func lint(t *testing.T, text string, advice ...string) {
	t.Helper()
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range problems {
		got = append(got, p.Metric+" "+p.Text)
	}
	if !slices.Equal(got, advice) {
		t.Errorf("lint: %q, want %q", got, advice)
	}
	if tool := findPromtool(t); tool != "" {
		promtool(t, tool, text, strings.Join(advice, "\n"))
	}
}

// findPromtool returns the path of promtool, or "". In CI it must be there.
func findPromtool(t *testing.T) string {
	t.Helper()
	tool, err := exec.LookPath("promtool")
	if err != nil && os.Getenv("CI") != "" {
		t.Error("no promtool; Debian has it in the package prometheus")
	}
	return tool
}

func promtool(t *testing.T, tool, text, want string) {
	t.Helper()
	check := exec.Command(tool, "check", "metrics")
	check.Stdin = strings.NewReader(text)
	out, err := check.CombinedOutput()
	const advice = 3
	if exit := new(exec.ExitError); err != nil && !(errors.As(err, &exit) && exit.ExitCode() == advice) {
		t.Errorf("promtool check metrics: %v", err)
	}
	if got := strings.TrimSpace(string(out)); got != want {
		t.Errorf("promtool: %q, want %q", got, want)
	}
}
