package sample

import (
	"errors"
	"fmt"
	"io"

	"github.com/tinylib/msgp/msgp"

	"github.com/promexporter/promexporter/internal/forward"
	"github.com/promexporter/promexporter/record"
)

var errNoValue = fmt.Errorf("bytes that are not msgpack, or more than %d MiB of it: where the next event starts is not known",
	MaxLine>>20)

// maxGarbage is by how many the values that are not records may outnumber the records before a source is given up. Each
// byte of a text is such a value, so it allows for the log of a program before or between the records.
const maxGarbage = 256 << 10

// values passes each msgpack value of the source to one, which must not keep it. Values are counted from 1. It ends
// early if hardly any value is a record.
func (s *session) values(one func(value []byte, n int) error) error {
	enough := s.Counts.excess() + maxGarbage
	var memory []byte
	start, n := 0, 0
	for {
		rest, err := msgp.Skip(memory[start:])
		if err == nil && start < len(memory) {
			n++
			value := memory[start : len(memory)-len(rest)]
			start = len(memory) - len(rest)
			if err := s.pass(value, n, one); err != nil || s.Counts.excess() > enough {
				return err
			}
			continue
		}
		if err != nil && !errors.Is(err, msgp.ErrShortBytes) || len(memory)-start > MaxLine {
			s.bad(n+1, errNoValue)
			return nil
		}
		memory = memory[:copy(memory, memory[start:])]
		start = 0
		size := max(bufferSize, len(memory)) // so that a long value is looked at few times
		memory = append(memory, make([]byte, size)...)
		got, err := io.ReadAtLeast(s.in, memory[len(memory)-size:], 1)
		memory = memory[:len(memory)-size+got]
		if err == io.EOF {
			if len(memory) > 0 {
				s.bad(n+1, errors.New("the last value is cut off"))
			}
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (s *session) pass(value []byte, n int, one func(value []byte, n int) error) error {
	wrong := one(value, n)
	if errors.As(wrong, new(fatalError)) {
		return wrong
	}
	if wrong != nil {
		s.bad(n, wrong)
	}
	return nil
}

// event adds an event as it is. The events of a group stay together.
func (s *session) event(value []byte, _ int) error { return s.raw(s.tag(), value) }

func (s *session) raw(tag string, value []byte) error {
	if msgp.NextType(value) == msgp.MapType {
		return s.metrics(tag, value)
	}
	if msgp.NextType(value) != msgp.ArrayType {
		return errors.New("not an event: a chunk has arrays of a time and a record")
	}
	opens, closes := marker(value)
	c, err := s.builder.event(tag)
	if err != nil {
		return fatalError{err}
	}
	c.Events = append(c.Events, value...)
	if s.held = opens || s.held && !closes; !opens && !closes {
		s.Counts.Records++
		s.events++
	}
	return nil
}

// metrics passes a context of metrics events on.
func (s *session) metrics(tag string, value []byte) error {
	if signal := record.SignalOf(value); signal == record.Traces || signal == record.Profiles {
		return fmt.Errorf("%s, and only logs and metrics can be read", signal)
	} else if signal != record.Metrics {
		return errors.New("a map, which is neither an event nor a context of metrics")
	}
	s.Counts.Contexts++
	if err := s.builder.context(tag, value); err != nil {
		return fatalError{err}
	}
	return nil
}

// marker reports whether a value opens or closes a group: its time is 2^32-1 or 2^32-2 seconds.
func marker(value []byte) (opens, closes bool) {
	const head = "\x92\x92\xd7\x00\xff\xff\xff"
	if len(value) <= len(head) || string(value[:len(head)]) != head {
		return false, false
	}
	return value[len(head)] == 0xff, value[len(head)] == 0xfe
}

// message adds the events of a message of the forward protocol.
func (s *session) message(value []byte, _ int) error {
	m, _, err := forward.Decode(value)
	if err != nil {
		return err
	}
	if m.Signal > forward.Metrics {
		return errors.New("a message of traces, not of logs or metrics")
	}
	for rest := m.Events; len(rest) > 0; {
		next, err := msgp.Skip(rest)
		if err != nil {
			return err
		}
		if err := s.raw(m.Tag, rest[:len(rest)-len(next)]); err != nil {
			return err
		}
		rest = next
	}
	return nil
}
