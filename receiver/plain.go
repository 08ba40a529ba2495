package receiver

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/tinylib/msgp/msgp"

	"github.com/promexporter/promexporter/internal/jsonpack"
)

// plain reads events in msgpack, or lines of JSON, as the first byte has it.
func (r *Receiver) plain(conn net.Conn) error {
	b := &buffer{conn: conn, limit: MaxEvent}
	for {
		if err := b.more(); err != nil {
			return end(err)
		}
		take := r.takeEvents
		if c := b.bytes[0]; c == '{' || c == ' ' || c == '\n' {
			take = r.takeLines
		}
		events, wrong := take(b)
		if len(events) > 0 {
			if err := r.emit(&Chunk{Tag: r.options.Tag, Events: events}); err != nil {
				return err
			}
		}
		if wrong != nil {
			return wrong
		}
	}
}

func end(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

var errNoEvent = errors.New("no event: Fluent Bit sends them with -p format=msgpack or format=json_lines")

// takeEvents takes the events that are there as a whole.
func (r *Receiver) takeEvents(b *buffer) (events []byte, err error) {
	for rest := b.rest(); len(rest) > 0; rest = b.rest() {
		if msgp.NextType(rest) != msgp.ArrayType {
			return events, errNoEvent
		}
		next, err := msgp.Skip(rest)
		if errors.Is(err, msgp.ErrShortBytes) {
			return events, nil
		}
		if err != nil {
			return events, fmt.Errorf("%w: %w", errNoEvent, err)
		}
		events = append(events, rest[:len(rest)-len(next)]...)
		b.take(next)
	}
	return events, nil
}

// takeLines takes the lines that are there as a whole. Of the format json_lines, the number date is the time.
func (r *Receiver) takeLines(b *buffer) (events []byte, err error) {
	var p jsonpack.Packer
	for {
		line, rest, whole := bytes.Cut(b.rest(), []byte("\n"))
		if !whole {
			return events, nil
		}
		b.take(rest)
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		nanos := time.Now().UnixNano()
		body, err := p.Object(nil, line, func(key, value []byte) bool {
			at, ok := jsonpack.Time(value)
			if string(key) != "date" || !ok {
				return false
			}
			nanos = at
			return true
		})
		if err != nil {
			return events, fmt.Errorf("%w: %w", errNoEvent, err)
		}
		events = append(jsonpack.AppendHead(events, nanos, nil), body...)
	}
}
