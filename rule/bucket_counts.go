package rule

import (
	"cmp"
	"math"
	"slices"

	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/record"
)

// How a ready histogram becomes the counts of a sample:
//
//	list      the bounds and counts as the record has them    this file
//	arrange   the counts between the bounds of the family     this file
//	settle    the count of +Inf, and that of all              this file

// bucketCounts is a compiled config.BucketCounts.
type bucketCounts struct {
	config *config.BucketCounts
	value  value // its From, for what describes a refusal
	bounds *operand
	total  *value
	family []float64 // the bounds of the family
}

// bucketCount is a bucket of a record.
type bucketCount struct {
	bound float64 // +Inf for the last one
	n     float64
}

// readyHistogram is the memory for the buckets of a record.
type readyHistogram struct {
	buckets []bucketCount
	counts  []uint64 // by the bounds of the family and +Inf, not cumulative
	total   uint64
}

// Bounds of the buckets of a record. A float64 has all whole numbers up to the second one.
const (
	maxRecordBuckets = 1000
	maxBucketCount   = 1 << 53
)

func (s spaces) bucketCounts(c *config.HistogramOptions) *bucketCounts {
	if c.Counts == nil {
		return nil
	}
	b := &bucketCounts{config: c.Counts, family: c.Buckets}
	b.value = s.value(&config.Value{From: c.Counts.From, Scale: 1}, false)
	if c.Counts.Bounds != nil {
		bounds := s.operand(c.Counts.Bounds)
		b.bounds = &bounds
	}
	if c.Counts.Total != nil {
		total := s.value(c.Counts.Total, false)
		b.total = &total
	}
	return b
}

// read reads the histogram of a record into w.ready.
func (b *bucketCounts) read(w *Scratch) Reason {
	h := &w.ready
	h.buckets = h.buckets[:0]
	if r := b.list(w); r != noReason {
		return r
	}
	slices.SortFunc(h.buckets, func(a, b bucketCount) int { return cmp.Compare(a.bound, b.bound) })
	if r := b.arrange(h); r != noReason {
		return r
	}
	return b.settle(w)
}

// list lists the buckets in the order in which the record has them.
func (b *bucketCounts) list(w *Scratch) Reason {
	h := &w.ready
	field := b.value.from.value(w)
	ok := true
	switch field.Kind() {
	case record.Missing, record.Nil:
		return NoValue
	case record.Map:
		field.Pairs(func(bound, n record.Value) bool {
			ok = h.add(&bound, &n)
			return ok
		})
	case record.Array:
		if b.bounds != nil {
			return b.listCounts(h, field, b.bounds.value(w))
		}
		i := 0
		field.Values(func(element record.Value) bool {
			ok = b.addElement(h, &element, i)
			i++
			return ok
		})
	default:
		ok = false
	}
	if !ok {
		return BadBuckets
	}
	return noReason
}

// addElement adds the element i of a list: a map, or the count of the bound i of the family.
func (b *bucketCounts) addElement(h *readyHistogram, element *record.Value, i int) bool {
	if element.Kind() != record.Map {
		n, ok := countOf(element)
		return ok && i <= len(b.family) && h.put(boundAt(b.family, i), n)
	}
	var bound, n record.Value
	element.Pairs(func(key, value record.Value) bool {
		switch {
		case !key.IsText():
		case string(key.Bytes()) == b.config.BoundKey:
			bound = value
		case string(key.Bytes()) == b.config.CountKey:
			n = value
		}
		return true
	})
	return h.add(&bound, &n)
}

// boundAt returns the bound i, which is +Inf after the last one.
func boundAt(bounds []float64, i int) float64 {
	if i == len(bounds) {
		return math.Inf(1)
	}
	return bounds[i]
}

