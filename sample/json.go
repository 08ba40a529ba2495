package sample

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/promexporter/promexporter/internal/jsonpack"
)

// jsonReader packs JSON records.
type jsonReader struct {
	packer   jsonpack.Packer // of records
	inner    jsonpack.Packer // of what is taken off them
	body     []byte
	metadata []byte
	nanos    int64
	err      error
}

// The keys that Fluent Bit adds to a record as JSON.
const (
	dateKey     = "date"
	internalKey = "__internal__"
)

// isLines reports whether head starts with a line that is a whole object.
func isLines(head []byte) bool {
	for line := range bytes.Lines(bytes.TrimPrefix(head, []byte("\uFEFF"))) {
		text := bytes.TrimSpace(line)
		if len(text) == 0 {
			continue
		}
		return text[0] != '[' && (!bytes.HasSuffix(line, []byte("\n")) && len(head) == bufferSize || jsontext.Value(text).IsValid(
			jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) || !isStart(text))
	}
	return true
}

// isStart reports whether a text may be the start of an object that continues in the next line.
func isStart(text []byte) bool {
	d := jsontext.NewDecoder(bytes.NewReader(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	_, err := d.ReadValue()
	return errors.Is(err, io.ErrUnexpectedEOF)
}

func (s *session) jsonLine(line []byte, n int) error { return s.jsonRecord(line, n) }

// jsonRecord adds the record in text, which starts in a line.
func (s *session) jsonRecord(text []byte, line int) (err error) {
	j := &s.json
	j.nanos, j.metadata, j.err = s.Now.UnixNano(), j.metadata[:0], nil
	if len(s.Metadata) > 0 {
		if j.metadata, err = j.inner.Object(j.metadata, s.Metadata, nil); err != nil {
			return err
		}
	}
	if j.body, err = j.packer.Object(j.body[:0], text, s.take); err == nil {
		err = j.err
	}
	if err != nil {
		return err
	}
	return s.add(s.tag(), j.nanos, j.metadata, j.body, line)
}

// add adds an event.
func (s *session) add(tag string, nanos int64, metadata, body []byte, line int) error {
	c, err := s.builder.event(tag)
	if err != nil {
		return fatalError{err}
	}
	c.Events = append(jsonpack.AppendHead(c.Events, nanos, metadata), body...)
	s.done(c, line)
	return nil
}

// take takes the time and the metadata off a record.
func (s *session) take(key, value []byte) bool {
	j := &s.json
	switch {
	case s.TimeKey != "" && string(key) == s.TimeKey:
		nanos, ok := jsonpack.Time(value)
		if !ok {
			j.err = fmt.Errorf("the time %s is %.60s; write seconds since 1970, or a time as in RFC 3339", key, value)
		}
		j.nanos = nanos
		return true
	case s.TimeKey == "" && string(key) == dateKey && value[0] != '"':
		nanos, ok := jsonpack.Time(value)
		if ok {
			j.nanos = nanos
		}
		return ok
	case string(key) == internalKey && value[0] == '{':
		_, j.err = j.inner.Object(nil, value, func(key, value []byte) bool {
			if string(key) == "log_metadata" && value[0] == '{' {
				var p jsonpack.Packer
				j.metadata, j.err = p.Object(j.metadata[:0], value, nil)
			}
			return true
		})
		return true
	}
	return false
}

// jsonStream reads an array of records, or records that span lines.
func (s *session) jsonStream() error {
	in := &newlines{from: s.in}
	d := jsontext.NewDecoder(in, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if head, _ := s.in.Peek(3); string(head) == "\uFEFF" {
		_, _ = s.in.Discard(3)
	}
	for {
		in.taken = d.InputOffset()
		if k := d.PeekKind(); k == ']' || k == '[' && d.StackDepth() == 0 {
			if _, err := d.ReadToken(); err == nil {
				continue
			} // else ReadValue returns the same error
		}
		text, err := d.ReadValue()
		if err == io.EOF {
			return nil
		}
		line := in.line(d.InputOffset() - int64(len(text)))
		if err != nil {
			return s.endStream(in, line, err)
		}
		if len(text) > MaxLine {
			s.bad(line, errTooLong)
			continue
		}
		if err := s.jsonRecord(text, line); err != nil {
			if errors.As(err, new(fatalError)) {
				return err
			}
			s.bad(line, err)
		}
	}
}

// endStream notes why a stream ends after a line, or returns the error of its source.
func (s *session) endStream(in *newlines, line int, err error) error {
	var bad *jsontext.SyntacticError
	switch {
	case errors.Is(in.err, errTooLong):
		s.bad(line, fmt.Errorf("the next record has %w; %w", in.err, errNotRead))
		return nil
	case in.err != nil: // the decoder may call it an unexpected end
		return in.err
	case errors.As(err, &bad):
		s.badJSON(in, bad)
		return nil
	}
	return err
}

var errNotRead = errors.New("what follows is not read, because it is not known where the next record starts")

// badJSON notes where a stream is not JSON.
func (s *session) badJSON(in *newlines, bad *jsontext.SyntacticError) {
	line := in.line(bad.ByteOffset)
	err := jsonpack.SyntaxError(bad, in.start)
	if !errors.Is(bad, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("%w; %w", err, errNotRead)
	}
	s.bad(line, err)
}

// newlines remembers where the lines of a stream end. It ends a stream in a value that is so much longer than MaxLine
// that the decoder has no room for it.
type newlines struct {
	from   io.Reader
	read   int64
	taken  int64 // the offset after the last value: the decoder keeps the rest until there is a whole value
	ends   []int64
	passed int
	start  int64 // of the line that was found last
	err    error // of from, but for io.EOF
}

func (n *newlines) Read(b []byte) (int, error) {
	if n.read-n.taken > MaxLine {
		n.err = errTooLong
		return 0, errTooLong
	}
	size, err := n.from.Read(b)
	for i, c := range b[:size] {
		if c == '\n' {
			n.ends = append(n.ends, n.read+int64(i))
		}
	}
	n.read += int64(size)
	if err != io.EOF {
		n.err = err
	}
	return size, err
}

// line returns the line of an offset, which is not before that of the last call.
func (n *newlines) line(offset int64) int {
	done := 0
	for done < len(n.ends) && n.ends[done] < offset {
		n.start = n.ends[done] + 1
		done++
	}
	n.ends = n.ends[:copy(n.ends, n.ends[done:])]
	n.passed += done
	return n.passed + 1
}
