package exporter

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for header, want := range map[string]string{
			"":       "0s 4s 5s",
			"x":      "0s 4s 5s",
			"NaN":    "0s 4s 5s",
			"-1":     "0s 4s 5s",
			"0":      "0s 4s 5s",
			"+Inf":   "0s 4s 5s",
			"1e300":  "0s 4s 5s",
			"60":     "0s 4s 5s",
			"10":     "9.5s 4s 4.75s",
			"30":     "29.5s 4s 5s",
			"1":      "800ms 400ms 400ms",
			"0.1":    "80ms 40ms 40ms",
			"1e-300": "0s 4s 5s",
		} {
			r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
			r.Header.Set(timeoutHeader, header)
			b := newBudget(r)
			if got := b.left().String() + " " + b.hold().String() + " " + b.gather().String(); got != want {
				t.Errorf("%q: %s, want %s", header, got, want)
			}
		}
	})
}

// A scrape gives up before its client does; nothing is left of it when the source answers at last.
func TestScrapeTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHanging(up("late", "1"))
		s, endpoints := offline(Options{Source: h}, Options{Path: "/both", Instance: "promexporter.1", Source: h},
			Options{Path: "/both", Instance: "promexporter.2", Source: families(up("rest", "1"))})
		for _, test := range []struct {
			timeout string
			most    time.Duration
		}{{"10", 9500 * time.Millisecond}, {"1", 800 * time.Millisecond}, {"0.01", 8 * time.Millisecond}, {"", gatherTimeout}} {
			started := time.Now()
			w := ask(s, http.MethodGet, "/metrics", timeoutHeader, test.timeout)
			if took := time.Since(started); w.Code != 503 || took > test.most || w.Body.String() != endDeadline+"\n" {
				t.Errorf("%q: %d after %s: %s", test.timeout, w.Code, took, w.Body)
			}
		}
		// The other source of a page is shown in time.
		started := time.Now()
		w := ask(s, http.MethodGet, "/both", timeoutHeader, "1")
		if took := time.Since(started); w.Code != 200 || took > 800*time.Millisecond || value(w.Body.String(), `rest{l="1"}`) != "1" {
			t.Errorf("%d after %s\n%s", w.Code, took, foreign(w.Body.String()))
		}
		if n := h.asked.Load(); n != 2 {
			t.Errorf("asked %d times, want once for each endpoint", n)
		}
		close(h.release)
		synctest.Wait()
		for _, e := range endpoints {
			if e.uses != 0 || e.debt.due() != nil {
				t.Errorf("%s: %d uses, %d owed", e.instance, e.uses, e.debt.n)
			}
		}
	})
}

// The time limit also ends the writing of a page that is too large for it.
func TestScrapeTimeoutEndsEncoding(t *testing.T) {
	s, endpoints := offline(Options{Source: families(manySeries("a", 300_000)...)})
	started := time.Now()
	w := ask(s, http.MethodGet, "/metrics", timeoutHeader, "0.02")
	if w.Code != http.StatusServiceUnavailable || w.Body.Len() > 100 {
		t.Errorf("%d after %s, %d bytes", w.Code, time.Since(started), w.Body.Len())
	}
	// On a slow machine even this source may be asked too late, and then lets go of it later.
	until(t, "the source is in use", func() bool { return uses(endpoints[0]) == 0 })
	page := ask(s, http.MethodGet, "/metrics?name[]=promexporter_scrapes_total").Body.String()
	if value(page, `promexporter_scrapes_total{code="503",path="/metrics"}`) != "1" || strings.Contains(page, "a{") {
		t.Errorf("got\n%s", page)
	}
}

// uses is how many scrapes use the source of e.
func uses(e *Endpoint) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.uses
}

// A client that said when it is gone gets no longer to read.
func TestScrapeTimeoutEndsReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := online(t, Options{Source: families(manySeries("a", 1000)...)})
		c := connect(t, s)
		send(c, "GET /metrics HTTP/1.1\r\nHost: a\r\n"+timeoutHeader+": 10\r\n\r\n")
		synctest.Wait()
		if taken(s) != 1 {
			t.Errorf("%d slots are taken", taken(s))
		}
		time.Sleep(10*time.Second + 1)
		synctest.Wait()
		if taken(s) != 0 || !isCut(c) {
			t.Errorf("%d slots are taken", taken(s))
		}
	})
}

// A request with name[] costs what it asks for: what it leaves out is not even merged.
func TestNamesAreCheap(t *testing.T) {
	half := manySeries("a", 20_000)
	s, _ := offline(Options{Source: families(append(half, up("b", "1"))...)},
		Options{Source: families(append(half, up("b", "2"))...), Instance: "promexporter.1"})
	allocs := testing.AllocsPerRun(3, func() {
		w := ask(s, http.MethodGet, "/metrics?name[]=b")
		if page := w.Body.String(); value(page, `b{l="1"}`) != "1" || value(page, `b{l="2"}`) != "1" || strings.Count(page, "\n") != 4 {
			t.Errorf("got\n%s", page)
		}
	})
	if allocs > 10_000 {
		t.Errorf("%.0f allocations", allocs)
	}
}
