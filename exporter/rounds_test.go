package exporter

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// ticking is a source whose value tells when it was asked, and which takes some time.
type ticking struct {
	asked atomic.Int64
	since time.Time
	takes time.Duration
}

func (s *ticking) Gather() ([]*dto.MetricFamily, func(), error) {
	s.asked.Add(1)
	now := time.Since(s.since).Seconds()
	time.Sleep(s.takes)
	return []*dto.MetricFamily{gauge("asked_at", "When.", map[string]float64{"": now}, "")}, func() {}, nil
}

// TestScrapesShareAPage holds that scrapes of one kind share a page that is not older than the request of any of them,
// and that those of other kinds have their own.
func TestScrapesShareAPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &ticking{since: time.Now(), takes: 100 * time.Millisecond}
		s, _ := offline(Options{Source: source})
		var all sync.WaitGroup
		scrape := func(want float64, path string, header ...string) {
			all.Go(func() {
				began := time.Now()
				w := ask(s, http.MethodGet, path, header...)
				if got := value(w.Body.String(), `asked_at{l=""}`); w.Code != http.StatusOK || got != fmt.Sprint(want) {
					t.Errorf("%s %v: %d with a page of %s s, want %v; it took %s", path, header, w.Code, got, want, time.Since(began))
				}
			})
		}
		scrape(0, "/metrics")
		for range 10 {
			time.Sleep(5 * time.Millisecond)
			scrape(0.1, "/metrics") // when the first one is made, all of them are there
		}
		scrape(0.05, "/metrics?name[]=asked_at")
		scrape(0.05, "/metrics", timeoutHeader, "10")
		scrape(0.05, "/metrics", "Accept", "text/plain;version=1.0.0")
		time.Sleep(100 * time.Millisecond)
		scrape(0.2, "/metrics") // the second one is begun
		all.Wait()
		if n := source.asked.Load(); n != 3+3 {
			t.Errorf("the source was asked %d times", n)
		}
		if len(s.rounds.making) != 0 {
			t.Errorf("%d rounds are left", len(s.rounds.making))
		}
	})
}

// TestScrapeDoesWithoutOthers holds that nobody waits long for the page of another one.
func TestScrapeDoesWithoutOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := offline(Options{Source: &ticking{since: time.Now(), takes: 3 * time.Second}})
		var all sync.WaitGroup
		for n := range 4 {
			all.Go(func() {
				began := time.Now()
				w := ask(s, http.MethodGet, "/metrics")
				if took := time.Since(began); w.Code != http.StatusOK || took > togetherLimit+3*time.Second {
					t.Errorf("scrape %d: %d after %s", n, w.Code, took)
				}
			})
			time.Sleep(time.Millisecond)
		}
		all.Wait()
		if len(s.rounds.making) != 0 {
			t.Errorf("%d rounds are left", len(s.rounds.making))
		}
	})
}

// TestScrapeDoesNotShareAFailure holds that who shares the page of a scrape that was given up makes its own.
func TestScrapeDoesNotShareAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := offline(Options{Source: &ticking{since: time.Now(), takes: 600 * time.Millisecond}})
		var all sync.WaitGroup
		scrape := func(code int, timeout string) {
			all.Go(func() {
				if w := ask(s, http.MethodGet, "/metrics", timeoutHeader, timeout); w.Code != code {
					t.Errorf("%s s: %d, want %d", timeout, w.Code, code)
				}
			})
			time.Sleep(time.Millisecond)
		}
		scrape(http.StatusOK, "10")
		scrape(http.StatusServiceUnavailable, "1") // makes the next page, for which its time is too short
		scrape(http.StatusOK, "10")
		all.Wait()
		time.Sleep(time.Minute) // until the source has given late answers
	})
}

// TestScrapeDoesNotShareAPanic holds that who shares the page of a scrape that ended in a panic makes its own.
func TestScrapeDoesNotShareAPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		other := source(func() ([]*dto.MetricFamily, func(), error) {
			time.Sleep(100 * time.Millisecond)
			f := up("a", "2")
			if asked++; asked == 2 {
				f.Type = dto.MetricType_COUNTER.Enum() // which is left out, with a line
			}
			return []*dto.MetricFamily{f}, func() {}, nil
		})
		var panicked atomic.Bool
		log := slog.New(panicsOnce{done: &panicked})
		s, _ := offline(Options{Source: families(up("a", "1")), Log: log}, Options{Instance: "promexporter.1", Source: other, Log: log})
		var all sync.WaitGroup
		var codes [3]int
		for n := range codes {
			all.Go(func() {
				w := ask(s, http.MethodGet, "/metrics")
				codes[n] = w.Code
				if w.Code == http.StatusOK && value(w.Body.String(), `a{l="1"}`) != "1" {
					t.Errorf("scrape %d: a page without the series:\n%s", n, w.Body)
				}
			})
			time.Sleep(time.Millisecond)
		}
		all.Wait()
		if codes != [3]int{http.StatusOK, http.StatusInternalServerError, http.StatusOK} || !panicked.Load() {
			t.Errorf("status codes %v", codes)
		}
	})
}

// panicsOnce is a log that panics at its first line.
type panicsOnce struct {
	slog.Handler
	done *atomic.Bool
}

func (p panicsOnce) Enabled(context.Context, slog.Level) bool { return true }

func (p panicsOnce) Handle(context.Context, slog.Record) error {
	if !p.done.Swap(true) {
		panic("the log")
	}
	return nil
}

// TestKindsOfPages holds that requests which get different pages are of different kinds.
func TestKindsOfPages(t *testing.T) {
	p, seen := &page{path: "/metrics"}, make(map[string]string)
	for name, header := range map[string][]string{
		"without time limit": nil, "with one": {timeoutHeader, "10"}, "OpenMetrics": {"Accept", "application/openmetrics-text"},
		"gzip": {"Accept-Encoding", "gzip"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		kind := kindOfPage(r, p)
		if other, known := seen[kind]; known {
			t.Errorf("%s and %s are of one kind", name, other)
		}
		seen[kind] = name
	}
	// An empty time limit is none, and the page that goes with it has lines that Prometheus would store.
	r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	r.Header.Set(timeoutHeader, "")
	if name := seen[kindOfPage(r, p)]; name != "without time limit" {
		t.Errorf("an empty time limit is of the kind %q", name)
	}
}

// TestRounds goes through the life of three rounds.
func TestRounds(t *testing.T) {
	var s rounds
	r, _, leads := s.enter("a")
	if !leads {
		t.Fatal("the first one does not lead")
	}
	next, before, leads := s.enter("a")
	if !leads || before != r {
		t.Fatal("the second one does not lead after the first")
	}
	follower, _, leads := s.enter("a")
	if leads || follower != next {
		t.Fatal("the third one does not follow the second")
	}
	s.finish(r, &answer{})
	s.begin(next)
	last, _, leads := s.enter("a")
	if !leads || last == next {
		t.Fatal("a round that was begun takes another one")
	}
	s.finish(next, &answer{})
	if s.leave(next) || !s.leave(next) {
		t.Error("the page is kept as long as both need it")
	}
	s.begin(last)
	s.finish(last, &answer{})
	if len(s.making) != 0 {
		t.Errorf("%d rounds are left", len(s.making))
	}
}
