package collector

import (
	"encoding/binary"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/promexporter/promexporter/internal/exposition"
)

// Bounds of a batch. Samples beyond them are refused and counted.
const (
	MaxBatchBytes   = 64 << 20 // of label values
	MaxBatchSamples = 1 << 20
)

// maxIdleBytes bounds the memory that Reset keeps.
const maxIdleBytes = 8 << 20

// Op is what a sample does to its series.
type Op uint8

// The operations. Counters take Add and Total, gauges Add, Set and the
// aggregates Sum, Min, Max and Count, histograms and summaries Observe. All take
// Declare. Any other pair is dropped as Malformed.
const (
	Add Op = iota
	Set
	Observe
	// Total says where a running total stands. A total lower than the last one
	// was reset and counts from 0.
	Total
	// The aggregates join the samples of a series that share their Time. A newer
	// Time starts anew, an older one is dropped.
	Sum
	Min
	Max
	Count // of the samples, whatever their values
	// Declare makes the series, with the value 0, and keeps it from expiring.
	Declare
	ops
)

// Sample is one value for one series on its way in.
type Sample struct {
	Family *Family
	Value  float64
	// Time is the record's time in nanoseconds since 1970, UTC; 0 stands for the
	// batch's Now.
	Time int64
	// Count is how many observations the sample stands for. 0 means 1.
	Count uint64
	// Origin, when not nil, counts what happens to the sample.
	Origin *Origin
	// Source, when not 0, identifies the field that the value was read from.
	// A series takes samples of the first source only, until Retain, so that two
	// fields whose names became equal cannot overwrite each other.
	Source uint32
	Op     Op

	badExemplar bool
	key, end    uint32 // where the series key stands in Batch.keys
	pair, last  uint32 // where the exemplar's labels stand in Batch.pairs
}

// Batch collects the samples of one chunk. It is for one goroutine at a time and
// is used again after Reset. The zero Batch is ready.
type Batch struct {
	// Now is the time of the flush in nanoseconds since 1970, UTC.
	Now int64

	samples []Sample
	keys    []byte
	start   int       // where the key that is being built starts
	again   [2]uint32 // the key that is used instead, if it has an end
	pairs   []byte
	first   int // where the exemplar that is being built starts
	runes   int // of that exemplar
	refused uint64
	applied chan error
}

// Reset empties the batch and keeps its memory, up to a bound.
func (b *Batch) Reset() {
	b.samples = b.samples[:0]
	b.keys, b.pairs = b.keys[:0], b.pairs[:0]
	b.start, b.first, b.runes = 0, 0, 0
	b.again = [2]uint32{}
	b.refused = 0
	if cap(b.keys)+cap(b.pairs) > maxIdleBytes {
		b.keys, b.pairs = nil, nil
	}
	if cap(b.samples) > maxIdleBytes/64 {
		b.samples = nil
	}
}

// Len returns the number of samples.
func (b *Batch) Len() int { return len(b.samples) }

// Label appends the next label value of the sample that Append will complete.
// Values stand in the order of Family.Labels and must be valid UTF-8. They are
// copied into the batch.
func (b *Batch) Label(value []byte) {
	b.keys = AppendLabel(b.keys, value)
}

// Key appends label values that AppendLabel has encoded.
func (b *Batch) Key(encoded []byte) {
	b.keys = append(b.keys, encoded...)
}

// Uint appends n, in decimal, as the next label value.
func (b *Batch) Uint(n uint64) {
	if n >= 100 && n < 1000 { // a status; pays in BenchmarkAccessLog
		b.keys = append(b.keys, 3, byte('0'+n/100), byte('0'+n/10%10), byte('0'+n%10))
		return
	}
	at := len(b.keys)
	b.keys = strconv.AppendUint(append(b.keys, 0), n, 10)
	b.keys[at] = byte(len(b.keys) - at - 1) // 20 digits at most
}

// Size is how many bytes the label values take so far. What stands in the batch
// from one Size to another can be used for further samples, with Repeat and
// Again, until Drop or an Append that returns false takes it away.
func (b *Batch) Size() int { return len(b.keys) }

// Repeat appends the label values from start to end once more.
func (b *Batch) Repeat(start, end int) {
	b.keys = append(b.keys, b.keys[start:end]...)
}

// Again says that the label values from start to end are, without being copied,
// those of the sample that Append will complete.
func (b *Batch) Again(start, end int) { b.again = [2]uint32{uint32(start), uint32(end)} }

// Exemplar appends a label of the exemplar of the sample that Append will
// complete. Its value and time are those of the sample. A label with an empty
// value is left out. Name and value must be valid UTF-8 without a NUL byte, and the
// name must not be empty; otherwise the exemplar is dropped. Both are copied into
// the batch.
func (b *Batch) Exemplar(name string, value []byte) {
	if len(value) == 0 {
		return
	}
	b.runes += utf8.RuneCountInString(name) + utf8.RuneCount(value)
	if b.runes > maxExemplarRunes || !exposition.IsExemplarText(value) || !exposition.IsName(name) {
		b.runes = maxExemplarRunes + 1
		return
	}
	b.pairs = append(binary.AppendUvarint(b.pairs, uint64(len(name))), name...)
	b.pairs = AppendLabel(b.pairs, value)
}

// Append completes a sample with the label values and exemplar labels given
// since the last Append or Drop. The number of label values must be that of
// s.Family.Labels. It reports whether the batch took the sample, or was full.
func (b *Batch) Append(s *Sample) bool {
	if len(b.keys)+len(b.pairs) > MaxBatchBytes || len(b.samples) >= MaxBatchSamples {
		b.refused++
		b.Drop()
		return false
	}
	// Field by field: the processor waits for a struct that was just written in
	// small parts to be there as a whole, which shows in BenchmarkAccessLog.
	n := len(b.samples)
	b.samples = slices.Grow(b.samples, 1)[:n+1]
	d := &b.samples[n]
	d.Family, d.Value, d.Time, d.Count, d.Origin = s.Family, s.Value, s.Time, s.Count, s.Origin
	d.Source, d.Op = s.Source, s.Op
	d.key, d.end = uint32(b.start), uint32(len(b.keys))
	if b.again[1] > 0 {
		d.key, d.end = b.again[0], b.again[1]
		b.again = [2]uint32{}
	}
	b.start = len(b.keys)
	d.badExemplar = b.runes > maxExemplarRunes
	d.pair, d.last = uint32(b.first), uint32(len(b.pairs))
	b.first, b.runes = len(b.pairs), 0
	return true
}

// Drop forgets the label values and exemplar labels given since the last Append
// or Drop.
func (b *Batch) Drop() {
	b.keys, b.again = b.keys[:b.start], [2]uint32{}
	b.pairs = b.pairs[:b.first]
	b.runes = 0
}

// time returns the time of s.
func (b *Batch) time(s *Sample) int64 {
	if s.Time != 0 {
		return s.Time
	}
	return b.Now
}
