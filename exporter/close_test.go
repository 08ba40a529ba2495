package exporter

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// hanging is a source whose Gather blocks until release is closed.
type hanging struct {
	release          chan struct{}
	asked, given     atomic.Int64
	familiesReturned []*dto.MetricFamily
}

func newHanging(f ...*dto.MetricFamily) *hanging {
	return &hanging{release: make(chan struct{}), familiesReturned: f}
}

func (h *hanging) Gather() ([]*dto.MetricFamily, func(), error) {
	h.asked.Add(1)
	<-h.release
	return h.familiesReturned, func() { h.given.Add(1) }, nil
}

// inBackground fetches a URL and gives what came of it.
func inBackground(url string) <-chan string {
	result := make(chan string, 1)
	go func() {
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		response, err := client.Get(url)
		if err != nil {
			result <- err.Error()
			return
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		result <- fmt.Sprint(response.StatusCode, " ", string(body), err)
	}()
	return result
}

// inTime is above the second that closing takes at most, for slow machines, and below what it would take if it waited
// for what it must not: for a client five seconds or a minute, for a source that hangs without end.
const inTime = 4 * time.Second

// closeInTime calls Close or CloseForReload of an endpoint.
func closeInTime(t *testing.T, closing func() error) error {
	t.Helper()
	started := time.Now()
	err := closing()
	if took := time.Since(started); took > inTime {
		t.Errorf("closing took %s", took)
	}
	return err
}

func TestCloseWithHangingSource(t *testing.T) {
	h := newHanging()
	var servers Servers
	e := open(t, &servers, Options{Source: h})
	result := inBackground("http://" + e.Addr().String() + "/metrics")
	until(t, "the scrape begins", func() bool { return h.asked.Load() == 1 })
	err := closeInTime(t, e.Close)
	want := "close promexporter.0 at " + e.Addr().String() + "/metrics: its source has not returned from a scrape within 800ms"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if again := e.Close(); again != err {
		t.Errorf("second Close: %v", again)
	}
	<-result
	l, err := net.Listen("tcp", e.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	close(h.release)
	until(t, "done is called", func() bool { return h.given.Load() == 1 })
	noGoroutines(t)
}

// A client that does not read its page holds up neither the source nor Close.
func TestCloseWithHangingClient(t *testing.T) {
	var done atomic.Int64
	big := manySeries("a", 100_000)
	var servers Servers
	e := open(t, &servers, Options{Source: source(func() ([]*dto.MetricFamily, func(), error) {
		return big, func() { done.Add(1) }, nil
	})})
	c := dial(t, e, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
	until(t, "the families are given back", func() bool { return done.Load() == 1 })
	if err := closeInTime(t, e.Close); err != nil {
		t.Error(err)
	}
	if _, err := io.ReadAll(c); err == nil {
		t.Log("the kernel held the whole page")
	}
	noGoroutines(t)
}

func TestCloseWithIdleAndSilentClients(t *testing.T) {
	var servers Servers
	e := open(t, &servers, Options{})
	idle := dial(t, e, "GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n")
	if line, err := bufio.NewReader(idle).ReadString('\n'); err != nil || !strings.Contains(line, "200") {
		t.Fatal(line, err)
	}
	dial(t, e, "")
	dial(t, e, "GET /metrics HTTP/1.1\r\nHost")
	if err := closeInTime(t, e.Close); err != nil {
		t.Error(err)
	}
	noGoroutines(t)
}

func dial(t *testing.T, e *Endpoint, send string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", e.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if _, err := io.WriteString(c, send); err != nil {
		t.Fatal(err)
	}
	return c
}

// Closing an endpoint whose source hangs leaves the rest of its page, and the scrape that waits for it.
func TestCloseLeavesTheRestOfThePage(t *testing.T) {
	h := newHanging()
	var servers Servers
	rest := open(t, &servers, Options{Source: families(up("rest", "1"))})
	e := open(t, &servers, Options{Address: rest.Addr().String(), Instance: "promexporter.1", Source: h})
	url := "http://" + rest.Addr().String() + "/metrics"
	result := inBackground(url)
	until(t, "the scrape begins", func() bool { return h.asked.Load() == 1 })
	if err := closeInTime(t, e.Close); err == nil {
		t.Error("no error, though the source hangs")
	}
	if got := <-result; !strings.HasPrefix(got, "200 ") || value(got, `rest{l="1"}`) != "1" {
		t.Errorf("the scrape got %s", got)
	}
	if _, page := get(t, url); value(page, `rest{l="1"}`) != "1" || h.asked.Load() != 1 {
		t.Errorf("after Close:\n%s", page)
	}
	close(h.release)
	until(t, "done is called", func() bool { return h.given.Load() == 1 })
}

// Close waits for a scrape that has the families, as long as that is not too long.
func TestCloseWaitsForScrapes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHanging(up("slow", "1"))
		s, endpoints := offline(Options{}, Options{Instance: "promexporter.1", Source: h})
		result := make(chan string)
		go func() { result <- ask(s, http.MethodGet, "/metrics").Body.String() }()
		synctest.Wait()
		const takes = closeGrace - 1
		time.AfterFunc(takes, func() { close(h.release) })
		started := time.Now()
		if err := endpoints[1].Close(); err != nil {
			t.Error(err)
		}
		if took := time.Since(started); took != takes || h.given.Load() != 1 {
			t.Errorf("Close returned after %s, %d families were given back", took, h.given.Load())
		}
		if got := <-result; value(got, `slow{l="1"}`) != "1" {
			t.Errorf("the scrape got %s", got)
		}
	})
}

