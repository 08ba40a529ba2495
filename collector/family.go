package collector

import (
	"maps"
	"slices"
	"time"

	"github.com/promexporter/promexporter/internal/exposition"
)

// Type is the type of a metric family.
type Type uint8

// The types of a metric family.
const (
	Counter Type = iota
	Gauge
	Histogram
	Summary
	Untyped // of received families only
	types
)

var typeNames = [types]string{"counter", "gauge", "histogram", "summary", "untyped"}

// String returns the name that Prometheus uses for the type.
func (t Type) String() string {
	if t < types {
		return typeNames[t]
	}
	return "unknown"
}

// Family defines a metric family. Its exported fields must not change once a
// sample of it was ingested, and it belongs to the one collector that ingested
// it. Two Families with equal definitions in one collector share their series. A
// State has them as JSON.
type Family struct {
	Name string
	Help string `json:",omitzero"`
	Unit string `json:",omitzero"`
	Type Type
	// Labels are the label names, sorted. The label values of a sample stand in
	// this order; an empty value means that the series has no such label.
	Labels []string `json:",omitzero"`
	// Buckets are the upper bounds of a classic histogram, ascending, without
	// +Inf. With Native and no Buckets there is no classic histogram.
	Buckets []float64 `json:",omitzero"`
	// Native adds a native histogram. It takes some 100 bytes per series and 16 to
	// 32 per bucket that is not empty.
	Native Native `json:",omitzero"`
	// Quantiles are those of a summary, each with its allowed error. Without any,
	// a summary has a sum and a count only. A series with quantiles and usual errors
	// takes 7.5 KB; with an error of 0.001 in the middle, 64 KB.
	Quantiles map[float64]float64 `json:"-"`
	// MaxAge is for how long an observation counts in the quantiles, a second at
	// least; 0 means 10 minutes.
	MaxAge time.Duration `json:",omitzero"`
	// Timestamps exposes with each series the newest Time of its samples.
	Timestamps bool `json:",omitzero"`
	// Received says that the family takes points of metrics events, see Batch.Put,
	// and no samples. Each of its series has labels of its own, so Labels is empty,
	// and so are Buckets and Quantiles.
	Received bool `json:",omitzero"`
	// Delta says that the points of a received family may be increments.
	Delta bool `json:",omitzero"`

	// What follows does not define the family: of equal Families, the first one
	// that was ingested or the last one given to Retain decides.

	// TTL is how long after its last sample a series expires. 0: never.
	TTL time.Duration `json:",omitzero"`
	// SeriesLimit bounds the series of the family, beyond which samples go to
	// overflow series. 0: only the collector's limit.
	SeriesLimit int `json:",omitzero"`
	// Fixed tells, by position in Labels, which values do not come from records
	// and stay in an overflow series. Each sample is judged by its own Family's.
	Fixed []bool `json:"-"`

	// These are set by the collector's goroutine, which alone reads them.
	store     *store
	refusedBy *store // has the name, or that of a sample, with another definition
}

// Native shapes a native histogram. The zero Native is none.
type Native struct {
	// Factor is by how much a bucket's bound is above the last one's at most. It
	// must be greater than 1.
	Factor float64
	// MaxBuckets bounds the buckets of a series: when there would be more,
	// neighbours are joined. 0 means 160.
	MaxBuckets uint32
}

// on reports whether there is a native histogram at all.
func (n Native) on() bool { return n.Factor > 1 }

func (f *Family) isNative() bool { return f.Type == Histogram && f.Native.on() }

func (f *Family) hasStreams() bool { return f.Type == Summary && len(f.Quantiles) > 0 }

// hasReadings reports whether the series of f have more than a value that is received.
func (f *Family) hasReadings() bool { return f.Received && (f.Type == Histogram || f.Type == Summary) }

// isAbsolute reports whether what the series of f hold was counted elsewhere, and comes again.
func (f *Family) isAbsolute() bool { return f.Received && !f.Delta }

// Equal reports whether f and g define the same exposition.
func (f *Family) Equal(g *Family) bool {
	return f.Name == g.Name && f.Type == g.Type && f.Help == g.Help && f.Unit == g.Unit &&
		f.Native == g.Native && f.MaxAge == g.MaxAge && f.Timestamps == g.Timestamps &&
		f.Received == g.Received && f.Delta == g.Delta &&
		slices.Equal(f.Labels, g.Labels) && slices.Equal(f.Buckets, g.Buckets) &&
		maps.Equal(f.Quantiles, g.Quantiles)
}

// isReadable reports whether Prometheus reads a page with the names and the help of f.
func (f *Family) isReadable() bool {
	unfit := func(label string) bool { return !exposition.IsName(label) }
	return exposition.IsName(f.Name) && !slices.ContainsFunc(f.Labels, unfit) && exposition.IsText([]byte(f.Help))
}

// fixed reports whether the i-th label value stays in an overflow series.
func (f *Family) fixed(i int) bool { return i < len(f.Fixed) && f.Fixed[i] }

// accepts are the operations that a type takes, a bit each.
var accepts = [types]uint16{
	Counter:   1<<Add | 1<<Total | 1<<Declare,
	Gauge:     1<<Add | 1<<Set | 1<<Sum | 1<<Min | 1<<Max | 1<<Count | 1<<Declare,
	Histogram: 1<<Observe | 1<<Declare,
	Summary:   1<<Observe | 1<<Declare,
}

// timed are the operations that go by the times of samples, a bit each.
const timed = 1<<Total | 1<<Sum | 1<<Min | 1<<Max | 1<<Count

// maxAhead is how far ahead of the clock a time may be: time zones are mistaken for
// each other. A series would take nothing that is older than one that is nonsense.
const maxAhead = 24 * time.Hour

// early reports whether a sample of the time at comes too early for f, where times
// matter.
func (f *Family) early(s *Sample, at, now int64) bool {
	return at > now+int64(maxAhead) && (f.Timestamps || timed>>s.Op&1 != 0)
}

// check tells whether f takes the sample at all, before a series is made for it.
func (f *Family) check(s *Sample) Reason {
	if f.Type >= types || s.Op >= ops || accepts[f.Type]>>s.Op&1 == 0 {
		return Malformed
	}
	if f.Type == Gauge || s.Op == Declare {
		return Kept
	}
	if v := s.Value; v-v != 0 { // NaN and both infinities
		return NotFinite
	}
	if f.Type == Counter {
		if s.Value < 0 {
			return NegativeIncrement
		}
		return Kept
	}
	return f.checkWeight(s)
}
