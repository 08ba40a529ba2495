package families

import (
	"cmp"
	"slices"

	dto "github.com/prometheus/client_model/go"
)

// nativeExemplars is the maximum number of exemplars of a native histogram, as in the collector.
const nativeExemplars = 16

// addNative sets the native buckets of h to the sum of those of a and b, with the lower resolution of the two.
func addNative(h, a, b *dto.Histogram) {
	schema := min(a.GetSchema(), b.GetSchema())
	h.Schema, h.ZeroThreshold = new(schema), a.ZeroThreshold
	h.ZeroCount = new(a.GetZeroCount() + b.GetZeroCount())
	coarserA, coarserB := a.GetSchema()-schema, b.GetSchema()-schema
	h.PositiveSpan, h.PositiveDelta = encode(slices.Concat(
		decode(a.PositiveSpan, a.PositiveDelta, coarserA), decode(b.PositiveSpan, b.PositiveDelta, coarserB)))
	h.NegativeSpan, h.NegativeDelta = encode(slices.Concat(
		decode(a.NegativeSpan, a.NegativeDelta, coarserA), decode(b.NegativeSpan, b.NegativeDelta, coarserB)))
	h.Exemplars = slices.Concat(a.Exemplars, b.Exemplars)
	slices.SortStableFunc(h.Exemplars, func(x, y *dto.Exemplar) int { return y.Timestamp.AsTime().Compare(x.Timestamp.AsTime()) })
	h.Exemplars = h.Exemplars[:min(len(h.Exemplars), nativeExemplars)]
}

type nativeBucket struct {
	at    int32
	count int64
}

// decode returns the positive or negative buckets of a native histogram, with its resolution halved that many times.
// Adjacent buckets may then have the same index.
func decode(spans []*dto.BucketSpan, deltas []int64, halvings int32) []nativeBucket {
	buckets := make([]nativeBucket, 0, len(deltas))
	at, count := int32(0), int64(0)
	for _, span := range spans {
		at += span.GetOffset()
		n := min(int(span.GetLength()), len(deltas))
		for _, delta := range deltas[:n] {
			count += delta
			buckets = append(buckets, nativeBucket{(at-1)>>halvings + 1, count})
			at++
		}
		deltas = deltas[n:]
	}
	return buckets
}

// encode returns the buckets as spans and deltas, and adds buckets of the same index. As in client_golang, one or two
// empty buckets do not end a span.
func encode(buckets []nativeBucket) (spans []*dto.BucketSpan, deltas []int64) {
	slices.SortFunc(buckets, func(a, b nativeBucket) int { return cmp.Compare(a.at, b.at) })
	next, before := int32(0), int64(0)
	for i := 0; i < len(buckets); {
		b := buckets[i]
		for i++; i < len(buckets) && buckets[i].at == b.at; i++ {
			b.count += buckets[i].count
		}
		gap := b.at - next
		if len(spans) == 0 || gap > 2 {
			spans = append(spans, &dto.BucketSpan{Offset: new(gap), Length: new(uint32)})
		} else {
			for range gap {
				deltas, before = append(deltas, -before), 0
			}
			*spans[len(spans)-1].Length += uint32(gap)
		}
		*spans[len(spans)-1].Length++
		deltas = append(deltas, b.count-before)
		next, before = b.at+1, b.count
	}
	return spans, deltas
}
