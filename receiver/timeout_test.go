package receiver

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// TestHandshakesEnd connects clients that never complete a handshake: silent ones, and ones that send a byte now and
// then, which a limit of the time between two bytes would not end.
func TestHandshakesEnd(t *testing.T) {
	for name, o := range map[string]Options{
		"forward": {SharedKey: "key"},
		"users":   {Users: map[string]string{"ada": "lovelace"}},
		"tls":     {TLS: &tls.Config{Certificates: []tls.Certificate{{}}}},
	} {
		for kind, sent := range map[string]byte{"silent": 0, "slow": 0xdb} { // the head of a long text, then its bytes
			t.Run(name+"/"+kind, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { testHandshakeEnds(t, o, sent) })
			})
		}
	}
}

func testHandshakeEnds(t *testing.T, o Options, sent byte) {
	var why error
	o.Note = func(_ string, err error) { why = err }
	server, client := net.Pipe()
	if o.TLS != nil {
		server = tls.Server(server, o.TLS)
	}
	start, ended := time.Now(), make(chan struct{})
	r := New(o)
	go func() {
		defer close(ended)
		r.connection(context.Background(), server, r.forward)
	}()
	go func() { _, _ = io.Copy(io.Discard, client) }()
	for sent != 0 {
		if _, err := client.Write([]byte{sent}); err != nil {
			break
		}
		time.Sleep(time.Second)
	}
	<-ended
	if took := time.Since(start); why == nil || took > handshakeTimeout+time.Second {
		t.Errorf("it ended after %v with %v", took, why)
	}
	_ = client.Close()
}

// TestSilenceAfterHandshake lets a client in that knows the key, after which it may be silent between messages.
func TestSilenceAfterHandshake(t *testing.T) {
	b := &buffer{conn: &client{rest: []byte("\x94\xa4PING\xa1h\xa1s\xa1d")}}
	if _, err := readPing(b); err != nil {
		t.Fatal(err)
	}
	if !b.deadline.IsZero() {
		t.Error("the deadline of the handshake is that of all messages")
	}
}
