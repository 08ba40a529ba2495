package exporter

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/promexporter/promexporter/internal/exposition"
)

// A scrape reserves time for sending its answer, and does not spend all of its time on one wait.
func TestScrapeContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for header, want := range map[string]string{
			"":       "30s 4s 5s",
			"x":      "30s 4s 5s",
			"NaN":    "30s 4s 5s",
			"-1":     "30s 4s 5s",
			"0":      "30s 4s 5s",
			"+Inf":   "30s 4s 5s",
			"1e300":  "30s 4s 5s",
			"1e-300": "30s 4s 5s",
			"60":     "30s 4s 5s",
			"59":     "58.5s 4s 5s",
			"30":     "29.5s 4s 5s",
			"10":     "9.5s 4s 4.75s",
			"1":      "800ms 400ms 400ms",
			"0.1":    "80ms 40ms 40ms",
		} {
			r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
			r.Header.Set(timeoutHeader, header)
			whole, cancel := scrapeContext(r, time.Now())
			reload, cancelReload := within(whole, reloadTimeout)
			gather, cancelGather := within(whole, gatherTimeout)
			got := ""
			for _, ctx := range []context.Context{whole, reload, gather} {
				deadline, _ := ctx.Deadline()
				got += " " + time.Until(deadline).String()
			}
			if got != " "+want {
				t.Errorf("%q:%s, want %s", header, got, want)
			}
			cancelGather()
			cancelReload()
			cancel()
		}
	})
}

// A scrape gives up before its client does. If a source is late, only its families are missing on the page.
func TestScrapeTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		late := after(time.Hour, gives("late"))
		s, endpoints := offline(Options{Source: late}, Options{Path: "/both", Source: late},
			Options{Path: "/both", Source: after(100*time.Millisecond, gives("rest"))})
		for _, test := range []struct {
			path, timeout string
			takes         time.Duration
			code          int
		}{
			{"/metrics", "10", 4750 * time.Millisecond, 503},
			{"/metrics", "1", 400 * time.Millisecond, 503},
			{"/metrics", "0.01", 4 * time.Millisecond, 503},
			{"/metrics", "", gatherTimeout, 503},
			{"/both", "1", 400 * time.Millisecond, 200},
			{"/both", "", gatherTimeout, 200},
		} {
			started := time.Now()
			w := ask(s, test.path, timeoutHeader, test.timeout)
			if took := time.Since(started); w.Code != test.code || took != test.takes {
				t.Errorf("%s %q: %d after %s", test.path, test.timeout, w.Code, took)
			}
			rest := value(w.Body.String(), "rest")
			if test.code == 503 && w.Body.String() != "could not render the page in time\n" || test.code == 200 && rest != "1" {
				t.Errorf("%s %q: %s", test.path, test.timeout, w.Body)
			}
		}
		for _, e := range endpoints {
			if n := e.session.Load().scrapes; n != 0 {
				t.Errorf("%d scrapes use the source", n)
			}
		}
	})
}

// The next scrape calls a late source again. Whatever error a canceled source returns, it counts as a timeout.
func TestLateSource(t *testing.T) {
	for name, end := range map[string]func(context.Context) error{
		"with the cause": context.Cause, "with the error": context.Context.Err,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				takes := time.Minute
				late := func(ctx context.Context) ([]exposition.Family, func(), error) {
					select {
					case <-time.After(takes):
						return gives("late")(ctx)
					case <-ctx.Done():
						return nil, nil, end(ctx)
					}
				}
				s, _ := offline(Options{Source: gives("rest")}, Options{Source: source(late)})
				for range 2 {
					started := time.Now()
					page := ask(s, "/metrics").Body.String()
					if took := time.Since(started); took != gatherTimeout || value(page, "rest") != "1" || value(page, "late") != "" {
						t.Errorf("took %s\n%s", took, page)
					}
				}
				takes = time.Second
				page := ask(s, "/metrics").Body.String()
				const counted = `promexporter_scrape_source_failures_total{output="promexporter.1",reason="timeout"}`
				if value(page, "late") != "1" || value(page, counted) != "2" {
					t.Errorf("got\n%s", page)
				}
			})
		})
	}
}

// timed is a response writer that notes its deadline.
type timed struct {
	*httptest.ResponseRecorder
	deadline time.Time
}

func (t *timed) SetWriteDeadline(d time.Time) error { t.deadline = d; return nil }

// A client that sent its timeout gets no more time to read.
func TestScrapeTimeoutEndsReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := offline(Options{Source: after(time.Second, gives("a"))})
		for header, want := range map[string]time.Duration{"10": 10 * time.Second, "": 0, "x": 0, "3600": 0} {
			began := time.Now()
			r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
			r.Header.Set(timeoutHeader, header)
			w := &timed{ResponseRecorder: httptest.NewRecorder()}
			s.ServeHTTP(w, r)
			if w.Code != 200 || want == 0 && !w.deadline.IsZero() || want != 0 && w.deadline.Sub(began) != want {
				t.Errorf("%q: %d, to be read until %s", header, w.Code, w.deadline)
			}
		}
	})
}

// TestScrapeDoesNotWaitTooLong checks that a scrape which cannot wait longer gets the page without the instance, or an
// error, before its timeout.
func TestScrapeDoesNotWaitTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, endpoints := offline(Options{Path: "/rest", Source: gives("rest")}, Options{Path: "/rest"}, Options{Path: "/alone"})
		for _, e := range endpoints[1:] {
			if err := e.Suspend(); err != nil {
				t.Error(err)
			}
		}
		for path, want := range map[string]int{"/rest": 200, "/alone": 503} {
			if w := ask(s, path, timeoutHeader, "2"); w.Code != want {
				t.Errorf("%s: %d, want %d", path, w.Code, want)
			}
		}
	})
}

// Closing an endpoint whose source hangs does not affect the rest of its page, or the scrape that waits for it.
func TestCloseLeavesTheRestOfThePage(t *testing.T) {
	for name, polite := range map[string]bool{"polite": true, "rude": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { closeOneOfTwo(t, polite) })
		})
	}
}

func closeOneOfTwo(t *testing.T, polite bool) {
	asked, release := 0, make(chan struct{})
	s, endpoints := offline(Options{Source: gives("rest")}, Options{Source: source(
		func(ctx context.Context) ([]exposition.Family, func(), error) {
			asked++
			if polite {
				<-ctx.Done()
				return nil, nil, context.Cause(ctx)
			}
			<-release
			return gives("late")(ctx)
		})})
	result := make(chan *httptest.ResponseRecorder, 1)
	go func() { result <- ask(s, "/metrics") }()
	synctest.Wait()
	started := time.Now()
	if err := endpoints[1].Close(); (err == nil) != polite {
		t.Errorf("closed: %v", err)
	}
	if took := time.Since(started); took > time.Second {
		t.Errorf("closed after %s", took)
	}
	close(release)
	if w := <-result; w.Code != 200 || value(w.Body.String(), "rest") != "1" {
		t.Errorf("the scrape got %d %s", w.Code, w.Body)
	}
	if page := ask(s, "/metrics").Body.String(); value(page, "rest") != "1" || asked != 1 || strings.Contains(page, "promexporter.1") {
		t.Errorf("after Close:\n%s", page)
	}
}
