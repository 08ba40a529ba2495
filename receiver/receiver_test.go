package receiver_test

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/tinylib/msgp/msgp"

	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/internal/jsonpack"
	"github.com/promexporter/promexporter/receiver"
)

// rig is a receiver with what it has received.
type rig struct {
	t       *testing.T
	forward string // the addresses
	tcp     string
	mu      sync.Mutex
	got     []string
	notes   []string
	metrics int   // chunks of metrics
	refuse  error // under mu, as the three above
}

func start(t *testing.T, o receiver.Options) *rig {
	t.Helper()
	r := &rig{t: t}
	o.Tag = "tcp"
	o.Hostname = "server"
	o.Emit = r.emit
	o.Note = func(_ string, err error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.notes = append(r.notes, err.Error())
	}
	all := receiver.New(o)
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	for _, s := range []struct {
		address *string
		serve   func(context.Context, net.Listener) error
	}{{&r.tcp, all.ServeTCP}, {&r.forward, all.ServeForward}} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		*s.address = l.Addr().String()
		serving.Go(func() {
			if err := s.serve(ctx, l); err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(func() { cancel(); serving.Wait() })
	return r
}

// emit keeps the events of a chunk, a line each.
func (r *rig) emit(c *receiver.Chunk) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refuse != nil {
		return r.refuse
	}
	if c.Metrics {
		r.metrics++
	}
	for rest := c.Events; len(rest) > 0; {
		text, next, err := jsonpack.AppendJSON(nil, rest)
		if err != nil {
			return err
		}
		r.got = append(r.got, c.Tag+" "+string(text))
		rest = next
	}
	return nil
}

func (r *rig) dial(address string) net.Conn {
	r.t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func (r *rig) send(conn net.Conn, b []byte) {
	r.t.Helper()
	if _, err := conn.Write(b); err != nil {
		r.t.Fatal(err)
	}
}

// expect waits until the events or notes are there.
func (r *rig) expect(of *[]string, want ...string) {
	r.t.Helper()
	var got []string
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		r.mu.Lock()
		got = append([]string(nil), *of...)
		r.mu.Unlock()
		if len(got) >= len(want) {
			break
		}
	}
	if len(got) != len(want) {
		r.t.Fatalf("got %q, want %q", got, want)
	}
	for i := range want {
		if !strings.Contains(got[i], want[i]) {
			r.t.Errorf("got %q, want %q", got[i], want[i])
		}
	}
}

func TestPlain(t *testing.T) {
	r := start(t, receiver.Options{})
	conn := r.dial(r.tcp)
	events := chunktest.Events("{\"a\":1}\n{\"a\":2}")
	for i := range events { // however they are cut
		r.send(conn, events[i:i+1])
	}
	r.expect(&r.got, `tcp [["d7006553f10000000000",{}],{"a":1}]`, `{"a":2}`)
	other := r.dial(r.tcp)
	r.send(other, []byte("{\"date\":1700000000.5,\"a\":3}\n{\"a\""))
	r.expect(&r.got, "", "", `[["d7006553f1001dcd6500",{}],{"a":3}]`)
	r.send(other, []byte(":4}\n"))
	r.expect(&r.got, "", "", "", `{"a":4}]`)
	times := r.dial(r.tcp)
	r.send(times, []byte("\x92\x05\x80\x92\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00\x80"))
	r.expect(&r.got, "", "", "", "", "[5,{}]", "[1.5,{}]")
}

func TestGarbage(t *testing.T) {
	for name, test := range map[string]struct{ in, want string }{
		"a text":    {"GET / HTTP/1.1\r\n", "no event: Fluent Bit sends them with -p format=msgpack"},
		"no JSON":   {"{nothing}\n", "no event"},
		"cut off":   {"\x92\x01", "closed in the middle of a message"},
		"too large": {"\xdb\x7f\xff\xff\xff", "no event"},
		"an array":  {"\xdd\x7f\xff\xff\xff" + strings.Repeat("\x01", receiver.MaxEvent+100), "more than 16 MiB in one message"},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, receiver.Options{})
			conn := r.dial(r.tcp)
			if _, err := conn.Write([]byte(test.in)); err != nil && name != "an array" {
				t.Fatal(err)
			}
			_ = conn.(*net.TCPConn).CloseWrite()
			r.expect(&r.notes, test.want)
		})
	}
}

