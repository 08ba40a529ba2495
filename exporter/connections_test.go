package exporter

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// online is offline with clients over pipes, which hold no byte: what is not read is not sent.
func online(t *testing.T, os ...Options) *server {
	t.Helper()
	s, _ := offline(os...)
	s.meet(&gate{})
	t.Cleanup(func() { s.shutDown(t.Context(), func() {}) })
	return s
}

// connect is one more client of s.
func connect(t *testing.T, s *server) net.Conn {
	t.Helper()
	here, there := net.Pipe()
	t.Cleanup(func() { there.Close() })
	s.socket.deliver(s.socket.open.add(here))
	return there
}

const request = "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"

// send writes to c, from a goroutine: nobody may be there to read it.
func send(c net.Conn, text string) {
	go func() { _, _ = io.WriteString(c, text) }()
}

func isCut(c net.Conn) bool {
	_ = c.SetReadDeadline(time.Now().Add(time.Nanosecond))
	_, err := io.Copy(io.Discard, c)
	return err == nil // EOF
}

// The connection that does least makes room, and the newest one is always heard.
func TestConnectionsMakeRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := online(t, Options{Source: families(manySeries("a", 100)...)})
		s.socket.open.limit = 4
		reading := connect(t, s) // has asked, and does not read the answer
		send(reading, request)
		silent := connect(t, s)
		time.Sleep(time.Second)
		idle := connect(t, s)
		send(idle, request)
		response, err := http.ReadResponse(bufio.NewReader(idle), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, response.Body); err != nil {
			t.Fatal(err)
		}
		halting := connect(t, s)
		send(halting, "GET /metrics HTTP/1.1\r\nHos")
		synctest.Wait()

		for i, step := range []struct {
			cut    net.Conn
			reason string
		}{{idle, reasonIdle}, {silent, reasonSilent}, {halting, reasonSilent}} {
			if isCut(step.cut) {
				t.Errorf("%d: cut too early", i)
			}
			next := connect(t, s)
			synctest.Wait()
			if !isCut(step.cut) {
				t.Errorf("%d: not cut", i)
			}
			send(next, request)
			synctest.Wait()
		}
		// All are busy now, and none for too long: the new one has to go.
		if next := connect(t, s); !isCut(next) || s.socket.open.count() != 4 {
			t.Errorf("%d connections", s.socket.open.count())
		}
		time.Sleep(slowAfter)
		next := connect(t, s)
		synctest.Wait()
		if isCut(next) || s.socket.open.count() != 4 {
			t.Errorf("%d connections", s.socket.open.count())
		}
		page := ask(s, http.MethodGet, "/metrics").Body.String()
		for reason, want := range map[string]string{reasonIdle: "1", reasonSilent: "2", reasonFull: "1", reasonSlow: "1"} {
			if got := value(page, `promexporter_http_connections_closed_total{reason="`+reason+`"}`); got != want {
				t.Errorf("%s: counted %s, want %s", reason, got, want)
			}
		}
		if got := value(page, "promexporter_http_connections"); got != "4" {
			t.Errorf("%s connections", got)
		}
	})
}

// from is a connection from another address.
type from struct {
	net.Conn
	addr string
}

func (f from) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(f.addr)) }

// connectFrom is connect for a client with an address.
func connectFrom(t *testing.T, s *server, addr string) net.Conn {
	t.Helper()
	here, there := net.Pipe()
	t.Cleanup(func() { there.Close() })
	s.socket.deliver(s.socket.open.add(from{here, addr}))
	return there
}

