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
	natives []*nativeModel
}

var modelTypes = [types]dto.MetricType{
	Counter:   dto.MetricType_COUNTER,
	Gauge:     dto.MetricType_GAUGE,
	Histogram: dto.MetricType_HISTOGRAM,
	Summary:   dto.MetricType_SUMMARY,
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
		if f.isNative() {
			p.natives = append(p.natives, growNatives(metrics, pickSchema(f.Native.Factor))...)
		}
	case Summary:
		growSummaries(metrics)
	}
}

// label fills in the labels of m. An empty value is an absent label.
func label(m *dto.Metric, names []string, key string) {
	pairs := m.Label[:cap(m.Label)]
	used := 0
	for i := range names {
		var value string
		value, key, _ = cutLabel(key)
		if value == "" {
			continue
		}
		pairs[used].Name = &names[i]
		*pairs[used].Value = value
		used++
	}
	m.Label = pairs[:used]
}

// write sets m to the state of series i.
func (f *frame) write(m *dto.Metric, i int) {
	switch f.family.Type {
	case Counter:
		f.writeCounter(m.Counter, i)
	case Gauge:
		*m.Gauge.Value = f.values[i]
	case Histogram:
		f.writeHistogram(m.Histogram, i)
	case Summary:
		f.writeSummary(m.Summary, i)
	}
	if f.family.Timestamps {
		m.TimestampMs = f.timestamp(m.TimestampMs, i)
	}
}

// timestamp returns the time of series i in at's memory when at is not nil, or
// nil when it had no sample.
func (f *frame) timestamp(at *int64, i int) *int64 {
	if f.times[i] == never {
		return nil
	}
	if at == nil {
		at = new(int64)
	}
	*at = floorDiv(f.times[i], int64(time.Millisecond))
	return at
}

// creation returns the created timestamp of series i in at's memory when at is
// not nil, or nil when it is not known.
func (f *frame) creation(at *timestamppb.Timestamp, i int) *timestamppb.Timestamp {
	if f.created[i] == 0 {
		return nil
	}
	if at == nil {
		at = new(timestamppb.Timestamp)
	}
	stamp(at, f.created[i])
	return at
}

func stamp(t *timestamppb.Timestamp, nanos int64) {
	t.Seconds = floorDiv(nanos, int64(time.Second))
	t.Nanos = int32(nanos - t.Seconds*int64(time.Second))
}

// floorDiv divides towards the past, also before 1970.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
