package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/sample"
)

// inputFlags say what is read as records.
type inputFlags struct {
	format  string
	tag     string
	timeKey string
	strict  bool
}

func (f *inputFlags) define(flags *pflag.FlagSet) {
	flags.StringVar(&f.format, "format", "auto", "how records are written: "+formatList())
	flags.StringVarP(&f.tag, "tag", "t", "", "the `tag` of records that have none; by default one that fits the most frequent match")
	flags.StringVar(&f.timeKey, "time-key", "", "the `key` with the time of JSON records; by default date, if it is a number")
	flags.BoolVar(&f.strict, "strict", false, "end with status 1 if a line is not a record")
}

func formatList() string {
	words := make([]string, len(sample.Formats))
	for i, f := range sample.Formats {
		words[i] = string(f)
	}
	return strings.Join(words, ", ")
}

// options returns how to read, for rules that records without a tag have to match.
func (f *inputFlags) options(now time.Time, rules []*config.Rules) (o sample.Options, guessed bool, err error) {
	words := strings.Split(formatList(), ", ")
	if err := oneOf("--format", f.format, words...); err != nil {
		return o, false, err
	}
	o = sample.Options{Format: sample.Format(f.format), Tag: f.tag, TimeKey: f.timeKey, Now: now}
	if o.Tag == "" {
		o.Tag, guessed = fittingTag(rules), true
	}
	return o, guessed, nil
}

// fittingTag returns a tag that the most frequent match of the rules takes.
func fittingTag(rules []*config.Rules) string {
	count := make(map[string]int)
	best := "*"
	take := func(match string) {
		if match == "" || match == "*" {
			return
		}
		if count[match]++; count[match] > count[best] {
			best = match
		}
	}
	for _, file := range rules {
		for i := range file.Metrics {
			take(file.Metrics[i].Match)
		}
		for i := range file.Received {
			take(file.Received[i].Match)
		}
	}
	return strings.ReplaceAll(best, "*", "sample")
}

// reader reads the files that a command names, or stdin.
type reader struct {
	*app
	sample.Reader
	files   []string
	named   string // the flag that names them, or ""
	guessed bool   // the tag
	strict  bool
}

func (a *app) newReader(f *inputFlags, files []string, now time.Time, rules []*config.Rules) (*reader, error) {
	o, guessed, err := f.options(now, rules)
	if len(files) == 0 {
		files = []string{"-"}
	}
	return &reader{app: a, Reader: sample.Reader{Options: o}, files: files, guessed: guessed, strict: f.strict}, err
}

// read passes on the chunks of all files.
func (r *reader) read(ctx context.Context, emit func(*sample.Chunk) error) error {
	for _, name := range r.files {
		if err := r.file(ctx, name, emit); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) file(ctx context.Context, name string, emit func(*sample.Chunk) error) error {
	if name == "-" {
		return r.Read(ctx, "stdin", r.in, emit)
	}
	file, err := os.Open(name)
	if err != nil {
		return fileError(r.named, err, wantRecords)
	}
	defer func() { _ = file.Close() }()
	var in io.Reader = file
	if info, err := file.Stat(); err == nil && r.progresses() {
		p := &progress{app: r.app, from: file, size: info.Size(), begin: time.Now(), name: name}
		defer p.end()
		in = p
	}
	return fileError(r.named, r.Read(ctx, name, in, emit), wantRecords)
}

// report says what was read. Its error is a status.
func (r *reader) report() error {
	c := &r.Counts
	for i := range c.First {
		r.note("%s %v", r.palette(r.err).Yellow("warning:"), &c.First[i])
	}
	if more := c.Bad - len(c.First); more > 0 {
		r.note("%s %d more lines cannot be read", r.palette(r.err).Yellow("warning:"), more)
	}
	switch {
	case c.Records+c.Contexts == 0:
		r.note("no records were read")
	case r.guessed && !c.Tagged:
		r.note("records without a tag have the tag %s; --tag sets another one", r.Tag)
	}
	if r.strict && c.Bad > 0 {
		return status(statusWrong)
	}
	return nil
}

// interrupted reports whether err is that of a command that was asked to stop.
func interrupted(err error) bool { return errors.Is(err, context.Canceled) }

// progress shows on a terminal how far a file is read.
type progress struct {
	*app
	from  io.Reader
	size  int64
	read  int64
	begin time.Time
	shown time.Time
	name  string
}

func (a *app) progresses() bool { return !a.quiet && isTerminal(a.err) }

func (p *progress) Read(b []byte) (int, error) {
	n, err := p.from.Read(b)
	p.read += int64(n)
	if now := time.Now(); now.Sub(p.begin) > time.Second && now.Sub(p.shown) > 200*time.Millisecond {
		p.shown = now
		rate := float64(p.read) / now.Sub(p.begin).Seconds()
		left := time.Duration(float64(p.size-p.read) / rate * float64(time.Second)).Round(time.Second)
		fmt.Fprintf(p.err, "\r%s: %d MB of %d MB, %.0f MB/s, %s left\x1b[K", p.name, p.read/1e6, p.size/1e6, rate/1e6, left)
	}
	return n, err
}

func (p *progress) end() {
	if !p.shown.IsZero() {
		fmt.Fprint(p.err, "\r\x1b[K")
	}
}
