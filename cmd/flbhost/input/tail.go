package input

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tinylib/msgp/msgp"

	"github.com/promexporter/promexporter/cmd/flbhost/property"
)

var tailKeys = property.Map{
	{Name: "path"}, {Name: "read_from_head"}, {Name: "key"}, {Name: "parser"}, {Name: "refresh_interval"},
}

const (
	tailInterval = 250 * time.Millisecond
	// What tailChunk leaves for the next time waits in the file, so that no flush becomes too large.
	tailChunk   = 1 << 20
	maxTailLine = 1 << 20
)

// tail tells the lines that are added to files: those that are JSON objects as records, as Fluent Bit does with a JSON
// parser, and all others as {"log": line}.
type tail struct {
	patterns []string
	key      string
	files    []*tailed
	buf      []byte
}

// tailed is an open file. Its name may by now belong to another one.
type tailed struct {
	path    string
	file    *os.File
	offset  int64
	partial []byte // a line without its end
}

func newTail(l property.List, _ System) (Input, error) {
	path, ok := l.Get("path")
	if !ok {
		return nil, errors.New("no input 'path' was given")
	}
	t := &tail{key: "log", buf: make([]byte, tailChunk)}
	for pattern := range strings.SplitSeq(path, ",") {
		t.patterns = append(t.patterns, strings.TrimSpace(pattern))
	}
	if key, ok := l.Get("key"); ok {
		t.key = key
	}
	if parser, ok := l.Get("parser"); ok && !strings.EqualFold(parser, "json") {
		return nil, fmt.Errorf("parser=%q: the development host has only json, and uses it always", parser)
	}
	fromHead, err := l.Bool("read_from_head", false)
	if err != nil {
		return nil, err
	}
	return t, t.find(fromHead)
}

func (t *tail) Interval() time.Duration { return tailInterval }

func (t *tail) Collect(now time.Time, b []byte) ([]byte, error) {
	var err error
	for _, f := range t.files {
		added, readErr := f.read(t.buf)
		b = t.appendLines(b, now, f, added)
		err = errors.Join(err, readErr)
	}
	err = errors.Join(err, t.dropReplaced(), t.find(true))
	return b, err
}

// find opens the files that match and are not yet open. Those that appear later are read from their start in any case.
func (t *tail) find(fromHead bool) error {
	var errs []error
	for _, pattern := range t.patterns {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			return fmt.Errorf("path=%q: %w", pattern, err)
		}
		for _, path := range paths {
			if slices.ContainsFunc(t.files, func(f *tailed) bool { return f.path == path }) {
				continue
			}
			if err := t.open(path, fromHead); err != nil {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}

func (t *tail) open(path string, fromHead bool) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	f := &tailed{path: path, file: file}
	if !fromHead {
		if f.offset, err = file.Seek(0, io.SeekEnd); err != nil {
			return errors.Join(err, file.Close())
		}
	}
	t.files = append(t.files, f)
	return nil
}

// read returns what was added to the file. One that has become shorter is read from its start.
func (f *tailed) read(buf []byte) ([]byte, error) {
	if info, err := f.file.Stat(); err == nil && info.Size() < f.offset {
		f.offset, f.partial = 0, nil
	}
	n, err := f.file.ReadAt(buf, f.offset)
	f.offset += int64(n)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return buf[:n], err
}

// dropReplaced closes the files whose names are gone or belong to others, once they are read to their end.
func (t *tail) dropReplaced() error {
	var errs []error
	t.files = slices.DeleteFunc(t.files, func(f *tailed) bool {
		here, err := f.file.Stat()
		if err != nil {
			errs = append(errs, err, f.file.Close())
			return true
		}
		named, err := os.Stat(f.path)
		if err == nil && os.SameFile(here, named) || here.Size() > f.offset {
			return false
		}
		errs = append(errs, f.file.Close())
		return true
	})
	return errors.Join(errs...)
}

func (t *tail) appendLines(b []byte, now time.Time, f *tailed, added []byte) []byte {
	for {
		line, rest, ended := bytes.Cut(added, []byte{'\n'})
		f.partial = append(f.partial, line...)
		if !ended && len(f.partial) < maxTailLine {
			return b
		}
		b = t.appendLine(b, now, bytes.TrimSuffix(f.partial, []byte{'\r'}))
		f.partial = f.partial[:0]
		added = rest
	}
}

func (t *tail) appendLine(b []byte, now time.Time, line []byte) []byte {
	if len(line) == 0 {
		return b
	}
	b = appendHead(b, now, noMetadata)
	if o, err := parseObject(line); err == nil {
		return append(appendMap32(b, o.fields), o.body...)
	}
	b = msgp.AppendString(appendMap32(b, 1), t.key)
	return msgp.AppendStringFromBytes(b, line)
}

// Close closes the files.
func (t *tail) Close() error {
	var errs []error
	for _, f := range t.files {
		errs = append(errs, f.file.Close())
	}
	t.files = nil
	return errors.Join(errs...)
}
