package exporter

import (
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"github.com/promexporter/promexporter/exporter/internal/access"
	"github.com/promexporter/promexporter/exporter/internal/listen"
	"github.com/promexporter/promexporter/internal/exposition"
	"github.com/promexporter/promexporter/internal/ratelog"
)

// A server serves one address. Its routes are replaced, under the lock of the table, when a session is added or
// removed, and its binding when the users or TLS settings of the address change. Requests read the routes without a
// lock.
type server struct {
	table          *Servers
	address        listen.Addr
	version        string
	started        time.Time
	routes         atomic.Pointer[routes]
	binding        atomic.Pointer[binding] // changed under the lock of the table; nil before the first one
	statusRequests requestLimit            // of the status pages and profiles
	reloads        *reloads
	self           *selfMetrics
	logs           ratelog.Log
}

// newServer returns a server without a binding. Its version and log are those of the first session.
func newServer(t *Servers, a listen.Addr, first *session) *server {
	s := &server{table: t, address: a, version: first.options.Version, started: time.Now(), reloads: newReloads()}
	s.self = newSelfMetrics(s.version, s.connections)
	s.routes.Store(&routes{log: first.log})
	return s
}

// bind starts to serve with a on l. If l is nil because of err, it tries to listen until it succeeds.
func (s *server) bind(a *access.Access, l net.Listener, err error) {
	b := newBinding(s, a)
	s.binding.Store(b)
	if err != nil {
		s.notListening(listen.Error(s.address, err, s.table.neighbor(s.address)))
	}
	b.start(l)
}

// rebind closes the address and its connections, and listens on it again with a. The caller holds the lock of the
// table.
func (s *server) rebind(a *access.Access) {
	before := s.binding.Load()
	before.stop()
	_ = before.http.Close()
	l, err := s.table.sockets.Listen(s.address)
	s.bind(a, l, err)
}

func (s *server) notListening(err error) {
	s.logs.Warn(s.log(), err, "not listening yet; trying again", "address", s.address.String())
}

// hooks returns the functions with which the middleware of an access.Access counts and logs.
func (s *server) hooks() access.Hooks {
	return access.Hooks{
		Exempt: isProbe,
		Warn: func(err error, text string, attrs ...any) {
			s.logs.Warn(s.log(), err, text, attrs...)
		},
		Unauthorized: s.self.unauthorized.Inc,
		Throttled:    s.self.throttled.Inc,
	}
}

// listener returns the listener, or nil.
func (s *server) listener() *listen.Listener { return s.binding.Load().currentListener() }

// connections returns the number of open connections.
func (s *server) connections() int {
	if l := s.listener(); l != nil {
		return l.Count()
	}
	return 0
}

// addr returns the address that s listens on, or tries to listen on.
func (s *server) addr() net.Addr {
	if l := s.listener(); l != nil {
		return l.Addr()
	}
	return s.address.NetAddr()
}

// log returns the log of the oldest session, or of the last one that was closed.
func (s *server) log() *slog.Logger { return s.routes.Load().log }

// gatherSelf returns the server's own metrics.
func (s *server) gatherSelf() []exposition.Family {
	gathered, err := s.self.registry.Gather()
	if err != nil {
		s.logs.Warn(s.log(), err, "self-metrics are incomplete")
	}
	return exposition.Families(gathered)
}