// forwarded returns a message in each mode.
func forwarded(t *testing.T, chunk string) map[string][]byte {
	t.Helper()
	events := chunktest.Events("{\"a\":1}\n{\"a\":2}")
	options := func(b []byte, more ...string) []byte {
		b = msgp.AppendMapHeader(b, uint32(1+len(more)/2))
		b = msgp.AppendString(msgp.AppendString(b, "chunk"), chunk)
		for _, text := range more {
			b = msgp.AppendString(b, text)
		}
		return b
	}
	head := func(n uint32) []byte { return msgp.AppendString(msgp.AppendArrayHeader(nil, n), "a.b") }
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write(events)
	_ = z.Close()
	s, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	first := chunktest.Events(`{"a":1}`)
	second := chunktest.Events(`{"a":2}`)
	single := func(event []byte) []byte { return options(append(head(4), event[1:]...)) } // the time and the record
	return map[string][]byte{
		"message": append(single(first), single(second)...),
		"forward": options(append(msgp.AppendArrayHeader(head(3), 2), events...)),
		"packed":  options(msgp.AppendBytes(head(3), events)),
		"text":    options(msgp.AppendStringFromBytes(head(3), events)),
		"gzip":    options(msgp.AppendBytes(head(3), zipped.Bytes()), "compressed", "gzip"),
		"zstd":    options(msgp.AppendBytes(head(3), s.EncodeAll(events, nil)), "compressed", "zstd"),
	}
}

func TestForward(t *testing.T) {
	for name, message := range forwarded(t, "id") {
		t.Run(name, func(t *testing.T) {
			r := start(t, receiver.Options{})
			conn := r.dial(r.forward)
			r.send(conn, message[:len(message)/2])
			r.send(conn, message[len(message)/2:])
			r.expect(&r.got, `a.b [["d7006553f10000000000",{}],{"a":1}]`, `{"a":2}`)
			const want = "\x81\xa3ack\xa2id"
			ack := make([]byte, len(want))
			if _, err := io.ReadFull(conn, ack); err != nil || string(ack) != want {
				t.Errorf("%q, %v", ack, err)
			}
		})
	}
}

// TestRefusedChunkHasNoAck holds that a chunk that was not taken is not acknowledged, so that the client sends it
// again.
func TestRefusedChunkHasNoAck(t *testing.T) {
	r := start(t, receiver.Options{})
	r.refuse = errors.New("no more")
	conn := r.dial(r.forward)
	r.send(conn, forwarded(t, "id")["packed"])
	if b, err := io.ReadAll(conn); len(b) > 0 || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	r.expect(&r.notes, "no more")
}

func TestForwardGarbage(t *testing.T) {
	bomb, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	large := bomb.EncodeAll(make([]byte, 65<<20), nil)
	message := msgp.AppendBytes(msgp.AppendString(msgp.AppendArrayHeader(nil, 3), "t"), large)
	message = msgp.AppendString(msgp.AppendString(msgp.AppendMapHeader(message, 1), "compressed"), "zstd")
	for name, test := range map[string]struct{ in, want string }{
		"a map":          {"\x80", "no message of the forward protocol: no array"},
		"one":            {"\x91\x01", "an array of 1"},
		"no tag":         {"\x92\x01\x02", "no tag"},
		"no events":      {"\x92\xa1t\x02", "no events"},
		"traces":         {"\x93\xa1t\xc4\x00\x81\xadfluent_signal\x02", "send logs or metrics"},
		"what is unzip":  {"\x93\xa1t\xc4\x00\x81\xaacompressed\xa3lzw", `compressed with "lzw"`},
		"no gzip":        {"\x93\xa1t\xc4\x00\x81\xaacompressed\xa4gzip", "EOF"},
		"a bomb":         {string(message), "64 MiB"},
		"cut off":        {"\x93\xa1t", "closed in the middle of a message"},
		"not in msgpack": {"\xc1", "msgp"},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, receiver.Options{})
			conn := r.dial(r.forward)
			r.send(conn, []byte(test.in))
			_ = conn.(*net.TCPConn).CloseWrite()
			if name == "a bomb" {
				test.want = "" // the words are the library's, if it notices first
			}
			r.expect(&r.notes, test.want)
		})
	}
}

