package exporter

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestRoutes(t *testing.T) {
	s, _ := offline(Options{Path: "/metrics"}, Options{Path: "/a/b", Instance: "promexporter.1"})
	for _, test := range []struct {
		method, path string
		code         int
		allow        string
	}{
		{"GET", "/metrics", 200, ""},
		{"HEAD", "/metrics", 200, ""},
		{"GET", "/a/b", 200, ""},
		{"GET", "/", 200, ""},
		{"HEAD", "/", 200, ""},
		{"GET", "/-/healthy", 200, ""},
		{"HEAD", "/-/healthy", 200, ""},
		{"GET", "/-/ready", 503, ""},
		{"POST", "/metrics", 405, "GET, HEAD"},
		{"PUT", "/", 405, "GET, HEAD"},
		{"DELETE", "/-/healthy", 405, "GET, HEAD"},
		{"OPTIONS", "/-/ready", 405, "GET, HEAD"},
		{"GET", "/metrics/", 404, ""},
		{"GET", "/a", 404, ""},
		{"GET", "/-/", 404, ""},
		{"GET", "/-/reload", 404, ""},
		{"GET", "/debug/pprof/", 404, ""},
		{"POST", "/nothing", 404, ""},
		{"OPTIONS", "*", 404, ""},
	} {
		w := ask(s, test.method, test.path)
		if w.Code != test.code || w.Header().Get("Allow") != test.allow {
			t.Errorf("%s %s: %d, Allow %q", test.method, test.path, w.Code, w.Header().Get("Allow"))
		}
		if w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("Content-Type") == "" {
			t.Errorf("%s %s: %v", test.method, test.path, w.Header())
		}
	}
}

func TestReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, endpoints := offline(Options{}, Options{Path: "/other", Instance: "promexporter.1"})
		expect := func(code int, text string) {
			t.Helper()
			w := ask(s, http.MethodGet, "/-/ready")
			if w.Code != code || w.Body.String() != text {
				t.Errorf("after %s: %d %s", time.Since(endpoints[0].opened), w.Code, w.Body)
			}
		}
		expect(503, "not ready: no flush yet of promexporter.0, promexporter.1; ready without one 10s after the start\n")
		endpoints[1].MarkReady()
		expect(503, "not ready: no flush yet of promexporter.0; ready without one 10s after the start\n")
		time.Sleep(readyAfter - 1)
		expect(503, "not ready: no flush yet of promexporter.0; ready without one 10s after the start\n")
		time.Sleep(time.Nanosecond)
		expect(200, "ready\n")

		third := newEndpoint(&Servers{}, withDefaults(Options{Instance: "promexporter.2"}))
		s.attach(third)
		expect(503, "not ready: no flush yet of promexporter.2; ready without one 10s after the start\n")
		third.MarkReady()
		expect(200, "ready\n")
	})
}

func TestHealthy(t *testing.T) {
	s, _ := offline(Options{})
	if w := ask(s, http.MethodGet, "/-/healthy"); w.Code != 200 || w.Body.String() != "healthy\n" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestRootMayBeAMetricsPath(t *testing.T) {
	s, _ := offline(Options{Path: "/", Source: families(up("a", "1"))})
	if page := ask(s, http.MethodGet, "/").Body.String(); value(page, `a{l="1"}`) != "1" {
		t.Errorf("got\n%s", page)
	}
}

// panicking is a response writer that does not work.
type panicking struct{ http.ResponseWriter }

func (panicking) Write([]byte) (int, error) { panic("oh") }

func TestRecoveredRequest(t *testing.T) {
	var out logged
	s, _ := offline(Options{Log: out.log()})
	for range 2 {
		func() {
			defer func() { _ = recover() }() // http.Error meets the writer, too
			s.ServeHTTP(panicking{httptest.NewRecorder()}, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		}()
	}
	page := ask(s, http.MethodGet, "/metrics").Body.String()
	if value(page, "promexporter_http_panics_total") != "2" ||
		value(page, `promexporter_scrapes_in_flight{path="/metrics"}`) != "1" {
		t.Errorf("got\n%s", page)
	}
	const want = "level=WARN msg=\"request failed\" path=/metrics error=\"panic: oh\"\n"
	if out.String() != want {
		t.Errorf("got  %swant %s", out.String(), want)
	}
}

// The bounds are net/http's and its own tests'; here it counts that they are set.
func TestServerIsBounded(t *testing.T) {
	h := newFront(newServer(address{}, ""), &gate{}).http
	if h.ReadHeaderTimeout != 5*time.Second || h.ReadTimeout != 30*time.Second || h.WriteTimeout != time.Minute ||
		h.IdleTimeout != 2*time.Minute || h.MaxHeaderBytes != 16<<10 || h.HTTP2.MaxConcurrentStreams != maxStreams {
		t.Errorf("got %+v", h)
	}
	if h.Protocols.String() != "{HTTP1}" {
		t.Errorf("protocols %s", h.Protocols)
	}
	if readTimeout <= gatherTimeout || writeTimeout <= readTimeout || closeGrace >= closeLimit || closeLimit >= time.Second {
		t.Error("bounds contradict each other")
	}
}

func TestLogOfTheHTTPServer(t *testing.T) {
	var out logged
	s, _ := offline(Options{Log: out.log()})
	s.front.Load().http.ErrorLog.Println("http: something from 127.0.0.1:1")
	const want = `level=DEBUG msg="connection failed" error="http: something from 127.0.0.1:1"
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestHeaderTooLarge(t *testing.T) {
	var servers Servers
	e := open(t, &servers, Options{})
	c := dial(t, e, "GET / HTTP/1.1\r\nHost: a\r\nA: "+strings.Repeat("a", 32<<10)+"\r\n\r\n")
	if answer, err := io.ReadAll(c); err != nil || !strings.Contains(string(answer), " 431 ") {
		t.Errorf("got %q, %v", answer, err)
	}
}

// A client may close its side of the connection after the request.
func TestHalfClosedClient(t *testing.T) {
	h := newHanging(up("a", "1"))
	var servers Servers
	e := open(t, &servers, Options{Source: h})
	c := dial(t, e, "GET /metrics HTTP/1.0\r\n\r\n")
	until(t, "the scrape begins", func() bool { return h.asked.Load() == 1 })
	if err := c.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(20*time.Millisecond, func() { close(h.release) })
	page, err := io.ReadAll(c)
	if err != nil || value(string(page), `a{l="1"}`) != "1" {
		t.Errorf("%v\n%s", err, page)
	}
}
