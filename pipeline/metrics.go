package pipeline

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/promexporter/promexporter/cmetrics"
	"github.com/promexporter/promexporter/exporter"
	"github.com/promexporter/promexporter/flb"
	"github.com/promexporter/promexporter/receive"
	"github.com/promexporter/promexporter/record"
)

// metrics is what a pipeline tells of itself. All series carry the label
// `output`, the name of the section.
type metrics struct {
	registry   *prometheus.Registry
	registerer prometheus.Registerer // of registry, with the label

	chunks   prometheus.Counter
	records  prometheus.Counter
	bytes    prometheus.Counter
	answered [3]prometheus.Counter // by flb.Status
	failed   map[record.Reason]failedCounters
	labels   prometheus.Counter
	received receivedMetrics
	panics   prometheus.Counter
	duration prometheus.Histogram
}

// panicReason is the reason of a chunk that was given up because of a bug.
const panicReason record.Reason = "panic"

type failedCounters struct{ records, bytes prometheus.Counter }

// flushBuckets reach from a small chunk that meets an idle collector to the
// default flush_timeout.
var flushBuckets = []float64{.00001, .000025, .0001, .00025, .001, .0025, .01, .025, .1, .25, 1}

func newMetrics(of *section, process string) *metrics {
	m := &metrics{registry: prometheus.NewRegistry()}
	r := prometheus.WrapRegistererWith(prometheus.Labels{exporter.InstanceLabel: of.instance}, m.registry)
	m.registerer = r
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: "promexporter_" + name, Help: help})
		r.MustRegister(c)
		return c
	}
	m.chunks = counter("chunks_received_total", "Chunks that were answered ok or error, each counted once however often Fluent Bit brought it.")
	m.records = counter("records_received_total", "Log records that were read.")
	m.bytes = counter("bytes_received_total", "Bytes of the chunks received.")
	m.received.contexts = counter("metrics_contexts_received_total", "Contexts of metrics events that were read: what an input measured at one time, or a part of it.")
	m.received.points = counter("points_received_total", "Points of metrics events that were read.")
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: receive.ProcessFamily, Help: "Identifies this process, which takes no metrics events of its own page.",
		ConstLabels: prometheus.Labels{"id": process},
	})
	info.Set(1)
	r.MustRegister(info)
	m.labels = counter("label_values_cut_total", "Label values that were cut to 1024 bytes.")
	m.panics = counter("panics_total", "Panics that were recovered, such as while a chunk was flushed. Each is a bug.")
	m.duration = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:                           "promexporter_flush_duration_seconds",
		Help:                           "Time from Fluent Bit's call to the answer.",
		Buckets:                        flushBuckets,
		NativeHistogramBucketFactor:    1.1,
		NativeHistogramMaxBucketNumber: 100,
	})
	r.MustRegister(m.duration)
	m.answer(r)
	m.failures(r)
	r.MustRegister(&stats{of})
	return m
}

func (m *metrics) answer(r prometheus.Registerer) {
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "promexporter_chunks_answered_total",
		Help: "Answers to Fluent Bit: ok, error (bytes of the chunk could not be read), retry (nothing was applied).",
	}, []string{"status"})
	r.MustRegister(vec)
	m.answered[flb.OK] = vec.WithLabelValues("ok")
	m.answered[flb.Error] = vec.WithLabelValues("error")
	m.answered[flb.Retry] = vec.WithLabelValues("retry")
}

func (m *metrics) failures(r prometheus.Registerer) {
	records := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "promexporter_records_failed_total",
		Help: "Places in chunks where what follows is neither a log record nor a metric.",
	}, []string{"reason"})
	bytes := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "promexporter_bytes_failed_total",
		Help: "Bytes of chunks that are neither log records nor metrics.",
	}, []string{"reason"})
	r.MustRegister(records, bytes)
	m.failed = make(map[record.Reason]failedCounters)
	for _, reason := range append(record.Reasons[:], cmetrics.NotMetrics, panicReason) {
		m.failed[reason] = failedCounters{records.WithLabelValues(string(reason)), bytes.WithLabelValues(string(reason))}
	}
}

// count adds a chunk that was taken.
func (m *metrics) count(f *flusher, size int, labelsCut uint64) {
	m.chunks.Inc()
	m.records.Add(float64(f.records))
	m.bytes.Add(float64(size))
	if labelsCut > 0 {
		m.labels.Add(float64(labelsCut))
	}
	for reason, n := range f.failed.records {
		m.failed[reason].records.Add(float64(n))
		m.failed[reason].bytes.Add(float64(f.failed.bytes[reason]))
	}
}

// countPanic adds a chunk that was given up. What it held is not known.
func (m *metrics) countPanic(size int) {
	m.panics.Inc()
	m.chunks.Inc()
	m.bytes.Add(float64(size))
	m.failed[panicReason].records.Inc()
	m.failed[panicReason].bytes.Add(float64(size))
}
