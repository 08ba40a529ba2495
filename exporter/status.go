package exporter

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/promexporter/promexporter/exporter/internal/status"
	"github.com/promexporter/promexporter/internal/fence"
)

// status returns what the status pages show.
func (s *server) status() *status.Server {
	now := s.routes.Load()
	all := &status.Server{
		Version: s.version, Started: s.started, Now: time.Now(), Debug: now.debugs(), Reload: len(now.reloaders()) > 0,
	}
	for _, sess := range now.sessions {
		all.Instances = append(all.Instances, s.describe(sess))
	}
	return all
}

func (s *server) describe(sess *session) status.Instance {
	i := status.Instance{
		Name: sess.instance(), Path: sess.path(), Version: sess.options.Version, Opened: sess.endpoint.opened,
		Ready: sess.endpoint.ready(), Reloading: sess.isSuspended(),
	}
	for _, srv := range sess.servers {
		i.Addresses = append(i.Addresses, srv.url())
	}
	if sess.options.Status == nil || sess.acquire() != nil {
		return i
	}
	defer sess.release()
	if err := fence.Run(func() error { i.Status = sess.options.Status(); return nil }); err != nil {
		s.self.panics.Inc()
		s.logs.Warn(sess.log, err, "status of an instance is unavailable", "instance", sess.instance())
		i.Status = status.Status{LastError: status.Event{Text: "status is unavailable: panic", Time: time.Now()}}
	}
	return i
}

// url returns the URL of the server, or its address if it has no URL.
func (s *server) url() string {
	if !s.address.IsTCP() {
		return s.address.String()
	}
	if s.access.Encrypted() {
		return "https://" + s.addr().String()
	}
	return "http://" + s.addr().String()
}

// serveRules serves the status as JSON.
func (s *server) serveRules(w http.ResponseWriter, _ *http.Request) {
	s.sendPage(w, "application/json; charset=utf-8", func(out io.Writer) error { return status.WriteRules(out, s.status()) })
}

// serveLanding serves the status as an HTML page of bounded length.
func (s *server) serveLanding(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Security-Policy", status.Policy())
	s.sendPage(w, "text/html; charset=utf-8", func(out io.Writer) error { return status.WriteLanding(out, s.status()) })
}

// sendPage sends what write writes.
func (s *server) sendPage(w http.ResponseWriter, contentType string, write func(io.Writer) error) {
	var body bytes.Buffer
	if err := write(&body); err != nil {
		s.logs.Warn(s.log(), err, "could not render a page")
		http.Error(w, "could not render the page; see the log", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	_, _ = body.WriteTo(w) // the client may have disconnected
}
