package exporter_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/promexporter/promexporter/exporter"
	"github.com/promexporter/promexporter/internal/webtest"
)

// client is an HTTP client with its own address, and a new connection for each request.
type client struct{ http.Client }

func clientAt(ip string) *client {
	from := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}}
	return &client{http.Client{
		Transport: &http.Transport{DialContext: from.DialContext, DisableKeepAlives: true}, Timeout: time.Minute,
	}}
}

func (c *client) get(t testing.TB, url string) (code int, body string) {
	t.Helper()
	response, body := send(t, &c.Client, http.MethodGet, url, "")
	return response.StatusCode, body
}

// TestThousandConnections checks that a client with a thousand connections does not keep another client out.
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
	// Each connection has a goroutine that serves it and one that waits for the client to disconnect.
	until(t, "goroutines are bounded", func() bool { return runtime.NumGoroutine()-before <= 2*128+50 })
	if got := value(page, `promexporter_http_connections_closed_total{reason="client"}`); got == "0" {
		t.Error("no connection was refused")
	}
	if err := closeInTime(t, e.Close); err != nil {
		t.Error(err)
	}
	noGoroutines(t)
}

// Whatever a client sends, the connection is answered or closed, and no resources are left.
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
		_ = c.SetReadDeadline(time.Now().Add(time.Minute))
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

// TestAnotherClientIsServed has one client start hundreds of requests that never end, each on its own connection, and
// checks that every scrape of another client is answered: an accepted connection is not closed in favor of others.
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

// crowd has a client at an address open n connections, which request the health page and then stay open. It waits until
// the last one, which exceeds the limit for one client, is refused.
func crowd(t testing.TB, ip string, e *exporter.Endpoint, n int) {
	t.Helper()
	from := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}}
	var last net.Conn
	for range n {
		c, err := from.DialContext(t.Context(), "tcp", at(e))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		_, _ = io.WriteString(c, "GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n") // it may be refused already
		last = c
	}
	_ = last.SetReadDeadline(time.Now().Add(time.Minute))
	if _, err := io.Copy(io.Discard, last); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection %d of %s is kept", n, ip)
	}
}

// TestServedConnectionIsNotCut has clients use all connections while a scrape is being served on the oldest connection.
func TestServedConnectionIsNotCut(t *testing.T) {
	h := newHanging(up("a", "1"))
	var servers exporter.Servers
	e := open(t, &servers, exporter.Options{Source: h})
	answer := make(chan string, 1)
	go func() {
		response, err := clientAt("127.0.0.2").Get("http://" + at(e) + "/metrics")
		if err != nil {
			answer <- err.Error()
			return
		}
		defer response.Body.Close()
		page, err := io.ReadAll(response.Body)
		answer <- fmt.Sprint(string(page), err)
	}()
	until(t, "the scrape begins", func() bool { return h.asked.Load() == 1 })
	for _, ip := range []string{"127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6"} {
		crowd(t, ip, e, 512/4+4)
	}
	close(h.release)
	page := <-answer
	if value(page, `a{l="1"}`) != "1" {
		t.Errorf("the scrape got %s", page)
	}
	const closed = "promexporter_http_connections_closed_total"
	idle, full := value(page, closed+`{reason="idle"}`), value(page, closed+`{reason="full"}`)
	if value(page, "promexporter_http_connections") != "512" || value(page, closed+`{reason="client"}`) != "16" || idle == "0" && full == "0" {
		t.Errorf("the connections were not all taken:\n%s", page)
	}
}

