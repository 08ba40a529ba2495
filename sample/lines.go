package sample

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/tinylib/msgp/msgp"

	"github.com/promexporter/promexporter/internal/jsonpack"
)

var (
	errTooLong = fmt.Errorf("more than %d MiB", MaxLine>>20)
	errCut     = errors.New("the last line is cut off")
)

// lines passes each line that is not empty to one, without its end. An error of one is about that line.
func (s *session) lines(one func(line []byte, n int) error) error {
	var memory []byte
	for n := 1; ; n++ {
		line, whole, err := s.line(&memory)
		if err != nil && err != io.EOF {
			if !errors.Is(err, errTooLong) {
				return err
			}
			s.bad(n, err)
			continue
		}
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\uFEFF"))
		}
		if line = bytes.TrimRight(line, "\r\n"); len(bytes.TrimSpace(line)) > 0 {
			if wrong := one(line, n); wrong != nil {
				if errors.As(wrong, new(fatalError)) {
					return wrong
				}
				if !whole {
					wrong = fmt.Errorf("%w: %w", errCut, wrong)
				}
				s.bad(n, wrong)
			}
		}
		if err == io.EOF {
			return nil
		}
	}
}

// fatalError is an error of emit. It ends reading.
type fatalError struct{ error }

// line returns the next line, valid until the next call, and whether it has an end.
func (s *session) line(memory *[]byte) (line []byte, whole bool, err error) {
	line, err = s.in.ReadSlice('\n')
	if err != bufio.ErrBufferFull {
		return line, err == nil, err
	}
	all, long := append((*memory)[:0], line...), false
	for err == bufio.ErrBufferFull {
		line, err = s.in.ReadSlice('\n')
		if long = long || len(all)+len(line) > MaxLine; !long {
			all = append(all, line...)
		}
	}
	*memory = all
	if long && (err == nil || err == io.EOF) {
		return nil, true, errTooLong
	}
	return all, err == nil, err
}

// textLine takes a line as the field log, as the input tail does without a parser.
func (s *session) textLine(line []byte, n int) error {
	c, err := s.builder.event(s.tag())
	if err != nil {
		return fatalError{err}
	}
	c.Events = append(jsonpack.AppendHead(c.Events, s.Now.UnixNano(), nil), 0x81)
	c.Events = msgp.AppendString(c.Events, "log")
	c.Events = msgp.AppendStringFromBytes(c.Events, line)
	s.done(c, n)
	return nil
}
