package receiver

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/tinylib/msgp/msgp"
)

// client is a connection on which everything has arrived, in small parts.
type client struct {
	net.Conn
	rest []byte
}

func (c *client) Read(b []byte) (int, error) {
	if len(c.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), max(7, len(c.rest)/50))], c.rest) // a long message is looked at few times
	c.rest = c.rest[n:]
	return n, nil
}

func (c *client) Write(b []byte) (int, error)      { return len(b), nil }
func (c *client) SetReadDeadline(time.Time) error  { return nil }
func (c *client) SetWriteDeadline(time.Time) error { return nil }

// FuzzConnection holds that whatever a client sends, chunks are whole events, and only those that it has sent.
func FuzzConnection(f *testing.F) {
	f.Add([]byte("\x92\x01\x80"), uint8(0))
	f.Add([]byte("{\"date\":1.5,\"a\":1}\n"), uint8(0))
	f.Add([]byte("\x93\xa1t\xc4\x03\x92\x01\x80\x81\xa5chunk\xa2id"), uint8(1))
	f.Add([]byte("\x96\xa4PING\xa1h\xa1s\xa1d\xa1u\xa1p"), uint8(2))
	f.Fuzz(func(t *testing.T, in []byte, kind uint8) {
		options := Options{Tag: "t", Emit: func(c *Chunk) error {
			for rest := c.Events; kind%3 == 0 && len(rest) > 0; {
				next, err := msgp.Skip(rest)
				if err != nil {
					t.Fatalf("%x is not whole: %v", c.Events, err)
				}
				rest = next
			}
			if kind%3 == 2 {
				t.Error("a client that does not know the key was let in")
			}
			return nil
		}}
		if kind%3 == 2 {
			options.SharedKey, options.Users = "key", map[string]string{"ada": "lovelace"}
		}
		r := New(options)
		if kind%3 == 0 {
			_ = r.plain(&client{rest: in})
		} else {
			_ = r.forward(&client{rest: in})
		}
	})
}
