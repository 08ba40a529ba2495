package exporter

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/promexporter/promexporter/exporter/internal/access"
	"github.com/promexporter/promexporter/exporter/internal/listen"
	"github.com/promexporter/promexporter/internal/exposition"
	"github.com/promexporter/promexporter/internal/logtest"
	"github.com/promexporter/promexporter/internal/pagetest"
)

// The tests in this package need its clock or its internals. Their server has endpoints, but does not listen.

// source is a Source made of a function.
type source func(ctx context.Context) ([]exposition.Family, func(), error)

func (s source) Gather(ctx context.Context) ([]exposition.Family, func(), error) { return s(ctx) }

// gives returns a source with one family for each name, which has the single sample name 1.
func gives(names ...string) source {
	var all []*dto.MetricFamily
	for _, name := range names {
		all = append(all, &dto.MetricFamily{
			Name: new(name), Help: new("Is up."), Type: dto.MetricType_GAUGE.Enum(),
			Metric: []*dto.Metric{{Gauge: &dto.Gauge{Value: new(1.0)}}},
		})
	}
	return func(context.Context) ([]exposition.Family, func(), error) { return exposition.Families(all), nil, nil }
}

// after returns a source that waits for a time, or until the context ends, before it calls of.
func after(takes time.Duration, of source) source {
	return func(ctx context.Context) ([]exposition.Family, func(), error) {
		select {
		case <-time.After(takes):
			return of(ctx)
		case <-ctx.Done():
			return nil, nil, context.Cause(ctx)
		}
	}
}

// offline returns a server with the endpoints of all, which does not listen and makes one page at a time.
func offline(all ...Options) (*server, []*Endpoint) {
	table := new(Servers)
	table.pages.once.Do(func() { table.pages.sem = make(chan struct{}, 1) })
	var s *server
	var endpoints []*Endpoint
	for i, o := range all {
		if o.Source == nil {
			o.Source = gives()
		}
		o.Version = "1.2.3"
		o.Instance = fmt.Sprint("promexporter.", i)
		if o.Path == "" {
			o.Path = "/metrics"
		}
		e := &Endpoint{table: table, opened: time.Now()}
		next := newSession(e, o, new(access.Access), []listen.Addr{{}})
		if s == nil {
			s = newServer(table, listen.Addr{}, next)
			table.add(s)
			close(s.ended)
		}
		next.servers = []*server{s}
		e.session.Store(next)
		s.add(next)
		endpoints = append(endpoints, e)
	}
	return s, endpoints
}

// ask sends a GET to s without a connection.
func ask(s http.Handler, path string, header ...string) *httptest.ResponseRecorder {
	return askFrom(s, "192.0.2.1:1", path, header...)
}

// askFrom is like ask, from a remote address.
func askFrom(s http.Handler, client, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.RemoteAddr = client
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// value is the value of a series on page, or "".
func value(page, series string) string { return pagetest.Value(page, series) }

// textLog is a log that writes to out.
func textLog(out *bytes.Buffer) *slog.Logger { return logtest.New(out, slog.LevelDebug) }

func TestReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, endpoints := offline(Options{}, Options{Path: "/other"})
		expect := func(code int, text string) {
			t.Helper()
			if w := ask(s, "/-/ready"); w.Code != code || w.Body.String() != text {
				t.Errorf("after %s: %d %s", time.Since(endpoints[0].opened), w.Code, w.Body)
			}
		}
		expect(503, "not ready: waiting for the first flush of promexporter.0, promexporter.1; ready without one 10s after the start\n")
		endpoints[1].MarkReady()
		expect(503, "not ready: waiting for the first flush of promexporter.0; ready without one 10s after the start\n")
		time.Sleep(readyAfter - 1)
		expect(503, "not ready: waiting for the first flush of promexporter.0; ready without one 10s after the start\n")
		time.Sleep(time.Nanosecond)
		expect(200, "ready\n")

		late := &Endpoint{table: s.table, opened: time.Now()}
		s.add(newSession(late, Options{Instance: "late", Path: "/metrics"}, new(access.Access), nil))
		expect(503, "not ready: waiting for the first flush of late; ready without one 10s after the start\n")
		late.MarkReady()
		expect(200, "ready\n")
	})
}

// panicking is a response writer that panics.
type panicking struct{ http.ResponseWriter }

func (panicking) Write([]byte) (int, error) { panic("oh") }

func TestRecoveredRequest(t *testing.T) {
	var out bytes.Buffer
	s, _ := offline(Options{Log: textLog(&out)})
	for range 2 {
		func() {
			defer func() { _ = recover() }() // http.Error meets the writer, too
			s.ServeHTTP(panicking{httptest.NewRecorder()}, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		}()
	}
	page := ask(s, "/metrics").Body.String()
	if value(page, "promexporter_http_panics_total") != "2" ||
		value(page, `promexporter_scrapes_in_flight{path="/metrics"}`) != "1" {
		t.Errorf("got\n%s", page)
	}
	const want = "level=WARN msg=\"request failed\" path=/metrics error=\"panic: oh\"\n"
	if out.String() != want {
		t.Errorf("got  %swant %s", out.String(), want)
	}
}

// net/http implements and tests these limits; this test checks that they are set.
func TestServerIsBounded(t *testing.T) {
	s, _ := offline(Options{})
	h := s.http
	if h.ReadHeaderTimeout != 5*time.Second || h.ReadTimeout != 30*time.Second || h.WriteTimeout != time.Minute ||
		h.IdleTimeout != 2*time.Minute || h.MaxHeaderBytes != 16<<10 || h.HTTP2.MaxConcurrentStreams != maxStreams {
		t.Errorf("got %+v", h)
	}
	if h.Protocols.String() != "{HTTP1}" {
		t.Errorf("protocols %s", h.Protocols)
	}
	if reloadTimeout+gatherTimeout >= 10*time.Second || scrapeTimeout >= writeTimeout || closeGrace >= closeLimit ||
		closeLimit >= time.Second {
		t.Error("bounds contradict each other")
	}
}

func TestLogOfTheHTTPServer(t *testing.T) {
	var out bytes.Buffer
	s, _ := offline(Options{Log: textLog(&out)})
	s.http.ErrorLog.Println("http: something from 127.0.0.1:1\nand more")
	const want = `level=DEBUG msg="connection failed" error="http: something from 127.0.0.1:1; and more"
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
