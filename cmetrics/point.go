package cmetrics

import (
	"math"
)

// staleBits are those of the NaN with which Prometheus says that a series has ended.
const staleBits = 0x7ff0000000000002

// Point is the state of one series at one time. It is valid until the next call of Family.Next; its memory may be used
// for the next point.
type Point struct {
	Time  int64 // nanoseconds since 1970, 0 where none is known
	Start int64 // since when a counter or histogram counts, 0 where that is not known
	// Labels are the values of the first Family.Keys, nil for a label that the point does not have. There may be fewer
	// than keys.
	Labels [][]byte
	// Stale says that the series has ended. Then the point has no value.
	Stale bool
	// TooLarge says that the point is beyond one of the bounds.
	TooLarge bool

	Value float64 // of a counter, a gauge or an untyped point
	// Sum and Count are those of a histogram, an exponential histogram or a summary. HasSum is false where an
	// exponential histogram has no sum.
	Sum    float64
	HasSum bool
	Count  uint64
	// Buckets are those of a histogram as they come, one per bound and one above.
	Buckets []uint64
	// Quantiles are the values of Family.Quantiles; empty where a summary has a sum and a count only.
	Quantiles []float64
	// Exp is the rest of an exponential histogram.
	Exp Exp

	hash      uint64
	body      body
	exemplars exemplars
}

// Exp is an exponential histogram: bucket i covers (2^(i/2^Scale), 2^((i+1)/2^Scale)].
type Exp struct {
	Scale              int64
	Zero               uint64
	ZeroThreshold      float64
	Positive, Negative Side
}

// Side is the buckets of the positive or of the negative numbers.
type Side struct {
	Offset  int64 // of the first bucket
	Buckets []uint64
}

// body says which of the bodies a point had.
type body uint8

const (
	noBody body = iota
	scalarBody
	histogramBody
	summaryBody
	expBody
)

var bodies = [types]body{
	Counter: scalarBody, Gauge: scalarBody, Untyped: scalarBody,
	Histogram: histogramBody, Summary: summaryBody, ExpHistogram: expBody,
}

// read reads the map of a point of f and reports whether it is one.
func (p *Point) read(f *Family, at *cursor) bool {
	p.reset()
	integer, hasInteger := 0.0, false
	for n := at.maps(); n > 0 && at.ok(); n-- {
		switch string(at.text()) {
		case "ts":
			p.Time = at.nanos()
		case "start_ts":
			p.Start = at.nanos()
		case "value":
			p.Value, p.body = at.float(), scalarBody
		case "value_int64":
			integer, hasInteger = float64(at.int()), true
		case "value_uint64":
			integer, hasInteger = float64(at.uint()), true
		case "histogram":
			p.histogram(at)
		case "summary":
			p.summary(at)
		case "exp_histogram":
			p.exponential(at)
		case "labels":
			p.labels(at)
		case "hash":
			p.hash = at.uint()
		default:
			at.skip()
		}
	}
	if p.body == noBody && hasInteger {
		p.Value, p.body = integer, scalarBody
	}
	if !at.ok() || p.body != bodies[f.Type] {
		return false
	}
	p.Stale = p.body == scalarBody && math.Float64bits(p.Value) == staleBits
	if f.reader.notes.any() {
		p.note(f)
	}
	return true
}

// note adds what the context notes of the point.
func (p *Point) note(f *Family) {
	noted := f.reader.notes.find(p, f.id)
	p.Stale = p.Stale || noted.stale
	p.exemplars.start(f.reader, noted.exemplars)
}

func (p *Point) reset() {
	p.Time, p.Start, p.Labels, p.Stale, p.TooLarge = 0, 0, p.Labels[:0], false, false
	p.Value, p.Sum, p.HasSum, p.Count = 0, 0, false, 0
	p.Buckets, p.Quantiles = p.Buckets[:0], p.Quantiles[:0]
	e := &p.Exp
	e.Scale, e.Zero, e.ZeroThreshold = 0, 0, 0
	e.Positive.Offset, e.Positive.Buckets = 0, e.Positive.Buckets[:0]
	e.Negative.Offset, e.Negative.Buckets = 0, e.Negative.Buckets[:0]
	p.hash, p.body, p.exemplars = 0, noBody, exemplars{}
}

// nanos is a time. One that does not fit counts as none.
func (c *cursor) nanos() int64 {
	n := c.uint()
	if n > math.MaxInt64 {
		return 0
	}
	return int64(n)
}

func (p *Point) labels(at *cursor) {
	n := at.list()
	p.TooLarge = p.TooLarge || n > MaxLabels
	for ; n > 0 && at.ok(); n-- {
		if value := at.optional(); len(p.Labels) < MaxLabels {
			p.Labels = append(p.Labels, value)
		}
	}
}

func (p *Point) histogram(at *cursor) {
	p.body, p.HasSum = histogramBody, true
	for n := at.maps(); n > 0 && at.ok(); n-- {
		switch string(at.text()) {
		case "buckets":
			p.Buckets = p.counts(at, p.Buckets, MaxBuckets+1)
		case "sum":
			p.Sum = at.float()
		case "count":
			p.Count = at.uint()
		default:
			at.skip()
		}
	}
}

func (p *Point) summary(at *cursor) {
	p.body, p.HasSum = summaryBody, true
	set := uint64(1)
	for n := at.maps(); n > 0 && at.ok(); n-- {
		switch string(at.text()) {
		case "quantiles_set":
			set = at.uint()
		case "quantiles":
			p.quantiles(at)
		case "count":
			p.Count = at.uint()
		case "sum":
			p.Sum = at.bits()
		default:
			at.skip()
		}
	}
	if set == 0 {
		p.Quantiles = p.Quantiles[:0]
	}
}

func (p *Point) quantiles(at *cursor) {
	n := at.list()
	p.TooLarge = p.TooLarge || n > MaxQuantiles
	for ; n > 0 && at.ok(); n-- {
		if v := at.bits(); len(p.Quantiles) < MaxQuantiles {
			p.Quantiles = append(p.Quantiles, v)
		}
	}
}

func (p *Point) exponential(at *cursor) {
	p.body = expBody
	e := &p.Exp
	for n := at.maps(); n > 0 && at.ok(); n-- {
		switch string(at.text()) {
		case "scale":
			e.Scale = at.int()
		case "zero_count":
			e.Zero = at.uint()
		case "zero_threshold":
			e.ZeroThreshold = at.float()
		case "positive_offset":
			e.Positive.Offset = at.int()
		case "positive_buckets":
			e.Positive.Buckets = p.counts(at, e.Positive.Buckets, MaxBuckets)
		case "negative_offset":
			e.Negative.Offset = at.int()
		case "negative_buckets":
			e.Negative.Buckets = p.counts(at, e.Negative.Buckets, MaxBuckets)
		case "count":
			p.Count = at.uint()
		case "sum_set":
			p.HasSum = at.uint() != 0
		case "sum":
			p.Sum = at.bits()
		default:
			at.skip()
		}
	}
}

func (p *Point) counts(at *cursor, into []uint64, most int) []uint64 {
	n := at.list()
	p.TooLarge = p.TooLarge || n > most
	for ; n > 0 && at.ok(); n-- {
		if v := at.uint(); len(into) < most {
			into = append(into, v)
		}
	}
	return into
}

// Release lets go of the chunk and keeps the memory for the next one.
func (p *Point) Release() {
	clear(p.Labels[:cap(p.Labels)])
	p.reset()
}
