package exporter

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/promexporter/promexporter/exporter/internal/render"
	"github.com/promexporter/promexporter/internal/exposition"
)

// numbered is a source whose families are named by the number of the call, from 1. Each call takes a given time.
func numbered(calls *atomic.Int64, takes func(call int64) time.Duration) source {
	return func(ctx context.Context) ([]exposition.Family, func(), error) {
		n := calls.Add(1)
		return after(takes(n), gives("other", fmt.Sprint("page_", n)))(ctx)
	}
}

// Scrapes with equal queries share a page that is not older than the request of any of them. Others get their own page.
func TestScrapesShareAPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		s, _ := offline(Options{Source: numbered(&calls, func(int64) time.Duration { return 100 * time.Millisecond })})
		var all sync.WaitGroup
		scrape := func(want string, path string, header ...string) {
			all.Go(func() {
				if w := ask(s, path, header...); w.Code != 200 || value(w.Body.String(), want) != "1" {
					t.Errorf("%s %v: %d, want %s\n%s", path, header, w.Code, want, w.Body)
				}
			})
			synctest.Wait()
		}
		scrape("page_1", "/metrics")
		for range 5 {
			time.Sleep(10 * time.Millisecond)
			scrape("page_2", "/metrics") // when the first one is made, all of them wait
		}
		scrape("page_3", "/metrics?name[]=page_3")
		scrape("page_4", "/metrics", timeoutHeader, "10")
		scrape("page_5", "/metrics", "Accept", "text/plain;version=1.0.0")
		scrape("page_2", "/metrics", timeoutHeader, "") // says nothing
		time.Sleep(100 * time.Millisecond)
		scrape("page_6", "/metrics") // the second one is begun
		all.Wait()
		if n := calls.Load(); n != 6 || len(s.table.pages.waiting) != 0 {
			t.Errorf("the source was asked %d times, %d pages are left", n, len(s.table.pages.waiting))
		}
	})
}

// No scrape is affected by the failure of another one: neither by its timeout, which ends earlier, nor by its panic.
func TestScrapeDoesNotShareAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		takes := []time.Duration{600 * time.Millisecond, time.Minute, 10 * time.Millisecond}
		s, _ := offline(Options{Source: numbered(&calls, func(n int64) time.Duration { return takes[n-1] })})
		codes := scrapeInTurn(s, []time.Duration{0, time.Millisecond, 500 * time.Millisecond}, []string{"10", "1", "1"})
		if want := []int{200, 503, 200}; !slices.Equal(codes, want) {
			t.Errorf("got %v, want %v", codes, want)
		}
	})
}

func TestScrapeDoesNotShareAPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		failing := func(ctx context.Context) ([]exposition.Family, func(), error) {
			if calls.Add(1) == 2 {
				return nil, nil, errors.New("this is logged")
			}
			return after(100*time.Millisecond, gives("a"))(ctx)
		}
		log := slog.New(new(panicsOnce))
		s, _ := offline(Options{Source: source(failing), Log: log}, Options{Log: log})
		codes := scrapeInTurn(s, []time.Duration{0, time.Millisecond, time.Millisecond}, []string{"", "", ""})
		if want := []int{200, 500, 200}; !slices.Equal(codes, want) {
			t.Errorf("got %v, want %v", codes, want)
		}
	})
}

// panicsOnce is a log that panics at its first line.
type panicsOnce struct {
	slog.Handler
	done atomic.Bool
}

func (p *panicsOnce) Enabled(context.Context, slog.Level) bool { return true }

func (p *panicsOnce) Handle(context.Context, slog.Record) error {
	if !p.done.Swap(true) {
		panic("the log")
	}
	return nil
}

// scrapeInTurn starts scrapes with these pauses and timeouts, and returns their codes.
func scrapeInTurn(s http.Handler, pauses []time.Duration, timeouts []string) []int {
	codes := make([]int, len(pauses))
	var all sync.WaitGroup
	for i := range codes {
		time.Sleep(pauses[i])
		all.Go(func() { codes[i] = ask(s, "/metrics", timeoutHeader, timeouts[i]).Code })
		synctest.Wait()
	}
	all.Wait()
	return codes
}

