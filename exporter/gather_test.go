package exporter

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

func failures(page, reason string) string {
	return value(page, `promexporter_scrape_source_failures_total{output="promexporter.1",reason="`+reason+`"}`)
}

// One source of a page fails in some way; the page shows the other one, and what the failing one gave.
func TestFailingSources(t *testing.T) {
	var released atomic.Int64
	done := func() { released.Add(1) }
	part := []*dto.MetricFamily{up("part", "1")}
	for name, test := range map[string]struct {
		source source
		part   string
		reason string
		count  string // on the third page
		line   string
	}{
		"error": {
			func() ([]*dto.MetricFamily, func(), error) { return part, done, errors.New("first\nsecond") },
			"1", "error", "3", `reason=error error="first; second"`,
		},
		"panic in Gather": {
			func() ([]*dto.MetricFamily, func(), error) { panic("oh") }, "", "panic", "3", `reason=panic error="panic in Gather: oh"`,
		},
		"panic in done": {
			func() ([]*dto.MetricFamily, func(), error) { return part, func() { done(); panic("oh") }, nil },
			"1", "panic", "2", `reason=panic error="panic in done: oh"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			released.Store(0)
			var out logged
			s, _ := offline(
				Options{Source: families(up("rest", "1"))},
				Options{Source: test.source, Instance: "promexporter.1", Log: out.log()},
			)
			for range 2 {
				w := ask(s, http.MethodGet, "/metrics")
				page := w.Body.String()
				if w.Code != http.StatusOK || value(page, `rest{l="1"}`) != "1" || value(page, `part{l="1"}`) != test.part {
					t.Errorf("%d\n%s", w.Code, foreign(page))
				}
			}
			page := ask(s, http.MethodGet, "/metrics").Body.String()
			if got := failures(page, test.reason); got != test.count {
				t.Errorf("%s failures, want %s", got, test.count)
			}
			const text = `level=WARN msg="page is incomplete: an instance did not give all of its metrics"`
			want := text + " path=/metrics instance=promexporter.1 " + test.line + "\n"
			if out.String() != want {
				t.Errorf("got  %swant %s", out.String(), want)
			}
			if test.part != "" && released.Load() != 3 {
				t.Errorf("done was called %d times, want 3", released.Load())
			}
		})
	}
}

// A source that hangs costs its page time, once; it is asked again when it has given its late answer back.
func TestLateSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHanging(up("late", "1"))
		s, _ := offline(Options{Source: families(up("rest", "1"))}, Options{Source: h, Instance: "promexporter.1"})
		started := time.Now()
		page := ask(s, http.MethodGet, "/metrics").Body.String()
		if took := time.Since(started); took != gatherTimeout || value(page, `rest{l="1"}`) != "1" {
			t.Errorf("took %s\n%s", took, foreign(page))
		}
		page = ask(s, http.MethodGet, "/metrics").Body.String()
		if took := time.Since(started); took != gatherTimeout+owedTimeout || value(page, `rest{l="1"}`) != "1" || h.asked.Load() != 1 {
			t.Errorf("after %s, asked %d times\n%s", took, h.asked.Load(), foreign(page))
		}
		close(h.release)
		synctest.Wait()
		if h.given.Load() != 1 {
			t.Error("the late answer was not given back")
		}
		page = ask(s, http.MethodGet, "/metrics").Body.String()
		if value(page, `late{l="1"}`) != "1" || failures(page, "timeout") != "2" {
			t.Errorf("%s failures\n%s", failures(page, "timeout"), foreign(page))
		}
	})
}

// slow is a source that takes its time.
type slow struct {
	prometheus.TransactionalGatherer
}

func (s slow) Gather() ([]*dto.MetricFamily, func(), error) {
	time.Sleep(100 * time.Millisecond)
	return s.TransactionalGatherer.Gather()
}

// A client that gives up each of its scrapes at once has no other client's refused.
func TestImpatientClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := offline(Options{Source: slow{families(up("a", "1"))}})
		stop := time.Now().Add(time.Minute)
		for range 5 {
			go func() {
				for time.Now().Before(stop) {
					if w := ask(s, http.MethodGet, "/metrics", timeoutHeader, "0.01"); w.Code != 503 {
						t.Errorf("an impatient scrape: %d", w.Code)
					}
					time.Sleep(time.Millisecond)
				}
			}()
		}
		for time.Now().Before(stop) {
			started := time.Now()
			if w := ask(s, http.MethodGet, "/metrics"); w.Code != 200 || time.Since(started) > 200*time.Millisecond {
				t.Errorf("%d after %s", w.Code, time.Since(started))
			}
			time.Sleep(time.Second)
		}
	})
}

func TestScrapesInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHanging(up("a", "1"))
		s, _ := offline(Options{Source: h}, Options{Path: "/other", Instance: "promexporter.1"})
		codes := make(chan int, defaultMaxRequests)
		for range defaultMaxRequests {
			go func() { codes <- ask(s, http.MethodGet, "/metrics").Code }()
		}
		synctest.Wait()
		w := ask(s, http.MethodGet, "/metrics")
		if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "40 scrapes of /metrics are in flight") {
			t.Errorf("%d\n%s", w.Code, w.Body)
		}
		w = ask(s, http.MethodGet, "/other")
		page := w.Body.String()
		if w.Code != http.StatusOK || value(page, `promexporter_scrapes_in_flight{path="/metrics"}`) != "40" ||
			value(page, `promexporter_scrapes_total{code="503",path="/metrics"}`) != "1" {
			t.Errorf("%d\n%s", w.Code, page)
		}
		close(h.release)
		for range defaultMaxRequests {
			if code := <-codes; code != http.StatusOK {
				t.Errorf("got %d", code)
			}
		}
		// Those that came while the first page was made share the second.
		if w := ask(s, http.MethodGet, "/metrics"); w.Code != http.StatusOK || h.asked.Load() != 3 || h.given.Load() != 3 {
			t.Errorf("%d, %d given back of %d", w.Code, h.given.Load(), h.asked.Load())
		}
	})
}
