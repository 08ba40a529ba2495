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

// Reasons why a limit closes a connection.
const (
	ReasonIdle   = "idle"   // it served no request, and a new connection replaced it
	ReasonClient = "client" // its client has reached the limit for one client
	ReasonFull   = "full"   // all others serve requests
)

// Reasons returns all of them.
func Reasons() []string { return []string{ReasonIdle, ReasonClient, ReasonFull} }

// maxAcceptPause is the maximum delay after a failure to accept a connection.
const maxAcceptPause = time.Second

// Limits configures the limits of a Listener. The functions may be nil. They may be called from any goroutine, and must
// not call the listener.
type Limits struct {
	Total     int
	PerClient int
	Closed    func(reason string) // counts a connection that was closed because of a limit
	Failed    func(err error)     // reports a failure to accept a connection; Accept tries again
}

// A Listener limits its open connections, in total and per client (an IPv4 address or a /64 network of IPv6). It closes
// a new connection of a client that has reached its limit. If the total is reached, it closes the connection that has
// been idle for the longest time in favor of the new one, or the new one if all others serve requests. It never closes
// a connection that serves a request. A connection counts until it is closed, which net/http does after the handler
// returns.
type Listener struct {
	net.Listener
	limits Limits
	ctx    context.Context // canceled by Close
	cancel context.CancelFunc

	mu      sync.Mutex
	open    map[*conn]struct{}
	clients map[netip.Addr]int // number of open connections by client; not of those without an IP address
}

// Limit returns a Listener that limits the connections of l.
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

// Close stops listening. Open connections stay open.
func (l *Listener) Close() error {
	l.cancel()
	return l.Listener.Close()
}

// Sleep waits for d or until ctx ends, and reports whether it waited for d.
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

// add adds c to the open connections, or closes it and returns nil.
func (l *Listener) add(c net.Conn) net.Conn {
	added := &conn{Conn: c, listener: l, client: clients.Of(c.RemoteAddr().String()), state: http.StateNew, since: time.Now()}
	refused, reason := l.admit(added)
	if refused == nil {
		return added
	}
	l.limits.Closed(reason)
	_ = refused.Conn.Close() // an error does not matter
	if refused == added {
		return nil
	}
	return added
}

// admit adds c to the open connections. It returns the connection to close because of a limit, if any, which may be c.
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

// oldestIdle returns the connection that has been idle for the longest time, or nil. The caller holds mu.
func (l *Listener) oldestIdle() (oldest *conn) {
	for c := range l.open {
		if c.isActive() || oldest != nil && oldest.since.Before(c.since) {
			continue
		}
		oldest = c
	}
	return oldest
}

// remove removes c from the open connections. The caller holds mu.
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

// CloseNew closes the connections that have not yet sent the header of a request.
func (l *Listener) CloseNew() {
	for _, c := range l.newConns() {
		_ = c.Close() // an error does not matter
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

// ConnState must be called by the ConnState hook of the http.Server.
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