// listCounts lists counts whose bounds are in a list of their own. The count of +Inf may be without a bound.
func (b *bucketCounts) listCounts(h *readyHistogram, counts, bounds *record.Value) Reason {
	ok := bounds.Kind() == record.Array
	bounds.Values(func(bound record.Value) bool {
		v, isBound := boundOf(&bound)
		ok = isBound && h.put(v, 0)
		return ok
	})
	i, n := 0, len(h.buckets)
	counts.Values(func(count record.Value) bool {
		if ok && i == n {
			ok = h.put(math.Inf(1), 0)
		}
		if ok = ok && i < len(h.buckets); ok {
			h.buckets[i].n, ok = countOf(&count)
			i++
		}
		return ok
	})
	if !ok || i < n {
		return BadBuckets
	}
	return noReason
}

// add adds a bucket, and reports whether it is one.
func (h *readyHistogram) add(bound, n *record.Value) bool {
	v, isBound := boundOf(bound)
	count, isCount := countOf(n)
	return isBound && isCount && h.put(v, count)
}

func (h *readyHistogram) put(bound, n float64) bool {
	h.buckets = append(h.buckets, bucketCount{bound, n})
	return len(h.buckets) <= maxRecordBuckets
}

// boundOf returns the bound that a value says: a number, or a string with a number or an infinity.
func boundOf(v *record.Value) (float64, bool) {
	if v.IsText() {
		switch text := trim(v.Bytes()); string(text) {
		case "+Inf", "Inf", "+inf", "inf", "Infinity", "+Infinity":
			return math.Inf(1), true
		}
	}
	bound, ok := numeric(v)
	return bound, ok && v.Kind() != record.Bool && bound == bound && !math.IsInf(bound, -1)
}

// countOf returns the count that a value says: a whole number of at least 0, also in a string.
func countOf(v *record.Value) (float64, bool) {
	n, ok := numeric(v)
	return n, ok && v.Kind() != record.Bool && n >= 0 && n <= maxBucketCount && n == math.Trunc(n)
}

// arrange counts what is between the bounds of the family, which the record must have. It may have further ones.
func (b *bucketCounts) arrange(h *readyHistogram) Reason {
	h.counts = append(h.counts[:0], make([]uint64, len(b.family)+1)...)
	at, sum, last := 0, 0.0, 0.0
	for i, bucket := range h.buckets {
		switch {
		case i > 0 && bucket.bound == h.buckets[i-1].bound:
			return BadBuckets
		case at < len(b.family) && b.family[at] < bucket.bound:
			return OtherBounds
		}
		n := bucket.n
		if b.config.Cumulative {
			n -= last
			last = bucket.n
		}
		if sum += n; n < 0 || sum > maxBucketCount {
			return Inconsistent
		}
		h.counts[at] += uint64(n)
		if at < len(b.family) && b.family[at] == bucket.bound {
			at++
		}
	}
	if at < len(b.family) {
		return OtherBounds
	}
	h.total = uint64(sum)
	return noReason
}

// settle compares the counts with the number of all observations. If the record does not have the bucket +Inf, the
// observations that no other bucket has are in it.
func (b *bucketCounts) settle(w *Scratch) Reason {
	h := &w.ready
	if b.total == nil {
		return noReason
	}
	n, r := b.total.measure(w, b.total.of(w, &missing))
	switch {
	case r == nothing:
		return noReason
	case r == NotANumber, r == noReason && !(n >= 0 && n <= maxBucketCount && n == math.Trunc(n)):
		return NotACount
	case r != noReason:
		return r
	}
	total := uint64(n)
	hasInf := len(h.buckets) > 0 && math.IsInf(h.buckets[len(h.buckets)-1].bound, 1)
	if total < h.total || hasInf && total > h.total {
		return Inconsistent
	}
	h.counts[len(b.family)] += total - h.total
	h.total = total
	return noReason
}

// atFault returns the value that is the cause of r, or nil if it is the sum.
func (b *bucketCounts) atFault(w *Scratch, r Reason) *value {
	switch why := b.read(w); {
	case why != r:
		return nil
	case b.total != nil && b.total.from != nil && (r == NotACount || r.isAbsence() && !isBlank(b.value.from.value(w))):
		return b.total
	}
	return &b.value
}
