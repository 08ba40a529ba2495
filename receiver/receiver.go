// Package receiver takes events from agents, over plain TCP and over the forward protocol.
//
// What enters are connections; what leaves are chunks of events with their tags. Whatever arrives, a connection takes
// no more memory than its bounds, and none of them ends the program.
package receiver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// Bounds of a receiver.
const (
	MaxConnections = 256
	MaxMessage     = 64 << 20 // bytes of a message of the forward protocol
	MaxEvent       = 16 << 20 // bytes of an event over plain TCP
	// readTimeout is how long a connection may be silent inside of a message.
	readTimeout = time.Minute
	// handshakeTimeout bounds each handshake, that of TLS and that of the forward protocol. Until both are over, anybody
	// may hold a connection.
	handshakeTimeout = 10 * time.Second
)

// Options configure a Receiver.
type Options struct {
	// Tag is that of events over plain TCP, which carries none.
	Tag string
	// SharedKey authenticates clients of the forward protocol; "" accepts every client.
	SharedKey string
	// Users are the names and passwords that authenticate clients of the forward protocol; none accepts every client.
	Users map[string]string
	// Hostname is how the receiver calls itself to them.
	Hostname string
	// TLS encrypts connections, when not nil.
	TLS *tls.Config
	// Emit takes a chunk, which is its own. It is called by one goroutine at a time. An error ends the connection, and
	// the chunk is not acknowledged.
	Emit func(*Chunk) error
	// Note, when not nil, gets the reason why a connection was closed. One goroutine at a time calls it.
	Note func(from string, err error)
}

// Chunk is events that arrived together.
type Chunk struct {
	Tag     string
	Events  []byte // as Fluent Bit hands them to an output
	Metrics bool   // Events are contexts of metrics events
}

// Receiver serves connections. New makes one.
type Receiver struct {
	options Options
	mu      sync.Mutex // for Emit and Note
	slots   chan struct{}
}

// New returns a Receiver.
func New(o Options) *Receiver {
	return &Receiver{options: o, slots: make(chan struct{}, MaxConnections)}
}

// ServeTCP serves the connections of a listener until ctx ends: events in msgpack, or records as lines of JSON.
func (r *Receiver) ServeTCP(ctx context.Context, l net.Listener) error {
	return r.serve(ctx, l, r.plain)
}

// ServeForward serves the connections of a listener until ctx ends, which speak the forward protocol.
func (r *Receiver) ServeForward(ctx context.Context, l net.Listener) error {
	return r.serve(ctx, l, r.forward)
}

func (r *Receiver) serve(ctx context.Context, l net.Listener, handle func(net.Conn) error) error {
	if r.options.TLS != nil {
		l = tls.NewListener(l, r.options.TLS)
	}
	var open sync.WaitGroup
	defer open.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = l.Close() })()
	for {
		conn, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil:
			r.note("the listener", err)
			select {
			case <-ctx.Done():
			case <-time.After(100 * time.Millisecond):
			}
			continue
		}
		select {
		case r.slots <- struct{}{}:
		default:
			r.note(conn.RemoteAddr().String(), fmt.Errorf("refused, because there are %d connections", MaxConnections))
			_ = conn.Close()
			continue
		}
		open.Go(func() {
			defer func() { <-r.slots }()
			defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
			r.connection(ctx, conn, handle)
		})
	}
}

// connection serves one connection. A panic is a bug, and costs that connection.
func (r *Receiver) connection(ctx context.Context, conn net.Conn, handle func(net.Conn) error) {
	var err error
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic, please report it: %v", p)
		}
		_ = conn.Close()
		if err != nil && ctx.Err() == nil {
			r.note(conn.RemoteAddr().String(), err)
		}
	}()
	if err = shakeHands(ctx, conn); err == nil {
		err = handle(conn)
	}
}

// shakeHands does the handshake of TLS, if conn is encrypted.
func shakeHands(ctx context.Context, conn net.Conn) error {
	encrypted, ok := conn.(*tls.Conn)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	return encrypted.HandshakeContext(ctx)
}

func (r *Receiver) note(from string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.options.Note != nil {
		r.options.Note(from, err)
	}
}

func (r *Receiver) emit(c *Chunk) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.options.Emit(c)
}
