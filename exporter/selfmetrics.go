package exporter

import (
	"net/http"
	"runtime"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/promexporter/promexporter/exporter/internal/families"
	"github.com/promexporter/promexporter/exporter/internal/listen"
	"github.com/promexporter/promexporter/exporter/internal/status"
)

// InstanceLabel is the label of self-metrics that names the instance. It is not "instance" because Prometheus sets that
// label itself.
const InstanceLabel = "output"

// reasonEncoding is why a scrape leaves out a family that cannot be encoded. families.Merge does not use it.
const reasonEncoding families.Reason = "encoding"

// selfMetrics are the metrics of one address about itself. Label values come only from the configuration.
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
	m := &selfMetrics{registry: prometheus.NewRegistry()}
	m.registry.MustRegister(collectors.NewGoCollector(), prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "promexporter_build_info",
		Help: "Always 1; the labels describe the build.",
		ConstLabels: prometheus.Labels{
			"version": version, "revision": status.Revision(), "goversion": runtime.Version(),
		},
	}, func() float64 { return 1 }))
	m.addScrapes()
	m.addConnections()
	return m
}

func (m *selfMetrics) counter(name, help string) prometheus.Counter {
	return promauto.With(m.registry).NewCounter(prometheus.CounterOpts{Name: name, Help: help})
}

func (m *selfMetrics) counters(name, help string, labels ...string) *prometheus.CounterVec {
	return promauto.With(m.registry).NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func (m *selfMetrics) addScrapes() {
	m.scrapes = m.counters("promexporter_scrapes_total",
		"Scrapes answered, by path and HTTP status code.", "path", "code")
	m.duration = promauto.With(m.registry).NewHistogramVec(prometheus.HistogramOpts{
		Name:                           "promexporter_scrape_duration_seconds",
		Help:                           "Time from a scrape's request until its page is ready to be sent, by path.",
		Buckets:                        prometheus.DefBuckets,
		NativeHistogramBucketFactor:    1.1,
		NativeHistogramMaxBucketNumber: 160,
	}, []string{"path"})
	m.inFlight = promauto.With(m.registry).NewGaugeVec(prometheus.GaugeOpts{
		Name: "promexporter_scrapes_in_flight",
		Help: "Scrapes that are being answered, including the one that shows this value, by path.",
	}, []string{"path"})
	m.families = m.counters("promexporter_scrape_families_dropped_total",
		"Metric families left out of a page, counted at each scrape, by path and reason: type, unit or bounds "+
			"differ from those of an earlier family of the same name, the name is taken, or the family cannot be encoded.", "path", "reason")
	m.series = m.counters("promexporter_scrape_series_dropped_total",
		"Series left out of a page, counted at each scrape, by path and reason: another instance of the "+
			"page has the same series, and the two cannot be added.", "path", "reason")
	m.sources = m.counters("promexporter_scrape_source_failures_total",
		"Scrapes that an instance could not answer, or not in full, by instance and reason.", InstanceLabel, "reason")
}

// addConnections adds the metrics about requests and connections in general.
func (m *selfMetrics) addConnections() {
	m.panics = m.counter("promexporter_http_panics_total", "Panics recovered while an HTTP request was answered.")
	m.unauthorized = m.counter("promexporter_http_unauthorized_total",
		"Requests refused because the username or the password was missing or wrong.")
	m.throttled = m.counter("promexporter_http_throttled_total",
		"Requests refused because too many passwords were being checked, or because of the rate limit.")
	m.connections = promauto.With(m.registry).NewGauge(prometheus.GaugeOpts{
		Name: "promexporter_http_connections",
		Help: "Open connections of the address that answers this scrape.",
	})
	closed := m.counters("promexporter_http_connections_closed_total",
		"Connections closed because of a limit, by reason: idle (made room for another one while it served no request), "+
			"client (its client had a quarter of the limit), full (all others were serving requests).", "reason")
	m.closedConnections = make(map[string]prometheus.Counter)
	for _, reason := range listen.Reasons() {
		m.closedConnections[reason] = closed.WithLabelValues(reason)
	}
}

// pageCounts are the self-metrics of one path. Counting after the path was removed has no effect.
type pageCounts struct {
	codes    map[int]prometheus.Counter // of scrapes, by status code
	duration prometheus.Observer
	inFlight prometheus.Gauge
	dropped  map[families.Reason]prometheus.Counter
}

// answeredCodes are all status codes of a scrape.
func answeredCodes() []int {
	return []int{http.StatusOK, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable}
}

func (m *selfMetrics) addPath(path string) *pageCounts {
	c := &pageCounts{
		codes:    make(map[int]prometheus.Counter),
		duration: m.duration.WithLabelValues(path),
		inFlight: m.inFlight.WithLabelValues(path),
		dropped:  make(map[families.Reason]prometheus.Counter),
	}
	for _, code := range answeredCodes() {
		c.codes[code] = m.scrapes.WithLabelValues(path, strconv.Itoa(code))
	}
	for _, reason := range append(families.Reasons(), reasonEncoding) {
		vec := m.families
		if reason == families.Duplicate {
			vec = m.series
		}
		c.dropped[reason] = vec.WithLabelValues(path, string(reason))
	}
	return c
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

// remove removes all series in which a label has this value.
func (m *selfMetrics) remove(label, value string) {
	of := prometheus.Labels{label: value}
	for _, all := range []interface {
		DeletePartialMatch(prometheus.Labels) int
	}{m.scrapes, m.duration, m.inFlight, m.families, m.series, m.sources} {
		all.DeletePartialMatch(of)
	}
}
