package exporter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	_ "github.com/prometheus/client_golang/prometheus/promhttp/zstd" // lets promhttp offer zstd
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// A page is what one path serves: the families of its endpoints, in the order in which they were opened, and the
// server's own. It is immutable but for the counters and slots, which outlive the changes of its endpoints.
type page struct {
	path      string
	endpoints []*Endpoint
	limit     int // of requests in flight
	slots     *slots
	counts    *pageCounts
}

// scrape answers one request for p. The limit on scrapes in flight is here and not promhttp's, because promhttp does
// not see the time that the client takes to read.
func (s *server) scrape(w http.ResponseWriter, r *http.Request, p *page) {
	v := p.slots.enter(p.limit, w, r)
	if v == nil {
		p.counts.answered(http.StatusServiceUnavailable)
		http.Error(w, fmt.Sprintf("%d scrapes of %s are in flight, which is the limit; try again later", p.limit, p.path),
			http.StatusServiceUnavailable)
		return
	}
	defer v.leave()
	p.counts.inFlight.Inc()
	defer p.counts.inFlight.Dec()
	code := http.StatusInternalServerError // unless it comes to an answer
	defer func() { p.counts.answered(code) }()

	b := newBudget(r)
	a, sent := s.made(v, r, p, b)
	defer sent()
	p.counts.duration.Observe(b.spent().Seconds())
	code = a.code
	v.send(a, w, b.readBy())
}

// render makes the answer. On return nothing of the sources is in use. It goes on when the client leaves: a client
// that closes its side of the connection after the request looks the same, and slots bound what it may cost. When a
// reload does not wait for it, it begins once more, with what comes after.
func (s *server) render(a *answer, r *http.Request, p *page, b budget) {
	if end := b.left(); end > 0 {
		defer time.AfterFunc(end, func() { a.end(&endDeadline) }).Stop()
	} else if b.limited() {
		a.end(&endDeadline)
	}
	if of := s.attempt(a, r, p, b); of != nil && s.isReloading(of) && a.again(&endClosing) {
		s.attempt(a, r, of, b)
	}
	if why := a.ended.Load(); why != nil {
		a.fail(http.StatusServiceUnavailable, *why)
	}
}

// attempt makes the answer or ends it. It returns the page that it is of, or nil when no source gave anything.
func (s *server) attempt(a *answer, r *http.Request, p *page, b budget) (of *page) {
	p, given := s.collect(r, p, b)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var sources [][]*dto.MetricFamily
	for _, g := range given {
		defer g.release()
		defer g.endpoint.onCut(func() {
			a.end(&endClosing)
			cancel()
		})()
		sources = append(sources, g.families)
	}
	switch {
	case len(given) > 0:
		s.compose(ctx, a, r, p, sources, b)
		return p
	case p == nil || !slices.ContainsFunc(p.endpoints, (*Endpoint).isOpen):
		a.end(&endClosing)
	default:
		a.end(&endDeadline)
	}
	return nil
}

// collect gathers what the endpoints of p give. It waits for those that are being reloaded, and then returns the page
// that has the place of p, or nil when there is none any more.
func (s *server) collect(r *http.Request, p *page, b budget) (now *page, given []*gathering) {
	ctx, cancel := context.WithTimeout(context.Background(), b.hold())
	defer cancel()
	for {
		if p = s.awaitReload(ctx, p); p == nil || s.hasNewFront(r) {
			return nil, nil
		}
		given = s.gather(p.endpoints, b.gather())
		if len(given) == len(p.endpoints) || ctx.Err() != nil || !s.isReloading(p) {
			return p, given
		}
		for _, g := range given {
			g.release()
		}
	}
}

// isReloading says whether an endpoint of p is away, or has come back meanwhile.
func (s *server) isReloading(p *page) bool {
	return s.routes.Load().pages[p.path] != p || slices.ContainsFunc(p.endpoints, (*Endpoint).isAway)
}

