package collector

import (
	"math"
	"slices"

	dto "github.com/prometheus/client_model/go"
)

// labelReceived fills in the labels of a received series, whose key has their names too.
func (p *exposedFamily) labelReceived(m *dto.Metric, key string) {
	m.Label = m.Label[:0]
	for key != "" {
		name, rest, _ := cutLabel(key)
		value, rest, _ := cutLabel(rest)
		text := key[:len(key)-len(rest)]
		known := p.shared[text]
		if known == nil {
			if p.shared == nil {
				p.shared = make(map[string]*dto.LabelPair)
			}
			makeRoom(p.shared)
			known = &dto.LabelPair{Name: &name, Value: &value}
			p.shared[text] = known
		}
		m.Label = append(m.Label, known)
		key = rest
	}
}

// untyped is the memory of one untyped metric's model.
type untyped struct {
	model dto.Untyped
	value float64
}

func growUntyped(metrics []dto.Metric) {
	all := make([]untyped, len(metrics))
	for i := range metrics {
		u := &all[i]
		u.model.Value = &u.value
		metrics[i].Untyped = &u.model
	}
}

func growReceived(metrics []dto.Metric) {
	all := make([]histogram, len(metrics))
	for i := range metrics {
		h := &all[i]
		h.model.SampleSum, h.model.SampleCount = &h.sum, &h.count
		metrics[i].Histogram = &h.model
	}
}

// writeReceivedHistogram lets h show the reading of series i. Its numbers stay where the frame has them.
func (f *frame) writeReceivedHistogram(h *dto.Histogram, i int) {
	r := &f.readings[i]
	*h.SampleSum, *h.SampleCount = f.values[i], r.count
	h.CreatedTimestamp = f.createdTimestamp(h.CreatedTimestamp, i)
	if r.isNative {
		f.writeReceivedNative(h, i)
	} else {
		f.exposed.natives[i] = nil
		h.Schema, h.ZeroThreshold, h.ZeroCount = nil, nil, nil
		h.PositiveSpan, h.PositiveDelta, h.NegativeSpan, h.NegativeDelta = nil, nil, nil, nil
		h.Bucket = writeBuckets(h.Bucket, r.bounds, r.counts)
	}
	if len(f.exemplars) > 0 {
		f.writeReceivedExemplars(h, i)
	}
}

// writeReceivedNative lets h show the reading of series i, which is a native histogram.
func (f *frame) writeReceivedNative(h *dto.Histogram, i int) {
	r := &f.readings[i]
	m := f.exposed.natives[i]
	if m == nil {
		m = new(nativeModel)
		f.exposed.natives[i] = m
	}
	h.Schema, h.ZeroThreshold, h.ZeroCount = &m.schema, &m.threshold, &m.zero
	m.threshold = r.threshold
	m.schema, m.zero = r.native.schema, r.native.zero
	m.positive.write(r.native.positive)
	m.negative.write(r.native.negative)
	h.PositiveSpan, h.PositiveDelta = m.positive.runs, m.positive.deltas
	h.NegativeSpan, h.NegativeDelta = m.negative.runs, m.negative.deltas
	if len(h.PositiveSpan)+len(h.NegativeSpan) == 0 {
		m.positive.startRun(0) // without any span it would pass for a classic one
		h.PositiveSpan = m.positive.runs
	}
	m.classic = r.appendClassic(m.classic[:0], f.family.ReceivedBuckets)
	h.Bucket = writeBuckets(h.Bucket, f.family.ReceivedBuckets, m.classic)
}

// appendClassic appends the cumulative counts of a native histogram at bounds. An observation counts at each bound that
// is not below its bucket.
func (r *reading) appendClassic(counts []uint64, bounds []float64) []uint64 {
	var total uint64
	below := func(upper float64, n uint64) {
		for len(counts) < len(bounds) && bounds[len(counts)] < upper {
			counts = append(counts, total)
		}
		total += n
	}
	n := &r.native
	for _, b := range slices.Backward(n.negative) {
		below(-upperBound(b.at-1, n.schema), b.n)
	}
	below(r.threshold, n.zero)
	for _, b := range n.positive {
		below(upperBound(b.at, n.schema), b.n)
	}
	below(math.Inf(1), 0)
	return counts
}

// upperBound returns the bound of a bucket of a native histogram.
func upperBound(at, schema int32) float64 { return math.Exp2(math.Ldexp(float64(at), -int(schema))) }

// writeBuckets lets buckets show bounds and counts, in their memory as far as it reaches.
func writeBuckets(buckets []*dto.Bucket, bounds []float64, counts []uint64) []*dto.Bucket {
	buckets = buckets[:min(len(buckets), len(bounds))]
	for len(buckets) < len(bounds) {
		buckets = append(buckets, new(dto.Bucket))
	}
	for at, b := range buckets {
		b.UpperBound, b.CumulativeCount = &bounds[at], &counts[at]
	}
	return buckets
}

// writeReceivedSummary lets s show the reading of series i.
func (f *frame) writeReceivedSummary(s *dto.Summary, i int) {
	r := &f.readings[i]
	*s.SampleSum, *s.SampleCount = f.values[i], r.count
	s.CreatedTimestamp = f.createdTimestamp(s.CreatedTimestamp, i)
	s.Quantile = s.Quantile[:min(len(s.Quantile), len(r.levels))]
	for len(s.Quantile) < len(r.levels) {
		s.Quantile = append(s.Quantile, new(dto.Quantile))
	}
	for at, q := range s.Quantile {
		q.Quantile, q.Value = &r.bounds[at], &r.levels[at]
	}
}
