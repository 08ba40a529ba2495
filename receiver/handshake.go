package receiver

import (
	"crypto/rand"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/tinylib/msgp/msgp"
)

// maxPing bounds what a client sends before it is known.
const maxPing = 8 << 10

// handshake authenticates a client by the shared key and by users: HELO, PING, PONG.
func (r *Receiver) handshake(b *buffer) error {
	nonce, salt := rand.Text(), "" // Fluent Bit reads texts
	if len(r.options.Users) > 0 {
		salt = rand.Text()
	}
	helo := msgp.AppendArrayHeader(nil, 2)
	helo = msgp.AppendString(helo, "HELO")
	helo = msgp.AppendMapHeader(helo, 3)
	helo = msgp.AppendString(msgp.AppendString(helo, "nonce"), nonce)
	helo = msgp.AppendString(msgp.AppendString(helo, "auth"), salt)
	helo = msgp.AppendBool(msgp.AppendString(helo, "keepalive"), true)
	if err := write(b.conn, helo); err != nil {
		return err
	}
	p, err := readPing(b)
	if err != nil {
		return err
	}
	reason, answer := r.refuse(&p, nonce, salt), ""
	if reason == "" {
		answer = digest(p.salt, r.options.Hostname, nonce, r.options.SharedKey)
	}
	pong := msgp.AppendString(msgp.AppendArrayHeader(nil, 5), "PONG")
	pong = msgp.AppendBool(pong, reason == "")
	for _, text := range []string{reason, r.options.Hostname, answer} {
		pong = msgp.AppendString(pong, text)
	}
	if err := write(b.conn, pong); err != nil {
		return err
	}
	if reason != "" {
		return fmt.Errorf("%q is refused: %s", p.hostname, reason)
	}
	return nil
}

// refuse returns why a client is not let in, in the words of Fluentd, or "" if it is. An unknown name takes as long
// as a wrong password.
func (r *Receiver) refuse(p *ping, nonce, salt string) string {
	if !equal(p.digest, digest(p.salt, p.hostname, nonce, r.options.SharedKey)) {
		return "shared_key mismatch"
	}
	if len(r.options.Users) == 0 {
		return ""
	}
	password, isUser := r.options.Users[p.username]
	if !equal(p.password, digest(salt, p.username, password)) || !isUser {
		return "username/password mismatch"
	}
	return ""
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func digest(parts ...string) string {
	h := sha512.New()
	for _, part := range parts {
		h.Write([]byte(part))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// ping is what a client says of itself. password is a digest, as digest is.
type ping struct{ hostname, salt, digest, username, password string }

var errNoPing = errors.New("no PING: the client needs the shared key, or a user and empty_shared_key")

func readPing(b *buffer) (p ping, err error) {
	limit := b.limit
	b.limit, b.deadline = maxPing, time.Now().Add(handshakeTimeout)
	defer func() { b.limit, b.deadline = limit, time.Time{} }()
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
	fields := []*string{&word, &p.hostname, &p.salt, &p.digest, &p.username, &p.password}
	for _, to := range fields[:min(n, uint32(len(fields)))] {
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
