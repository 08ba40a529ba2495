package exporter

import (
	"net/http"
	"runtime"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/promexporter/promexporter/exporter/internal/families"
	"github.com/promexporter/promexporter/exporter/internal/listen"
	"github.com/promexporter/promexporter/exporter/internal/status"
)

// InstanceLabel is the label of self-metrics that names the instance. It is not "instance" because Prometheus sets that
// label itself.
const InstanceLabel = "output"

// reasonEncoding is why a scrape leaves out a family that cannot be encoded. The other reasons are those of
// families.Losses.
const reasonEncoding = "encoding"

// selfMetrics are the metrics of one server about itself. Label values come only from the configuration.
type selfMetrics struct {
	registry *prometheus.Registry
	scrapes  *prometheus.CounterVec
	duration *prometheus.HistogramVec
	inFlight *prometheus.GaugeVec
	families *prometheus.CounterVec
	series   *prometheus.CounterVec
	sources  *prometheus.CounterVec
	panics   prometheus.Counter

	unauthorized      prometheus.Counter
	throttled         prometheus.Counter
	connections       prometheus.Gauge // set at each scrape
	closedConnections map[string]prometheus.Counter
}

func newSelfMetrics(version string) *selfMetrics {
	m := &selfMetrics{
		registry: prometheus.NewRegistry(),
		scrapes: counters("promexporter_scrapes_total",
			"Scrapes answered, by path and HTTP status code.", "path", "code"),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:                           "promexporter_scrape_duration_seconds",
			Help:                           "Time from a scrape's request until its page is ready to be sent, by path.",
			Buckets:                        prometheus.DefBuckets,
			NativeHistogramBucketFactor:    1.1,
			NativeHistogramMaxBucketNumber: 160,
		}, []string{"path"}),
		inFlight: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "promexporter_scrapes_in_flight",
			Help: "Scrapes that are being answered, including the one that shows this value, by path.",
		}, []string{"path"}),
		families: counters("promexporter_scrape_families_dropped_total",
			"Metric families left out of a page, counted at each scrape, by path and reason: type, unit or bounds "+
				"differ from those of an earlier family of the same name, the name is taken, or the family cannot be encoded.", "path", "reason"),
		series: counters("promexporter_scrape_series_dropped_total",
			"Series left out of a page, counted at each scrape, by path and reason: another instance of the "+
				"page has the same series, and the two cannot be added.", "path", "reason"),
		sources: counters("promexporter_scrape_source_failures_total",
			"Scrapes that an instance could not answer, or not in full, by instance and reason.", InstanceLabel, "reason"),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "promexporter_http_panics_total",
			Help: "Panics recovered while an HTTP request was answered.",
		}),
	}
	m.registry.MustRegister(buildInfo(version), collectors.NewGoCollector(),
		m.scrapes, m.duration, m.inFlight, m.families, m.series, m.sources, m.panics)
	m.addConnections()
	return m
}

// addConnections adds the metrics about requests and connections in general.
func (m *selfMetrics) addConnections() {
	m.unauthorized = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "promexporter_http_unauthorized_total",
		Help: "Requests refused because the username or the password was missing or wrong.",
	})
	m.throttled = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "promexporter_http_throttled_total",
		Help: "Requests refused because too many passwords were being checked, or because of the rate limit.",
	})
	closed := counters("promexporter_http_connections_closed_total",
		"Connections closed because of a limit, by reason: idle (made room for another one while it served no request), "+
			"client (its client had a quarter of the limit), full (all others were serving requests).", "reason")
	m.closedConnections = make(map[string]prometheus.Counter)
	for _, reason := range listen.Reasons() {
		m.closedConnections[reason] = closed.WithLabelValues(reason)
	}
	m.connections = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "promexporter_http_connections",
		Help: "Open connections of the address that answers this scrape.",
	})
	m.registry.MustRegister(m.unauthorized, m.throttled, closed, m.connections)
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func buildInfo(version string) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "promexporter_build_info",
		Help: "Always 1; the labels describe the build.",
		ConstLabels: prometheus.Labels{
			"version": version, "revision": status.Revision(), "goversion": runtime.Version(),
		},
	}, func() float64 { return 1 })
}

// pageCounts are the self-metrics of one path. Counting after the path was removed has no effect.
type pageCounts struct {
	codes       map[int]prometheus.Counter
	duration    prometheus.Observer
	inFlight    prometheus.Gauge
	dropped     map[families.Reason]prometheus.Counter
	badFamilies prometheus.Counter
}

// answeredCodes are all status codes of a scrape.
func answeredCodes() []int {
	return []int{http.StatusOK, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable}
}

func (m *selfMetrics) addPath(path string) *pageCounts {
	c := &pageCounts{
		codes:       make(map[int]prometheus.Counter),
		duration:    m.duration.WithLabelValues(path),
		inFlight:    m.inFlight.WithLabelValues(path),
		dropped:     make(map[families.Reason]prometheus.Counter),
		badFamilies: m.families.WithLabelValues(path, reasonEncoding),
	}
	for _, code := range answeredCodes() {
		c.codes[code] = m.scrapes.WithLabelValues(path, strconv.Itoa(code))
	}
	for _, reason := range families.Reasons() {
		vec := m.families
		if reason == families.Duplicate {
			vec = m.series
		}
		c.dropped[reason] = vec.WithLabelValues(path, string(reason))
	}
	return c
}

// answered counts one answer of one of answeredCodes.
func (c *pageCounts) answered(code int) { c.codes[code].Inc() }

func (m *selfMetrics) removePath(path string) {
	of := prometheus.Labels{"path": path}
	m.scrapes.DeletePartialMatch(of)
	m.duration.DeletePartialMatch(of)
	m.inFlight.DeletePartialMatch(of)
	m.families.DeletePartialMatch(of)
	m.series.DeletePartialMatch(of)
}

// sourceCounts are the failures of one instance, by reason.
type sourceCounts map[string]prometheus.Counter

func (m *selfMetrics) addInstance(instance string) sourceCounts {
	c := make(sourceCounts)
	for _, reason := range []string{reasonError, reasonPanic, reasonTimeout} {
		c[reason] = m.sources.WithLabelValues(instance, reason)
	}
	return c
}

func (m *selfMetrics) removeInstance(instance string) {
	m.sources.DeletePartialMatch(prometheus.Labels{InstanceLabel: instance})
}
