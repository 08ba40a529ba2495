package cases_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/promexporter/promexporter/cases"
)

// TestRulesFiles holds that each rules file has tests, which pass and reach all of it.
func TestRulesFiles(t *testing.T) { testFiles(t, "../rules/*.yaml") }

// TestCases holds the pages of rules and records as users wrote them.
func TestCases(t *testing.T) { testFiles(t, "testdata/*.yaml") }

func testFiles(t *testing.T, pattern string) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatal("no rules files", err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.yaml") {
			continue
		}
		f, err := cases.Run(context.Background(), strings.TrimSuffix(file, ".yaml")+"_test.yaml", cases.Options{})
		if err != nil {
			t.Error(err)
			continue
		}
		for _, m := range f.Mistakes {
			t.Error(m.Error())
		}
		for _, r := range f.Results {
			for _, failure := range r.Failures {
				t.Errorf("%s: %s: %s", f.Path, r.Name, strings.Join(failure.Lines, "\n"))
			}
		}
		if f.Coverage == nil {
			continue
		}
		if missed, _ := f.Coverage.Missed(); len(missed) > 0 {
			t.Errorf("the tests do not reach everything:\n%s", strings.Join(missed, "\n"))
		}
	}
}

// TestDocuments runs the blocks of documents as their readers may.
func TestDocuments(t *testing.T) {
	for _, name := range []string{"../docs/configuration.md", "../docs/how-to.md"} {
		f, err := cases.Run(context.Background(), name, cases.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range f.Results {
			for _, failure := range r.Failures {
				t.Errorf("%s:%d: %s", name, r.Line, strings.Join(failure.Lines, "\n"))
			}
		}
		if len(f.Mistakes) > 0 || len(f.Results) < 10 {
			t.Errorf("%d tests, %v", len(f.Results), f.Mistakes)
		}
	}
}
