package receiver

import (
	"errors"
	"net"
	"time"

	"github.com/tinylib/msgp/msgp"

	"github.com/promexporter/promexporter/internal/forward"
)

// forward reads messages of the forward protocol, after a handshake if clients have to authenticate.
func (r *Receiver) forward(conn net.Conn) error {
	b := &buffer{conn: conn, limit: MaxMessage}
	if r.options.SharedKey != "" || len(r.options.Users) > 0 {
		if err := r.handshake(b); err != nil {
			return end(err)
		}
	}
	for {
		m, rest, err := forward.Decode(b.rest())
		switch {
		case errors.Is(err, msgp.ErrShortBytes):
			if err := b.more(); err != nil {
				return end(err)
			}
			continue
		case err != nil:
			return err
		case m.Signal > forward.Metrics:
			return errors.New("a message of traces; send logs or metrics")
		}
		// The events are in the buffer, or where they were unpacked.
		chunk := &Chunk{Tag: m.Tag, Events: append([]byte(nil), m.Events...), Metrics: m.Signal == forward.Metrics}
		b.take(rest)
		if err := r.emit(chunk); err != nil {
			return err
		}
		if m.Chunk != "" {
			if err := acknowledge(conn, m.Chunk); err != nil {
				return err
			}
		}
	}
}

// writeTimeout is how long a client may take for an answer.
const writeTimeout = 10 * time.Second

func write(conn net.Conn, b []byte) error {
	if err := conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	_, err := conn.Write(b)
	return err
}

func acknowledge(conn net.Conn, chunk string) error {
	b := msgp.AppendMapHeader(nil, 1)
	b = msgp.AppendString(b, "ack")
	return write(conn, msgp.AppendString(b, chunk))
}