// A client that connects again and again takes the place of its own connections, even though those of others do less.
func TestGreedyConnectionsMakeRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := online(t, Options{Source: families(up("a", "1"))})
		s.socket.open.limit = 4
		idle := connectFrom(t, s, "10.0.0.1:1")
		send(idle, request)
		response, err := http.ReadResponse(bufio.NewReader(idle), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, response.Body); err != nil {
			t.Fatal(err)
		}
		silent := connectFrom(t, s, "10.0.0.1:2")
		time.Sleep(time.Second)
		var greedy []net.Conn
		for n := range 20 {
			greedy = append(greedy, connectFrom(t, s, fmt.Sprint("10.0.0.2:", n+1)))
			synctest.Wait()
			time.Sleep(time.Millisecond)
		}
		for n, c := range greedy {
			if isCut(c) != (n < 18) {
				t.Errorf("the connection %d of the greedy client: cut %v", n, isCut(c))
			}
		}
		// Each has two now: the one that does least makes room, whosever it is.
		if isCut(idle) || isCut(silent) {
			t.Fatal("another client's connection had to make room")
		}
		third := connectFrom(t, s, "10.0.0.3:1")
		synctest.Wait()
		if isCut(third) || isCut(greedy[18]) || !isCut(idle) {
			t.Errorf("cut: third %v, greedy %v, idle %v", isCut(third), isCut(greedy[18]), isCut(idle))
		}
		for _, c := range append(greedy, idle, silent, third) {
			c.Close()
		}
		synctest.Wait()
		if open, clients := s.socket.open.count(), len(s.socket.open.clients); open != 0 || clients != 0 {
			t.Errorf("%d connections of %d clients are left", open, clients)
		}
	})
}

// A thousand connections that do nothing, or too little, keep no scraper out, and cost a bounded number of goroutines.
func TestThousandConnections(t *testing.T) {
	var servers Servers
	e := open(t, &servers, Options{Source: families(up("a", "1"))})
	before := runtime.NumGoroutine()
	for i := range 1000 {
		dial(t, e, [...]string{
			"",
			"GET /metrics HTTP/1.1\r\nHost",
			"GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n",
			"\x16\x03\x01\x00\xff\x00\x01", // the start of TLS
		}[i%4])
		if i%50 == 0 {
			if _, page := get(t, "http://"+e.Addr().String()+"/metrics"); value(page, `a{l="1"}`) != "1" {
				t.Fatalf("after %d connections:\n%s", i, foreign(page))
			}
		}
	}
	started := time.Now()
	_, page := get(t, "http://"+e.Addr().String()+"/metrics")
	if took := time.Since(started); took > 5*time.Second {
		t.Errorf("a scrape took %s", took)
	}
	if n := e.on[0].socket.open.count(); n > maxConnections {
		t.Errorf("%d connections", n)
	}
	// Per connection one goroutine that serves it, and one that waits for the client to go.
	until(t, "there are more goroutines", func() bool { return runtime.NumGoroutine()-before <= 2*maxConnections+50 })
	if got := value(page, `promexporter_http_connections_closed_total{reason="silent"}`); got == "0" {
		t.Error("no connection was closed")
	}
	if err := closeInTime(t, e.Close); err != nil {
		t.Error(err)
	}
	noGoroutines(t)
}

// Whatever arrives is answered or cut, and nothing of it is left.
func TestGarbage(t *testing.T) {
	var out logged
	var servers Servers
	e := open(t, &servers, Options{Log: out.log()})
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
	if code, _ := get(t, "http://"+e.Addr().String()+"/metrics"); code != 200 {
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

// Clients that do not read hold neither the source nor more pages than max_requests, and make room for others.
func TestSlowReadersMakeRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var using, most atomic.Int64
		many := manySeries("a", 1000)
		s := online(t, Options{MaxRequests: 3, Source: source(func() ([]*dto.MetricFamily, func(), error) {
			most.Store(max(most.Load(), using.Add(1)))
			return many, func() { using.Add(-1) }, nil
		})})
		slow := make([]net.Conn, 3)
		for i := range slow {
			slow[i] = connect(t, s)
			send(slow[i], request)
			time.Sleep(time.Second)
			if n := using.Load(); n != 0 {
				t.Errorf("%d scrapes use the source", n)
			}
		}
		another := func() *httptest.ResponseRecorder { // of the same client
			r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
			r.RemoteAddr = "pipe"
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			return w
		}
		if w := another(); w.Code != http.StatusServiceUnavailable {
			t.Errorf("got %d, though all are reading for less than %s", w.Code, slowAfter)
		}
		time.Sleep(slowAfter - 3*time.Second)
		// The first one has had its time now. One of the slow ones makes room for each scrape.
		w := another()
		if w.Code != http.StatusOK || value(w.Body.String(), `promexporter_scrapes_cut_total{path="/metrics"}`) != "1" {
			t.Errorf("got %d\n%s", w.Code, foreign(w.Body.String()))
		}
		synctest.Wait()
		if n := taken(s); n != 2 || !isCut(slow[0]) {
			t.Errorf("%d slots are taken", n)
		}
		time.Sleep(writeTimeout)
		if n := taken(s); n != 0 {
			t.Errorf("%d slots are taken after the write time-out", n)
		}
	})
}

