package collector

import (
	"cmp"
	"math"
	"slices"
)

// defaultMaxBuckets is the default of Native.MaxBuckets.
const defaultMaxBuckets = 160

// The finest and the coarsest schema of a native histogram. Schema s has 2^s buckets per power of two; below 0, a
// bucket spans 2^-s powers of two.
const (
	finestSchema   = 8
	coarsestSchema = -4
)

// zeroThreshold is the greatest distance from 0 at which an observation counts as 0.
const zeroThreshold = 0x1p-128

// native is the native part of a histogram series: its non-empty buckets, chosen as client_golang does.
// TestNativeEqualsClientGolang compares them.
type native struct {
	changed  uint64 // version number, unique in the store
	schema   int32
	zero     uint64
	positive []nativeBucket // ascending
	negative []nativeBucket
}

// nativeBucket counts the values above the bound of the bucket before and up to its own bound, 2^(at/2^schema).
type nativeBucket struct {
	at int32
	n  uint64
}

// resolution is the initial resolution of the native histograms of a family.
type resolution struct {
	schema     int32
	bounds     []float64 // of the buckets from 0.5 to 1, excluding 1
	maxBuckets int       // per series
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

// pickSchema returns the coarsest schema in which the ratio of successive bounds is at most factor.
func pickSchema(factor float64) int32 {
	s := -math.Floor(math.Log2(math.Log2(factor)))
	return int32(min(max(s, coarsestSchema), finestSchema))
}

// halved returns bounds with each bound followed by its product with factor.
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
	// Each observation widens the buckets at most once, whatever remains.
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

// halve divides by 2 the given number of times, rounding up.
func halve(at int, times int32) int32 { return int32(-(-at >> times)) }

func addToBucket(buckets []nativeBucket, at int32, n uint64) []nativeBucket {
	i, found := slices.BinarySearchFunc(buckets, at, func(b nativeBucket, at int32) int { return cmp.Compare(b.at, at) })
	if !found {
		return slices.Insert(buckets, i, nativeBucket{at, n})
	}
	buckets[i].n += n
	return buckets
}

// widen merges the buckets that are one bucket in the next coarser schema.
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

// copyFrom copies g into h, in memory of its own.
func (h *native) copyFrom(g *native) {
	h.changed, h.schema, h.zero = g.changed, g.schema, g.zero
	h.positive = append(h.positive[:0], g.positive...)
	h.negative = append(h.negative[:0], g.negative...)
}

// size estimates the memory of h in bytes.
func (h *native) size() int { return 100 + bucketCost*h.capacity() }

// capacity returns the number of buckets that h has memory for.
func (h *native) capacity() int { return cap(h.positive) + cap(h.negative) }
