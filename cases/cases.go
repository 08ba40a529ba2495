// Package cases runs tests of rules.
//
// What enters are files of tests; what leaves are their results, and what the tests reached of the rules. Each test starts
// with a clock at [Zero] and without any series, so that the order of tests does not matter.
package cases

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/rule"
	"github.com/promexporter/promexporter/sample"
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

// Run runs the tests of a file. Its error is that a file cannot be read.
func Run(ctx context.Context, path string, o Options) (*File, error) {
	begin := time.Now()
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	f := &File{Path: path, text: text}
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
		if ctx.Err() != nil || o.Run != nil && !o.Run.MatchString(test.Name) {
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

// stepRun is a step while it runs.
type stepRun struct {
	file   *File
	trial  *trial.Trial
	step   *config.TestStep
	rules  []*config.Rules
	losses map[string]map[string]int // by rule and reason
	first  []string                  // what is wrong with the first record of each
}

func (r *stepRun) run(ctx context.Context) (failures []string, err error) {
	r.trial.Advance(Zero.Add(r.step.At))
	if err := r.apply(ctx); err != nil {
		return nil, err
	}
	failures, err = r.compare(ctx)
	return append(failures, r.compareLosses()...), err
}

// apply applies the records of the step.
func (r *stepRun) apply(ctx context.Context) error {
	reader := sample.Reader{Options: sample.Options{
		Format: sample.JSON, Tag: r.step.Tag, TimeKey: noTimeKey, Now: Zero.Add(r.step.At + r.step.Time), Metadata: r.step.Metadata,
	}}
	if reader.Tag == "" {
		reader.Tag = "test"
	}
	emit := func(c *sample.Chunk) error { return r.trial.Explain(c, r.explained) }
	if r.step.File == "" {
		return reader.Read(ctx, "record", bytes.NewReader(bytes.Join(r.step.Records, []byte("\n"))), emit)
	}
	path := filepath.Join(filepath.Dir(r.file.Path), filepath.FromSlash(r.step.File))
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	reader.Format, reader.TimeKey = sample.Format(r.step.Format), ""
	return reader.Read(ctx, path, file, emit)
}

// noTimeKey keeps the field date of records in a test what it is.
const noTimeKey = "\x00"

// explained keeps what rules made of a record.
func (r *stepRun) explained(e *trial.Event, all []trial.Explained) error {
	for i := range all {
		v := &all[i]
		r.file.Coverage.add(&v.Verdict)
		for _, g := range v.Reasons {
			if r.lose(v.Rule.Rule, g.Reason.String()) {
				r.first = append(r.first, fmt.Sprintf("record %d: %s is %s", e.Line, g.Field, g.Got))
			}
		}
		for _, reason := range v.Drops {
			if r.lose(v.Rule.Rule, reason) {
				r.first = append(r.first, fmt.Sprintf("record %d", e.Line))
			}
		}
	}
	return nil
}

// lose counts a loss, and reports whether it is the first of its kind.
func (r *stepRun) lose(name, reason string) bool {
	if r.losses[name] == nil {
		r.losses[name] = make(map[string]int)
	}
	r.losses[name][reason]++
	return r.losses[name][reason] == 1
}

// compareLosses returns the losses that are not as expected.
func (r *stepRun) compareLosses() (failures []string) {
	if r.step.AnyErrors {
		return nil
	}
	i := 0
	for _, name := range sortedKeys(r.losses) {
		for _, reason := range sortedKeys(r.losses[name]) {
			if n, want := r.losses[name][reason], r.step.Errors[name][reason]; n != want {
				text := "was not expected"
				if want > 0 {
					text = fmt.Sprintf("where %d were expected", want)
				}
				failures = append(failures, fmt.Sprintf("%s: %d × %s %s; %s", name, n, reason, text, r.firstOf(i)))
			}
			i++
		}
	}
	for _, name := range sortedKeys(r.step.Errors) {
		for _, reason := range sortedKeys(r.step.Errors[name]) {
			if n, want := r.losses[name][reason], r.step.Errors[name][reason]; n == 0 && want > 0 {
				failures = append(failures, fmt.Sprintf("%s: no %s, and %d were expected", name, reason, want))
			}
		}
	}
	return failures
}

func (r *stepRun) firstOf(i int) string {
	if i < len(r.first) {
		return r.first[i]
	}
	return "no record is known"
}
