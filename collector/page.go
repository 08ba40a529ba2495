package collector

import (
	"time"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// page is the exposition model of one family. Its memory grows in slabs and
// never moves, since the model is made of pointers into it.
type page struct {
	family  dto.MetricFamily
	metrics []*dto.Metric
	keys    []string // keys[i] is the series whose labels metrics[i] has
}

var modelTypes = [...]dto.MetricType{
	dto.MetricType_COUNTER, dto.MetricType_GAUGE, dto.MetricType_HISTOGRAM,
}

// render writes the state of f into the page. The result is valid until the
// next call.
func (p *page) render(f *frame) *dto.MetricFamily {
	if p.family.Name == nil {
		p.define(f.family)
	}
	if len(p.metrics) < len(f.keys) {
		p.grow(f.family, len(f.keys)-len(p.metrics))
	}
	for i, key := range f.keys {
		m := p.metrics[i]
		// Equal keys share their bytes, so this compares pointers.
		if p.keys[i] != key {
			p.keys[i] = key
			label(m, f.family.Labels, key)
		}
		f.write(m, i)
	}
	p.family.Metric = p.metrics[:len(f.keys)]
	return &p.family
}

func (p *page) define(f *Family) {
	p.family.Name = proto.String(f.Name)
	p.family.Help = proto.String(f.Help)
	p.family.Type = modelTypes[f.Type].Enum()
	if f.Unit != "" {
		p.family.Unit = proto.String(f.Unit)
	}
}

// none is no key of a series, not even of one without labels.
const none = "\xff"

// grow adds room for at least n series.
func (p *page) grow(f *Family, n int) {
	n = max(n, len(p.metrics)/8)
	metrics := make([]dto.Metric, n)
	labels := make([]dto.LabelPair, n*len(f.Labels))
	texts := make([]string, n*len(f.Labels))
	pairs := make([]*dto.LabelPair, n*len(f.Labels))
	for i := range pairs {
		labels[i].Value = &texts[i]
		pairs[i] = &labels[i]
	}
	for i := range metrics {
		at := i * len(f.Labels)
		metrics[i].Label = pairs[at : at : at+len(f.Labels)]
		p.metrics = append(p.metrics, &metrics[i])
		p.keys = append(p.keys, none)
	}
	switch f.Type {
	case Counter:
		growCounters(metrics)
	case Gauge:
		growGauges(metrics)
	case Histogram:
		growHistograms(metrics, f.Buckets)
	}
}

func growCounters(metrics []dto.Metric) {
	counters := make([]dto.Counter, len(metrics))
	values := make([]float64, len(metrics))
	created := make([]timestamppb.Timestamp, len(metrics))
	for i := range metrics {
		counters[i].Value = &values[i]
		counters[i].CreatedTimestamp = &created[i]
		metrics[i].Counter = &counters[i]
	}
}

func growGauges(metrics []dto.Metric) {
	gauges := make([]dto.Gauge, len(metrics))
	values := make([]float64, len(metrics))
	for i := range metrics {
		gauges[i].Value = &values[i]
		metrics[i].Gauge = &gauges[i]
	}
}

// histogram is the memory of one histogram's model beside its buckets.
type histogram struct {
	model   dto.Histogram
	sum     float64
	count   uint64
	created timestamppb.Timestamp
}

func growHistograms(metrics []dto.Metric, bounds []float64) {
	histograms := make([]histogram, len(metrics))
	counts := make([]uint64, len(metrics)*len(bounds))
	buckets := make([]dto.Bucket, len(counts))
	pointers := make([]*dto.Bucket, len(counts))
	for i := range buckets {
		buckets[i].UpperBound = &bounds[i%len(bounds)]
		buckets[i].CumulativeCount = &counts[i]
		pointers[i] = &buckets[i]
	}
	for i := range metrics {
		h, at := &histograms[i], i*len(bounds)
		h.model.SampleSum = &h.sum
		h.model.SampleCount = &h.count
		h.model.CreatedTimestamp = &h.created
		h.model.Bucket = pointers[at : at+len(bounds) : at+len(bounds)]
		metrics[i].Histogram = &h.model
	}
}

// label fills in the labels of m. An empty value is an absent label.
func label(m *dto.Metric, names []string, key string) {
	pairs := m.Label[:cap(m.Label)]
	used := 0
	for i := range names {
		var value string
		value, key = cutLabel(key)
		if value == "" {
			continue
		}
		pairs[used].Name = &names[i]
		*pairs[used].Value = value
		used++
	}
	m.Label = pairs[:used]
}

// write sets the value of m to that of series i.
func (f *frame) write(m *dto.Metric, i int) {
	switch f.family.Type {
	case Counter:
		*m.Counter.Value = f.values[i]
		stamp(m.Counter.CreatedTimestamp, f.created[i])
	case Gauge:
		*m.Gauge.Value = f.values[i]
	case Histogram:
		f.writeHistogram(m.Histogram, i)
	}
}

func (f *frame) writeHistogram(h *dto.Histogram, i int) {
	width := len(f.family.Buckets) + 1
	counts := f.buckets[i*width : (i+1)*width]
	var sum uint64
	for at, b := range h.Bucket {
		sum += counts[at]
		*b.CumulativeCount = sum
	}
	*h.SampleCount = sum + counts[width-1]
	*h.SampleSum = f.values[i]
	stamp(h.CreatedTimestamp, f.created[i])
}

func stamp(t *timestamppb.Timestamp, nanos int64) {
	t.Seconds = nanos / int64(time.Second)
	t.Nanos = int32(nanos % int64(time.Second))
}
