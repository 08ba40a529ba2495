package exporter

import (
	"context"
	"errors"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strings"

	"github.com/prometheus/exporter-toolkit/web"
)

// A front is how a server meets its clients: the http.Server of one gate. A server whose gate changes gets a new
// one on the same socket.
type front struct {
	server *server
	gate   *gate
	feed   *feed
	http   *http.Server
	ended  chan struct{} // closed when serve has ended: every connection that was taken from the feed is known to http
}

// frontKey finds the front of a request in its context.
type frontKey struct{}

func newFront(s *server, g *gate) *front {
	f := &front{server: s, gate: g, feed: newFeed(s.socket, s.addr()), ended: make(chan struct{})}
	f.http = &http.Server{
		Handler:           f,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          log.New(errorLog{s}, "", 0),
		Protocols:         new(http.Protocols),
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: maxStreams},
		ConnState:         s.socket.open.note,
		BaseContext:       func(net.Listener) context.Context { return context.WithValue(context.Background(), frontKey{}, f) },
		// Otherwise net/http itself answers "OPTIONS *" with 200.
		DisableGeneralOptionsHandler: true,
	}
	f.http.Protocols.SetHTTP1(true)
	f.http.Protocols.SetHTTP2(g.encrypted() && g.file.http2)
	return f
}

// ServeHTTP answers those whom the gate admits, as long as it is the server's.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case f.server.front.Load() != f && !openToAll(r.URL.Path):
		w.Header().Set("Connection", "close")
		http.Error(w, "503 the users or TLS of this address have changed; connect again", http.StatusServiceUnavailable)
	case f.admit(w, r):
		f.server.ServeHTTP(w, r)
	}
}

// serve answers the connections of the feed until stop.
func (f *front) serve() {
	go func() {
		defer close(f.ended)
		// What is left to recover is a panic of the log.
		_ = recovered(func() error { f.run(); return nil })
	}()
}

// run serves. When the web configuration was right once but is not when it is read again, connections wait.
func (f *front) run() {
	for {
		err := recovered(f.serveOnce)
		if f.feed.isClosed() || errors.Is(err, http.ErrServerClosed) {
			return
		}
		f.server.logs.warn(f.server.log(), errors.New(withoutContent(err.Error())), "not serving; trying again",
			"address", f.server.address.String())
		if !f.server.socket.wait(acceptPause) {
			return
		}
	}
}

func (f *front) serveOnce() error {
	if f.gate.file == nil {
		return f.http.Serve(f.feed)
	}
	f.http.Handler = f // the toolkit wraps it, also when it then gives up
	return web.Serve(f.feed, f.http, &web.FlagConfig{WebConfigFile: &f.gate.file.path}, slog.New(toolkitLog{f.server}))
}

// stop lets requests end by themselves until grace is done, then calls end, if not nil, and cuts their connections.
func (f *front) stop(grace context.Context, end func()) {
	_ = f.feed.Close() // always nil
	select {
	case <-f.ended:
	case <-grace.Done():
	}
	_ = f.http.Shutdown(grace) // an error is that of grace
	if grace.Err() != nil && end != nil {
		end()
	}
	_ = f.http.Close()
}

// retire stops f in the background. Its successor has the socket already. Shutdown drops the requests that it finds
// being read; so those whose connection f has are answered before, the last of each.
func (f *front) retire() {
	_ = f.feed.Close() // always nil
	f.http.SetKeepAlivesEnabled(false)
	go func() {
		_ = recovered(func() error {
			f.server.socket.wait(closeGrace)
			grace, cancel := context.WithTimeout(context.Background(), closeGrace)
			defer cancel()
			f.stop(grace, nil)
			return nil
		})
	}()
}

// errorLog takes the lines of net/http, which has no levels: what concerns one connection is the client's doing, and
// of interest only to who looks for it.
type errorLog struct{ server *server }

func (l errorLog) Write(line []byte) (int, error) {
	l.server.log().Debug("connection failed", "error", oneLine(strings.TrimSpace(string(line))))
	return len(line), nil
}
