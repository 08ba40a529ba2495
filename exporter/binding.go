package exporter

import (
	"context"
	"errors"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/promexporter/promexporter/exporter/internal/access"
	"github.com/promexporter/promexporter/exporter/internal/listen"
	"github.com/promexporter/promexporter/internal/fence"
	"github.com/promexporter/promexporter/internal/ratelog"
)

// A binding serves one address with one access.Access. It has the http.Server and its listener, or tries to get a
// listener.
type binding struct {
	server *server
	access *access.Access
	http   *http.Server
	ctx    context.Context // canceled by stop
	cancel context.CancelFunc
	ended  chan struct{} // closed when it accepts no more connections

	mu       sync.Mutex
	listener *listen.Listener // nil until the address can be used; guarded by mu
}

func newBinding(s *server, a *access.Access) *binding {
	b := &binding{server: s, access: a, ended: make(chan struct{})}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	b.http = &http.Server{
		Handler:           refuseBodies(a.Handler(s, s.hooks())),
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		TLSConfig:         a.TLSConfig(),
		ConnState:         b.connState,
		ErrorLog:          log.New(errorLog{s}, "", 0),
		Protocols:         new(http.Protocols),
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: maxStreams},
		// Otherwise net/http itself answers "OPTIONS *" with 200.
		DisableGeneralOptionsHandler: true,
	}
	b.http.Protocols.SetHTTP1(true)
	b.http.Protocols.SetHTTP2(a.HTTP2())
	return b
}

// start serves in its own goroutine, on l or, if l is nil, on a listener that it tries to get.
func (b *binding) start(l net.Listener) {
	if l != nil {
		b.setListener(l)
	}
	go func() {
		defer close(b.ended)
		_ = fence.Run(func() error { b.run(); return nil })
	}()
}

func (b *binding) run() {
	for b.currentListener() == nil {
		if !b.pause() {
			return
		}
		b.listen()
	}
	for {
		err := fence.Run(b.serve)
		if b.ctx.Err() != nil || errors.Is(err, http.ErrServerClosed) {
			return
		}
		b.server.logs.Warn(b.server.log(), err, "not serving; trying again", "address", b.server.address.String())
		if !b.pause() {
			return
		}
	}
}

func (b *binding) serve() error {
	if b.http.TLSConfig != nil {
		return b.http.ServeTLS(b.currentListener(), "", "")
	}
	return b.http.Serve(b.currentListener())
}

// listen listens on the address if that is possible now.
func (b *binding) listen() {
	a := b.server.address
	l, err := b.server.table.sockets.Listen(a)
	if err != nil {
		b.server.notListening(listen.Error(a, err, ""))
		return
	}
	b.setListener(l)
	b.server.log().Info("listening", "address", a.String())
}

// setListener sets the listener. It closes l if the binding has stopped.
func (b *binding) setListener(l net.Listener) {
	s := b.server
	limited := listen.Limit(l, listen.Limits{
		Total: maxConnections, PerClient: maxConnections / clientShare,
		Closed: func(reason string) { s.self.closedConnections[reason].Inc() },
		Failed: func(err error) { s.logs.Warn(s.log(), err, "could not accept a connection; trying again") },
	})
	b.mu.Lock()
	defer b.mu.Unlock()
	b.listener = limited
	if b.ctx.Err() != nil {
		_ = limited.Close() // nothing can be done about an error
	}
}

// currentListener returns the listener, or nil.
func (b *binding) currentListener() *listen.Listener {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.listener
}

// connState is the ConnState hook of the http.Server.
func (b *binding) connState(c net.Conn, state http.ConnState) {
	b.currentListener().ConnState(c, state)
}

// pause waits for a second, and reports whether the binding is still running.
func (b *binding) pause() bool {
	select {
	case <-time.After(listenAgain):
		return true
	case <-b.ctx.Done():
		return false
	}
}

// stop frees the address. Connections stay open. It is called once.
func (b *binding) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.cancel()
	if b.listener != nil {
		_ = b.listener.Close() // nothing can be done about an error
	}
}

// shutDown waits for requests until grace ends, then closes their connections. The binding has stopped.
func (b *binding) shutDown(grace context.Context) {
	select {
	case <-b.ended:
	case <-grace.Done():
	}
	_ = b.http.Shutdown(grace) // an error means that grace ended
	_ = b.http.Close()
}

// errorLog receives the log lines of net/http, which have no level. They are about single connections and usually
// caused by the client, so they are logged at the debug level.
type errorLog struct{ server *server }

func (l errorLog) Write(line []byte) (int, error) {
	l.server.log().Debug("connection failed", "error", ratelog.OneLine(strings.TrimSpace(string(line))))
	return len(line), nil
}
