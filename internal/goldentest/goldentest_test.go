package goldentest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// recorder keeps what a test would report.
type recorder struct {
	testing.TB
	report string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) { r.report = fmt.Sprintf(format, args...) }

func TestCompare(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(file, []byte("a\nb\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for got, want := range map[string]string{
		"a\nb\n":    "",
		"a\nc\n":    "line 2:\n got \"c\\n\"\nwant \"b\\n\"",
		"a\nb":      "line 2:\n got \"b\"\nwant \"b\\n\"",
		"a\nb\nc\n": "line 3:\n got \"c\\n\"\nwant \"\"",
		"":          "line 1:\n got \"\"\nwant \"a\\n\"",
	} {
		if want != "" {
			want = file + ", " + want
		}
		r := recorder{TB: t}
		if Compare(&r, file, got); r.report != want {
			t.Errorf("%q: %s, want %s", got, r.report, want)
		}
	}
}
