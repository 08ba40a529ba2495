package collector

import (
	"cmp"
	"math"
	"slices"
)

// defaultMaxBuckets is Native.MaxBuckets when it is not given.
const defaultMaxBuckets = 160

// The finest and the coarsest schema of a native histogram. Schema s has 2^s
// buckets between a power of two and the next one; below 0, a bucket spans 2^-s of
// them.
const (
	finestSchema   = 8
	coarsestSchema = -4
)

// zeroThreshold is up to which distance from 0 an observation counts as 0.
const zeroThreshold = 0x1p-128

// native is the native part of a histogram series: its buckets that are not empty,
// as client_golang would choose them. TestNativeEqualsClientGolang compares.
type native struct {
	changed  uint64 // another one after each change of any series of the store
	schema   int32
	zero     uint64
	positive []nativeBucket // ascending
	negative []nativeBucket
}

// nativeBucket holds what is above the bound of the bucket before and not above
// its own, which is 2^(at/2^schema).
type nativeBucket struct {
	at int32
	n  uint64
}

// resolution is what the native histograms of a family start from.
type resolution struct {
	schema     int32
	bounds     []float64 // of the buckets from 0.5 to 1, without the 1
	maxBuckets int       // buckets of a series
}

func newResolution(n Native) resolution {
	r := resolution{schema: pickSchema(n.Factor), maxBuckets: int(n.MaxBuckets)}
	if r.maxBuckets == 0 {
		r.maxBuckets = defaultMaxBuckets
	}
	r.bounds = []float64{0.5}
	for schema := int32(1); schema <= r.schema; schema++ {
		r.bounds = halved(r.bounds, math.Exp2(math.Exp2(-float64(schema))))
	}
	return r
}

// pickSchema returns the coarsest schema whose bounds grow by factor at most.
func pickSchema(factor float64) int32 {
	s := -math.Floor(math.Log2(math.Log2(factor)))
	return int32(min(max(s, coarsestSchema), finestSchema))
}

// halved puts a bound, the one before it times factor, behind each bound.
func halved(bounds []float64, factor float64) []float64 {
	all := make([]float64, 0, 2*len(bounds))
	for _, b := range bounds {
		all = append(all, b, b*factor)
	}
	return all
}

// observe counts a finite v n times.
func (h *native) observe(r *resolution, v float64, n uint64) {
	switch {
	case v > zeroThreshold:
		h.positive = addToBucket(h.positive, r.bucket(v, h.schema), n)
	case v < -zeroThreshold:
		h.negative = addToBucket(h.negative, r.bucket(-v, h.schema), n)
	default:
		h.zero += n
	}
	// An observation makes the buckets wider once at most, whatever is left.
	for ; n > 0 && len(h.positive)+len(h.negative) > r.maxBuckets && h.schema > coarsestSchema; n-- {
		h.schema--
		h.positive, h.negative = widen(h.positive), widen(h.negative)
	}
}

// bucket returns the bucket of a positive v.
func (r *resolution) bucket(v float64, schema int32) int32 {
	fraction, exponent := math.Frexp(v)
	at := bucket(r.bounds, fraction) + (exponent-1)*len(r.bounds)
	return halve(at, max(r.schema, 0)-schema)
}

// halve divides by 2 that many times, and rounds up.
func halve(at int, times int32) int32 { return int32(-(-at >> times)) }

func addToBucket(buckets []nativeBucket, at int32, n uint64) []nativeBucket {
	i, found := slices.BinarySearchFunc(buckets, at, func(b nativeBucket, at int32) int { return cmp.Compare(b.at, at) })
	if !found {
		return slices.Insert(buckets, i, nativeBucket{at, n})
	}
	buckets[i].n += n
	return buckets
}

// widen joins the buckets that are one in the next coarser schema.
func widen(buckets []nativeBucket) []nativeBucket {
	wide := buckets[:0]
	for _, b := range buckets {
		b.at = halve(int(b.at), 1)
		if last := len(wide) - 1; last >= 0 && wide[last].at == b.at {
			wide[last].n += b.n
			continue
		}
		wide = append(wide, b)
	}
	return wide
}

// copyFrom makes h equal to g, in memory of its own.
func (h *native) copyFrom(g *native) {
	h.changed, h.schema, h.zero = g.changed, g.schema, g.zero
	h.positive = append(h.positive[:0], g.positive...)
	h.negative = append(h.negative[:0], g.negative...)
}

// size estimates the memory of h in bytes.
func (h *native) size() int { return 100 + bucketCost*h.capacity() }

// capacity is for how many buckets h has memory.
func (h *native) capacity() int { return cap(h.positive) + cap(h.negative) }