func hash(parts ...string) string {
	sum := sha512.Sum512([]byte(strings.Join(parts, "")))
	return hex.EncodeToString(sum[:])
}

func TestHandshake(t *testing.T) {
	secret := receiver.Options{SharedKey: "secret"}
	users := receiver.Options{Users: map[string]string{"ada": "lovelace"}}
	both := receiver.Options{SharedKey: "secret", Users: users.Users}
	for name, test := range map[string]struct {
		options             receiver.Options
		key, user, password string
		refused             string
	}{
		"key":                {secret, "secret", "", "", ""},
		"wrong key":          {secret, "wrong", "", "", "shared_key mismatch"},
		"user":               {users, "", "ada", "lovelace", ""},
		"wrong password":     {users, "", "ada", "byron", "username/password mismatch"},
		"unknown user":       {users, "", "bob", "", "username/password mismatch"},
		"no user":            {users, "", "", "", "username/password mismatch"},
		"user with a key":    {both, "secret", "ada", "lovelace", ""},
		"user without a key": {both, "", "ada", "lovelace", "shared_key mismatch"},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, test.options)
			conn := r.dial(r.forward)
			in := msgp.NewReader(conn)
			helo, err := in.ReadIntf()
			if err != nil {
				t.Fatal(err)
			}
			offer := helo.([]any)[1].(map[string]any)
			nonce, salt := fmt.Sprint(offer["nonce"]), fmt.Sprint(offer["auth"])
			ping := msgp.AppendArrayHeader(nil, 6)
			for _, text := range []string{"PING", "client", "salt", hash("salt", "client", nonce, test.key), test.user,
				hash(salt, test.user, test.password)} {
				ping = msgp.AppendString(ping, text)
			}
			r.send(conn, append(ping, forwarded(t, "id")["packed"]...))
			pong, err := in.ReadIntf()
			if err != nil {
				t.Fatal(err)
			}
			want := []any{"PONG", test.refused == "", test.refused, "server", hash("salt", "server", nonce, test.options.SharedKey)}
			if test.refused != "" {
				want[4] = ""
				r.expect(&r.notes, `"client" is refused: `+test.refused)
			} else {
				r.expect(&r.got, `{"a":1}`, `{"a":2}`)
			}
			if !reflect.DeepEqual(pong, want) {
				t.Errorf("got %v, want %v", pong, want)
			}
		})
	}
}

func TestNoPing(t *testing.T) {
	for _, in := range []string{"\x80", "\x94\xa1x\xa1x\xa1x\xa1x", "\x95\xa4PING\xa1x\xa1x\xa1x\x01", "\x94\x01\x01\x01\x01", "\xc1", strings.Repeat("\x91", 20<<10)} {
		r := start(t, receiver.Options{SharedKey: "secret"})
		conn := r.dial(r.forward)
		r.send(conn, []byte(in))
		_ = conn.(*net.TCPConn).CloseWrite()
		r.expect(&r.notes, "")
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	r := start(t, receiver.Options{})
	for range receiver.MaxConnections + 1 {
		r.dial(r.tcp)
	}
	r.expect(&r.notes, "refused, because there are 256 connections")
}

// TestForwardMetrics: a message of metrics is marked as such.
func TestForwardMetrics(t *testing.T) {
	r := start(t, receiver.Options{})
	conn := r.dial(r.forward)
	message := msgp.AppendBytes(msgp.AppendString(msgp.AppendArrayHeader(nil, 3), "node"), []byte("\x81\xa4meta\x80"))
	r.send(conn, msgp.AppendInt(msgp.AppendString(msgp.AppendMapHeader(message, 1), "fluent_signal"), 1))
	r.expect(&r.got, `node {"meta":{}}`)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.metrics != 1 {
		t.Errorf("%d chunks of metrics", r.metrics)
	}
}