// compose makes one page of what the sources gave, and of the server's own metrics, when it is its turn, unless ctx is
// done before.
func (s *server) compose(ctx context.Context, a *answer, r *http.Request, p *page, sources [][]*dto.MetricFamily, b budget) {
	ctx, cancel := context.WithTimeout(ctx, b.turn())
	defer cancel()
	end := s.turns.wait(ctx)
	if end == nil {
		a.end(&endDeadline)
		return
	}
	defer end()
	var lost losses
	sources = slices.Insert(distinct(sources, &lost), 0, s.gatherSelf())
	families := merge(selected(r, sources), &lost)
	s.reportLosses(p, &lost)
	s.encode(a, r, p, families)
}

// selected leaves out what a request with name[] does not ask for. promhttp does the same, but only when everything
// has been merged.
func selected(r *http.Request, sources [][]*dto.MetricFamily) [][]*dto.MetricFamily {
	names := r.URL.Query()["name[]"]
	if len(names) == 0 {
		return sources
	}
	wanted := make(map[string]bool, len(names))
	for _, name := range names {
		wanted[name] = true
	}
	for i, families := range sources {
		var kept []*dto.MetricFamily
		for _, f := range families {
			if wanted[f.GetName()] {
				kept = append(kept, f)
			}
		}
		sources[i] = kept
	}
	return sources
}

// encode writes families to a. Should one of them be impossible to encode, all are written again without it.
func (s *server) encode(a *answer, r *http.Request, p *page, families []*dto.MetricFamily) {
	if tryEncode(a, r, families) == nil || a.ended.Load() != nil {
		return
	}
	families = s.encodable(r, p, families)
	a.reset()
	if err := tryEncode(a, r, families); err != nil && a.ended.Load() == nil {
		a.fail(http.StatusInternalServerError, "the metrics cannot be encoded; the log says why")
		s.logs.warn(s.log(), err, "scrape failed", "path", p.path)
	}
}

// encodable is families without those that cannot be encoded in the format that r asks for.
func (s *server) encodable(r *http.Request, p *page, families []*dto.MetricFamily) []*dto.MetricFamily {
	format := encoded(negotiate(r))
	var good []*dto.MetricFamily
	for _, f := range families {
		err := recovered(func() error { return expfmt.NewEncoder(io.Discard, format, expfmt.WithCreatedLines()).Encode(f) })
		if err == nil {
			good = append(good, f)
			continue
		}
		p.counts.badFamilies.Inc()
		s.logs.warn(s.log(), err, "metrics left out: the family cannot be encoded", "path", p.path, "family", f.GetName())
	}
	return good
}

var errEncoding = errors.New("a family cannot be encoded")

func tryEncode(a *answer, r *http.Request, families []*dto.MetricFamily) error {
	handler := promhttp.HandlerForTransactional(fixed(families), promhttp.HandlerOpts{
		ErrorLog:                            a,
		ErrorHandling:                       promhttp.HTTPErrorOnError, // stop at the first: the page is done again
		AcceptedFormats:                     expfmt.DefaultOpenMetricsAcceptedFormats(),
		EnableOpenMetrics:                   true,
		EnableOpenMetricsTextCreatedSamples: wantsCreatedLines(r),
		OfferedCompressions:                 []promhttp.Compression{promhttp.Identity, promhttp.Gzip, promhttp.Zstd},
	})
	format := negotiate(r)
	err := recovered(func() error { handler.ServeHTTP(a, accepting(r, encoded(format))); return nil })
	if err == nil && a.failed {
		err = errEncoding
	}
	if a.code == http.StatusOK {
		a.header.Set("Content-Type", string(format))
	}
	return err
}

// recovered gives a panic of f as an error.
func recovered(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errPanic, p)
		}
	}()
	return f()
}

// wantsCreatedLines says whether OpenMetrics text shows created timestamps, as lines of their own. OpenMetrics asks
// for them, but Prometheus, unless told otherwise, stores each as a further series, which doubles the number of
// series of a page of counters. Told to use created timestamps, it asks for protobuf, where they cost nothing. So
// they are left out for Prometheus, and for what is built on its scraper, which this header tells.
func wantsCreatedLines(r *http.Request) bool {
	return r.Header.Get(timeoutHeader) == ""
}

// fixed is a gatherer of families that were gathered before, since promhttp gives a gatherer neither the request nor
// a deadline.
type fixed []*dto.MetricFamily

var _ prometheus.TransactionalGatherer = fixed(nil)

func (f fixed) Gather() ([]*dto.MetricFamily, func(), error) { return f, func() {}, nil }