// TestClientsShareOfScrapes has one client request ten pages at once. It gets two, a quarter of eight.
func TestClientsShareOfScrapes(t *testing.T) {
	h := newHanging(up("a", "1"))
	var servers exporter.Servers
	e := open(t, &servers, exporter.Options{Source: h, MaxRequests: 8})
	codes := make(chan string, 10)
	for range cap(codes) {
		go func() { codes <- (<-inBackground("http://" + at(e) + "/metrics"))[:4] }()
	}
	for range cap(codes) - 2 {
		if code := <-codes; code != "429 " {
			t.Errorf("got %s", code)
		}
	}
	r, err := http.NewRequest(http.MethodGet, "http://"+at(e)+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", "1")
	response, err := clientAt("127.0.0.2").Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	// It is admitted, and waits for the source like the others.
	if body, err := io.ReadAll(response.Body); err != nil || string(body) != "could not render the page in time\n" {
		t.Errorf("another client: %s %q, %v", response.Status, body, err)
	}
	close(h.release)
	for range 2 {
		if code := <-codes; code != "200 " {
			t.Errorf("got %s", code)
		}
	}
}

// attack sends requests with wrong passwords one after the other, until ctx ends, and counts the answers by code.
func attack(ctx context.Context, ip, url string, answers *[600]atomic.Int64) {
	from := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}}
	transport := &http.Transport{DialContext: from.DialContext}
	defer transport.CloseIdleConnections()
	for i := 0; ctx.Err() == nil; i++ {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return
		}
		r.SetBasicAuth([...]string{"u", "mallory"}[i%2], fmt.Sprint("wrong", i))
		response, err := transport.RoundTrip(r)
		if err != nil && ctx.Err() == nil {
			answers[0].Add(1)
		}
		if err != nil {
			continue
		}
		_, _ = io.Copy(io.Discard, response.Body)
		response.Body.Close()
		answers[response.StatusCode].Add(1)
	}
}

// TestWrongPasswordsKeepNoScraperOut has clients guess passwords that are compared with bcrypt. It checks that a
// scraper whose password was accepted before is always admitted, that one password is compared at a time, and that no
// resources are left.
func TestWrongPasswordsKeepNoScraperOut(t *testing.T) {
	folder := webtest.NewFolder(t, usersConfig(t, 6))
	var servers exporter.Servers
	e := open(t, &servers, exporter.Options{Access: exporter.AccessSettings{ConfigFile: folder.Config()}, Source: families(up("a", "1"))})
	url := "http://" + at(e) + "/metrics"
	scraper := clientAt("127.0.0.2")
	if code := fetch(t, &scraper.Client, url, secret); code != 200 {
		t.Fatalf("got %d", code)
	}
	before := runtime.NumGoroutine()
	var answers [600]atomic.Int64
	var all sync.WaitGroup
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	for i := range 12 {
		all.Go(func() { attack(ctx, [...]string{"127.0.0.3", "127.0.0.4"}[i%2], url, &answers) })
	}
	scrapes := 0
	until(t, "wrong passwords are refused, compared or not", func() bool {
		scrapes++
		response, page := send(t, &scraper.Client, "GET", url, secret)
		if response.StatusCode != 200 || value(page, `a{l="1"}`) != "1" {
			t.Errorf("the scrape %d during the attack: %s", scrapes, response.Status)
		}
		if n := strings.Count(stacks(), "bcrypt.CompareHashAndPassword("); n > 1 {
			t.Errorf("%d passwords are compared at once", n)
		}
		return scrapes >= 10 && answers[401].Load() > 0 && answers[429].Load() > 0
	})
	stop()
	all.Wait()
	for code := range answers {
		if n := answers[code].Load(); n > 0 && code != 401 && code != 429 {
			t.Errorf("%d requests got %d", n, code)
		}
	}
	_, page := send(t, &scraper.Client, "GET", url, secret)
	if value(page, "promexporter_http_unauthorized_total") == "0" || value(page, "promexporter_http_throttled_total") == "0" {
		t.Errorf("the refusals are not counted:\n%s", page)
	}
	until(t, "goroutines are as many as before", func() bool { return runtime.NumGoroutine() <= before })
	if err := closeInTime(t, e.Close); err != nil {
		t.Error(err)
	}
	noGoroutines(t)
}
