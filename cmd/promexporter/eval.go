package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/promexporter/promexporter/finding"
	"github.com/promexporter/promexporter/sample"
	"github.com/promexporter/promexporter/trial"
)

func (a *app) evalCommand() *cobra.Command {
	var r rulesFlags
	var in inputFlags
	var output string
	c := &cobra.Command{
		Use:   "eval [FILE]...",
		Short: "Apply rules to records and print the page that Prometheus would read",
		Long: `eval applies rules to the records and metrics events of files, or of stdin, and prints the page. What was lost,
and rules that matched nothing, go to stderr.`,
		Example: "  promexporter eval -r rules.yaml access.jsonl\n  fluent-bit -i cpu -o stdout | promexporter eval",
		RunE: func(c *cobra.Command, args []string) error {
			if err := oneOf("-o", output, "text", "openmetrics", "json"); err != nil {
				return err
			}
			return a.eval(c.Context(), &r, &in, output, args)
		},
	}
	r.define(c.Flags())
	in.define(c.Flags())
	c.Flags().StringVarP(&output, "output", "o", "text", "text, openmetrics or json")
	return c
}

func (a *app) eval(ctx context.Context, f *rulesFlags, in *inputFlags, output string, files []string) error {
	now := time.Now()
	t, rules, err := a.trial(f, now)
	if err != nil {
		return err
	}
	defer t.Close()
	r, err := a.newReader(in, files, now, rules)
	if err != nil {
		return err
	}
	err = t.Feed(func(emit func(*sample.Chunk) error) error { return r.read(ctx, emit) })
	if err != nil && !interrupted(err) {
		return err
	}
	if err := a.writePage(t, output); err != nil {
		return err
	}
	read := finding.Plural(t.Records, "record")
	if t.Points > 0 {
		read += ", " + finding.Plural(t.Points, "point")
	}
	a.note("%s, %d series", read, t.Series())
	a.noteLosses(t)
	return r.report()
}

func (a *app) writePage(t *trial.Trial, output string) error {
	ctx := context.Background() // an interrupted command prints what it has
	if output != "json" {
		return t.WritePage(ctx, a.out, output == "openmetrics")
	}
	all, done, err := t.Gather(ctx)
	if err != nil {
		return err
	}
	defer done()
	families := make([]json.RawMessage, 0, len(all))
	for _, f := range all {
		text, err := protojson.Marshal(f.MetricFamily)
		if err != nil {
			return err
		}
		families = append(families, text)
	}
	e := json.NewEncoder(a.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(families)
}

// noteLosses says what was not counted.
func (a *app) noteLosses(t *trial.Trial) {
	yellow := a.palette(a.err).Yellow
	for _, l := range t.Losses() {
		text := fmt.Sprintf("%d %s", l.Count, l.Reason)
		if l.Rule != "" {
			text = l.Rule + ": " + text
		}
		if l.First != "" {
			text += ", first at " + l.First
		}
		a.note("%s %s", yellow("warning:"), text)
	}
	if names := t.Unmatched(); len(names) > 0 {
		nothing := "no record"
		if t.Points > 0 {
			nothing = "no record and no point"
		}
		a.note("%s matched %s", nothing, strings.Join(names, ", "))
	}
}
