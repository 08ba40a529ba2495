package pipeline

import (
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/promexporter/promexporter/cmetrics"
	"github.com/promexporter/promexporter/exporter"
	"github.com/promexporter/promexporter/flb"
	"github.com/promexporter/promexporter/receive"
	"github.com/promexporter/promexporter/record"
)

// metrics are the instance's metrics about itself.
type metrics struct {
	registry *prometheus.Registry
	instance *dto.LabelPair // see gather

	chunks   prometheus.Counter
	records  prometheus.Counter
	bytes    prometheus.Counter
	repeated prometheus.Counter
	answered [3]prometheus.Counter // by flb.Status
	failed   map[record.Reason]failedCounters
	labels   prometheus.Counter
	received receivedMetrics
	panics   prometheus.Counter
	duration prometheus.Histogram
}

// panicReason is the reason for a chunk that was dropped because of a panic.
const panicReason record.Reason = "panic"

type failedCounters struct{ records, bytes prometheus.Counter }

// flushBuckets range from the time of a small chunk with an idle collector to the default flush_timeout.
var flushBuckets = []float64{.00001, .000025, .0001, .00025, .001, .0025, .01, .025, .1, .25, 1}

func newMetrics(i *instance, process string) *metrics {
	r := prometheus.NewRegistry()
	m := &metrics{registry: r, instance: &dto.LabelPair{Name: new(exporter.InstanceLabel), Value: &i.name}}
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: "promexporter_" + name, Help: help})
		r.MustRegister(c)
		return c
	}
	m.chunks = counter("chunks_received_total", "Chunks answered with ok or error. A chunk that Fluent Bit retries is counted once.")
	m.records = counter("records_received_total", "Log records that were read.")
	m.bytes = counter("bytes_received_total", "Bytes of the chunks received.")
	m.repeated = counter("chunks_repeated_total", "Chunks that Fluent Bit brought again after a start or reload, and that were not counted again.")
	m.received.contexts = counter("metrics_contexts_received_total", "Contexts of metrics events that were read: what an input measured at one time, or a part of it.")
	m.received.points = counter("points_received_total", "Points of metrics events that were read.")
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: receive.ProcessFamily, Help: "Identifies this process, which takes no metrics events of its own page.",
		ConstLabels: prometheus.Labels{"id": process},
	})
	info.Set(1)
	r.MustRegister(info)
	m.labels = counter("label_values_cut_total", "Label values that were cut to 1024 bytes.")
	m.panics = counter("panics_total", "Recovered panics, for example in a flush. Each is a bug.")
	m.duration = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:                           "promexporter_flush_duration_seconds",
		Help:                           "Time from Fluent Bit's call to the answer.",
		Buckets:                        flushBuckets,
		NativeHistogramBucketFactor:    1.1,
		NativeHistogramMaxBucketNumber: 100,
	})
	r.MustRegister(m.duration)
	m.registerAnswers(r)
	m.registerFailures(r)
	r.MustRegister(&stats{i})
	return m
}

// gather returns the families with the label `output`, the name of the instance, in all series. A registerer that adds
// the label would describe each series anew, which takes half as long as the scrape of a small page.
func (m *metrics) gather() ([]*dto.MetricFamily, error) {
	families, err := m.registry.Gather()
	for _, f := range families {
		for _, one := range f.Metric {
			at, _ := slices.BinarySearchFunc(one.Label, m.instance, func(a, b *dto.LabelPair) int {
				return strings.Compare(a.GetName(), b.GetName())
			})
			one.Label = slices.Concat(one.Label[:at], []*dto.LabelPair{m.instance}, one.Label[at:]) // series share their labels
		}
	}
	return families, err
}

func (m *metrics) registerAnswers(r prometheus.Registerer) {
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "promexporter_chunks_answered_total",
		Help: "Answers to Fluent Bit: ok, error (some bytes of the chunk could not be read), retry (nothing was applied).",
	}, []string{"status"})
	r.MustRegister(vec)
	m.answered[flb.OK] = vec.WithLabelValues("ok")
	m.answered[flb.Error] = vec.WithLabelValues("error")
	m.answered[flb.Retry] = vec.WithLabelValues("retry")
}

func (m *metrics) registerFailures(r prometheus.Registerer) {
	records := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "promexporter_records_failed_total",
		Help: "Places in chunks where the data that follows is neither a log record nor a metric.",
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

// count counts a chunk that was applied.
func (m *metrics) count(b *flushBuffers, size int, labelsCut uint64) {
	m.chunks.Inc()
	m.records.Add(float64(b.records))
	m.bytes.Add(float64(size))
	if labelsCut > 0 {
		m.labels.Add(float64(labelsCut))
	}
	for reason, n := range b.malformed.records {
		m.failed[reason].records.Add(float64(n))
		m.failed[reason].bytes.Add(float64(b.malformed.bytes[reason]))
	}
}

// countPanic counts a chunk that was dropped because of a panic. The number of its records is not known.
func (m *metrics) countPanic(size int) {
	m.panics.Inc()
	m.chunks.Inc()
	m.bytes.Add(float64(size))
	m.failed[panicReason].records.Inc()
	m.failed[panicReason].bytes.Add(float64(size))
}
