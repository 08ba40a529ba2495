package exporter_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/promexporter/promexporter/exporter"
)

// client is an HTTP client with an address of its own, and a connection for each request.
type client struct{ http.Client }

func clientAt(ip string) *client {
	from := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}}
	return &client{http.Client{
		Transport: &http.Transport{DialContext: from.DialContext, DisableKeepAlives: true}, Timeout: 20 * time.Second,
	}}
}

func (c *client) get(t testing.TB, url string) (code int, body string) {
	t.Helper()
	response, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(b)
}

// TestThousandConnections has one client connect a thousand times, and does not keep another one out.
func TestThousandConnections(t *testing.T) {
	var servers exporter.Servers
	e := open(t, &servers, exporter.Options{Source: families(up("a", "1"))})
	other := clientAt("127.0.0.2")
	before := runtime.NumGoroutine()
	for i := range 1000 {
		dial(t, e, [...]string{
			"",
			"GET /metrics HTTP/1.1\r\nHost",
			"GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n",
			"\x16\x03\x01\x00\xff\x00\x01", // the start of TLS
		}[i%4])
		if i%50 == 0 {
			if _, page := other.get(t, "http://"+at(e)+"/metrics"); value(page, `a{l="1"}`) != "1" {
				t.Fatalf("after %d connections:\n%s", i, foreign(page))
			}
		}
	}
	started := time.Now()
	_, page := other.get(t, "http://"+at(e)+"/metrics")
	if took := time.Since(started); took > 5*time.Second {
		t.Errorf("a scrape took %s", took)
	}
	var n int
	if _, err := fmt.Sscan(value(page, "promexporter_http_connections"), &n); err != nil || n > 128+20 {
		t.Errorf("%d connections, %v", n, err)
	}
	// For each connection one goroutine that serves it, and one that waits for the client to go.
	until(t, "goroutines are bounded", func() bool { return runtime.NumGoroutine()-before <= 2*128+50 })
	if got := value(page, `promexporter_http_connections_closed_total{reason="client"}`); got == "0" {
		t.Error("no connection was refused")
	}
	if err := closeInTime(t, e.Close); err != nil {
		t.Error(err)
	}
	noGoroutines(t)
}

// Whatever arrives is answered or cut, and nothing of it is left.
func TestGarbage(t *testing.T) {
	var out logged
	var servers exporter.Servers
	e := open(t, &servers, exporter.Options{Log: out.log()})
	for _, text := range []string{
		"\x00\x01\x02\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\nx",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET http:// HTTP/1.1\r\n\r\n",
		"GET / HTTP/1.1\r\n" + strings.Repeat("a: b\r\n", 10_000),
		strings.Repeat("A", 1<<20),
	} {
		c := dial(t, e, "")
		go func() {
			_, _ = io.WriteString(c, text) // the server may have hung up already
			_ = c.(*net.TCPConn).CloseWrite()
		}()
		_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
		answer, err := io.ReadAll(c)
		if err != nil && !errors.Is(err, io.EOF) && !strings.Contains(err.Error(), "reset") {
			t.Errorf("%.40q: %v", text, err)
		}
		if strings.HasPrefix(string(answer), "HTTP/1.1 200") {
			t.Errorf("%.40q:\n%s", text, answer)
		}
	}
	if code, _ := get(t, "http://"+at(e)+"/metrics"); code != 200 {
		t.Errorf("got %d", code)
	}
	if strings.Contains(out.String(), "level=WARN") || strings.Contains(out.String(), "level=ERROR") {
		t.Errorf("clients write to the log:\n%s", out.String())
	}
	if err := closeInTime(t, e.Close); err != nil {
		t.Error(err)
	}
	noGoroutines(t)
}

// TestAnotherClientIsServed has one client begin hundreds of requests that never end, each on a connection of its own, and
// holds that every scrape of another client is answered: a connection that was accepted is not cut for others.
func TestAnotherClientIsServed(t *testing.T) {
	var servers exporter.Servers
	e := open(t, &servers, exporter.Options{Source: families(up("a", "1"))})
	other := clientAt("127.0.0.2")
	for i := range 600 {
		dial(t, e, "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
		dial(t, e, "GET /metrics HTTP/1.1\r\nHost: x\r\nX-Never: ")
		if i%20 == 0 {
			if code, page := other.get(t, "http://"+at(e)+"/metrics"); code != 200 || value(page, `a{l="1"}`) != "1" {
				t.Fatalf("after %d connections: %d\n%s", 2*i, code, foreign(page))
			}
		}
	}
}
