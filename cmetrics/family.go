package cmetrics

import (
	"io"

	"github.com/promexporter/promexporter/record"
)

// Bounds of what is read. What is larger is marked as TooLarge.
const (
	MaxLabels    = 128  // of a family, of a point and of a context
	MaxBuckets   = 2048 // of a histogram, and of each side of an exponential one
	MaxQuantiles = 128  // of a summary
	MaxName      = 1024 // bytes of the name of a family
)

// Type is the type of a metric family.
type Type uint8

// The types, numbered as in the bytes.
const (
	Counter Type = iota
	Gauge
	Histogram
	Summary
	Untyped
	ExpHistogram
	types
)

var typeNames = [types]string{"counter", "gauge", "histogram", "summary", "untyped", "exp_histogram"}

// String returns the name of the type as cmetrics writes it.
func (t Type) String() string {
	if t < types {
		return typeNames[t]
	}
	return "unknown"
}

// Temporality says what the points of a counter or histogram count.
type Temporality uint8

// The temporalities, numbered as in the bytes.
const (
	Unspecified Temporality = iota // means cumulative too
	Delta                          // since the last point
	Cumulative                     // since the start
)

// Family is a metric family with the points of one context. It is valid until the next call of Context.Next or
// Reader.Next; its memory may be used for the next family.
type Family struct {
	Name, Help, Unit []byte // Help is empty where an input writes " " or "-" because there is none
	Type             Type
	Temporality      Temporality
	Keys             [][]byte  // the names of the labels; nil where there is none
	Bounds           []float64 // the upper bounds of a histogram without +Inf, as they come
	Quantiles        []float64 // of a summary
	TooLarge         bool      // beyond one of the bounds

	reader   *Reader
	at, left int  // the next point, and how many there are
	open     bool // the family ends where its points end
	name     []byte
	prefix   [2][]byte // ns and ss
	typed    bool
	id       uint64 // of type and name, for notes
}

// read reads the map of a family and reports whether it is one.
func (f *Family) read(r *Reader, at *cursor) bool {
	*f = Family{
		Keys: f.Keys[:0], Bounds: f.Bounds[:0], Quantiles: f.Quantiles[:0], name: f.name[:0], reader: r,
	}
	for n := at.maps(); n > 0 && at.ok(); n-- {
		switch string(at.text()) {
		case "meta":
			f.meta(at)
		case "values":
			f.values(at, n == 1)
		default:
			at.skip()
		}
	}
	if !at.ok() || !f.typed || len(f.Name) == 0 {
		return false
	}
	if r.notes.any() {
		f.id = r.notes.familyID([]byte(f.Type.String()), f.Name)
	}
	f.join()
	return true
}

// values finds the points. The last value of a family is not skipped, because Next reads the points anyway.
func (f *Family) values(at *cursor, last bool) {
	points := *at
	f.left, f.at, f.open = points.list(), points.i, last
	if last || !points.ok() {
		*at = points
	} else {
		at.skip()
	}
}

// end returns where the points end.
func (f *Family) end() int {
	for ; f.left > 0; f.left-- {
		f.at = record.Skip(f.reader.chunk, f.at)
	}
	return f.at
}

func (f *Family) meta(at *cursor) {
	for n := at.maps(); n > 0 && at.ok(); n-- {
		switch string(at.text()) {
		case "type":
			kind := at.uint()
			if kind >= uint64(types) {
				at.fail()
			}
			f.Type, f.typed = Type(kind), true
		case "opts":
			f.opts(at)
		case "labels":
			f.labels(at)
		case "aggregation_type":
			f.Temporality = Temporality(min(at.uint(), 3))
		case "buckets":
			f.Bounds = f.floats(at, f.Bounds, MaxBuckets)
		case "quantiles":
			f.Quantiles = f.floats(at, f.Quantiles, MaxQuantiles)
		default:
			at.skip()
		}
	}
}

func (f *Family) opts(at *cursor) {
	for n := at.maps(); n > 0 && at.ok(); n-- {
		switch string(at.text()) {
		case "ns":
			f.prefix[0] = at.optional()
		case "ss":
			f.prefix[1] = at.optional()
		case "name":
			f.Name = at.optional()
		case "desc":
			if f.Help = at.optional(); string(f.Help) == " " || string(f.Help) == "-" {
				f.Help = nil
			}
		case "unit":
			f.Unit = at.optional()
		default:
			at.skip()
		}
	}
}

func (f *Family) labels(at *cursor) {
	n := at.list()
	f.TooLarge = f.TooLarge || n > MaxLabels
	for ; n > 0 && at.ok(); n-- {
		if key := at.optional(); len(f.Keys) < MaxLabels {
			f.Keys = append(f.Keys, key)
		}
	}
}

func (f *Family) floats(at *cursor, into []float64, most int) []float64 {
	n := at.list()
	f.TooLarge = f.TooLarge || n > most
	for ; n > 0 && at.ok(); n-- {
		if v := at.float(); len(into) < most {
			into = append(into, v)
		}
	}
	return into
}

// join makes the name of the parts that are not empty.
func (f *Family) join() {
	f.TooLarge = f.TooLarge || len(f.prefix[0])+len(f.prefix[1])+len(f.Name)+2 > MaxName
	if len(f.prefix[0])+len(f.prefix[1]) == 0 || f.TooLarge {
		return
	}
	for _, part := range f.prefix {
		if len(part) > 0 {
			f.name = append(append(f.name, part...), '_')
		}
	}
	f.name = append(f.name, f.Name...)
	f.Name = f.name
}

// Len returns how many points are left, as the chunk claims.
func (f *Family) Len() int { return f.left }

// Next reads the next point into p and returns nil. It returns io.EOF after the last one, and a *record.Malformed,
// which is valid until the next call, for what is not a point of the family.
func (f *Family) Next(p *Point) error {
	if f.left == 0 {
		return io.EOF
	}
	f.left--
	start := f.at
	at := cursor{f.reader.chunk, start}
	if p.read(f, &at) {
		f.at = at.i
		return nil
	}
	f.at = record.Skip(f.reader.chunk, start)
	return f.reader.reject(NotMetrics, start, f.at)
}

// Release lets go of the chunk and keeps the memory for the next one.
func (f *Family) Release() {
	clear(f.Keys[:cap(f.Keys)])
	*f = Family{Keys: f.Keys[:0], Bounds: f.Bounds[:0], Quantiles: f.Quantiles[:0], name: f.name[:0]}
}
