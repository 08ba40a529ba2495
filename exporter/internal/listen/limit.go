package listen

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
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

// Limits configures the limits of a Listener. The functions may be called from any goroutine, and must not call the
// listener.
type Limits struct {
	Total     int
	PerClient int
	Closed    func(reason string) // counts a connection that was closed because of a limit
	Failed    func(err error)     // reports a failure to accept a connection; net/http tries again
}

// A Listener limits its open connections, in total and per client (an IPv4 address or a /64 network of IPv6). It closes
// a new connection of a client that has reached its limit. If the total is reached, it closes the connection that has
// been idle for the longest time in favor of the new one, or the new one if all others serve requests. It never closes
// a connection that serves a request. A connection counts until it is closed, which net/http does after the handler
// returns.
type Listener struct {
	net.Listener
	limits Limits
	count  clients.Limit // of open

	mu   sync.Mutex
	open map[*conn]struct{}
}

// Limit returns a Listener that limits the connections of l.
func Limit(l net.Listener, limits Limits) *Listener {
	return &Listener{Listener: l, limits: limits, open: make(map[*conn]struct{})}
}

// Accept returns the next connection within the limits. Closing the listener does not close connections.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil, err
		}
		if err != nil {
			l.limits.Failed(err)
			return nil, temporary{err}
		}
		if added := l.add(c); added != nil {
			return added, nil
		}
	}
}

// temporary is an error after which net/http accepts again, with pauses of up to one second. It would give up after
// other errors of accept, of which Linux returns some that concern only one connection.
type temporary struct{ error }

func (temporary) Timeout() bool   { return false }
func (temporary) Temporary() bool { return true }

// Count returns the number of open connections.
func (l *Listener) Count() int {
	all, _ := l.count.Count()
	return all
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
	enter := func() clients.Verdict { return l.count.Enter(c.client, l.limits.Total, l.limits.PerClient) }
	switch enter() {
	case clients.ClientFull:
		return c, ReasonClient
	case clients.AllFull:
		if refused = l.oldestIdle(); refused == nil {
			return c, ReasonFull
		}
		l.remove(refused)
		enter() // now there is room
	}
	l.open[c] = struct{}{}
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
	if _, open := l.open[c]; open {
		delete(l.open, c)
		l.count.Leave(c.client)
	}
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
