package collector

import (
	"math"

	dto "github.com/prometheus/client_model/go"
)

// receivedExemplars is the number of exemplars of a received histogram, whose buckets are not known in advance.
const receivedExemplars = 16

// pointExemplar is an exemplar of a point in a batch.
type pointExemplar struct {
	value      float64
	time       int64
	start, end uint32 // where its labels are in Batch.exemplars
	bad        bool
}

// PutExemplar completes an exemplar of the point that Put will complete, with the labels that Exemplar has appended
// since the last one. An exemplar without labels is dropped. at is in nanoseconds since 1970; 0 means the time of the
// point.
func (b *Batch) PutExemplar(value float64, at int64) {
	b.pointExemplars = append(b.pointExemplars, pointExemplar{
		value: value, time: at, start: uint32(b.exemplarStart), end: uint32(len(b.exemplars)),
		bad: b.exemplarRunes > MaxExemplarRunes || math.IsNaN(value),
	})
	b.exemplarStart, b.exemplarRunes = len(b.exemplars), 0
}

// takeExemplars stores the exemplars of a point that series i has accepted.
func (c *Collector) takeExemplars(st *store, i int, p *point, b *Batch) {
	exemplars := b.pointExemplars[p.exemplars:p.endExemplar]
	for at := range exemplars {
		e := &exemplars[at]
		if e.time == 0 {
			e.time = p.time
		}
		if e.bad || e.start == e.end || !st.setReceivedExemplar(i, e, b.exemplars[e.start:e.end]) {
			c.stats.exemplarsDropped.Add(1)
		}
	}
}

// setReceivedExemplar stores an exemplar of a point, unless it has a later one in its place. It returns false if the
// family takes no exemplars or there is no memory for it.
func (s *store) setReceivedExemplar(i int, e *pointExemplar, pairs []byte) bool {
	if s.exemplarsPerSeries == 0 || s.exemplars == nil && !s.addExemplarColumn() {
		return false
	}
	at := 0
	if s.readings != nil {
		at = s.readings[i].exemplarOf(e.value)
	}
	to := &s.exemplars[i*s.exemplarsPerSeries+at]
	return len(to.pairs) > 0 && e.time < to.time || s.storeExemplar(to, pairs, e.value, e.time)
}

// exemplarOf returns which of the exemplars one with a value is: the one of its bucket, modulo their number, or of its
// power of two in a native histogram.
func (r *reading) exemplarOf(value float64) int {
	n := bucket(r.bounds, value)
	if r.isNative {
		_, n = math.Frexp(value)
	}
	return (n%receivedExemplars + receivedExemplars) % receivedExemplars
}

// writeReceivedExemplars gives the exemplars of series i to the buckets of h, or to h if it is a native histogram.
func (f *frame) writeReceivedExemplars(h *dto.Histogram, i int) {
	r := &f.readings[i]
	h.Exemplars = h.Exemplars[:0]
	for _, b := range h.Bucket {
		b.Exemplar = nil
	}
	exemplars := f.exemplars[i*f.exemplarsPerSeries : (i+1)*f.exemplarsPerSeries]
	for at := range exemplars {
		e := &exemplars[at]
		switch {
		case len(e.pairs) == 0:
		case r.isNative:
			h.Exemplars = append(h.Exemplars, e.render(nil))
		default:
			h.Bucket = giveExemplar(h.Bucket, r, e)
		}
	}
}

// giveExemplar gives an exemplar to the bucket of its value, unless that has a later one: the buckets may have changed
// since the exemplar came. The +Inf bucket, which an exposition omits unless it has an exemplar, is added.
func giveExemplar(buckets []*dto.Bucket, r *reading, e *exemplar) []*dto.Bucket {
	at := bucket(r.bounds, e.value)
	if at == len(buckets) {
		buckets = append(buckets, &dto.Bucket{UpperBound: new(math.Inf(1)), CumulativeCount: &r.count})
	}
	b := buckets[at]
	if b.Exemplar == nil || e.time >= b.Exemplar.Timestamp.AsTime().UnixNano() {
		b.Exemplar = e.render(nil)
	}
	return buckets
}
