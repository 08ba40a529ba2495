package baseline

import (
	"fmt"
	"net/http"

	"github.com/VictoriaMetrics/metrics"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/promexporter/promexporter/bench/workload"
)

// Registry holds the series of workload.Series in a vector of client_golang.
type Registry struct{ *prometheus.Registry }

// NewRegistry makes n series.
func NewRegistry(n int) *Registry {
	r := &Registry{prometheus.NewRegistry()}
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests_total", Help: "Lines."}, []string{"host", "path", "status"})
	r.MustRegister(vec)
	for i := range n {
		labels := workload.SeriesLabels(i)
		vec.WithLabelValues(labels[:]...).Inc()
	}
	return r
}

// ServeHTTP serves the registry with promhttp.
func (r *Registry) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	promhttp.HandlerFor(r.Registry, promhttp.HandlerOpts{EnableOpenMetrics: true}).ServeHTTP(w, q)
}

// Set holds the series of workload.Series in VictoriaMetrics/metrics.
type Set struct{ set *metrics.Set }

// NewSet makes n series.
func NewSet(n int) *Set {
	s := &Set{metrics.NewSet()}
	for i := range n {
		l := workload.SeriesLabels(i)
		s.set.NewCounter(fmt.Sprintf("requests_total{host=%q,path=%q,status=%q}", l[0], l[1], l[2])).Inc()
	}
	return s
}

// ServeHTTP serves the set as text.
func (s *Set) ServeHTTP(w http.ResponseWriter, _ *http.Request) { s.set.WritePrometheus(w) }

// Page is a prepared page: the minimum cost of a scrape.
type Page []byte

// ServeHTTP serves the page.
func (p Page) ServeHTTP(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(p) }
