package exporter

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/promexporter/promexporter/exporter/internal/render"
)

// The path of a scrape, from top to bottom:
//
//	serveScrape   in-flight limit, deadline, answer                   this file
//	page          waits for endpoints that are being reloaded         this file
//	sharedPages   waits for its turn, or for a page that is made      shared.go
//	makePage      gathers, merges, renders                            gather.go, internal/families, internal/render
//	send          writes the page                                     this file
//
// Each wait ends with the context of the scrape.

// timeoutHeader is how Prometheus says when it gives up a scrape.
const timeoutHeader = "X-Prometheus-Scrape-Timeout-Seconds"

// serveScrape serves one request for p.
func (s *server) serveScrape(w http.ResponseWriter, r *http.Request, p *page) {
	began := time.Now()
	leave, code := p.inFlight.enter(p.limit, w, r)
	defer func() { p.counts.codes[code].Inc() }()
	if leave == nil {
		return
	}
	defer leave()
	p.counts.inFlight.Inc()
	defer p.counts.inFlight.Dec()
	code = http.StatusInternalServerError // for a panic

	ctx, cancel := scrapeContext(r, began)
	defer cancel()
	rendered, err := s.page(ctx, p, newQuery(r))
	p.counts.duration.Observe(time.Since(began).Seconds())
	if err != nil {
		code = sendError(w, err)
		return
	}
	code = http.StatusOK
	send(w, r, rendered, began)
}

// A query is what a request asks for. Equal queries get the same page.
type query struct {
	format  render.Format
	names   string // the raw query, whose parameters name[] select families
	timeout string // clients with different timeouts may get different families of slow sources
}

// newQuery returns the query of r. OpenMetrics has lines for created timestamps, but Prometheus by default stores each
// of them as a further series, which doubles the series of a page of counters. If it is configured to use created
// timestamps, it requests protobuf, where they cost nothing. Therefore the lines are left out for clients that send
// timeoutHeader: Prometheus, and agents that use its scraper.
func newQuery(r *http.Request) query {
	timeout := r.Header.Get(timeoutHeader)
	return query{render.Negotiate(r.Header, timeout == ""), r.URL.RawQuery, timeout}
}

// scraperTimeout returns the timeout that the scraper sent, or 0 if it sent none or an invalid one.
func scraperTimeout(r *http.Request) time.Duration {
	seconds, err := strconv.ParseFloat(r.Header.Get(timeoutHeader), 64)
	if err != nil || !(seconds > 0 && seconds < writeTimeout.Seconds()) {
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}

var errDeadline = errors.New("could not render the page in time")

// scrapeContext returns a context that ends when the page has to be complete. It does not end with the connection,
// because a client that has only closed its side after the request looks like one that has disconnected.
func scrapeContext(r *http.Request, began time.Time) (context.Context, context.CancelFunc) {
	limit := scrapeTimeout
	if timeout := scraperTimeout(r); timeout > 0 {
		limit = timeout - min(scrapeMargin, timeout/5)
	}
	return context.WithDeadlineCause(context.WithoutCancel(r.Context()), began.Add(limit), errDeadline)
}

// within returns a context that ends after most, or after half of the time that is left in ctx.
func within(ctx context.Context, most time.Duration) (context.Context, context.CancelFunc) {
	if deadline, ok := ctx.Deadline(); ok {
		most = min(most, time.Until(deadline)/2)
	}
	return context.WithTimeoutCause(ctx, most, errDeadline)
}

// page returns a page of p, or of the page that replaced p in a reload.
func (s *server) page(ctx context.Context, p *page, q query) (*render.Page, error) {
	reload, cancel := within(ctx, reloadTimeout)
	defer cancel()
	for {
		now := s.awaitReload(reload, p)
		if now == nil {
			return nil, errClosed
		}
		rendered, shared, err := s.table.pages.get(ctx, pageKey{s, now, q}, func() (*render.Page, error) {
			return s.makePage(ctx, now, q, reload.Err() == nil)
		})
		again := shared || errors.Is(err, errSuspended) && reload.Err() == nil ||
			errors.Is(err, errClosed) && s.routes.Load().pages[p.path] != now // without the closed instance
		if err == nil || !again || ctx.Err() != nil {
			return rendered, err
		}
	}
}

// awaitReload waits until no session of p is suspended or ctx ends. It returns the current page of the path, or nil.
func (s *server) awaitReload(ctx context.Context, p *page) *page {
	for {
		p = s.routes.Load().pages[p.path]
		if p == nil || ctx.Err() != nil {
			return p
		}
		i := slices.IndexFunc(p.sessions, (*session).isSuspended)
		if i < 0 {
			return p
		}
		select {
		case <-p.sessions[i].suspensionOver:
		case <-ctx.Done():
		}
	}
}

// send writes a page. The write deadline is the time at which the scraper gives up.
func send(w http.ResponseWriter, r *http.Request, p *render.Page, began time.Time) {
	h := w.Header()
	h.Set("Content-Type", p.ContentType())
	h.Set("Content-Length", strconv.FormatInt(p.Size(), 10))
	if encoding := p.ContentEncoding(); encoding != "" {
		h.Set("Content-Encoding", encoding)
	}
	h.Set("Vary", "Accept, Accept-Encoding")
	if timeout := scraperTimeout(r); timeout > 0 {
		_ = http.NewResponseController(w).SetWriteDeadline(began.Add(timeout)) // only a test's writer has none
	}
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		p.Discard()
		return
	}
	_, _ = p.WriteTo(w) // the client may have disconnected
}

// sendError answers with err, and returns the status code.
func sendError(w http.ResponseWriter, err error) int {
	for _, known := range []error{errSuspended, errClosed, errDeadline, render.ErrTooLarge} {
		if errors.Is(err, known) {
			writeText(w, http.StatusServiceUnavailable, known.Error())
			return http.StatusServiceUnavailable
		}
	}
	writeText(w, http.StatusInternalServerError, "could not render the page; see the log")
	return http.StatusInternalServerError
}
