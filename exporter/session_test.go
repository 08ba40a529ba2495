package exporter

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/promexporter/promexporter/internal/exposition"
)

// Close waits for a scrape that uses the source, cancels it if it takes too long, and returns within a second, whatever
// the source does.
func TestCloseWaitsForScrapes(t *testing.T) {
	rude := func(takes time.Duration) source {
		return func(ctx context.Context) ([]exposition.Family, func(), error) {
			time.Sleep(takes)
			return gives("slow")(ctx)
		}
	}
	for name, test := range map[string]struct {
		source source
		takes  time.Duration // of Close
		fails  bool
		slow   string // on the page
	}{
		"in time":              {after(closeGrace-1, gives("slow")), closeGrace - 1, false, "1"},
		"too slow":             {after(time.Hour, gives("slow")), closeGrace, false, ""},
		"rude":                 {rude(closeLimit - 1), closeLimit - 1, false, ""},
		"rude for a long time": {rude(10 * time.Second), closeLimit, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, endpoints := offline(Options{Source: gives("rest")}, Options{Source: test.source})
				answer := make(chan *httptest.ResponseRecorder, 1)
				go func() { answer <- ask(s, "/metrics") }()
				synctest.Wait()
				started := time.Now()
				err := endpoints[1].Close()
				if took := time.Since(started); took != test.takes || took >= time.Second || (err != nil) != test.fails {
					t.Errorf("%v after %s", err, took)
				}
				w := <-answer
				if page := w.Body.String(); w.Code != 200 || value(page, "rest") != "1" || value(page, "slow") != test.slow {
					t.Errorf("%d\n%s", w.Code, page)
				}
			})
		})
	}
}

// A scrape that waits for the semaphore does not delay Close, and gets the rest of the page.
func TestCloseEndsWaitForSemaphore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, endpoints := offline(Options{Source: gives("rest")}, Options{Source: gives("gone")})
		s.table.pages.sem <- struct{}{}
		answer := make(chan *httptest.ResponseRecorder, 1)
		go func() { answer <- ask(s, "/metrics") }()
		synctest.Wait()
		started := time.Now()
		if err := endpoints[1].Close(); err != nil || time.Since(started) != 0 {
			t.Errorf("%v after %s", err, time.Since(started))
		}
		<-s.table.pages.sem
		if page := (<-answer).Body.String(); value(page, "rest") != "1" || value(page, "gone") != "" {
			t.Errorf("got\n%s", page)
		}
	})
}

// pausing is a log that takes a second per line.
type pausing struct{ slog.Handler }

func (pausing) Enabled(context.Context, slog.Level) bool { return true }

func (pausing) Handle(context.Context, slog.Record) error { time.Sleep(time.Second); return nil }

// When the time of Close is over, the rendering of a page is canceled, and its families are released. The scrape gets a
// page of the remaining instances, if any.
func TestCloseEndsEncoding(t *testing.T) {
	for name, others := range map[string][]Options{"alone": nil, "not alone": {{Source: gives("rest")}}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				given := time.Time{}
				bad := &dto.MetricFamily{Name: new("bad"), Type: dto.MetricType_GAUGE.Enum(), Metric: []*dto.Metric{nil}}
				closing := func(context.Context) ([]exposition.Family, func(), error) {
					return exposition.Families([]*dto.MetricFamily{bad}), func() { given = time.Now() }, nil
				}
				all := append([]Options{{Log: slog.New(pausing{}), Source: source(closing)}}, others...)
				s, endpoints := offline(all...)
				began := time.Now()
				answer := make(chan *httptest.ResponseRecorder, 1)
				go func() { answer <- ask(s, "/metrics") }() // writing takes a second: it logs what is wrong with the family
				synctest.Wait()
				time.Sleep(300 * time.Millisecond)
				if err := endpoints[0].Close(); err != nil || given.Sub(began) != time.Second {
					t.Errorf("%v; given back after %s", err, given.Sub(began))
				}
				w := <-answer
				if others == nil && (w.Code != 503 || w.Body.String() != "an instance of this page is closing; try again\n") ||
					others != nil && (w.Code != 200 || value(w.Body.String(), "rest") != "1") {
					t.Errorf("%d %s", w.Code, w.Body)
				}
			})
		})
	}
}

func TestScrapeOfClosedEndpoint(t *testing.T) {
	s, endpoints := offline(Options{Source: source(func(context.Context) ([]exposition.Family, func(), error) {
		t.Error("the source is asked")
		return nil, nil, nil
	})})
	if err := endpoints[0].Close(); err != nil {
		t.Error(err)
	}
	if w := ask(s, "/metrics"); w.Code != 503 || w.Body.String() != "an instance of this page is closing; try again\n" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
