package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/promexporter/promexporter/cases"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/finding"
	"github.com/promexporter/promexporter/sample"
)

// fromFlags are those of test --from.
type fromFlags struct {
	from string
	rulesFlags
	inputFlags
	names []string // of the flags that only go with --from
}

func (f *fromFlags) define(c *cobra.Command) {
	with := pflag.NewFlagSet("", pflag.ContinueOnError)
	f.rulesFlags.defineRules(with)
	f.inputFlags.define(with)
	with.VisitAll(func(flag *pflag.Flag) {
		f.names = append(f.names, flag.Name)
		flag.Usage = "with --from: " + flag.Usage
	})
	c.Flags().StringVar(&f.from, "from", "", "do not run tests, but print a first one, made of the records of a `sample`")
	c.Flags().AddFlagSet(with)
	for _, name := range []string{"output", "run", "junit", "fail-fast", "update", "watch", "coverage", "min-coverage"} {
		c.MarkFlagsMutuallyExclusive("from", name)
	}
}

// check reports flags that do not go together.
func (f *fromFlags) check(c *cobra.Command, args []string) error {
	for _, name := range f.names {
		if f.from == "" && c.Flags().Changed(name) {
			return fmt.Errorf("--%s goes with --from only; a file of tests names its rules", name)
		}
	}
	if f.from != "" && len(args) > 0 {
		return errors.New("--from prints a test and does not run tests; leave out the other files")
	}
	return nil
}

// draft prints a test with one record of the sample for each different outcome.
func (a *app) draft(ctx context.Context, f *fromFlags) error {
	t, rules, err := a.trial(&f.rulesFlags, cases.Zero)
	if err != nil {
		return err
	}
	defer t.Close()
	r, err := a.newReader(&f.inputFlags, []string{f.from}, cases.Zero, rules)
	if err != nil {
		return err
	}
	r.named = "--from"
	var d cases.Draft
	err = r.read(ctx, func(c *sample.Chunk) error {
		if c.Metrics {
			return fmt.Errorf("%s has metrics events; a first test is written from records only", c.Source)
		}
		return t.Explain(c, d.Add)
	})
	if err != nil {
		return err
	}
	if d.Records() == 0 {
		return fmt.Errorf("%s has no records, so there is nothing to test", f.from)
	}
	if err := a.writeDraft(ctx, f, &d, rules); err != nil {
		return err
	}
	return r.report()
}

// writeDraft prints the test and notes what it contains.
func (a *app) writeDraft(ctx context.Context, f *fromFlags, d *cases.Draft, rules []*config.Rules) error {
	file := f.file
	if _, err := os.Stat(defaultRules); file == "" && err == nil {
		file = defaultRules
	}
	o := cases.DraftOptions{Rules: rules, Namespace: f.namespace, SeriesLimit: f.seriesLimit}
	if file != "" {
		o.File = filepath.Base(file)
	}
	if err := d.Write(ctx, a.out, o); err != nil {
		return err
	}
	a.note("a test of %s, one for each different outcome", finding.Plural(d.Records(), "record"))
	if d.Left > 0 {
		a.note("%s with other outcomes left out", finding.Plural(d.Left, "record"))
	}
	if file != "" {
		a.note("write it next to the rules, to a file such as %s", testFile(file))
	}
	return nil
}

// testFile returns the usual name of the tests of a rules file.
func testFile(rules string) string {
	extension := filepath.Ext(rules)
	return rules[:len(rules)-len(extension)] + "_test.yaml"
}
