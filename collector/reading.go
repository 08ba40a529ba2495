package collector

import (
	"math"
	"slices"
)

// reading is what a received series has in addition to a value: a histogram or summary.
type reading struct {
	changed   uint64    // another one after each change of any series of the store
	bounds    []float64 // of the buckets, or the quantiles; never changed, and shared by series
	own       bool      // bounds were made for this series
	shared    bool      // something else reads the numbers below, see share
	counts    []uint64  // cumulative, one per bound
	levels    []float64 // of quantiles
	count     uint64
	threshold float64 // of the native one
	isNative  bool
	native    native
}

// size is what r takes in addition to its place in the column.
func (r *reading) size() int {
	n := 8*(cap(r.counts)+cap(r.levels)) + bucketCost*r.native.capacity()
	if r.own {
		n += 8 * len(r.bounds)
	}
	return n
}

// share returns a copy of r which stays as it is: the next change of r is in other memory. So a snapshot need not copy
// the buckets of all series while batches wait.
func (r *reading) share() reading {
	r.shared = true
	return *r
}

// detach gives r memory that nothing else reads. The numbers are copied only if the next change adds to them.
func (r *reading) detach(isAddition bool) {
	if !r.shared {
		return
	}
	r.shared = false
	if !isAddition {
		r.counts, r.levels, r.native.positive, r.native.negative = nil, nil, nil, nil
		return
	}
	r.counts, r.levels = slices.Clone(r.counts), slices.Clone(r.levels)
	r.native.positive, r.native.negative = slices.Clone(r.native.positive), slices.Clone(r.native.negative)
}

// read takes a checked point of a histogram or summary into series i.
func (c *Collector) read(s *store, i int, p *point, b *Batch) {
	r := &s.readings[i]
	before := r.size()
	r.detach(p.add)
	sum := p.value
	switch {
	case s.family.Type == Summary:
		s.setBounds(r, b.floats[p.bounds:p.bounds+p.width])
		r.levels = append(r.levels[:0], b.floats[p.bounds+p.width:p.bounds+2*p.width]...)
		r.count = p.count
	case p.add && r.count > 0 && s.addsTo(r, p, b):
		sum += s.values[i]
	default:
		if p.add && r.count > 0 {
			c.stats.rebased.Add(1)
			s.setCreated(i, p.start)
		}
		s.setHistogram(r, p, b)
	}
	s.signed = s.signed || p.add && p.value < 0
	s.values[i] = sum
	r.changed = s.nextChange()
	s.charge(r.size() - before)
}

// setHistogram makes r equal to p.
func (s *store) setHistogram(r *reading, p *point, b *Batch) {
	r.count, r.isNative = p.count, p.native
	if p.native {
		r.bounds, r.counts = nil, r.counts[:0]
		r.threshold = p.threshold
		r.native.schema, r.native.zero = int32(p.schema), p.zero
		r.native.positive = append(r.native.positive[:0], b.buckets[p.positive:p.negative]...)
		r.native.negative = append(r.native.negative[:0], b.buckets[p.negative:p.last]...)
		return
	}
	r.native.positive, r.native.negative = r.native.positive[:0], r.native.negative[:0]
	s.setBounds(r, b.floats[p.bounds:p.bounds+p.width])
	r.counts = append(r.counts[:0], b.counts[p.counts:p.counts+p.width]...)
}

// setBounds gives r the bounds, which it shares with the last series that had the same.
func (s *store) setBounds(r *reading, bounds []float64) {
	switch {
	case slices.Equal(r.bounds, bounds):
	case slices.Equal(s.bounds, bounds):
		r.bounds, r.own = s.bounds, false
	default:
		s.bounds = slices.Clone(bounds)
		r.bounds, r.own = s.bounds, true
	}
}

// addsTo adds the histogram p to r. It changes nothing and reports false when they do not have the same buckets, or
// would not fit.
func (s *store) addsTo(r *reading, p *point, b *Batch) bool {
	if r.isNative != p.native || r.count > math.MaxUint64-p.count {
		return false
	}
	if p.native {
		r.addNative(p, b)
	} else {
		if !slices.Equal(r.bounds, b.floats[p.bounds:p.bounds+p.width]) {
			return false
		}
		for at, n := range b.counts[p.counts : p.counts+p.width] {
			r.counts[at] += n
		}
	}
	r.count += p.count
	return true
}

// maxReceivedBuckets bounds the buckets that increments of a native histogram add up to: when there would be more,
// neighbors are joined.
const maxReceivedBuckets = 4096

// addNative adds the buckets of p, in the coarser resolution of the two.
func (r *reading) addNative(p *point, b *Batch) {
	n := &r.native
	for n.schema > int32(p.schema) {
		n.schema--
		n.positive, n.negative = widen(n.positive), widen(n.negative)
	}
	coarser := int32(p.schema) - n.schema
	for _, bucket := range b.buckets[p.positive:p.negative] {
		n.positive = addToBucket(n.positive, halve(int(bucket.at), coarser), bucket.n)
	}
	for _, bucket := range b.buckets[p.negative:p.last] {
		n.negative = addToBucket(n.negative, halve(int(bucket.at), coarser), bucket.n)
	}
	for len(n.positive)+len(n.negative) > maxReceivedBuckets && n.schema > coarsestSchema {
		n.schema--
		n.positive, n.negative = widen(n.positive), widen(n.negative)
	}
	n.zero += p.zero
	r.threshold = max(r.threshold, p.threshold)
}

// isConsistent reports whether a page may have r.
func (r *reading) isConsistent() bool {
	if r.isNative {
		n := &r.native
		total, ok := n.zero, n.schema >= coarsestSchema && n.schema <= finestSchema && r.threshold >= 0
		for _, b := range slices.Concat(n.positive, n.negative) {
			ok = ok && total+b.n >= total
			total += b.n
		}
		return ok && total == r.count && len(r.bounds) == 0
	}
	return areBuckets(r.bounds, r.counts, r.count)
}

// areBuckets reports whether bounds ascend, and cumulative counts do not fall and do not exceed the count of all.
func areBuckets(bounds []float64, counts []uint64, count uint64) bool {
	var before uint64
	for i, bound := range bounds {
		if math.IsNaN(bound) || i > 0 && bound <= bounds[i-1] || counts[i] < before {
			return false
		}
		before = counts[i]
	}
	return before <= count
}
