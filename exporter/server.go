package exporter

import (
	"context"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/promexporter/promexporter/exporter/internal/access"
	"github.com/promexporter/promexporter/exporter/internal/listen"
	"github.com/promexporter/promexporter/internal/exposition"
	"github.com/promexporter/promexporter/internal/fence"
	"github.com/promexporter/promexporter/internal/ratelog"
)

// A server serves one address with one access.Access. Its routes are replaced, under the lock of the table, when a
// session is added or removed. Requests read them without a lock.
type server struct {
	table          *Servers
	address        listen.Addr
	access         *access.Access
	version        string
	started        time.Time
	routes         atomic.Pointer[routes]
	statusRequests requestLimit // of the status pages and profiles
	reloads        *reloads
	self           *selfMetrics
	logs           ratelog.Log

	http     *http.Server
	listener atomic.Pointer[listen.Listener] // nil until the address can be used
	ctx      context.Context                 // canceled by stop
	cancel   context.CancelFunc
	ended    chan struct{} // closed when the server accepts no more connections
}

// newServer returns a server that does not listen yet. Its version and log are those of the first session.
func newServer(t *Servers, a listen.Addr, first *session) *server {
	s := &server{
		table: t, address: a, access: first.access, version: first.options.Version, started: time.Now(),
		reloads: newReloads(), self: newSelfMetrics(first.options.Version),
	}
	s.routes.Store(&routes{log: first.log})
	s.setUp()
	return s
}

// replace closes the address and its connections, and returns a server that listens on it again, with a. The requests
// of the old server do not see what is added to the new one. The caller holds the lock of the table.
func (s *server) replace(a *access.Access) *server {
	s.stop()
	_ = s.http.Close()
	next := &server{
		table: s.table, address: s.address, access: a, version: s.version, started: s.started,
		reloads: s.reloads, self: s.self,
	}
	next.routes.Store(s.routes.Load())
	next.setUp()
	l, err := s.table.sockets.Listen(s.address)
	next.start(l, err)
	return next
}

// setUp makes the http.Server. Its table, address, access and self-metrics are set.
func (s *server) setUp() {
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.ended = make(chan struct{})
	s.http = &http.Server{
		Handler:           refuseBodies(s.access.Handler(s, s.hooks())),
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		TLSConfig:         s.access.TLSConfig(),
		ConnState:         func(c net.Conn, state http.ConnState) { s.listener.Load().ConnState(c, state) },
		ErrorLog:          log.New(errorLog{s}, "", 0),
		Protocols:         new(http.Protocols),
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: maxStreams},
		// Otherwise net/http itself answers "OPTIONS *" with 200.
		DisableGeneralOptionsHandler: true,
	}
	s.http.Protocols.SetHTTP1(true)
	s.http.Protocols.SetHTTP2(s.access.HTTP2())
}

// hooks returns the functions with which the middleware of an access.Access counts and logs.
func (s *server) hooks() access.Hooks {
	return access.Hooks{
		Exempt: isProbe,
		Warn: func(err error, text string, attrs ...any) {
			s.logs.Warn(s.log(), err, text, attrs...)
		},
		Unauthorized: s.unauthorized,
		Throttled:    s.self.throttled.Inc,
	}
}

// start adds s to the table and serves in its own goroutine: on l or, if there is none because of err, on a listener
// that it tries to get. The caller holds the lock of the table.
func (s *server) start(l net.Listener, err error) {
	s.table.add(s)
	if err != nil {
		l = nil
		s.notListening(listen.Error(s.address, err, s.table.neighbor(s.address)))
	} else {
		s.setListener(l)
	}
	go func() {
		defer close(s.ended)
		_ = fence.Run(func() error { s.run(l); return nil })
	}()
}

// run serves on l, or on a listener that it gets if l is nil, until s stops.
func (s *server) run(l net.Listener) {
	for {
		err := fence.Run(func() error { return s.serveOn(l) })
		if s.ctx.Err() != nil {
			return
		}
		l = nil // net/http has closed it
		s.notListening(err)
		select {
		case <-time.After(listenAgain):
		case <-s.ctx.Done():
			return
		}
	}
}

func (s *server) notListening(err error) {
	s.logs.Warn(s.log(), err, "not listening yet; trying again", "address", s.address.String())
}

func (s *server) serveOn(l net.Listener) (err error) {
	if l == nil {
		l, err = s.table.sockets.Listen(s.address)
		if err != nil {
			return listen.Error(s.address, err, "")
		}
		s.setListener(l)
		s.log().Info("listening", "address", s.address.String())
	}
	if s.http.TLSConfig != nil {
		return s.http.ServeTLS(s.listener.Load(), "", "")
	}
	return s.http.Serve(s.listener.Load())
}

// setListener sets the listener. It closes l if s has stopped.
func (s *server) setListener(l net.Listener) {
	s.listener.Store(listen.Limit(l, listen.Limits{
		Total: maxConnections, PerClient: maxConnections / clientShare,
		Closed: func(reason string) { s.self.closedConnections[reason].Inc() },
		Failed: func(err error) { s.logs.Warn(s.log(), err, "could not accept a connection; trying again") },
	}))
	if s.ctx.Err() != nil {
		s.stop()
	}
}

// stop frees the address. Connections stay open.
func (s *server) stop() {
	s.cancel()
	if l := s.listener.Load(); l != nil {
		_ = l.Close() // nothing can be done about an error
	}
}

// shutDown waits for requests until grace ends, then closes their connections. The server has stopped.
func (s *server) shutDown(grace context.Context) {
	select {
	case <-s.ended:
	case <-grace.Done():
	}
	_ = s.http.Shutdown(grace) // an error means that grace ended
	_ = s.http.Close()
}

// addr returns the address that s listens on, or tries to listen on.
func (s *server) addr() net.Addr {
	if l := s.listener.Load(); l != nil {
		return l.Addr()
	}
	return s.address.NetAddr()
}

// log returns the log of the oldest session, or of the last one that was closed.
func (s *server) log() *slog.Logger { return s.routes.Load().log }

// gatherSelf returns the server's own metrics.
func (s *server) gatherSelf() []exposition.Family {
	if l := s.listener.Load(); l != nil {
		s.self.connections.Set(float64(l.Count()))
	}
	gathered, err := s.self.registry.Gather()
	if err != nil {
		s.logs.Warn(s.log(), err, "self-metrics are incomplete")
	}
	return exposition.Families(gathered)
}

// errorLog receives the log lines of net/http, which have no level. They are about single connections and usually
// caused by the client, so they are logged at the debug level.
type errorLog struct{ server *server }

func (l errorLog) Write(line []byte) (int, error) {
	l.server.log().Debug("connection failed", "error", ratelog.OneLine(strings.TrimSpace(string(line))))
	return len(line), nil
}
