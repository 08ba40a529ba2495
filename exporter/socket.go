package exporter

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// A socket accepts the connections of one address and hands them to the feed of the time. It outlives the fronts of
// its server, so that none of them closes it for the next.
type socket struct {
	server *server
	open   connections
	feed   atomic.Pointer[feed]
	done   chan struct{} // closed when no connections are accepted any more

	mu       sync.Mutex
	listener net.Listener // nil while the address could not be had; guarded by mu
	closed   bool         // guarded by mu
}

func newSocket(s *server) *socket {
	k := &socket{server: s, done: make(chan struct{})}
	k.open.limit = maxConnections
	k.open.closed = s.self.closedConnections
	return k
}

// run accepts connections until close. Without a listener it calls listen once a second before that, until it gives
// one.
func (k *socket) run(listen func() (net.Listener, error)) {
	l := k.current()
	for pause := acceptPause; l == nil; {
		if !k.wait(pause) {
			return
		}
		found, err := listen()
		if err != nil {
			k.server.notListening(err)
			continue
		}
		if !k.use(found) {
			return
		}
		k.server.log().Info("listening", "address", k.server.address.String())
		l = found
	}
	k.accept(l)
}

func (k *socket) accept(l net.Listener) {
	for pause := time.Duration(0); ; {
		c, err := l.Accept()
		switch {
		case err == nil:
			pause = 0
			k.deliver(k.open.add(c))
			continue
		case errors.Is(err, net.ErrClosed):
			return
		}
		k.server.logs.warn(k.server.log(), err, "connections are not accepted")
		pause = min(max(2*pause, acceptPause/200), acceptPause)
		if !k.wait(pause) {
			return
		}
	}
}

// deliver hands c to the feed, or to its successor, and closes it when there is none.
func (k *socket) deliver(c net.Conn) {
	for {
		f := k.feed.Load()
		select {
		case f.conns <- c:
			return
		case <-f.done:
		}
		if k.feed.Load() == f {
			_ = c.Close() // the server ended
			return
		}
	}
}

// wait says whether the socket is still open after d.
func (k *socket) wait(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-k.done:
		return false
	}
}

func (k *socket) current() net.Listener {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.listener
}

// use makes l the listener, and says whether the socket is open. If not, l is closed.
func (k *socket) use(l net.Listener) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		_ = l.Close()
		return false
	}
	k.listener = l
	return true
}

// addr is the address that is listened on, or nil.
func (k *socket) addr() net.Addr {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.listener == nil {
		return nil
	}
	return k.listener.Addr()
}

// close frees the address before it returns. What is connected stays connected.
func (k *socket) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return
	}
	k.closed = true
	close(k.done)
	if k.listener != nil {
		_ = k.listener.Close() // nothing can be done about an error
	}
}

// A feed is the net.Listener of one front.
type feed struct {
	socket  *socket
	address net.Addr
	conns   chan net.Conn
	done    chan struct{}
	once    sync.Once
}

func newFeed(k *socket, a net.Addr) *feed {
	return &feed{socket: k, address: a, conns: make(chan net.Conn), done: make(chan struct{})}
}

func (f *feed) Accept() (net.Conn, error) {
	select {
	case c := <-f.conns:
		if !f.isClosed() {
			return c, nil
		}
		f.socket.deliver(c) // the successor has it
	case <-f.done:
	}
	return nil, net.ErrClosed
}

func (f *feed) Close() error {
	f.once.Do(func() { close(f.done) })
	return nil
}

func (f *feed) Addr() net.Addr { return f.address }

func (f *feed) isClosed() bool {
	select {
	case <-f.done:
		return true
	default:
		return false
	}
}
