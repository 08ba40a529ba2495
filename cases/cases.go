// Package cases runs tests of rules.
//
// What enters are files of tests; what leaves are their results, and what the tests reached of the rules. Each test
// starts with a clock at [Zero] and without any series, so that the order of tests does not matter.
package cases

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/rule"
	"github.com/promexporter/promexporter/trial"
)

// Zero is when each test begins.
var Zero = time.Unix(1700000000, 0)

// File is the result of a file of tests.
type File struct {
	Path     string
	Mistakes config.Mistakes // of the file or its rules; no test ran then
	Results  []Result
	Duration time.Duration
	Coverage *Coverage // nil with mistakes
	Rules    string    // the path of the rules file, "" for the default rules

	edits []edit
	text  []byte
}

// Result is the result of a test.
type Result struct {
	Name     string
	Line     int
	Failures []Failure // none: the test passed
	Duration time.Duration
}

// Failure is what is wrong after a step.
type Failure struct {
	Step  int // from 1
	At    time.Duration
	Lines []string
}

// Options say what is run.
type Options struct {
	Run      *regexp.Regexp // of names; nil for all
	FailFast bool
}

// runs reports whether a test of this name is run.
func (o *Options) runs(name string) bool { return o.Run == nil || o.Run.MatchString(name) }

// Run runs the tests of a file, or the blocks of code in a Markdown file. Its error is that a file cannot be read.
func Run(ctx context.Context, path string, o Options) (*File, error) {
	begin := time.Now()
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	f := &File{Path: path, text: text}
	if IsMarkdown(path) {
		f.Coverage = newCoverage("", nil)
		return f, f.markdown(ctx, &o)
	}
	tests, err := config.ParseTests(path, text)
	if err != nil {
		return f, f.mistakes(path, err)
	}
	rules, err := f.rules(tests)
	if err != nil || rules == nil {
		return f, err
	}
	f.Coverage = newCoverage(f.Rules, rules)
	for i := range tests.Tests {
		test := &tests.Tests[i]
		if ctx.Err() != nil || !o.runs(test.Name) {
			continue
		}
		if err := f.test(ctx, tests, test, rules); err != nil {
			return f, err
		}
		if o.FailFast && f.Failed() > 0 {
			break
		}
	}
	f.Duration = time.Since(begin)
	return f, nil
}

// Failed returns how many tests failed. A file with mistakes counts as one.
func (f *File) Failed() (n int) {
	for i := range f.Results {
		if len(f.Results[i].Failures) > 0 {
			n++
		}
	}
	if len(f.Mistakes) > 0 {
		n++
	}
	return n
}

// mistakes keeps mistakes, with the path as it was given. Another error is returned.
func (f *File) mistakes(path string, err error) error {
	var all config.Mistakes
	if !errors.As(err, &all) {
		return err
	}
	for i := range all {
		all[i].File = path
	}
	f.Mistakes = append(f.Mistakes, all...)
	return nil
}

// rules reads the rules file of the tests. It returns nil after mistakes.
func (f *File) rules(tests *config.Tests) ([]*config.Rules, error) {
	if tests.Rules == "" {
		d, err := rule.Defaults()
		return []*config.Rules{d}, err
	}
	f.Rules = filepath.Join(filepath.Dir(f.Path), filepath.FromSlash(tests.Rules))
	text, err := os.ReadFile(f.Rules)
	if err != nil {
		f.Mistakes = config.Mistakes{{
			File: f.Path, Position: tests.RulesPosition, Code: config.Invalid, Path: "rules",
			Wrong: "there is no file " + tests.Rules, Right: "write the path of a rules file, from this file on",
		}}
		return nil, nil
	}
	rules, err := config.ParseRules(f.Rules, text)
	if err != nil {
		return nil, f.mistakes(f.Rules, err)
	}
	return withDefaults(rules)
}

// withDefaults adds the default rules, if the rules include them.
func withDefaults(rules *config.Rules) ([]*config.Rules, error) {
	all := []*config.Rules{rules}
	if rules.Defaults {
		d, err := rule.Defaults()
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, nil
}

// test runs one test.
func (f *File) test(ctx context.Context, tests *config.Tests, test *config.Test, rules []*config.Rules) error {
	begin := time.Now()
	t, err := trial.New(trial.Options{
		Rules: rules, Namespace: tests.Namespace, SeriesLimit: tests.SeriesLimit, Now: Zero,
	})
	if err != nil {
		return err
	}
	defer t.Close()
	result := Result{Name: test.Name, Line: test.Line}
	for i := range test.Steps {
		r := stepRun{file: f, trial: t, step: &test.Steps[i], rules: rules, losses: make(map[string]map[string]int)}
		lines, err := r.run(ctx)
		if err != nil {
			return err
		}
		if len(lines) > 0 {
			result.Failures = append(result.Failures, Failure{i + 1, test.Steps[i].At, lines})
		}
	}
	result.Duration = time.Since(begin)
	f.Results = append(f.Results, result)
	return nil
}