// taken is how many scrapes of /metrics are in flight.
func taken(s *server) int {
	slots := s.routes.Load().pages["/metrics"].slots
	slots.mu.Lock()
	defer slots.mu.Unlock()
	return len(slots.visits)
}

// A connection is not touched by the cut of a request that it served before.
func TestCutAfterTheRequest(t *testing.T) {
	s := &slots{}
	v := s.enter(1, panicking{}, httptest.NewRequest(http.MethodGet, "/", nil))
	v.leave()
	v.writeBy(time.Unix(1, 0)) // would panic: the writer of a request must not be used after its end
	if len(s.visits) != 0 {
		t.Error("the slot is not given back")
	}
}

// Who asks most makes room for who asks less, whether its pages are read or still made.
func TestGreedyClientMakesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHanging(up("a", "1"))
		s, _ := offline(Options{Source: h, MaxRequests: 4})
		codes := make(chan string, 10)
		scrape := func(client string) {
			r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
			r.RemoteAddr = client
			w := httptest.NewRecorder()
			go func() {
				s.ServeHTTP(w, r)
				codes <- fmt.Sprint(client, " ", w.Code)
			}()
			synctest.Wait()
		}
		for range 4 {
			scrape("192.0.2.1:1")
		}
		scrape("192.0.2.1:2") // refused: nobody has more
		scrape("[2001:db8::1]:1")
		scrape("[2001:db8::ffff]:2") // of the same network
		scrape("[2001:db8::2]:3")    // refused: nobody has two more
		close(h.release)
		got := make(map[string]int)
		for range 8 {
			got[<-codes]++
		}
		want := map[string]int{
			"192.0.2.1:1 200": 2, "192.0.2.1:1 503": 2, "192.0.2.1:2 503": 1,
			"[2001:db8::1]:1 200": 1, "[2001:db8::ffff]:2 200": 1, "[2001:db8::2]:3 503": 1,
		}
		if !maps.Equal(got, want) {
			t.Errorf("got  %v\nwant %v", got, want)
		}
		if page := ask(s, http.MethodGet, "/metrics").Body.String(); value(page, `promexporter_scrapes_cut_total{path="/metrics"}`) != "2" {
			t.Errorf("got\n%s", page)
		}
	})
}

func TestClientAddr(t *testing.T) {
	for remote, want := range map[string]netip.Addr{
		"192.0.2.1:5": netip.MustParseAddr("192.0.2.1"), "[::ffff:192.0.2.1]:5": netip.MustParseAddr("192.0.2.1"),
		"[2001:db8:0:1:2::3%eth0]:5": netip.MustParseAddr("2001:db8:0:1::"), "@": {}, "": {},
	} {
		if got := clientAddr(remote); got != want {
			t.Errorf("%q: %s, want %s", remote, got, want)
		}
	}
}

// takeTurns keeps all pages of s from being encoded, until end.
func takeTurns(t *testing.T, s *server) (end func()) {
	t.Helper()
	var ends []func()
	for range max(1, runtime.GOMAXPROCS(0)/2) {
		ends = append(ends, s.turns.wait(t.Context()))
	}
	return func() {
		for _, end := range ends {
			end()
		}
	}
}

// A page that cannot get its turn is answered in time.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := offline(Options{Source: families(up("a", "1"))})
		end := takeTurns(t, s)
		for timeout, most := range map[string]time.Duration{"": gatherTimeout, "2": 1600 * time.Millisecond} {
			started := time.Now()
			if w := ask(s, http.MethodGet, "/metrics", timeoutHeader, timeout); w.Code != 503 || time.Since(started) > most {
				t.Errorf("%d after %s", w.Code, time.Since(started))
			}
		}
		end()
		if w := ask(s, http.MethodGet, "/metrics"); w.Code != 200 {
			t.Errorf("got %d", w.Code)
		}
	})
}
