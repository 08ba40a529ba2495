package listen

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/promexporter/promexporter/exporter/internal/clients"
)

// Reasons for which a connection is closed because of a limit.
const (
	ReasonIdle   = "idle"   // it served no request, and made room for another one
	ReasonClient = "client" // its client has as many as one client may have
	ReasonFull   = "full"   // all others serve requests
)

// Reasons returns all of them.
func Reasons() []string { return []string{ReasonIdle, ReasonClient, ReasonFull} }

// maxAcceptPause is the longest pause after a connection could not be accepted.
const maxAcceptPause = time.Second

// Limits bounds the connections of a listener. The functions may be nil. They are called from any goroutine, and must
// not call the listener.
type Limits struct {
	Total     int
	PerClient int
	Closed    func(reason string) // counts a connection that was closed because of a limit
	Failed    func(err error)     // reports that a connection could not be accepted, which is tried again
}

// A Listener bounds its open connections, in all and for each client, which is an IP address or an IPv6 network of 64
// bits. A client that has as many as it may gets no further one. When there are as many as there may be, the oldest of
// those that serve no request is closed for the next one, or the next one itself if all serve requests. A connection
// that serves a request is never closed. It counts until it is closed, which net/http does after its handler returned.
type Listener struct {
	net.Listener
	limits Limits
	ctx    context.Context // ends with Close
	cancel context.CancelFunc

	mu      sync.Mutex
	open    map[*conn]struct{}
	clients map[netip.Addr]int // how many of open each has; connections without an IP address are not counted
}

// Limit bounds the connections of l.
func Limit(l net.Listener, limits Limits) *Listener {
	if limits.Closed == nil {
		limits.Closed = func(string) {}
	}
	if limits.Failed == nil {
		limits.Failed = func(error) {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &Listener{
		Listener: l, limits: limits, ctx: ctx, cancel: cancel,
		open: make(map[*conn]struct{}), clients: make(map[netip.Addr]int),
	}
}

// Accept returns the next connection within the limits, or net.ErrClosed after Close.
func (l *Listener) Accept() (net.Conn, error) {
	for pause := time.Duration(0); ; {
		c, err := l.Listener.Accept()
		if err == nil {
			pause = 0
			if added := l.add(c); added != nil {
				return added, nil
			}
			continue
		}
		if errors.Is(err, net.ErrClosed) || l.ctx.Err() != nil {
			return nil, net.ErrClosed
		}
		l.limits.Failed(err)
		pause = min(max(2*pause, maxAcceptPause/200), maxAcceptPause)
		if !Sleep(l.ctx, pause) {
			return nil, net.ErrClosed
		}
	}
}

// Close lets no further connection in. Those that are open stay open.
func (l *Listener) Close() error {
	l.cancel()
	return l.Listener.Close()
}

// Sleep waits for d, and reports whether ctx has not ended by then.
func Sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Count returns the number of open connections.
func (l *Listener) Count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.open)
}

// add makes c one of the open connections, or closes it and returns nil.
func (l *Listener) add(c net.Conn) net.Conn {
	added := &conn{Conn: c, listener: l, client: clients.Of(c.RemoteAddr().String()), state: http.StateNew, since: time.Now()}
	refused, reason := l.admit(added)
	if refused == nil {
		return added
	}
	l.limits.Closed(reason)
	_ = refused.Conn.Close() // what counts is that it is given up
	if refused == added {
		return nil
	}
	return added
}

// admit makes c one of the open connections. It returns the connection that a limit closes, if any, which may be c.
func (l *Listener) admit(c *conn) (refused *conn, reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.client.IsValid() && l.clients[c.client] >= l.limits.PerClient {
		return c, ReasonClient
	}
	if len(l.open) >= l.limits.Total {
		if refused = l.oldestIdle(); refused == nil {
			return c, ReasonFull
		}
		l.remove(refused)
	}
	l.open[c] = struct{}{}
	if c.client.IsValid() {
		l.clients[c.client]++
	}
	return refused, ReasonIdle
}

// oldestIdle returns the connection that has served no request for longest, or nil. The caller holds mu.
func (l *Listener) oldestIdle() (oldest *conn) {
	for c := range l.open {
		if c.isActive() || oldest != nil && oldest.since.Before(c.since) {
			continue
		}
		oldest = c
	}
	return oldest
}

// remove makes c none of the open connections. The caller holds mu.
func (l *Listener) remove(c *conn) {
	if _, open := l.open[c]; !open {
		return
	}
	delete(l.open, c)
	if !c.client.IsValid() {
		return
	}
	if l.clients[c.client]--; l.clients[c.client] == 0 {
		delete(l.clients, c.client)
	}
}

// CloseNew closes the connections that have not sent the header of a request yet.
func (l *Listener) CloseNew() {
	for _, c := range l.newConns() {
		_ = c.Close() // it is given up either way
	}
}

func (l *Listener) newConns() (all []*conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.open {
		if c.state == http.StateNew {
			all = append(all, c)
		}
	}
	return all
}

// ConnState is to be the ConnState of the http.Server: it sees the connection as it is below TLS.
func (l *Listener) ConnState(c net.Conn, state http.ConnState) {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	known, ok := c.(*conn)
	if !ok {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	known.state, known.since = state, time.Now()
}
