// Package goldentest compares what tests produce with golden files.
package goldentest

import (
	"flag"
	"os"
	"strings"
	"testing"
)

// Update is the flag -update of the tests that import this package.
var Update = flag.Bool("update", false, "write the golden files before comparing with them")

// Compare reports the first line in which got differs from the golden file. With -update, it writes got to the file first.
func Compare(t testing.TB, file, got string) {
	t.Helper()
	if *Update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if got == string(want) {
		return
	}
	gotLines, wantLines := strings.SplitAfter(got, "\n"), strings.SplitAfter(string(want), "\n")
	for n := 0; ; n++ {
		g, w := line(gotLines, n), line(wantLines, n)
		if g != w {
			t.Errorf("%s, line %d:\n got %q\nwant %q", file, n+1, g, w)
			return
		}
	}
}

// line returns a line, or nothing after the last one.
func line(lines []string, n int) string {
	if n < len(lines) {
		return lines[n]
	}
	return ""
}
