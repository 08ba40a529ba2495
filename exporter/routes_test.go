package exporter_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/promexporter/promexporter/exporter"
)

func TestRoutes(t *testing.T) {
	e := openAll(t, exporter.Options{Path: "/metrics"}, exporter.Options{Path: "/a/b"})[0]
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
		{"GET", "/-/rules", 200, ""},
		{"GET", "/-/healthy", 200, ""},
		{"HEAD", "/-/healthy", 200, ""},
		{"GET", "/-/ready", 503, ""},
		{"POST", "/metrics", 405, "GET, HEAD"},
		{"PUT", "/", 405, "GET, HEAD"},
		{"DELETE", "/-/healthy", 405, "GET, HEAD"},
		{"OPTIONS", "/-/ready", 405, "GET, HEAD"},
		{"GET", "/metrics/", 404, ""},
		{"GET", "//metrics", 404, ""},
		{"GET", "/a", 404, ""},
		{"GET", "/a/./b", 404, ""},
		{"GET", "/-/", 404, ""},
		{"GET", "/-/reload", 404, ""},
		{"GET", "/debug/pprof/", 404, ""},
		{"POST", "/nothing", 404, ""},
		{"OPTIONS", "*", 404, ""},
	} {
		w := askRaw(t, e, test.method+" "+test.path+" HTTP/1.1\r\nHost: a\r\n\r\n")
		if w.StatusCode != test.code || w.Header.Get("Allow") != test.allow {
			t.Errorf("%s %s: %d, Allow %q", test.method, test.path, w.StatusCode, w.Header.Get("Allow"))
		}
		if w.Header.Get("X-Content-Type-Options") != "nosniff" || w.Header.Get("Content-Type") == "" {
			t.Errorf("%s %s: %v", test.method, test.path, w.Header)
		}
	}
}

// askRaw sends a request unchanged. It returns the answer without its body.
func askRaw(t *testing.T, e *exporter.Endpoint, request string) *http.Response {
	t.Helper()
	c := dial(t, e, request)
	defer c.Close()
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	return response
}

// A request with a body is refused before anything else, and its connection is closed.
func TestBodiesAreRefused(t *testing.T) {
	open := open(t, new(exporter.Servers), exporter.Options{Reload: func() error { return nil }, Debug: true})
	user := openAll(t, exporter.Options{Access: exporter.AccessSettings{Username: "u", Password: "p"}})[0]
	paths := []string{"/metrics", "/", "/-/healthy", "/-/ready", "/-/rules", "/-/reload", "/debug/pprof/", "/none"}
	for _, e := range []*exporter.Endpoint{open, user} {
		for _, path := range paths {
			for _, head := range []string{
				"GET %s HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n", // none of it is sent
				"POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n",
				"POST %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
				"POST %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
				"POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n",
			} {
				response := askRaw(t, e, fmt.Sprintf(head, path))
				if response.StatusCode != 413 || !response.Close {
					t.Errorf("%q: %d, to be closed: %t", fmt.Sprintf(head, path), response.StatusCode, response.Close)
				}
			}
		}
	}
	w := askRaw(t, open, "POST /-/reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
	if w.StatusCode != 200 || w.Close {
		t.Errorf("an empty body: %d, to be closed: %t", w.StatusCode, w.Close)
	}
}

// A client that announces a body and does not send it has its connection closed soon.
func TestMissingBodyKeepsNoConnection(t *testing.T) {
	e := open(t, new(exporter.Servers), exporter.Options{})
	for _, body := range []string{"Content-Length: 10", "Transfer-Encoding: chunked"} {
		c := dial(t, e, "GET /metrics HTTP/1.1\r\nHost: a\r\n"+body+"\r\n\r\n")
		if err := c.SetReadDeadline(time.Now().Add(inTime)); err != nil {
			t.Fatal(err)
		}
		if answer, err := io.ReadAll(c); err != nil || !strings.Contains(string(answer), " 413 ") {
			t.Errorf("%s: %v\n%s", body, err, answer)
		}
	}
}

func TestHealthy(t *testing.T) {
	e := open(t, new(exporter.Servers), exporter.Options{})
	if w := ask(t, e, "GET", "/-/healthy"); w.Code != 200 || w.Body.String() != "healthy\n" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestRootMayBeAMetricsPath(t *testing.T) {
	e := open(t, new(exporter.Servers), exporter.Options{Path: "/", Source: families(up("a", "1"))})
	if page := ask(t, e, "GET", "/").Body.String(); value(page, `a{l="1"}`) != "1" {
		t.Errorf("got\n%s", page)
	}
}

func TestHeaderTooLarge(t *testing.T) {
	e := open(t, new(exporter.Servers), exporter.Options{})
	if w := askRaw(t, e, "GET / HTTP/1.1\r\nHost: a\r\nA: "+strings.Repeat("a", 32<<10)+"\r\n\r\n"); w.StatusCode != 431 {
		t.Errorf("got %s", w.Status)
	}
}

// A client may close its side of the connection after the request.
func TestHalfClosedClient(t *testing.T) {
	h := newHanging(up("a", "1"))
	e := open(t, new(exporter.Servers), exporter.Options{Source: h})
	c := dial(t, e, "GET /metrics HTTP/1.0\r\n\r\n")
	until(t, "the scrape begins", func() bool { return h.asked.Load() == 1 })
	if err := c.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(20*time.Millisecond, func() { close(h.release) }) // the server has noticed by then, mostly
	page, err := io.ReadAll(c)
	if err != nil || value(string(page), `a{l="1"}`) != "1" {
		t.Errorf("%v\n%s", err, page)
	}
}
