package collector

import (
	"math"
	"slices"
)

// Type is the type of a metric family.
type Type uint8

// The types of a metric family.
const (
	Counter Type = iota
	Gauge
	Histogram
)

var typeNames = [...]string{"counter", "gauge", "histogram"}

// String returns the name that Prometheus uses for the type.
func (t Type) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return "unknown"
}

// Family defines a metric family. Its exported fields must not change once a
// sample of it was ingested, and it belongs to the one collector that ingested
// it. Two Families with equal definitions in one collector share their series.
type Family struct {
	Name string
	Help string
	Unit string
	Type Type
	// Labels are the label names, sorted. The label values of a sample stand in
	// this order; an empty value means that the series has no such label.
	Labels []string
	// Buckets are the upper bounds of a histogram, ascending, without +Inf.
	Buckets []float64

	// Both are set by the collector's goroutine, which alone reads them.
	store   *store
	refused bool
}

// Equal reports whether f and g define the same family.
func (f *Family) Equal(g *Family) bool {
	return f.Name == g.Name && f.Type == g.Type && f.Help == g.Help && f.Unit == g.Unit &&
		slices.Equal(f.Labels, g.Labels) && slices.Equal(f.Buckets, g.Buckets)
}

// check tells whether f takes the sample at all, before a series is
// made for it.
func (f *Family) check(sample *Sample) Reason {
	v := sample.Value
	switch f.Type {
	case Counter:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return NotFinite
		}
		if v < 0 {
			return NegativeIncrement
		}
	case Histogram:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return NotFinite
		}
	}
	return Kept
}
