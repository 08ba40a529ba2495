package collector

import (
	"encoding/binary"
	"unicode/utf8"
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
	// A series takes samples of the first source only, so that two fields whose
	// names became equal cannot overwrite each other.
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
	start   int // where the key that is being built starts
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

// Exemplar appends a label of the exemplar of the sample that Append will
// complete. Its value and time are those of the sample. A label with an empty
// value is left out. Both texts are copied into the batch.
func (b *Batch) Exemplar(name string, value []byte) {
	if len(value) == 0 {
		return
	}
	b.runes += utf8.RuneCountInString(name) + utf8.RuneCount(value)
	if b.runes > maxExemplarRunes || !utf8.Valid(value) {
		b.runes = maxExemplarRunes + 1
		return
	}
	b.pairs = append(binary.AppendUvarint(b.pairs, uint64(len(name))), name...)
	b.pairs = AppendLabel(b.pairs, value)
}

// Append completes a sample with the label values and exemplar labels given
// since the last Append or Drop. The number of label values must be that of
// s.Family.Labels.
func (b *Batch) Append(s Sample) {
	if len(b.keys)+len(b.pairs) > MaxBatchBytes || len(b.samples) >= MaxBatchSamples {
		b.refused++
		b.Drop()
		return
	}
	s.key, s.end = uint32(b.start), uint32(len(b.keys))
	b.start = len(b.keys)
	s.badExemplar = b.runes > maxExemplarRunes
	s.pair, s.last = uint32(b.first), uint32(len(b.pairs))
	b.first, b.runes = len(b.pairs), 0
	b.samples = append(b.samples, s)
}

// Drop forgets the label values and exemplar labels given since the last Append
// or Drop.
func (b *Batch) Drop() {
	b.keys = b.keys[:b.start]
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
