package exporter

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// A server listens on one address. Its routes are replaced, under the lock of the table, when an endpoint comes or
// goes; requests read them without a lock.
type server struct {
	address address
	version string
	started time.Time
	socket  *socket
	front   atomic.Pointer[front] // changed under the lock of the table
	routes  atomic.Pointer[routes]
	people  slots  // of the pages that people read
	turns   *turns // shared by all servers of the table
	self    *selfMetrics
	bodies  bodies
	rounds  rounds
	logs    repeats
}

// newServer makes a server that does not listen yet.
func newServer(a address, version string) *server {
	s := &server{address: a, version: version, started: time.Now(), self: newSelfMetrics(version), turns: &turns{}}
	s.socket = newSocket(s)
	s.self.connections = s.socket.open.count
	s.routes.Store(&routes{})
	return s
}

// addr is the address that s listens on, or the one that it would like to.
func (s *server) addr() net.Addr {
	if a := s.socket.addr(); a != nil {
		return a
	}
	return s.address.wanted()
}

func (s *server) notListening(err error) {
	s.logs.warn(s.log(), err, "not listening yet; trying again", "address", s.address.String())
}

// url is where browsers and scrapers find s, as far as there is a way to write that.
func (s *server) url() string {
	if s.address.network != tcpNetwork {
		return s.address.String()
	}
	if s.front.Load().gate.encrypted() {
		return "https://" + s.addr().String()
	}
	return "http://" + s.addr().String()
}

// serve accepts connections, through g, until it is closed. listen is called when there is no listener yet.
func (s *server) serve(g *gate, listen func() (net.Listener, error)) {
	s.meet(g)
	go func() {
		// What is left to recover is a panic of the log.
		_ = recovered(func() error { s.socket.run(listen); return nil })
	}()
}

// meet makes g the gate of s. The caller holds the lock of the table.
func (s *server) meet(g *gate) {
	next := newFront(s, g)
	before := s.front.Swap(next)
	s.socket.feed.Store(next.feed)
	next.serve()
	if before != nil {
		before.retire()
	}
}

// hasNewFront says whether r came through a gate that is no longer the server's.
func (s *server) hasNewFront(r *http.Request) bool {
	f, known := r.Context().Value(frontKey{}).(*front)
	return known && f != s.front.Load()
}

// shutDown lets requests end by themselves until grace is done, then ends them with end and cuts their connections.
// The socket is closed already. Connections without a request are not waited for.
func (s *server) shutDown(grace context.Context, end func()) {
	s.socket.open.closeSilent()
	s.front.Load().stop(grace, end)
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

// reportSource counts and logs what a source did not give. An endpoint that has left the server is logged only.
func (s *server) reportSource(e *Endpoint, reason string, err error) {
	if counts := s.routes.Load().failures[e.instance]; counts != nil {
		counts[reason].Inc()
	}
	s.logs.warn(e.log, err, "page is incomplete: an instance did not give all of its metrics",
		"path", e.path, "instance", e.instance, "reason", reason)
}

func (s *server) reportLosses(p *page, lost *losses) {
	s.reportLoss(p, p.counts.badTypes, lost.types, "another instance of the page has the family with another type")
	s.reportLoss(p, p.counts.badUnits, lost.units, "another instance of the page has the family with another unit")
	s.reportLoss(p, p.counts.badNames, lost.names, "another instance of the page has a family or samples with names of the family")
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
