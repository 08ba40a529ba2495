package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/promexporter/promexporter/cases"
	"github.com/promexporter/promexporter/finding"
)

func (a *app) writeTests(f *testFlags, r *testRun) error {
	switch f.output {
	case "json":
		return a.writeTestsJSON(r)
	case "tap":
		a.writeTAP(r)
	case "github":
		return a.writeTestsGitHub(r)
	default:
		a.writeTestsText(r)
	}
	return nil
}

// writeTestsText writes a line for each file, and what is wrong with each test that failed.
func (a *app) writeTestsText(r *testRun) {
	width := 0
	for _, f := range r.files {
		width = max(width, len(f.Path)+4)
	}
	color := a.palette(a.out)
	for _, f := range r.files {
		if f.Failed() == 0 {
			fmt.Fprintf(a.out, "%s    %-*s  %s  %d ms\n", color.Green("ok"), width, f.Path, finding.Plural(len(f.Results), "test"),
				f.Duration.Milliseconds())
		}
		for i := range f.Mistakes {
			fmt.Fprintf(a.out, "%s  %v\n", color.Red("FAIL"), &f.Mistakes[i])
		}
		for i := range f.Results {
			t := &f.Results[i]
			place := fmt.Sprintf("%s:%d", f.Path, t.Line)
			for _, failure := range t.Failures {
				fmt.Fprintf(a.out, "%s  %-*s  %s, step %d at %s\n", color.Red("FAIL"), width, place, color.Bold(t.Name),
					failure.Step, failure.At)
				for _, line := range failure.Lines {
					fmt.Fprintf(a.out, "        %s\n", line)
				}
			}
			if a.verbose && len(t.Failures) == 0 {
				fmt.Fprintf(a.out, "      %-*s  %s\n", width, place, t.Name)
			}
		}
	}
	a.note("%s", r.summary())
}

// summary says how many tests there are, and which rules they reach.
func (r *testRun) summary() string {
	text := fmt.Sprintf("%s, %d failed", finding.Plural(r.tests(), "test"), r.failed())
	all, reached := 0, 0
	var missed []string
	for _, c := range r.coverage {
		n, rules := c.Rules()
		all, reached = all+n, reached+n-len(rules)
		for _, m := range rules {
			missed = append(missed, fmt.Sprintf("%s (%s:%d)", m.Rule, c.File, m.Position.Line))
		}
	}
	if all > 0 {
		text += fmt.Sprintf("; rules reached: %d of %d", reached, all)
	}
	const most = 5
	if len(missed) > most {
		missed = append(missed[:most], "others")
	}
	if len(missed) > 0 {
		text += ", not " + strings.Join(missed, ", ")
	}
	return text
}

// results calls f for each test, and for each file with mistakes, with the lines that say what is wrong.
func (r *testRun) results(f func(file *cases.File, name string, line int, duration time.Duration, wrong []string)) {
	for _, file := range r.files {
		for i := range file.Mistakes {
			m := &file.Mistakes[i]
			f(file, "the file", m.Line, 0, []string{m.Error()})
		}
		for i := range file.Results {
			t := &file.Results[i]
			var wrong []string
			for _, failure := range t.Failures {
				wrong = append(wrong, fmt.Sprintf("step %d at %s", failure.Step, failure.At))
				wrong = append(wrong, failure.Lines...)
			}
			f(file, t.Name, t.Line, t.Duration, wrong)
		}
	}
}

func (a *app) writeTestsJSON(r *testRun) error {
	type test struct {
		File   string   `json:"file"`
		Line   int      `json:"line"`
		Name   string   `json:"name"`
		Passed bool     `json:"passed"`
		Wrong  []string `json:"wrong,omitempty"`
	}
	all := []test{}
	r.results(func(file *cases.File, name string, line int, _ time.Duration, wrong []string) {
		all = append(all, test{file.Path, line, name, len(wrong) == 0, wrong})
	})
	e := json.NewEncoder(a.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(struct {
		Tests  []test `json:"tests"`
		Failed int    `json:"failed"`
	}{all, r.failed()})
}

func (a *app) writeTAP(r *testRun) {
	n := 0
	fmt.Fprintln(a.out, "TAP version 13")
	r.results(func(file *cases.File, name string, line int, _ time.Duration, wrong []string) {
		n++
		result := "ok"
		if len(wrong) > 0 {
			result = "not ok"
		}
		fmt.Fprintf(a.out, "%s %d - %s:%d %s\n", result, n, file.Path, line, strings.ReplaceAll(name, "#", `\#`))
		for _, text := range wrong {
			fmt.Fprintf(a.out, "# %s\n", text)
		}
	})
	fmt.Fprintf(a.out, "1..%d\n", n)
}

// writeTestsGitHub writes an annotation for each test that failed.
func (a *app) writeTestsGitHub(r *testRun) error {
	var report finding.Report
	r.results(func(file *cases.File, name string, line int, _ time.Duration, wrong []string) {
		if len(wrong) == 0 {
			return
		}
		f := finding.NewFile(file.Path, "", nil)
		f.Problems = append(f.Problems, finding.Problem{
			Severity: finding.Error, Code: "test", Line: line, Column: 1, EndColumn: 1, Path: name, Wrong: strings.Join(wrong, "\n"),
		})
		report.Files = append(report.Files, f)
	})
	return report.WriteGitHub(a.out)
}
