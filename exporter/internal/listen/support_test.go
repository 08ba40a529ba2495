package listen

import (
	"net"
	"net/http"
	"sync"
)

// fakeListener gives the connections that a test sends.
type fakeListener struct {
	conns  chan net.Conn
	errs   chan error
	closed chan struct{}
	once   sync.Once
}

func newFake() *fakeListener {
	return &fakeListener{conns: make(chan net.Conn), errs: make(chan error), closed: make(chan struct{})}
}

func (f *fakeListener) Accept() (net.Conn, error) {
	select {
	case c := <-f.conns:
		return c, nil
	case err := <-f.errs:
		return nil, err
	case <-f.closed:
		return nil, net.ErrClosed
	}
}

func (f *fakeListener) Close() error {
	f.once.Do(func() { close(f.closed) })
	return nil
}

func (f *fakeListener) Addr() net.Addr { return &net.TCPAddr{} }

// fakeConn is a connection of a client that remembers whether it was closed.
type fakeConn struct {
	net.Conn
	remote string
	closed bool
}

func (c *fakeConn) RemoteAddr() net.Addr { return remote(c.remote) }

func (c *fakeConn) Close() error { c.closed = true; return nil }

type remote string

func (r remote) Network() string { return "tcp" }
func (r remote) String() string  { return string(r) }

// limited is a listener with its refusals by reason.
type limited struct {
	*Listener
	refused map[string]int
}

func newLimited(total, perClient int) *limited {
	l := &limited{refused: make(map[string]int)}
	l.Listener = Limit(newFake(), Limits{Total: total, PerClient: perClient, Closed: func(reason string) { l.refused[reason]++ }})
	return l
}

// connect adds a connection of a client in a state, and returns it and what the server has, which is nil if it is
// refused.
func (l *limited) connect(client string, state http.ConnState) (*fakeConn, net.Conn) {
	c := &fakeConn{remote: client}
	added := l.add(c)
	if added != nil && state != http.StateNew {
		l.ConnState(added, state)
	}
	return c, added
}

// halfConn is a connection that can end what it sends alone.
type halfConn struct {
	fakeConn
	ended bool
}

func (c *halfConn) CloseWrite() error { c.ended = true; return nil }
