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
	slots     chan struct{} // holds one element for each scrape in flight
	counts    *pageCounts
}

// scrape answers one request for p. The limit on scrapes in flight is here and not promhttp's, because promhttp does
// not see the time that the client takes to read.
func (s *server) scrape(w http.ResponseWriter, r *http.Request, p *page) {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	default:
		p.counts.answered(http.StatusServiceUnavailable)
		http.Error(w, fmt.Sprintf("%d scrapes of %s are in flight, which is the limit; try again later", maxScrapes, p.path),
			http.StatusServiceUnavailable)
		return
	}
	p.counts.inFlight.Inc()
	defer p.counts.inFlight.Dec()
	code := http.StatusInternalServerError // unless it comes to an answer
	defer func() { p.counts.answered(code) }()

	a := s.bodies.newAnswer()
	started := time.Now()
	s.render(a, r, p)
	p.counts.duration.Observe(time.Since(started).Seconds())
	code = a.code
	a.send(w)
	s.bodies.keep(a)
}

// render makes the answer. On return nothing of the sources is in use. It goes on when the client leaves: a client
// that closes its side of the connection after the request looks the same, and slots bound what it may cost.
func (s *server) render(a *answer, r *http.Request, p *page) {
	given := s.gather(p.endpoints)
	sources := [][]*dto.MetricFamily{s.gatherSelf()}
	for _, g := range given {
		defer g.release()
		defer context.AfterFunc(g.endpoint.cut, a.end)()
		sources = append(sources, g.families)
	}
	var lost losses
	families := merge(sources, &lost)
	s.reportLosses(p, &lost)
	s.encode(a, r, p, families)
	if a.ended.Load() || !slices.ContainsFunc(p.endpoints, (*Endpoint).isOpen) {
		a.fail(http.StatusServiceUnavailable, "an instance of this page is closing; try again")
	}
}

// encode writes families to a. Should one of them be impossible to encode, all are written again without it.
func (s *server) encode(a *answer, r *http.Request, p *page, families []*dto.MetricFamily) {
	if tryEncode(a, r, families) == nil || a.ended.Load() {
		return
	}
	families = s.encodable(r, p, families)
	a.reset()
	if err := tryEncode(a, r, families); err != nil {
		a.fail(http.StatusInternalServerError, "the metrics cannot be encoded; the log says why")
		s.logs.warn(s.log(), err, "scrape failed", "path", p.path)
	}
}

// encodable is families without those that cannot be encoded in the format that r asks for.
func (s *server) encodable(r *http.Request, p *page, families []*dto.MetricFamily) []*dto.MetricFamily {
	format := expfmt.NegotiateAccept(r.Header, expfmt.DefaultOpenMetricsAcceptedFormats()...)
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
	err := recovered(func() error { handler.ServeHTTP(a, r); return nil })
	if err == nil && a.failed {
		err = errEncoding
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
	return r.Header.Get("X-Prometheus-Scrape-Timeout-Seconds") == ""
}

// fixed is a gatherer of families that were gathered before, since promhttp gives a gatherer neither the request nor
// a deadline.
type fixed []*dto.MetricFamily

var _ prometheus.TransactionalGatherer = fixed(nil)

func (f fixed) Gather() ([]*dto.MetricFamily, func(), error) { return f, func() {}, nil }
