package families

import (
	"math"
	"slices"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// sum returns the sum of two series that have equal labels, or nil if they cannot be added. It does not change them.
func sum(a, b *dto.Metric) *dto.Metric {
	m := &dto.Metric{Label: a.Label, TimestampMs: a.TimestampMs}
	if a.TimestampMs == nil || b.GetTimestampMs() > a.GetTimestampMs() {
		m.TimestampMs = b.TimestampMs
	}
	switch {
	case a.Counter != nil && b.Counter != nil:
		m.Counter = sumCounters(a.Counter, b.Counter)
	case a.Histogram != nil && b.Histogram != nil && sameBounds(a.Histogram, b.Histogram):
		m.Histogram = sumHistograms(a.Histogram, b.Histogram)
	case a.Summary != nil && b.Summary != nil && len(a.Summary.Quantile)+len(b.Summary.Quantile) == 0:
		m.Summary = sumSummaries(a.Summary, b.Summary)
	default:
		return nil
	}
	return m
}

func sumCounters(a, b *dto.Counter) *dto.Counter {
	return &dto.Counter{
		Value:            new(a.GetValue() + b.GetValue()),
		Exemplar:         newer(a.Exemplar, b.Exemplar),
		CreatedTimestamp: older(a.CreatedTimestamp, b.CreatedTimestamp),
	}
}

func sumSummaries(a, b *dto.Summary) *dto.Summary {
	return &dto.Summary{
		SampleCount:      new(a.GetSampleCount() + b.GetSampleCount()),
		SampleSum:        new(a.GetSampleSum() + b.GetSampleSum()),
		CreatedTimestamp: older(a.CreatedTimestamp, b.CreatedTimestamp),
	}
}

func sumHistograms(a, b *dto.Histogram) *dto.Histogram {
	h := &dto.Histogram{
		SampleCount:      new(a.GetSampleCount() + b.GetSampleCount()),
		SampleSum:        new(a.GetSampleSum() + b.GetSampleSum()),
		CreatedTimestamp: older(a.CreatedTimestamp, b.CreatedTimestamp),
	}
	n := len(finite(a))
	for i := range n {
		h.Bucket = append(h.Bucket, &dto.Bucket{
			UpperBound:      a.Bucket[i].UpperBound,
			CumulativeCount: new(a.Bucket[i].GetCumulativeCount() + b.Bucket[i].GetCumulativeCount()),
			Exemplar:        newer(a.Bucket[i].Exemplar, b.Bucket[i].Exemplar),
		})
	}
	if last := slices.Concat(a.Bucket[n:], b.Bucket[n:]); len(last) > 0 {
		h.Bucket = append(h.Bucket, &dto.Bucket{
			UpperBound: last[0].UpperBound, CumulativeCount: new(h.GetSampleCount()),
			Exemplar: newer(last[0].Exemplar, last[len(last)-1].Exemplar),
		})
	}
	if isNative(a) {
		addNative(h, a, b)
	}
	return h
}

// sameBounds reports whether two histograms can be added: both have the same classic buckets, and both or none are
// native, with the same zero bucket. The resolutions of native ones may differ.
func sameBounds(a, b *dto.Histogram) bool {
	equal := func(a, b *dto.Bucket) bool { return a.GetUpperBound() == b.GetUpperBound() }
	return slices.EqualFunc(finite(a), finite(b), equal) && isNative(a) == isNative(b) &&
		a.GetZeroThreshold() == b.GetZeroThreshold()
}

func isNative(h *dto.Histogram) bool { return h != nil && h.Schema != nil }

// finite returns the buckets without the +Inf bucket, which an exposition contains only for its exemplar.
func finite(h *dto.Histogram) []*dto.Bucket {
	buckets := h.GetBucket()
	if last := len(buckets) - 1; last >= 0 && math.IsInf(buckets[last].GetUpperBound(), 1) {
		return buckets[:last]
	}
	return buckets
}

func newer(a, b *dto.Exemplar) *dto.Exemplar {
	if a == nil || b != nil && a.Timestamp.AsTime().Before(b.Timestamp.AsTime()) {
		return b
	}
	return a
}

func older(a, b *timestamppb.Timestamp) *timestamppb.Timestamp {
	if a == nil || b != nil && b.AsTime().Before(a.AsTime()) {
		return b
	}
	return a
}
