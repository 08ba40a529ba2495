package receiver

import (
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// buffer holds what a connection has sent and nobody has taken.
type buffer struct {
	conn  net.Conn
	bytes []byte
	start int
	limit int // of what is not taken

	deadline time.Time // of all reads; zero for a time limit inside of messages only
}

// rest returns what is not taken.
func (b *buffer) rest() []byte { return b.bytes[b.start:] }

// take takes what comes before rest.
func (b *buffer) take(rest []byte) { b.start = len(b.bytes) - len(rest) }

const readSize = 64 << 10

// more reads more. io.EOF is the end of a connection between two messages.
func (b *buffer) more() error {
	pending := copy(b.bytes, b.rest())
	b.bytes, b.start = b.bytes[:pending], 0
	if pending > b.limit {
		return fmt.Errorf("more than %d MiB in one message", b.limit>>20)
	}
	deadline := b.deadline // if there is none, a connection may be silent between messages
	if deadline.IsZero() && pending > 0 {
		deadline = time.Now().Add(readTimeout)
	}
	if err := b.conn.SetReadDeadline(deadline); err != nil {
		return err
	}
	size := max(readSize, pending) // so that a long message is looked at few times
	if cap(b.bytes)-pending < size {
		b.bytes = append(make([]byte, 0, pending+size), b.bytes...)
	}
	n, err := b.conn.Read(b.bytes[pending : pending+size])
	b.bytes = b.bytes[:pending+n]
	switch {
	case n > 0:
		return nil
	case errors.Is(err, io.EOF) && pending > 0:
		return errors.New("closed in the middle of a message")
	}
	return err
}
