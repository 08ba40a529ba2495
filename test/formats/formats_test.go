// Package formats holds that reports of the program promexporter are what other programs read: SARIF by the schema of
// OASIS, JUnit by the rules that readers of it have in common.
package formats_test

import (
	"encoding/xml"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/xeipuuv/gojsonschema"
)

// program is where the program is built.
var program string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	program = filepath.Join(dir, "promexporter")
	cmd := exec.Command("go", "build", "-o", program, "./cmd/promexporter")
	cmd.Dir, cmd.Env = filepath.Join("..", ".."), append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		panic(string(out))
	}
	status := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(status)
}

// run runs the program in a folder, and returns what it prints. Its status may be 0 or 1.
func run(t *testing.T, dir string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		t.Fatal(err)
	}
	return out
}

// schema returns the schema of OASIS as a library has it, which does not export it, and checks what it has read only.
func schema(t *testing.T) gojsonschema.JSONLoader {
	t.Helper()
	dir, err := exec.Command("go", "list", "-f", "{{.Dir}}", reflect.TypeFor[sarif.Report]().PkgPath()).Output()
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "schema.go"))
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(source), "`")
	if len(parts) != 3 {
		t.Fatal("the library has its schema elsewhere")
	}
	return gojsonschema.NewStringLoader(parts[1])
}

func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestSARIF(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"mistakes and warnings": {
			"some rules.yaml": "metrics:\n- name: a\n  type: counter\n  lables: {\"é\": $b}\n",
			"fluent-bit.conf": "[OUTPUT]\n    Name promexporter\n    Rules_File absent.yaml\n    series_limit many\n",
			"a_test.yaml":     "rules: absent.yaml\ntests: []\n",
			"cut.yaml":        "metrics: [",
		},
		"nothing": {"rules.yaml": "metrics: [{name: a_total, type: counter, help: A.}]\n"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, files)
			args := []string{"check", "-o", "sarif"}
			for name := range files {
				args = append(args, name)
			}
			report := run(t, dir, args...)
			result, err := gojsonschema.Validate(schema(t), gojsonschema.NewBytesLoader(report))
			if err != nil {
				t.Fatal(err)
			}
			for _, wrong := range result.Errors() {
				t.Error(wrong)
			}
			if found := strings.Contains(string(report), "ruleId"); found != (name != "nothing") {
				t.Errorf("%s", report)
			}
		})
	}
}

// TestJUnit holds what readers of JUnit's XML ask for: names, counts that are right, times in seconds, and a failure in
// a test that failed. There is no schema that all of them agree on.
func TestJUnit(t *testing.T) {
	dir := folder(t, map[string]string{
		"a_test.yaml": "tests:\n- {name: '<fine> & \"good\"', steps: []}\n- {name: \"fails\\u0007\", steps: [{records: [{a: 1}], expect: \"b 1\"}]}\n",
		"b_test.yaml": "tests: 5\n",
	})
	run(t, dir, "test", "--junit", "report.xml")
	text, err := os.ReadFile(filepath.Join(dir, "report.xml"))
	if err != nil {
		t.Fatal(err)
	}
	type failure struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
	type testCase struct {
		Name     string    `xml:"name,attr"`
		Class    string    `xml:"classname,attr"`
		Time     string    `xml:"time,attr"`
		Failures []failure `xml:"failure"`
	}
	type counts struct {
		Tests    string `xml:"tests,attr"`
		Failures string `xml:"failures,attr"`
		Errors   string `xml:"errors,attr"`
		Time     string `xml:"time,attr"`
	}
	var root struct {
		XMLName xml.Name `xml:"testsuites"`
		counts
		Suites []struct {
			Name string `xml:"name,attr"`
			counts
			Cases []testCase `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	tests, failed := 0, 0
	for _, s := range root.Suites {
		wrong := 0
		for _, c := range s.Cases {
			if _, err := strconv.ParseFloat(c.Time, 64); err != nil || c.Name == "" || c.Class == "" || len(c.Failures) > 1 {
				t.Errorf("%+v", c)
			}
			for _, f := range c.Failures {
				wrong++
				if f.Message == "" || f.Type == "" || strings.TrimSpace(f.Text) == "" {
					t.Errorf("%+v", f)
				}
			}
		}
		if s.Name == "" || s.Tests != strconv.Itoa(len(s.Cases)) || s.Failures != strconv.Itoa(wrong) || s.Errors != "0" {
			t.Errorf("%s: %+v, %d failures", s.Name, s.counts, wrong)
		}
		if _, err := strconv.ParseFloat(s.Time, 64); err != nil {
			t.Errorf("%s: %+v", s.Name, s.counts)
		}
		tests, failed = tests+len(s.Cases), failed+wrong
	}
	if root.Tests != strconv.Itoa(tests) || root.Failures != strconv.Itoa(failed) || tests != 3 || failed != 2 {
		t.Errorf("%+v, %d tests, %d failed", root.counts, tests, failed)
	}
}