// Close takes less than a second also when the source of a scrape hangs.
func TestCloseDoesNotWaitForSources(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHanging()
		s, endpoints := offline(Options{Source: h})
		go ask(s, http.MethodGet, "/metrics")
		synctest.Wait()
		started := time.Now()
		if err := endpoints[0].Close(); err == nil || time.Since(started) >= time.Second {
			t.Errorf("%v after %s", err, time.Since(started))
		}
		close(h.release)
	})
}

// A scrape that waits for its turn to encode does not keep Close, and gets what is left of the page.
func TestCloseEndsWaitForATurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, endpoints := offline(
			Options{Source: families(up("rest", "1"))},
			Options{Source: families(up("gone", "1")), Instance: "promexporter.1"},
		)
		end := takeTurns(t, s)
		result := make(chan string)
		go func() { result <- ask(s, http.MethodGet, "/metrics").Body.String() }()
		synctest.Wait()
		if err := endpoints[1].Close(); err != nil {
			t.Error(err)
		}
		end()
		if got := <-result; value(got, `rest{l="1"}`) != "1" || strings.Contains(got, "gone") {
			t.Errorf("the scrape got %s", got)
		}
	})
}

// When its time is up, a scrape that still encodes is answered 503 and lets go of the families.
func TestCloseEndsEncoding(t *testing.T) {
	s, endpoints := offline(Options{Source: families(up("a", "1"))})
	e := endpoints[0]
	a := s.bodies.newAnswer()
	a.end(&endClosing)
	r, _ := http.NewRequest(http.MethodGet, "/metrics", nil)
	s.render(a, r, s.routes.Load().pages[e.path], newBudget(r))
	if a.code != http.StatusServiceUnavailable || e.uses != 0 {
		t.Errorf("%d, %d uses\n%s", a.code, e.uses, a.body)
	}
	if got := string(a.body); got != "an instance of this page is closing; try again\n" {
		t.Errorf("got %s", got)
	}
}

func TestScrapeOfClosedEndpoint(t *testing.T) {
	var asked atomic.Int64
	s, endpoints := offline(Options{Source: source(func() ([]*dto.MetricFamily, func(), error) {
		asked.Add(1)
		return nil, nil, nil
	})})
	endpoints[0].refuse()
	w := ask(s, http.MethodGet, "/metrics")
	if w.Code != http.StatusServiceUnavailable || asked.Load() != 0 {
		t.Errorf("%d, asked %d times\n%s", w.Code, asked.Load(), w.Body)
	}
}
