package cases

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/internal/markdown"
)

// IsMarkdown reports whether a file has tests as blocks of Markdown.
func IsMarkdown(path string) bool { return strings.EqualFold(filepath.Ext(path), ".md") }

// markdown runs the blocks of a document: each block of yaml that blocks of json or text follow is a test. It is a
// rules file, or some rules of one; json has records, and text is the page that they make.
func (f *File) markdown(ctx context.Context, o *Options) error {
	begin := time.Now()
	defer func() { f.Duration = time.Since(begin) }()
	all := markdown.Blocks(string(f.text))
	for len(all) > 0 {
		n := 1
		for n < len(all) && (all[n].Language == "json" || all[n].Language == "text") {
			n++
		}
		parts := all[:n]
		all = all[n:]
		if n == 1 || parts[0].Language != "yaml" || !o.runs(parts[0].Heading) || ctx.Err() != nil {
			continue
		}
		if err := f.blocks(ctx, parts); err != nil {
			return err
		}
		if o.FailFast && f.Failed() > 0 {
			break
		}
	}
	return nil
}

// blocks runs a block of yaml and those of json and text that follow it.
func (f *File) blocks(ctx context.Context, parts []markdown.Block) error {
	head := &parts[0]
	text := head.Body
	if strings.HasPrefix(text, "- ") {
		text = "metrics:\n" + text
	}
	rules, err := config.ParseRules("rules.yaml", []byte(text))
	if head.Note == "wrong" {
		f.wrong(parts, err)
		return nil
	}
	if err != nil {
		return f.mistakesBelow(head, err, strings.Count(text, "\n")-strings.Count(head.Body, "\n"))
	}
	all, err := withDefaults(rules)
	if err != nil {
		return err
	}
	test := config.Test{Position: config.Position{Line: head.Line}, Name: head.Heading}
	if test.Steps, err = steps(parts[1:]); err != nil {
		f.Results = append(f.Results, Result{Name: head.Heading, Line: head.Line, Failures: []Failure{{Step: 1, Lines: []string{err.Error()}}}})
		return nil
	}
	_, namespace, _ := strings.Cut(head.Note, "namespace=")
	return f.test(ctx, &config.Tests{Namespace: namespace}, &test, all)
}

// mistakesBelow keeps the mistakes in a block, to which lines were added.
func (f *File) mistakesBelow(head *markdown.Block, err error, added int) error {
	n := len(f.Mistakes)
	err = f.mistakes(f.Path, err)
	for i := range f.Mistakes[n:] {
		f.Mistakes[n+i].Line += head.Line - added
	}
	return err
}

// wrong compares the mistakes in a block of yaml with the text that follows it.
func (f *File) wrong(parts []markdown.Block, err error) {
	r := Result{Name: parts[0].Heading, Line: parts[0].Line}
	got, want := "", strings.TrimSpace(parts[len(parts)-1].Body)
	if err != nil {
		got = err.Error()
	}
	if got != want {
		r.Failures = []Failure{{Step: 1, Lines: []string{"- " + want, "+ " + got}}}
	}
	f.Results = append(f.Results, r)
}

// steps returns what blocks of json and text do. A block of text belongs to the records before it.
func steps(parts []markdown.Block) (all []config.TestStep, err error) {
	var at time.Duration
	for i := range parts {
		b := &parts[i]
		if b.Language == "json" {
			s := config.TestStep{Position: config.Position{Line: b.Line}, Tag: "app.web.1", At: at, AnyErrors: true, Compare: config.ComparePage}
			if err := feed(b, &s); err != nil {
				return nil, err
			}
			at = s.At
			all = append(all, s)
			continue
		}
		if len(all) == 0 || all[len(all)-1].HasExpect {
			all = append(all, config.TestStep{At: at, AnyErrors: true, Compare: config.ComparePage})
		}
		s := &all[len(all)-1]
		s.HasExpect, s.Expect, s.ExpectPosition = true, b.Body, config.Position{Line: b.Line}
		s.OpenMetrics = b.Note == "openmetrics"
	}
	return all, nil
}

// feed takes the records of a block. The words after json are their tag, and the time that has passed, such as +5m.
func feed(b *markdown.Block, s *config.TestStep) error {
	for word := range strings.FieldsSeq(b.Note) {
		if !strings.HasPrefix(word, "+") {
			s.Tag = word
			continue
		}
		later, err := time.ParseDuration(word)
		if err != nil {
			return fmt.Errorf("line %d: %q is not a time; write for example +5m", b.Line, word)
		}
		s.At += later
	}
	for line := range strings.Lines(b.Body) {
		if line = strings.TrimSpace(line); line != "" {
			s.Records = append(s.Records, []byte(line))
		}
	}
	return nil
}
