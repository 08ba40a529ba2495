package collector

import "math"

// Exponential is the buckets of an exponential histogram as OpenTelemetry defines them: bucket i covers (2^(i/2^Scale),
// 2^((i+1)/2^Scale)].
type Exponential struct {
	Scale              int64
	Zero               uint64
	ZeroThreshold      float64
	Positive, Negative ExponentialSide
}

// ExponentialSide is the buckets of the positive or of the negative numbers.
type ExponentialSide struct {
	Offset  int64 // of the first bucket
	Buckets []uint64
}

// exponential copies an exponential histogram as a native one. A finer one than Prometheus supports is made coarser. A
// coarser one is refused, and so is one whose buckets do not add up to its count, because Prometheus would refuse the
// page.
func (b *Batch) exponential(q *point, p *Point) Reason {
	e := p.Exponential
	if e.Scale < coarsestSchema {
		return BadScale
	}
	total, ok := addUp(e.Zero, e.Positive.Buckets, e.Negative.Buckets)
	if !ok || total != p.Count || !(e.ZeroThreshold >= 0) || math.IsInf(e.ZeroThreshold, 1) {
		return Inconsistent
	}
	q.native, q.zero, q.threshold = true, e.Zero, e.ZeroThreshold
	q.schema = int8(min(e.Scale, finestSchema))
	q.positive = uint32(len(b.buckets))
	fits := b.side(&e.Positive, e.Scale)
	q.negative = uint32(len(b.buckets))
	fits = b.side(&e.Negative, e.Scale) && fits
	q.last = uint32(len(b.buckets))
	if !fits {
		return BadScale
	}
	return Kept
}

// addUp adds counts and reports whether their sum fits.
func addUp(total uint64, sides ...[]uint64) (uint64, bool) {
	for _, side := range sides {
		for _, n := range side {
			if total += n; total < n {
				return 0, false
			}
		}
	}
	return total, true
}

// maxShift is as much as makes one bucket of all.
const maxShift = 63

// side appends the buckets of one side that are not empty. OpenTelemetry numbers a bucket by its lower bound,
// Prometheus by its upper one. It reports whether all numbers fit.
func (b *Batch) side(s *ExponentialSide, scale int64) bool {
	if s.Offset < math.MinInt32 || s.Offset+int64(len(s.Buckets)) > math.MaxInt32 {
		return false
	}
	shift := min(max(scale-finestSchema, 0), maxShift)
	first := len(b.buckets)
	for k, n := range s.Buckets {
		if n == 0 {
			continue
		}
		at := int32((s.Offset+int64(k))>>shift + 1)
		if last := len(b.buckets) - 1; last >= first && b.buckets[last].at == at {
			b.buckets[last].n += n
			continue
		}
		b.buckets = append(b.buckets, nativeBucket{at, n})
	}
	return true
}
