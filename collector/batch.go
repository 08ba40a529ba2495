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

	badExemplar                bool
	keyStart, keyEnd           uint32 // where the series key stands in Batch.keys
	exemplarStart, exemplarEnd uint32 // where the exemplar's labels stand in Batch.pairs
}

// Batch collects the samples of one chunk. It is for one goroutine at a time and
// is used again after Reset. The zero Batch is ready.
type Batch struct {
	// Now is the time of the flush in nanoseconds since 1970, UTC.
	Now int64

	samples       []Sample
	keys          []byte
	keyStart      int       // where the key that is being built starts
	reused        [2]uint32 // the key that is used instead, if it has an end
	exemplars     []byte
	exemplarStart int // where the exemplar that is being built starts
	exemplarRunes int // of that exemplar
	refused       uint64
	applied       chan error

	peak struct{ samples, keys, pairs int } // that a use since the last Shrink has needed
}

// Reset empties the batch and keeps its memory.
func (b *Batch) Reset() {
	b.recordPeak()
	b.samples = b.samples[:0]
	b.keys, b.exemplars = b.keys[:0], b.exemplars[:0]
	b.keyStart, b.exemplarStart, b.exemplarRunes = 0, 0, 0
	b.reused = [2]uint32{}
	b.refused = 0
}

// recordPeak notes what this use of the batch has needed.
func (b *Batch) recordPeak() {
	m := &b.peak
	m.samples, m.keys, m.pairs = max(m.samples, len(b.samples)), max(m.keys, len(b.keys)), max(m.pairs, len(b.exemplars))
}

// Shrink empties the batch. It gives back memory of which no use since the last Shrink has needed half, and returns how
// many bytes that are.
func (b *Batch) Shrink() (freed int) {
	b.Reset()
	samples, n := shrunk(b.samples, b.peak.samples)
	keys, bytes := shrunk(b.keys, b.peak.keys)
	pairs, more := shrunk(b.exemplars, b.peak.pairs)
	b.samples, b.keys, b.exemplars = samples, keys, pairs
	b.peak.samples, b.peak.keys, b.peak.pairs = 0, 0, 0
	return n*int(unsafe.Sizeof(Sample{})) + bytes + more
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

// EncodedLabels appends label values that AppendLabel has encoded.
func (b *Batch) EncodedLabels(encoded []byte) {
	b.keys = append(b.keys, encoded...)
}

// UintLabel appends n, in decimal, as the next label value.
func (b *Batch) UintLabel(n uint64) {
	if n >= 100 && n < 1000 { // a status; pays in BenchmarkAccessLog
		b.keys = append(b.keys, 3, byte('0'+n/100), byte('0'+n/10%10), byte('0'+n%10))
		return
	}
	at := len(b.keys)
	b.keys = strconv.AppendUint(append(b.keys, 0), n, 10)
	b.keys[at] = byte(len(b.keys) - at - 1) // 20 digits at most
}

// LabelBytes is how many bytes the label values take so far. What stands in the batch
// from one Size to another can be used for further samples, with CopyLabels and
// ReuseLabels, until Discard or an Append that returns false takes it away.
func (b *Batch) LabelBytes() int { return len(b.keys) }

// CopyLabels appends the label values from start to end once more.
func (b *Batch) CopyLabels(start, end int) {
	b.keys = append(b.keys, b.keys[start:end]...)
}

// ReuseLabels says that the label values from start to end are, without being copied,
// those of the sample that Append will complete.
func (b *Batch) ReuseLabels(start, end int) { b.reused = [2]uint32{uint32(start), uint32(end)} }

// Exemplar appends a label of the exemplar of the sample that Append will
// complete. Its value and time are those of the sample. A label with an empty
// value is left out. Name and value must be valid UTF-8 without a NUL byte, and the
// name must not be empty; otherwise the exemplar is dropped. Both are copied into
// the batch.
func (b *Batch) Exemplar(name string, value []byte) {
	if len(value) == 0 {
		return
	}
	b.exemplarRunes += utf8.RuneCountInString(name) + utf8.RuneCount(value)
	if b.exemplarRunes > maxExemplarRunes || !exposition.IsExemplarText(value) || !exposition.IsName(name) {
		b.exemplarRunes = maxExemplarRunes + 1
		return
	}
	b.exemplars = append(binary.AppendUvarint(b.exemplars, uint64(len(name))), name...)
	b.exemplars = AppendLabel(b.exemplars, value)
}

// Append completes a sample with the label values and exemplar labels given
// since the last Append or Drop. The number of label values must be that of
// s.Family.Labels. It reports whether the batch took the sample, or was full.
func (b *Batch) Append(s *Sample) bool {
	if len(b.keys)+len(b.exemplars) > MaxBatchBytes || len(b.samples) >= MaxBatchSamples {
		b.refused++
		b.Discard()
		return false
	}
	// Field by field: the processor waits for a struct that was just written in
	// small parts to be there as a whole, which shows in BenchmarkAccessLog.
	n := len(b.samples)
	b.samples = slices.Grow(b.samples, 1)[:n+1]
	d := &b.samples[n]
	d.Family, d.Value, d.Time, d.Count, d.Origin = s.Family, s.Value, s.Time, s.Count, s.Origin
	d.Source, d.Op = s.Source, s.Op
	d.keyStart, d.keyEnd = uint32(b.keyStart), uint32(len(b.keys))
	if b.reused[1] > 0 {
		d.keyStart, d.keyEnd = b.reused[0], b.reused[1]
		b.reused = [2]uint32{}
	}
	b.keyStart = len(b.keys)
	d.badExemplar = b.exemplarRunes > maxExemplarRunes
	d.exemplarStart, d.exemplarEnd = uint32(b.exemplarStart), uint32(len(b.exemplars))
	b.exemplarStart, b.exemplarRunes = len(b.exemplars), 0
	return true
}

// Discard forgets the label values and exemplar labels given since the last Append
// or Drop.
func (b *Batch) Discard() {
	b.keys, b.reused = b.keys[:b.keyStart], [2]uint32{}
	b.exemplars = b.exemplars[:b.exemplarStart]
	b.exemplarRunes = 0
}

// time returns the time of s.
func (b *Batch) time(s *Sample) int64 {
	if s.Time != 0 {
		return s.Time
	}
	return b.Now
}
