package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/finding"
	"github.com/promexporter/promexporter/rule"
	"github.com/promexporter/promexporter/sample"
	"github.com/promexporter/promexporter/trial"
)

type explainFlags struct {
	rulesFlags
	inputFlags
	output string
	limit  int
	rule   string
	only   string
}

func (a *app) explainCommand() *cobra.Command {
	var f explainFlags
	c := &cobra.Command{
		Use:   "explain [FILE]...",
		Short: "Say why each rule did or did not count a record, or change a point",
		Long: `explain applies rules to the records of files, or of stdin, and says what each rule made of each record: comparison by
comparison, and sample by sample. Of metrics events, it says what each rule made of each point. All comparisons are
judged, also those that the plugin would not come to.`,
		Example: "  promexporter explain -r rules.yaml --only gave_up access.jsonl",
		RunE: func(c *cobra.Command, args []string) error {
			if err := oneOf("-o", f.output, "text", "json"); err != nil {
				return err
			}
			if f.only != "" {
				if err := oneOf("--only", f.only, outcomes...); err != nil {
					return err
				}
			}
			return a.explain(c.Context(), &f, args)
		},
	}
	f.rulesFlags.define(c.Flags())
	f.inputFlags.define(c.Flags())
	c.Flags().StringVarP(&f.output, "output", "o", "text", "text, or json: an object for each record")
	c.Flags().IntVar(&f.limit, "limit", 20, "show so many records; 0 for all")
	c.Flags().StringVar(&f.rule, "rule", "", "show the rule of this `name` only")
	c.Flags().StringVar(&f.only, "only", "", "show records with this `outcome` only: "+strings.Join(outcomes, ", ")+
		"; of unmatched ones, no rule made a sample")
	return c
}

// outcomes are the words of --only.
var outcomes = []string{
	"made", "gave_up", "not_held", "no_field", "kept", "dropped", "other_tag", "applied", "other_name", "other_type", "refused", unmatched,
}

// unmatched is of records of which no rule made a sample.
const unmatched = "unmatched"

// errEnough ends reading.
var errEnough = errors.New("enough records")

func (a *app) explain(ctx context.Context, f *explainFlags, files []string) error {
	now := time.Now()
	t, rules, err := a.trial(&f.rulesFlags, now)
	if err != nil {
		return err
	}
	defer t.Close()
	if err := knownRule(f.rule, rules); err != nil {
		return err
	}
	r, err := a.newReader(&f.inputFlags, files, now, rules)
	if err != nil {
		return err
	}
	w := newExplainWriter(a, f, rules)
	err = r.read(ctx, func(c *sample.Chunk) error {
		if c.Metrics {
			return w.points(t, f, c)
		}
		return w.events(t, f, c)
	})
	enough := errors.Is(err, errEnough)
	if err != nil && !enough && !interrupted(err) {
		return err
	}
	if err := w.out.Flush(); err != nil {
		return err
	}
	if w.shown == 0 && r.Counts.Records > 0 {
		a.note("none of %s is to be shown", finding.Plural(r.Counts.Records, "record"))
	}
	if enough {
		a.note("more %ss follow; --limit 0 shows all", w.noun)
	}
	return r.report()
}

// maxNames is how many rules a message lists.
const maxNames = 12

// knownRule reports a name that no rule has.
func knownRule(name string, files []*config.Rules) error {
	var names []string
	for _, file := range files {
		for i := range file.Metrics {
			names = append(names, file.Metrics[i].Rule)
		}
		for i := range file.Received {
			names = append(names, file.Received[i].Rule)
		}
	}
	if name == "" || slices.Contains(names, name) {
		return nil
	}
	if len(names) > maxNames {
		names = append(names[:maxNames], "...")
	}
	return oneOf("--rule", name, names...)
}

// events explains the records of a chunk.
func (w *explainWriter) events(t *trial.Trial, f *explainFlags, c *sample.Chunk) error {
	return t.Explain(c, func(e *trial.Event, all []trial.Explained) error {
		if all = f.choose(all); all == nil {
			return nil
		}
		if f.limit > 0 && w.shown == f.limit {
			return errEnough
		}
		w.shown++
		return w.write(e, all)
	})
}

// choose returns the verdicts that are to be shown, or nil for none.
func (f *explainFlags) choose(all []trial.Explained) []trial.Explained {
	if f.rule != "" {
		all = slices.DeleteFunc(all, func(v trial.Explained) bool { return v.Rule.Rule != f.rule })
	}
	has := func(v trial.Explained) bool { return string(v.Outcome) == f.only }
	if f.only == unmatched {
		made := func(v trial.Explained) bool { return v.Outcome == rule.OutcomeMade || v.Outcome == rule.OutcomeDropped }
		if slices.ContainsFunc(all, made) {
			return nil
		}
	} else if f.only != "" && !slices.ContainsFunc(all, has) {
		return nil
	}
	if len(all) == 0 {
		return nil
	}
	return all
}
