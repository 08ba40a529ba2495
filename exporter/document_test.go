package exporter_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Documents name tests that exist.
func TestNamedTests(t *testing.T) {
	known := testNames(t)
	for _, pattern := range []string{"../*.md", "../docs/*.md", "../docs/adr/*.md"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatal("no documents: ", pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range testName.FindAllString(string(text), -1) {
				if !known[name] {
					t.Errorf("%s names the test %s, which does not exist", file, name)
				}
			}
		}
	}
}

// Each row of docs/security.md names tests.
func TestSecurityDocument(t *testing.T) {
	text, err := os.ReadFile("../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	_, threats, _ := strings.Cut(string(text), "\n## Threats\n")
	for line := range strings.Lines(threats) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		isRow := strings.HasPrefix(line, "| ") && !strings.HasPrefix(line, "| Threat")
		if !isRow || len(cells) != 3 {
			continue
		}
		rows++
		if !testName.MatchString(cells[2]) {
			t.Errorf("no test for %s", cells[0])
		}
	}
	if rows < 20 {
		t.Errorf("%d rows were found", rows)
	}
}

var testName = regexp.MustCompile(`\b(Test|Fuzz)[A-Z]\w*`)

// testNames are the names of all tests of the repository.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	known := make(map[string]bool)
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return nil // what cannot be read has no tests
		}
		text, err := os.ReadFile(path)
		for _, found := range declared.FindAllSubmatch(text, -1) {
			known[string(found[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return known
}
