package sample

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Format is how records are written.
type Format string

// The formats.
const (
	Auto    Format = "auto"    // found by the first bytes
	JSON    Format = "json"    // lines of JSON, an array, or objects over several lines
	File    Format = "file"    // of Fluent Bit's output file
	Stdout  Format = "stdout"  // of Fluent Bit's output stdout
	Msgpack Format = "msgpack" // events or metrics as in a chunk
	Forward Format = "forward" // messages of the forward protocol
	Text    Format = "text"    // each line is the field log
)

// Formats lists all formats.
var Formats = []Format{Auto, JSON, File, Stdout, Msgpack, Forward, Text}

// parts returns n parts of a source in that format, as a message calls them. A source of values may not be read to its
// end.
func (f Format) parts(n int) string {
	if f == Msgpack || f == Forward {
		return fmt.Sprintf("the first %d values", n)
	}
	return fmt.Sprintf("%d lines", n)
}

// MaxLine bounds a line and an event, in bytes. What is longer is refused.
const MaxLine = 16 << 20

// Options say how to read.
type Options struct {
	Format  Format
	Tag     string    // of records that have none
	TimeKey string    // the key of JSON records that has their time; "" for date if it is a number
	Now     time.Time // of records without a time
	// Metadata is a JSON object that records have which bring none, or nil.
	Metadata []byte
	// Group makes the records a group of events, when not nil.
	Group *Group
}

// Bad is what is not a record.
type Bad struct {
	Source string
	Line   int
	Err    error
}

func (b *Bad) Error() string { return fmt.Sprintf("%s:%d: %v", b.Source, b.Line, b.Err) }

// maxBad bounds what is kept of that.
const maxBad = 3

// Counts is what was read.
type Counts struct {
	Records int // events
	// Contexts are the contexts of metrics events.
	Contexts int
	Bad      int // lines or values that are not records
	First    []Bad
	Format   Format // of the last source
	Tagged   bool   // whether the format has tags
}

// excess returns by how many what is not a record outnumbers the records.
func (c *Counts) excess() int { return c.Bad - c.Records - c.Contexts }

// Reader reads sources one after another.
type Reader struct {
	Options
	Counts Counts
}

// ErrNotRecords is of a source that has hardly any records.
var ErrNotRecords = errors.New("these are not records")

// Read reads a source until its end, or until ctx ends, and passes on its chunks, which belong to emit. When the source
// fails, what was read before is passed on first. An error of emit ends reading and is returned as it is.
func (r *Reader) Read(ctx context.Context, name string, from io.Reader, emit func(*Chunk) error) error {
	in, closeInput, err := decompress(&source{ctx: ctx, from: from})
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer closeInput()
	opener, err := r.Group.marker()
	if err != nil {
		return fmt.Errorf("%s: the group: %w", name, err)
	}
	s := session{Reader: r, in: in, builder: builder{source: name, emit: emit, opener: opener}}
	head, _ := in.Peek(bufferSize)
	format := r.Format
	if format == Auto || format == "" {
		if format = detect(head); format == "" {
			return fmt.Errorf("%s: %w; %s", name, ErrNotRecords, advice)
		}
	}
	r.Counts.Format = format
	before := r.Counts
	err = s.read(format, head)
	if flushErr := s.flush(); err == nil && flushErr != nil {
		err = fatalError{flushErr}
	}
	records := r.Counts.Records - before.Records + r.Counts.Contexts - before.Contexts
	bad := r.Counts.Bad - before.Bad
	var fatal fatalError
	switch {
	case errors.As(err, &fatal):
		return fatal.error
	case errors.As(err, new(*fs.PathError)): // it has the name
		return err
	case err != nil:
		return fmt.Errorf("%s: after %d records: %w", name, records, err)
	case bad > records:
		return fmt.Errorf("%s: %w: %d of %s cannot be read as %s; %s",
			name, ErrNotRecords, bad, format.parts(bad+records), format, advice)
	}
	return nil
}

const advice = "let Fluent Bit parse them and write them with -o file, or give a --format"

func (s *session) read(format Format, head []byte) error {
	s.Counts.Tagged = s.Counts.Tagged || format == File || format == Stdout || format == Forward
	switch format {
	case JSON:
		if isLines(head) {
			return s.lines(s.jsonLine)
		}
		return s.jsonStream()
	case File:
		return s.lines(s.fileLine)
	case Stdout:
		return s.lines(s.stdoutLine)
	case Text:
		return s.lines(s.textLine)
	case Msgpack:
		return s.values(s.event)
	case Forward:
		return s.values(s.message)
	}
	return fmt.Errorf("unknown format %q", format)
}

// session reads one source.
type session struct {
	*Reader
	builder
	in *bufio.Reader
	dump
	json jsonReader
}

func (s *session) bad(line int, err error) {
	s.Counts.Bad++
	if len(s.Counts.First) < maxBad {
		s.Counts.First = append(s.Counts.First, Bad{s.source, line, err})
	}
}

// tag returns the tag of records that have none.
func (s *session) tag() string { return s.Tag }

// done counts an event that was appended to c.
func (s *session) done(c *Chunk, line int) {
	s.Counts.Records++
	s.events++
	c.lines = append(c.lines, int32(line))
}

// source ends with a context.
type source struct {
	ctx  context.Context
	from io.Reader
}

func (s *source) Read(b []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.from.Read(b)
}

const bufferSize = 256 << 10

// decompress reads gzip and zstd, which it finds by their first bytes.
func decompress(r io.Reader) (*bufio.Reader, func(), error) {
	in := bufio.NewReaderSize(r, bufferSize)
	head, _ := in.Peek(4)
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, nil, err
		}
		return bufio.NewReaderSize(z, bufferSize), func() { _ = z.Close() }, nil
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(in)
		if err != nil {
			return nil, nil, err
		}
		return bufio.NewReaderSize(z, bufferSize), z.Close, nil
	}
	return in, func() {}, nil
}
