package cases

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/trial"
)

// maxDrafted bounds the records of a draft, so that people can read it.
const maxDrafted = 50

// Draft collects records for a first test: one for each different outcome. The zero Draft is ready.
type Draft struct {
	// Left is how many records with other outcomes were left out, because there are enough.
	Left int

	seen  map[string]bool
	steps []draftStep
	size  int
}

// draftStep is records that have all but themselves in common.
type draftStep struct {
	tag, metadata, groupMetadata, groupAttributes string
	records                                       []string
	errors                                        map[string]map[string]int
}

// Records returns how many records there are.
func (d *Draft) Records() int { return d.size }

// Add takes a record, if rules made something else of it than of those before.
func (d *Draft) Add(e *trial.Event, all []trial.Explained) error {
	text := outcome(e.Tag, all)
	if d.seen[text] {
		return nil
	}
	if d.size == maxDrafted {
		d.Left++
		return nil
	}
	if d.seen == nil {
		d.seen = make(map[string]bool)
	}
	d.seen[text] = true
	d.size++
	record, err := e.Record()
	if err != nil {
		return err
	}
	metadata, err := e.Metadata()
	if err != nil {
		return err
	}
	groupMetadata, attributes, err := e.Group()
	if err != nil {
		return err
	}
	s := draftStep{tag: e.Tag, metadata: string(metadata), groupMetadata: string(groupMetadata), groupAttributes: string(attributes)}
	if n := len(d.steps); n == 0 || !d.steps[n-1].like(&s) {
		d.steps = append(d.steps, s)
	}
	last := &d.steps[len(d.steps)-1]
	last.records = append(last.records, string(record))
	return nil
}

func (s *draftStep) like(o *draftStep) bool {
	return s.tag == o.tag && s.metadata == o.metadata && s.groupMetadata == o.groupMetadata && s.groupAttributes == o.groupAttributes
}

// outcome describes what rules made of a record, so that records with the same text need one test.
func outcome(tag string, all []trial.Explained) string {
	var b strings.Builder
	b.WriteString(tag)
	for i := range all {
		v := &all[i]
		fmt.Fprintf(&b, "\n%d %s %v %v", i, v.Outcome, v.Drops, v.Overflowed)
		for _, c := range v.Checks {
			fmt.Fprintf(&b, " %t", c.Holds)
		}
		for _, g := range v.Reasons {
			fmt.Fprintf(&b, " %s", g.Reason)
		}
		s := newSeen(v.Rule)
		s.take(v.Samples)
		fmt.Fprintf(&b, " %v", s.taken)
	}
	return b.String()
}

// DraftOptions say what a draft is of.
type DraftOptions struct {
	Rules       []*config.Rules
	File        string // of the rules, from the file of the test on; "" for the default rules
	Namespace   string
	SeriesLimit int // 0 for the default
}

// Write writes a file with a test that passes.
func (d *Draft) Write(ctx context.Context, w io.Writer, o DraftOptions) error {
	tests, err := config.ParseTests("the test", []byte(d.text(&o, "")))
	if err != nil {
		return fmt.Errorf("these records cannot be written as YAML: %w", err)
	}
	t, err := trial.New(trial.Options{Rules: o.Rules, Namespace: o.Namespace, SeriesLimit: o.SeriesLimit, Now: Zero})
	if err != nil {
		return err
	}
	defer t.Close()
	for i := range d.steps {
		r := stepRun{
			file: &File{Coverage: newCoverage("", nil)}, trial: t, step: &tests.Tests[0].Steps[i], losses: make(map[string]map[string]int),
		}
		if err := r.apply(ctx); err != nil {
			return err
		}
		d.steps[i].errors = r.losses
	}
	var page bytes.Buffer
	if err := t.WritePage(ctx, &page, false); err != nil {
		return err
	}
	_, err = io.WriteString(w, d.text(&o, page.String()))
	return err
}
