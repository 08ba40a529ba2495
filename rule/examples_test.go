package rule_test

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/internal/goldentest"
	"github.com/promexporter/promexporter/internal/parsertest"
	"github.com/promexporter/promexporter/rule"
)

// The tests of this file run the rules files that users copy, those of the folder rules. For each of them,
// testdata/examples has the page, and what it is made of: NAME.log has lines of a log, which the parsers at the head of
// the file read; NAME.json has records; NAME.mp is a chunk that Fluent Bit wrote.

func readText(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func exampleFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../rules/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no rules files", err)
	}
	return slices.DeleteFunc(files, func(file string) bool { return strings.HasSuffix(file, "_test.yaml") })
}

// parseClean parses rules without a mistake and without a warning.
func parseClean(t *testing.T, file, text string) *config.Rules {
	t.Helper()
	rules, err := config.ParseRules(file, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for i := range rules.Warnings {
		t.Error(rules.Warnings[i].Error())
	}
	return rules
}

// tagOf returns the tag in the Fluent Bit configuration at the head of an example, or what its output matches if the
// input sets the tag itself. A star becomes the name of a file.
func tagOf(t *testing.T, text string) string {
	t.Helper()
	head := parsertest.Head(text)
	input, output := head.First("INPUT"), head.First("OUTPUT")
	if input == nil || output == nil {
		t.Fatal("no configuration at its head that has an input and an output")
	}
	return strings.ReplaceAll(cmp.Or(input.Get("Tag"), output.Get("Match")), "*", "file")
}

// exampleChunk returns what an example reads.
func exampleChunk(t *testing.T, name, rules string) []byte {
	t.Helper()
	at := filepath.Join("testdata", "examples", name)
	if chunk, err := os.ReadFile(at + ".mp"); err == nil {
		return chunk
	}
	log, err := os.ReadFile(at + ".log")
	if err != nil {
		return chunktest.Events(readText(t, at+".json"))
	}
	records, err := parsertest.Head(rules).Records(string(log))
	if err != nil {
		t.Fatal(err)
	}
	return chunktest.Events(strings.Join(records, "\n"))
}

func TestExamples(t *testing.T) {
	for _, file := range exampleFiles(t) {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			text := readText(t, file)
			r := newRig(t, rule.Options{}, parseClean(t, file, text))
			at := filepath.Join("testdata", "examples", name)
			r.feed(tagOf(t, text), exampleChunk(t, name, text))
			goldentest.Compare(t, at+".txt", r.text())
			if strings.Contains(text, "\n  exemplar:") {
				goldentest.Compare(t, at+".openmetrics.txt", r.openMetrics())
			}
			for _, s := range r.set.Stats() {
				if s.Matched() == 0 {
					t.Errorf("no record shows what the rule %s does", s.Rule)
				}
			}
			r.expectNoLoss()
			lintPage(t, r.text())
		})
	}
}

// TestExampleResets holds that numbers near 2^64, which the inputs report when a device was recreated, do not count.
func TestExampleResets(t *testing.T) {
	for name, reset := range map[string]string{
		"netif": `{"eth0.rx.bytes":18446744073709526281,"eth0.tx.packets":18446744073709551543}`,
		"disk":  `{"read_size":18446744073709526281,"write_size":18446744073709551543}`,
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join("..", "rules", name+".yaml")
			text := readText(t, file)
			r := newRig(t, rule.Options{}, parseClean(t, file, text))
			at := filepath.Join("testdata", "examples", name)
			r.feed(tagOf(t, text), chunktest.Events(readText(t, at+".json")+reset))
			if want := readText(t, at+".txt"); r.text() != want {
				t.Errorf("got %s, want %s", r.text(), want)
			}
			refused := uint64(0)
			for _, s := range r.set.Stats() {
				refused += s.Skipped(rule.OutOfRange)
			}
			if refused != 2 {
				t.Errorf("%d samples were given up as out of range, want 2", refused)
			}
		})
	}
}

// expectNoLoss checks that every sample was made and applied.
func (r *rig) expectNoLoss() {
	r.t.Helper()
	for _, s := range r.set.Stats() {
		for _, reason := range rule.Reasons() {
			if n := s.Skipped(reason); n > 0 {
				r.t.Errorf("%s: %d samples were not made: %s", s.Rule, n, reason)
			}
		}
		for _, reason := range collector.Reasons() {
			if n := s.Dropped(reason); n > 0 {
				r.t.Errorf("%s: %d samples were dropped: %s", s.Rule, n, reason)
			}
		}
	}
	if s := r.collector.Stats(); s.Overflowed()+s.ExemplarsDropped() > 0 {
		r.t.Errorf("%d samples overflowed, %d lost their exemplar", s.Overflowed(), s.ExemplarsDropped())
	}
}

// lintPage checks that promtool has nothing to say about the page.
func lintPage(t *testing.T, page string) {
	t.Helper()
	problems, err := promlint.New(strings.NewReader(page)).Lint()
	if err != nil {
		t.Error(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	tool, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Error("no promtool; Debian has it in the package prometheus")
		}
		return
	}
	check := exec.Command(tool, "check", "metrics")
	check.Stdin = strings.NewReader(page)
	if out, err := check.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool: %v\n%s", err, out)
	}
}

// TestExamplesTogether holds that a file may have the rules of all examples: no two make metrics of one name.
func TestExamplesTogether(t *testing.T) {
	all := new(strings.Builder)
	all.WriteString("metrics:\n")
	for _, file := range exampleFiles(t) {
		text := readText(t, file)
		if strings.Contains(text, "\nreceived:\n") {
			continue
		}
		head, body, ok := strings.Cut(text, "\nmetrics:\n")
		if !ok {
			t.Fatalf("%s has no rules", file)
		}
		for line := range strings.Lines(head) {
			if !strings.HasPrefix(line, "#") {
				t.Errorf("%s: the whole file is meant, but not the rules alone: %s", file, line)
			}
		}
		all.WriteString(body)
	}
	parseClean(t, "all.yaml", all.String())
}

// TestExamplesOfInputs runs the examples of measuring inputs with what the inputs of several versions of Fluent Bit
// made.
func TestExamplesOfInputs(t *testing.T) {
	chunks := filepath.Join("..", "record", "testdata", "chunks")
	for _, input := range []string{"cpu", "mem", "disk", "netif", "proc"} {
		file := filepath.Join("..", "rules", input+".yaml")
		text := readText(t, file)
		captures, err := filepath.Glob(filepath.Join(chunks, "v*", input+".mp"))
		if err != nil || len(captures) == 0 {
			t.Fatal("no chunks", err)
		}
		for _, capture := range captures {
			t.Run(fmt.Sprintf("%s of %s", input, filepath.Base(filepath.Dir(capture))), func(t *testing.T) {
				r := newRig(t, rule.Options{}, parseClean(t, file, text))
				r.feed(tagOf(t, text), []byte(readText(t, capture)))
				r.expectNoLoss()
				if len(r.gather()) == 0 {
					t.Error("no metric")
				}
			})
		}
	}
}
