package exporter

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Reasons for which a connection makes room for another one.
const (
	reasonIdle   = "idle"
	reasonSilent = "silent"
	reasonSlow   = "slow"
	reasonFull   = "full"
)

// connections are the open connections of a server, at most limit. When there are as many, the one that does least
// makes room for the next: one between two requests, or else one that has not sent a whole request yet, or else one
// whose answer takes too long, each time the one that has been so for longest. So neither idle nor slow clients keep
// another one out. Those of the client that has most, the next one counted, go first: who connects again and again
// takes no place but its own.
type connections struct {
	limit  int
	closed map[string]prometheus.Counter // by reason

	mu      sync.Mutex
	open    map[*conn]struct{} // guarded by mu
	clients map[netip.Addr]int // how many of open each has; guarded by mu
}

// A conn leaves the connections that it is one of when it is closed.
type conn struct {
	net.Conn
	of     *connections
	client netip.Addr
	state  http.ConnState // guarded by of.mu
	since  time.Time      // guarded by of.mu
}

// add makes c one of them.
func (s *connections) add(c net.Conn) net.Conn {
	added := &conn{Conn: c, of: s, client: clientAddr(c.RemoteAddr().String()), state: http.StateNew, since: time.Now()}
	s.mu.Lock()
	if s.open == nil {
		s.open, s.clients = make(map[*conn]struct{}), make(map[netip.Addr]int)
	}
	s.open[added] = struct{}{}
	s.clients[added.client]++
	var least *conn
	reason := ""
	if len(s.open) > s.limit {
		least, reason = s.least(added)
		s.drop(least)
	}
	s.mu.Unlock()
	if least != nil {
		s.closed[reason].Inc()
		_ = least.Conn.Close() // what counts is that it is given up
	}
	return added
}

// drop makes c none of them. The caller holds mu.
func (s *connections) drop(c *conn) {
	if _, open := s.open[c]; !open {
		return
	}
	delete(s.open, c)
	if s.clients[c.client]--; s.clients[c.client] == 0 {
		delete(s.clients, c.client)
	}
}

// yielding are the kinds of connections that make room, the first ones first.
var yielding = [...]struct {
	state  http.ConnState
	reason string
	age    time.Duration
}{{http.StateIdle, reasonIdle, 0}, {http.StateNew, reasonSilent, 0}, {http.StateActive, reasonSlow, slowAfter}}

// least is the connection that makes room for next, which may be next itself. The caller holds mu.
func (s *connections) least(next *conn) (least *conn, reason string) {
	most := 0
	for _, n := range s.clients {
		most = max(most, n)
	}
	var oldest [2][len(yielding)]*conn // of the clients that have most, and of the others
	for c := range s.open {
		of := &oldest[1]
		if s.clients[c.client] == most {
			of = &oldest[0]
		}
		for i, kind := range yielding {
			if c != next && c.state == kind.state && next.since.Sub(c.since) >= kind.age && (of[i] == nil || c.since.Before(of[i].since)) {
				of[i] = c
			}
		}
	}
	for _, of := range oldest {
		for i, c := range of {
			if c != nil {
				return c, yielding[i].reason
			}
		}
	}
	return next, reasonFull
}

// closeSilent closes those that have not sent a whole request yet.
func (s *connections) closeSilent() {
	s.mu.Lock()
	var silent []*conn
	for c := range s.open {
		if c.state == http.StateNew {
			silent = append(silent, c)
		}
	}
	s.mu.Unlock()
	for _, c := range silent {
		_ = c.Close() // it is given up either way
	}
}

func (s *connections) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

// note is the ConnState of an http.Server: it sees the connection as it is below TLS.
func (s *connections) note(c net.Conn, state http.ConnState) {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	known, ok := c.(*conn)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	known.state, known.since = state, time.Now()
}

// CloseWrite ends what c sends. net/http calls it behind an answer to a request that it has not read to the end: were c
// only closed, the client might lose the answer.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

func (c *conn) Close() error {
	c.of.mu.Lock()
	c.of.drop(c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}
