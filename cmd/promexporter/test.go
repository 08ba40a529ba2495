package main

import (
	"context"
	"fmt"
	"regexp"

	"github.com/spf13/cobra"

	"github.com/promexporter/promexporter/cases"
	"github.com/promexporter/promexporter/check"
	"github.com/promexporter/promexporter/finding"
)

type testFlags struct {
	output      string
	run         string
	junit       string
	failFast    bool
	update      bool
	watch       bool
	coverage    bool
	minCoverage float64
	fromFlags
}

func (a *app) testCommand() *cobra.Command {
	var f testFlags
	c := &cobra.Command{
		Use:   "test [FILE|DIR|./...]...",
		Short: "Run the tests of rules",
		Long: `test runs the tests in files whose names end in _test.yaml; by default those of the working directory and of all
folders below.`,
		Example: "  promexporter test\n  promexporter test --watch nginx_test.yaml\n" +
			"  promexporter test --from sample -r nginx.yaml > nginx_test.yaml",
		RunE: func(c *cobra.Command, args []string) error {
			if err := oneOf("-o", f.output, "text", "json", "tap", "github"); err != nil {
				return err
			}
			if err := f.fromFlags.check(c, args); err != nil {
				return err
			}
			if f.from != "" {
				return a.draft(c.Context(), &f.fromFlags)
			}
			if len(args) == 0 {
				args = []string{"./..."}
			}
			if f.watch {
				return a.watchTests(c.Context(), &f, args)
			}
			return a.test(c.Context(), &f, args)
		},
	}
	flags := c.Flags()
	flags.StringVarP(&f.output, "output", "o", "text", "text, json, tap or github")
	flags.StringVar(&f.run, "run", "", "run the tests whose name matches the `regular expression`")
	flags.StringVar(&f.junit, "junit", "", "write the results as JUnit XML to a `file` too")
	flags.BoolVar(&f.failFast, "fail-fast", false, "stop at the first test that fails")
	flags.BoolVar(&f.update, "update", false, "write what came into the expected texts of the files")
	flags.BoolVarP(&f.watch, "watch", "w", false, "run again when a file changes")
	flags.BoolVar(&f.coverage, "coverage", false, "list what no test reached")
	flags.Float64Var(&f.minCoverage, "min-coverage", 0, "end with status 1 if tests reach less of the rules, in `percent`")
	f.fromFlags.define(c)
	return c
}

// testRun is the result of all files.
type testRun struct {
	files    []*cases.File
	coverage []*cases.Coverage // of each rules file
}

func (a *app) test(ctx context.Context, f *testFlags, args []string) error {
	r, err := a.runTests(ctx, f, args)
	if err != nil {
		return err
	}
	return a.reportTests(f, r)
}

func (a *app) reportTests(f *testFlags, r *testRun) error {
	if err := a.writeTests(f, r); err != nil {
		return err
	}
	if f.junit != "" {
		if err := r.writeJUnit(f.junit); err != nil {
			return fileError("--junit", err, "write the path of a file in a folder that exists")
		}
	}
	if f.update {
		return a.updateTests(r)
	}
	if r.failed() > 0 || !a.covered(f, r) {
		return status(statusWrong)
	}
	return nil
}

func (a *app) runTests(ctx context.Context, f *testFlags, args []string) (*testRun, error) {
	o := cases.Options{FailFast: f.failFast}
	if f.run != "" {
		re, err := regexp.Compile(f.run)
		if err != nil {
			return nil, fmt.Errorf("--run: %w; write a regular expression in RE2 syntax", err)
		}
		o.Run = re
	}
	paths, err := check.TestPaths(args)
	if err != nil {
		return nil, fileError("", err, "write the path of a file of tests or of a folder")
	}
	r := new(testRun)
	byRules := make(map[string]*cases.Coverage)
	for _, path := range paths {
		file, err := cases.Run(ctx, path, o)
		if err != nil {
			return nil, fileError("", err, "write the path of a file of tests")
		}
		r.files = append(r.files, file)
		if c := file.Coverage; c != nil && file.Rules != "" {
			if have := byRules[file.Rules]; have != nil {
				have.Merge(c)
			} else {
				byRules[file.Rules] = c
				r.coverage = append(r.coverage, c)
			}
		}
		if ctx.Err() != nil || f.failFast && r.failed() > 0 {
			break
		}
	}
	return r, ctx.Err()
}

func (r *testRun) failed() (n int) {
	for _, f := range r.files {
		n += f.Failed()
	}
	return n
}

func (r *testRun) tests() (n int) {
	for _, f := range r.files {
		n += max(len(f.Results), min(len(f.Mistakes), 1))
	}
	return n
}

// updateTests writes the expected texts. Its error is a status when there are mistakes, of which no test came.
func (a *app) updateTests(r *testRun) error {
	mistakes := 0
	for _, f := range r.files {
		mistakes += len(f.Mistakes)
		n, err := f.Update()
		if err != nil {
			return err
		}
		if n > 0 {
			a.note("%s: %s written", f.Path, finding.Plural(n, "expected text"))
		}
	}
	if mistakes > 0 {
		return status(statusWrong)
	}
	return nil
}

// covered says what no test reached, and whether that is little enough.
func (a *app) covered(f *testFlags, r *testRun) bool {
	var missed []string
	all := 0
	for _, c := range r.coverage {
		lines, n := c.Missed()
		missed = append(missed, lines...)
		all += n
	}
	percent := 100.0
	if all > 0 {
		percent = 100 * float64(all-len(missed)) / float64(all)
	}
	enough := percent >= f.minCoverage
	if f.coverage || !enough {
		for _, line := range missed {
			fmt.Fprintln(a.out, line)
		}
		fmt.Fprintf(a.out, "coverage: %.1f %% of %d\n", percent, all)
	}
	return enough
}
