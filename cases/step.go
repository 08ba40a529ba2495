package cases

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/rule"
	"github.com/promexporter/promexporter/sample"
	"github.com/promexporter/promexporter/trial"
)

// stepRun is a step while it runs.
type stepRun struct {
	file   *File
	trial  *trial.Trial
	step   *config.TestStep
	rules  []*config.Rules
	losses map[string]map[string]int // by rule and reason
	first  []string                  // what is wrong with the first record of each
	bad    []sample.Bad              // the first lines that are not records
}

func (r *stepRun) run(ctx context.Context) (failures []string, err error) {
	r.trial.Advance(Zero.Add(r.step.At))
	if err := r.apply(ctx); err != nil {
		return nil, err
	}
	failures, err = r.compare(ctx)
	for i := range r.bad {
		failures = append(failures, "not a record: "+r.bad[i].Error())
	}
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
	emit := func(c *sample.Chunk) error {
		if c.Metrics {
			return r.trial.ExplainPoints(c, r.point)
		}
		return r.trial.Explain(c, r.explained)
	}
	if r.step.Grouped {
		reader.Group = &sample.Group{Metadata: r.step.GroupMetadata, Attributes: r.step.GroupAttributes}
	}
	defer func() { r.bad = reader.Counts.First }()
	if r.step.File == "" {
		return reader.Read(ctx, "record", bytes.NewReader(bytes.Join(r.step.Records, []byte("\n"))), emit)
	}
	reader.Format, reader.TimeKey = sample.Format(r.step.Format), ""
	err := r.readFile(ctx, &reader, emit)
	if at, ok := errors.AsType[*os.PathError](err); ok {
		return fmt.Errorf("%s:%d: records: file: %s: %w; write the path of a sample, from this file on", r.file.Path, r.step.Line, at.Path, at.Err)
	}
	return err
}

// readFile reads the sample that the step names.
func (r *stepRun) readFile(ctx context.Context, reader *sample.Reader, emit func(*sample.Chunk) error) error {
	path := filepath.Join(filepath.Dir(r.file.Path), filepath.FromSlash(r.step.File))
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
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

// point keeps what rules made of a point of a metrics event.
func (r *stepRun) point(p *trial.Point) error {
	name := trial.Received
	for i := range p.Verdicts {
		v := &p.Verdicts[i]
		r.file.Coverage.addReceived(v)
		if v.Outcome == rule.OutcomeApplied {
			name = v.Rule.Rule
		}
	}
	if p.IsLost() && r.lose(name, p.Drop) {
		r.first = append(r.first, fmt.Sprintf("context %d: %s", p.Line, p.Name))
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
