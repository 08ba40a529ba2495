package collector

import (
	"encoding/binary"
	"slices"
	"strconv"
	"unicode/utf8"
	"unsafe"

	"github.com/promexporter/promexporter/internal/exposition"
)

// Bounds of a batch. Samples beyond them are refused and counted. So a batch takes 160 MiB at most: label values, the
// memory of 64 bytes for each sample, and a quarter of both, because memory grows in steps.
const (
	MaxBatchBytes   = 64 << 20 // of label values
	MaxBatchSamples = 1 << 20
)

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
	pointSet

	most struct{ samples, keys, pairs int } // that a use since the last Shrink has needed
}

// Reset empties the batch and keeps its memory.
func (b *Batch) Reset() {
	b.measure()
	b.samples = b.samples[:0]
	b.keys, b.pairs = b.keys[:0], b.pairs[:0]
	b.start, b.first, b.runes = 0, 0, 0
	b.again = [2]uint32{}
	b.refused = 0
	b.pointSet.reset()
}

// measure notes what this use of the batch has needed.
func (b *Batch) measure() {
	m := &b.most
	m.samples, m.keys, m.pairs = max(m.samples, len(b.samples)), max(m.keys, len(b.keys)), max(m.pairs, len(b.pairs))
}

// Shrink empties the batch. It gives back memory of which no use since the last Shrink has needed half, and returns how
// many bytes that are.
func (b *Batch) Shrink() (freed int) {
	b.Reset()
	samples, n := shrunk(b.samples, b.most.samples)
	keys, bytes := shrunk(b.keys, b.most.keys)
	pairs, more := shrunk(b.pairs, b.most.pairs)
	b.samples, b.keys, b.pairs = samples, keys, pairs
	b.most.samples, b.most.keys, b.most.pairs = 0, 0, 0
	return n*int(unsafe.Sizeof(Sample{})) + bytes + more + b.pointSet.shrink()
}

// shrunk returns memory for most elements instead of memory for more than twice as many, and by how many that is less.
func shrunk[T any](memory []T, most int) ([]T, int) {
	if cap(memory) <= 2*most {
		return memory, 0
	}
	return make([]T, 0, most), cap(memory) - most
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
