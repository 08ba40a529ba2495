package collector

import dto "github.com/prometheus/client_model/go"

// nativeModel is the memory for the model of one native histogram.
type nativeModel struct {
	changed            uint64 // the version that it shows
	schema             int32
	threshold          float64
	zero               uint64
	positive, negative spans
	classic            []uint64 // cumulative counts of a received one
}

// spans is one side of a native histogram in the exposition: spans of buckets, and the difference of each bucket to the
// one before.
type spans struct {
	runs   []*dto.BucketSpan
	deltas []int64
}

func growNatives(metrics []dto.Metric, schema int32) []*nativeModel {
	models := make([]nativeModel, len(metrics))
	pointers := make([]*nativeModel, len(metrics))
	for i := range metrics {
		m, h := &models[i], metrics[i].Histogram
		m.schema, m.threshold = schema, zeroThreshold
		h.Schema, h.ZeroThreshold, h.ZeroCount = &m.schema, &m.threshold, &m.zero
		pointers[i] = m
	}
	return pointers
}

// writeNative updates h, whose memory is m, to the buckets of n.
func writeNative(h *dto.Histogram, m *nativeModel, n *native) {
	if m.changed == n.changed {
		return
	}
	m.changed, m.schema, m.zero = n.changed, n.schema, n.zero
	m.positive.write(n.positive)
	m.negative.write(n.negative)
	h.PositiveSpan, h.PositiveDelta = m.positive.runs, m.positive.deltas
	h.NegativeSpan, h.NegativeDelta = m.negative.runs, m.negative.deltas
}

// write sets the buckets. As in client_golang, a gap of one or two empty buckets does not end a span.
func (s *spans) write(buckets []nativeBucket) {
	s.runs, s.deltas = s.runs[:0], s.deltas[:0]
	var next int32
	var before int64
	for i, b := range buckets {
		gap := b.at - next
		if i == 0 || gap > 2 {
			s.startRun(gap)
		} else {
			for range gap {
				s.deltas = append(s.deltas, -before)
				before = 0
			}
			*s.runs[len(s.runs)-1].Length += uint32(gap)
		}
		*s.runs[len(s.runs)-1].Length++
		s.deltas = append(s.deltas, int64(b.n)-before)
		before = int64(b.n)
		next = b.at + 1
	}
}

// startRun starts a span, in the memory of an earlier one if possible.
func (s *spans) startRun(offset int32) {
	n := len(s.runs)
	if n == cap(s.runs) || s.runs[:n+1][n] == nil {
		s.runs = append(s.runs, &dto.BucketSpan{Offset: new(int32), Length: new(uint32)})
	} else {
		s.runs = s.runs[:n+1]
	}
	*s.runs[n].Offset, *s.runs[n].Length = offset, 0
}
