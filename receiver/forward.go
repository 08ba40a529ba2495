package receiver

import (
	"crypto/rand"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/tinylib/msgp/msgp"

	"github.com/promexporter/promexporter/internal/forward"
)

// forward reads messages of the forward protocol, after a handshake if there is a shared key.
func (r *Receiver) forward(conn net.Conn) error {
	b := &buffer{conn: conn, limit: MaxMessage}
	if r.options.SharedKey != "" {
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
			return errors.New("traces, and only logs and metrics are taken")
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

// maxPing bounds what a client sends before it is known.
const maxPing = 8 << 10

// handshake lets those in who know the shared key: HELO, PING, PONG.
func (r *Receiver) handshake(b *buffer) error {
	nonce := rand.Text() // Fluent Bit reads a text
	helo := msgp.AppendArrayHeader(nil, 2)
	helo = msgp.AppendString(helo, "HELO")
	helo = msgp.AppendMapHeader(helo, 3)
	helo = msgp.AppendString(msgp.AppendString(helo, "nonce"), nonce)
	helo = msgp.AppendString(msgp.AppendString(helo, "auth"), "")
	helo = msgp.AppendBool(msgp.AppendString(helo, "keepalive"), true)
	if err := write(b.conn, helo); err != nil {
		return err
	}
	p, err := readPing(b)
	if err != nil {
		return err
	}
	want := digest(p.salt, p.hostname, nonce, r.options.SharedKey)
	known := subtle.ConstantTimeCompare([]byte(want), []byte(p.digest)) == 1
	reason, answer := "", ""
	if known {
		answer = digest(p.salt, r.options.Hostname, nonce, r.options.SharedKey)
	} else {
		reason = "shared key mismatch"
	}
	pong := msgp.AppendString(msgp.AppendArrayHeader(nil, 5), "PONG")
	pong = msgp.AppendBool(pong, known)
	for _, text := range []string{reason, r.options.Hostname, answer} {
		pong = msgp.AppendString(pong, text)
	}
	if err := write(b.conn, pong); err != nil {
		return err
	}
	if !known {
		return fmt.Errorf("%q does not know the shared key", p.hostname)
	}
	return nil
}

func digest(parts ...string) string {
	h := sha512.New()
	for _, part := range parts {
		h.Write([]byte(part))
	}
	return hex.EncodeToString(h.Sum(nil))
}

type ping struct{ hostname, salt, digest string }

var errNoPing = errors.New("no PING, which a client with a shared key sends")

func readPing(b *buffer) (p ping, err error) {
	limit := b.limit
	b.limit = maxPing
	defer func() { b.limit = limit }()
	for {
		rest, err := msgp.Skip(b.rest())
		if err == nil {
			whole := b.rest()
			b.take(rest)
			return parsePing(whole[:len(whole)-len(rest)])
		}
		if !errors.Is(err, msgp.ErrShortBytes) {
			return p, errNoPing
		}
		if err := b.more(); err != nil {
			return p, err
		}
	}
}

func parsePing(b []byte) (p ping, err error) {
	n, b, err := msgp.ReadArrayHeaderBytes(b)
	if err != nil || n < 4 {
		return p, errNoPing
	}
	word := ""
	for _, to := range []*string{&word, &p.hostname, &p.salt, &p.digest} {
		if msgp.NextType(b) == msgp.BinType {
			var text []byte
			text, b, err = msgp.ReadBytesZC(b)
			*to = string(text)
		} else {
			*to, b, err = msgp.ReadStringBytes(b)
		}
		if err != nil {
			return p, errNoPing
		}
	}
	if word != "PING" {
		return p, errNoPing
	}
	return p, nil
}
