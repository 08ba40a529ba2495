package exporter

import (
	"context"
	"errors"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"golang.org/x/net/netutil"
)

// A server listens on one address. Its routes are replaced, under the lock of the table, when an endpoint comes or
// goes; requests read them without a lock.
type server struct {
	address  address
	bound    net.Addr
	version  string
	listener net.Listener
	http     *http.Server
	routes   atomic.Pointer[routes]
	self     *selfMetrics
	bodies   bodies
	logs     repeats
}

// newServer makes a server that does not listen yet.
func newServer(a address, version string) *server {
	s := &server{address: a, version: version, self: newSelfMetrics(version)}
	s.routes.Store(&routes{})
	s.http = &http.Server{
		Handler:           s,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          log.New(errorLog{s}, "", 0),
		Protocols:         new(http.Protocols),
		// Otherwise net/http itself answers "OPTIONS *" with 200.
		DisableGeneralOptionsHandler: true,
	}
	s.http.Protocols.SetHTTP1(true)
	return s
}

// serve accepts connections of l until stopListening.
func (s *server) serve(l net.Listener) {
	s.bound = l.Addr()
	s.listener = netutil.LimitListener(l, maxConnections)
	go func() {
		// What is left to recover is a panic of the log.
		_ = recovered(func() error { s.accept(); return nil })
	}()
}

func (s *server) accept() {
	err := recovered(func() error { return s.http.Serve(s.listener) })
	if !errors.Is(err, net.ErrClosed) && !errors.Is(err, http.ErrServerClosed) {
		s.log().Error("server ended", "address", s.address.String(), "error", err.Error())
	}
}

// stopListening frees the port. What is connected stays connected.
func (s *server) stopListening() {
	// An error means that it is closed already.
	_ = s.listener.Close()
}

// shutDown lets requests end by themselves until grace is done, then ends them with end and cuts their connections.
func (s *server) shutDown(grace context.Context, end func()) {
	_ = s.http.Shutdown(grace) // it complains of the listener, which is closed already
	if grace.Err() != nil {
		end()
	}
	_ = s.http.Close()
}

// log is the log of the server's oldest open endpoint, or of the one that was closed last.
func (s *server) log() *slog.Logger {
	if endpoints := s.routes.Load().endpoints; len(endpoints) > 0 {
		return endpoints[0].log
	}
	return slog.New(slog.DiscardHandler)
}

func (s *server) gatherSelf() []*dto.MetricFamily {
	families, err := s.self.registry.Gather()
	if err != nil {
		s.logs.warn(s.log(), err, "self-metrics are incomplete")
	}
	return families
}

func (s *server) reportSource(e *Endpoint, reason string, err error) {
	e.failures[reason].Inc()
	s.logs.warn(e.log, err, "page is incomplete: an instance did not give all of its metrics",
		"path", e.path, "instance", e.instance, "reason", reason)
}

func (s *server) reportLosses(p *page, lost *losses) {
	s.reportLoss(p, p.counts.badTypes, lost.types, "another instance of the page has the family with another type")
	s.reportLoss(p, p.counts.badUnits, lost.units, "another instance of the page has the family with another unit")
	s.reportLoss(p, p.counts.duplicates, lost.series, "another instance of the page has the same series")
}

// reportLoss names the first of the families only: there may be as many as the page has.
func (s *server) reportLoss(p *page, count prometheus.Counter, families []string, cause string) {
	if len(families) == 0 {
		return
	}
	count.Add(float64(len(families)))
	s.logs.warn(s.log(), nil, "metrics left out: "+cause, "path", p.path, "family", families[0])
}

// errorLog takes the lines of net/http, which has no levels: what concerns one connection is the client's doing, and
// of interest only to who looks for it.
type errorLog struct{ server *server }

func (l errorLog) Write(line []byte) (int, error) {
	text := strings.TrimSpace(string(line))
	if strings.Contains(text, "Accept error") {
		l.server.logs.warn(l.server.log(), errors.New(text), "connections are not accepted")
	} else {
		l.server.log().Debug("connection failed", "error", text)
	}
	return len(line), nil
}