// A scrape that no longer waits for its page is not one of its readers, so that the memory of the page is returned.
func TestScrapeLeavesItsPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s sharedPages
		key := pageKey{page: new(page)}
		one, first := s.join(key)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		p, shared, err := s.get(ctx, key, nil)
		if !first || p != nil || !shared || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, shared: %t, %v", p, shared, err)
		}
		if one.scrapes != 1 {
			t.Errorf("%d scrapes wait for the page, want the one that makes it", one.scrapes)
		}
		s.make(t.Context(), key, one, func() (*render.Page, error) { return new(render.Page), nil })
		if one.page == nil || one.err != nil {
			t.Errorf("%v, %v", one.page, one.err)
		}
	})
}

// At most two pages are made at a time, and one with fewer than four processors. A scrape that waits ends in time.
func TestPagesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var making, most atomic.Int64
		s, _ := offline(Options{Source: source(func(ctx context.Context) ([]exposition.Family, func(), error) {
			most.Store(max(most.Load(), making.Add(1)))
			defer making.Add(-1)
			return after(time.Second, gives("a"))(ctx)
		})})
		s.table.pages = sharedPages{} // as it is in use
		var all sync.WaitGroup
		for i := range 10 {
			all.Go(func() {
				if w := ask(s, fmt.Sprintf("/metrics?kind=%d", i)); w.Code != 200 {
					t.Errorf("kind %d: %d", i, w.Code)
				}
			})
		}
		synctest.Wait()
		started := time.Now()
		w := askFrom(s, "192.0.2.2:1", "/metrics", timeoutHeader, "0.5")
		if took := time.Since(started); w.Code != 503 || took != 400*time.Millisecond {
			t.Errorf("a scrape without a turn: %d after %s", w.Code, took)
		}
		all.Wait()
		if n := most.Load(); n < 1 || n > pagesAtOnce || int(n) != cap(s.table.pages.sem) {
			t.Errorf("%d pages were made at once", n)
		}
	})
}

// A client that aborts all its scrapes at once does not affect those of other clients.
func TestImpatientClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := offline(Options{Source: after(100*time.Millisecond, gives("a"))})
		stop := time.Now().Add(5 * time.Second)
		for range 5 {
			go func() {
				for time.Now().Before(stop) {
					if w := ask(s, "/metrics", timeoutHeader, "0.01"); w.Code != 503 {
						t.Errorf("an impatient scrape: %d", w.Code)
					}
					time.Sleep(time.Millisecond)
				}
			}()
		}
		for time.Now().Before(stop) {
			started := time.Now()
			if w := askFrom(s, "192.0.2.2:1", "/metrics"); w.Code != 200 || time.Since(started) > 200*time.Millisecond {
				t.Errorf("%d after %s", w.Code, time.Since(started))
			}
			time.Sleep(time.Second)
		}
	})
}

// Requests that get different pages have different queries.
func TestKindsOfPages(t *testing.T) {
	kind := func(path string, header ...string) query {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		return newQuery(r)
	}
	seen := make(map[query]string)
	for name, q := range map[string]query{
		"plain": kind("/metrics"), "a time limit": kind("/metrics", timeoutHeader, "10"),
		"another time limit": kind("/metrics", timeoutHeader, "5"), "gzip": kind("/metrics", "Accept-Encoding", "gzip"),
		"OpenMetrics": kind("/metrics", "Accept", "application/openmetrics-text"), "names": kind("/metrics?name[]=a"),
		"escaped": kind("/metrics", "Accept", "text/plain;escaping=dots"),
	} {
		if other, known := seen[q]; known {
			t.Errorf("%s and %s are of one kind", name, other)
		}
		seen[q] = name
	}
	// An empty timeout counts as no timeout, and such a page has lines that Prometheus would store.
	if name := seen[kind("/metrics", timeoutHeader, "")]; name != "plain" {
		t.Errorf("an empty time limit is of the kind %q", name)
	}
}
