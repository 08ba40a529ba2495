package collector

import (
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/promexporter/promexporter/internal/metric"
)

// exposedFamily is the exposition model of one family. Its memory grows in slabs and never moves, because the model has
// pointers into it.
type exposedFamily struct {
	family  dto.MetricFamily
	metrics []*dto.Metric
	keys    []string                    // keys[i] is the series whose labels metrics[i] has
	pairs   []map[string]*dto.LabelPair // by label and value, for series to share
	created *timestamppb.Timestamp      // the most recent one
	natives []*nativeModel
	defined *Family                   // whose definition family has
	shared  map[string]*dto.LabelPair // of received series, by name and value as a key has them
}

// render updates the model to the state of f. The result is valid until the next call.
func (p *exposedFamily) render(f *frame) *dto.MetricFamily {
	if p.defined != f.family {
		p.setDefinition(f.family)
	}
	if len(p.metrics) < len(f.keys) {
		p.grow(f.family, len(f.keys)-len(p.metrics))
	}
	for i, key := range f.keys {
		m := p.metrics[i]
		// Equal keys share their bytes, so this compares pointers.
		if p.keys[i] != key {
			p.keys[i] = key
			if f.family.Received {
				p.labelReceived(m, key)
			} else {
				p.label(m, f.family.Labels, key)
			}
		}
		f.write(m, i)
	}
	p.family.Metric = p.metrics[:len(f.keys)]
	return &p.family
}

func (p *exposedFamily) setDefinition(f *Family) {
	p.defined = f
	p.family.Name = proto.String(f.Name)
	p.family.Help = proto.String(f.Help)
	p.family.Type = f.Type.Model().Enum()
	p.family.Unit = nil
	if f.Unit != "" && metric.CarriesUnit(f.Name, f.Type, f.Unit) {
		p.family.Unit = proto.String(f.Unit)
	}
}

// noKey is not a key of any series, not even of one without labels.
const noKey = "\xff"

// grow adds room for at least n more series.
func (p *exposedFamily) grow(f *Family, n int) {
	n = max(n, len(p.metrics)/8)
	metrics := make([]dto.Metric, n)
	p.metrics, p.keys = slices.Grow(p.metrics, n), slices.Grow(p.keys, n)
	pairs := make([]*dto.LabelPair, n*len(f.Labels))
	if p.pairs == nil {
		p.pairs = make([]map[string]*dto.LabelPair, len(f.Labels))
	}
	for i := range metrics {
		at := i * len(f.Labels)
		metrics[i].Label = pairs[at : at : at+len(f.Labels)]
		p.metrics = append(p.metrics, &metrics[i])
		p.keys = append(p.keys, noKey)
	}
	switch {
	case f.Type == Counter:
		growCounters(metrics)
	case f.Type == Gauge:
		growGauges(metrics)
	case f.Type == Untyped:
		growUntyped(metrics)
	case f.Type == Histogram && f.Received:
		growReceived(metrics)
		p.natives = append(p.natives, make([]*nativeModel, n)...)
	case f.Type == Histogram:
		growHistograms(metrics, f.Buckets)
		if f.isNative() {
			p.natives = append(p.natives, growNatives(metrics, pickSchema(f.Native.Factor))...)
		}
	case f.Type == Summary:
		growSummaries(metrics)
	}
}

// maxSharedPairs bounds the values of a label that series share. A label with more values has few series for each.
const maxSharedPairs = 4096

// pair is the memory of one label of the model.
type pair struct {
	model dto.LabelPair
	value string
}

// label sets the labels of m. An empty value means that there is no such label. Series with the same value share its
// memory, which is most of the memory of a model.
func (p *exposedFamily) label(m *dto.Metric, names []string, key string) {
	pairs := m.Label[:cap(m.Label)]
	used := 0
	for i := range names {
		var value string
		value, key, _ = cutLabel(key)
		if value == "" {
			continue
		}
		pairs[used] = p.pair(i, &names[i], value)
		used++
	}
	m.Label = pairs[:used]
}

// pair returns the label pair of the i-th label with a value.
func (p *exposedFamily) pair(i int, name *string, value string) *dto.LabelPair {
	known := p.pairs[i]
	if shared := known[value]; shared != nil {
		return shared
	}
	if known == nil {
		known = make(map[string]*dto.LabelPair)
		p.pairs[i] = known
	}
	makeRoom(known)
	made := &pair{value: value}
	made.model.Name, made.model.Value = name, &made.value
	known[value] = &made.model
	return &made.model
}

// makeRoom makes room for one more pair.
func makeRoom(known map[string]*dto.LabelPair) {
	for other := range known { // in no order
		if len(known) < maxSharedPairs {
			break
		}
		delete(known, other)
	}
}

// write updates m to the state of series i.
func (f *frame) write(m *dto.Metric, i int) {
	switch {
	case f.family.Type == Counter:
		f.writeCounter(m.Counter, i)
	case f.family.Type == Gauge:
		*m.Gauge.Value = f.values[i]
	case f.family.Type == Untyped:
		*m.Untyped.Value = f.values[i]
	case f.family.Received && f.family.Type == Histogram:
		f.writeReceivedHistogram(m.Histogram, i)
	case f.family.Received:
		f.writeReceivedSummary(m.Summary, i)
	case f.family.Type == Histogram:
		f.writeHistogram(m.Histogram, i)
	case f.family.Type == Summary:
		f.writeSummary(m.Summary, i)
	}
	if f.family.Timestamps {
		m.TimestampMs = f.timestamp(m.TimestampMs, i)
	} else {
		m.TimestampMs = nil // a restored family may lose them
	}
}

// timestamp returns the time of series i, in the memory of at if at is not nil, or nil if the series had no sample.
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

// createdTimestamp returns the created timestamp of series i, or nil if it is not known. It returns at if that is the
// right time. Series that were created together share it.
func (f *frame) createdTimestamp(at *timestamppb.Timestamp, i int) *timestamppb.Timestamp {
	nanos := f.created[i]
	if nanos == 0 {
		return nil
	}
	if equalsTime(at, nanos) {
		return at
	}
	if !equalsTime(f.exposed.created, nanos) {
		f.exposed.created = new(timestamppb.Timestamp)
		setTimestamp(f.exposed.created, nanos)
	}
	return f.exposed.created
}

func equalsTime(t *timestamppb.Timestamp, nanos int64) bool {
	return t != nil && t.Seconds*int64(time.Second)+int64(t.Nanos) == nanos
}

func setTimestamp(t *timestamppb.Timestamp, nanos int64) {
	t.Seconds = floorDiv(nanos, int64(time.Second))
	t.Nanos = int32(nanos - t.Seconds*int64(time.Second))
}

// floorDiv rounds down, also for times before 1970.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
