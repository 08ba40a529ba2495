package collector

import (
	"encoding/binary"
	"slices"
	"strconv"
	"unicode/utf8"
	"unsafe"

	"github.com/promexporter/promexporter/internal/metric"
)

// Bounds of a batch. Samples beyond them are refused and counted. A batch takes at most 160 MiB: label values, 64 bytes
// for each sample, and a quarter more because memory grows in steps.
const (
	MaxBatchBytes   = 64 << 20 // of label values
	MaxBatchSamples = 1 << 20
)

// Op is what a sample does to its series.
type Op uint8

// The operations. Counters take Add and Total; gauges take Add, Set and the aggregates Sum, Min, Max and Count, or only
// Distinct if they have a Window; histograms and summaries take Observe, and histograms without a native one Merge and
// MergeTotal. All types take Declare. Any other pair is dropped as Malformed.
const (
	Add Op = iota
	Set
	Observe
	// Total is the value of a running total. A total that is below a share of the one before, or counts from something
	// else, was reset and counts from 0; see Family.ResetBelow.
	Total
	// The aggregates combine the samples of a series that have the same Time, which are a round. A newer Time of the same
	// tag begins the next round, see Batch.Round: once a batch is applied, series without a sample in the round are
	// removed, or 0 if they are declared. A sample older than the round of its tag is dropped.
	Sum
	Min
	Max
	Count // of samples; their values do not matter
	// Distinct adds a value to those that the series has had within Family.Window, whose number it shows.
	Distinct
	// Merge adds the counts of Batch.Buckets and the sum Value to a classic histogram. MergeTotal adds what they grew by,
	// as running totals.
	Merge
	MergeTotal
	// Declare makes the series with the value 0 and keeps it on the page. Where others expire, a gauge falls back to 0.
	Declare
	ops
)

// Sample is one value for one series.
type Sample struct {
	Family *Family
	Value  float64
	// Time is the time of the record in nanoseconds since 1970, UTC; 0 means Batch.Now.
	Time int64
	// Count is the number of observations that the sample represents. 0 means 1, but none for Merge and MergeTotal.
	// That of a Total is a digest of what it counts from instead, 0 if that is not known, and that of a Distinct a
	// digest of its value.
	Count uint64
	// Origin, if not nil, counts what happens to the sample.
	Origin *Origin
	// Source, if not 0, identifies the field that the value comes from. Until Retain, a series takes samples of its
	// first source only, so that two fields whose names became equal cannot overwrite each other.
	Source uint32
	Op     Op

	badExemplar                bool
	keyStart, keyEnd           uint32 // where the series key is in Batch.keys
	exemplarStart, exemplarEnd uint32 // where the exemplar's labels, or the counts of Merge, are in Batch.exemplars
}

// Batch collects the samples of one chunk. It is for one goroutine at a time and can be reused after Reset. The zero
// Batch is ready.
type Batch struct {
	// Now is the time of the flush in nanoseconds since 1970, UTC.
	Now int64
	// Chunk identifies what the samples were made of.
	Chunk Digest

	samples       []Sample
	keys          []byte
	keyStart      int       // where the current key starts
	reused        [2]uint32 // start and end of the key to use instead; end 0: none
	exemplars     []byte
	exemplarStart int // where the current exemplar starts
	exemplarRunes int // of the current exemplar
	refused       uint64
	rounds        []roundMark
	nextRound     int // index of the mark that is probably next
	applied       chan error
	pointSet

	peak struct{ samples, keys, pairs int } // needed by any use since the last Shrink
}

// Reset empties the batch but keeps its memory.
func (b *Batch) Reset() {
	b.recordPeak()
	b.samples = b.samples[:0]
	b.keys, b.exemplars = b.keys[:0], b.exemplars[:0]
	b.keyStart, b.exemplarStart, b.exemplarRunes = 0, 0, 0
	b.reused = [2]uint32{}
	b.refused = 0
	clear(b.rounds) // lets the garbage collector have the families
	b.rounds, b.nextRound = b.rounds[:0], 0
	b.pointSet.reset()
}

// recordPeak records what this use of the batch needed.
func (b *Batch) recordPeak() {
	m := &b.peak
	m.samples, m.keys, m.pairs = max(m.samples, len(b.samples)), max(m.keys, len(b.keys)), max(m.pairs, len(b.exemplars))
}

// Shrink empties the batch, frees memory of which no use since the last Shrink needed half, and returns the number of
// bytes freed.
func (b *Batch) Shrink() (freed int) {
	b.Reset()
	samples, n := shrunk(b.samples, b.peak.samples)
	keys, bytes := shrunk(b.keys, b.peak.keys)
	pairs, more := shrunk(b.exemplars, b.peak.pairs)
	b.samples, b.keys, b.exemplars = samples, keys, pairs
	b.peak.samples, b.peak.keys, b.peak.pairs = 0, 0, 0
	return n*int(unsafe.Sizeof(Sample{})) + bytes + more + b.pointSet.shrink()
}

// shrunk returns memory for peak elements if the given memory has room for more than twice as many, and the number of
// elements saved.
func shrunk[T any](memory []T, most int) ([]T, int) {
	if cap(memory) <= 2*most {
		return memory, 0
	}
	return make([]T, 0, most), cap(memory) - most
}

// Len returns the number of samples.
func (b *Batch) Len() int { return len(b.samples) }

// Label appends the next label value of the sample that Append will complete. Values must be in the order of
// Family.Labels and valid UTF-8. They are copied into the batch.
func (b *Batch) Label(value []byte) {
	b.keys = AppendLabel(b.keys, value)
}

// EncodedLabels appends label values that AppendLabel has encoded.
func (b *Batch) EncodedLabels(encoded []byte) {
	b.keys = append(b.keys, encoded...)
}

// UintLabel appends n, in decimal, as the next label value.
func (b *Batch) UintLabel(n uint64) {
	if n >= 100 && n < 1000 { // an HTTP status; faster in BenchmarkAccessLog
		b.keys = append(b.keys, 3, byte('0'+n/100), byte('0'+n/10%10), byte('0'+n%10))
		return
	}
	at := len(b.keys)
	b.keys = strconv.AppendUint(append(b.keys, 0), n, 10)
	b.keys[at] = byte(len(b.keys) - at - 1) // 20 digits at most
}

// LabelBytes returns the number of bytes that the label values take so far. CopyLabels and ReuseLabels accept a range
// between two such offsets until Discard, or an Append that returns false, removes it.
func (b *Batch) LabelBytes() int { return len(b.keys) }

// CopyLabels appends a copy of the label values from start to end.
func (b *Batch) CopyLabels(start, end int) {
	b.keys = append(b.keys, b.keys[start:end]...)
}

// ReuseLabels makes the label values from start to end, without copying them, those of the sample that Append will
// complete.
func (b *Batch) ReuseLabels(start, end int) { b.reused = [2]uint32{uint32(start), uint32(end)} }

// Exemplar appends a label of the exemplar of the sample that Append will complete. The exemplar takes value and time
// from the sample. A label with an empty value is omitted. Name and value must be valid UTF-8 without NUL bytes, and
// the name must not be empty; otherwise the exemplar is dropped. Both are copied into the batch.
func (b *Batch) Exemplar(name string, value []byte) {
	if len(value) == 0 {
		return
	}
	b.exemplarRunes += utf8.RuneCountInString(name) + utf8.RuneCount(value)
	if b.exemplarRunes > MaxExemplarRunes || !metric.IsExemplarText(value) || !metric.IsName(name) {
		b.exemplarRunes = MaxExemplarRunes + 1
		return
	}
	b.exemplars = append(binary.AppendUvarint(b.exemplars, uint64(len(name))), name...)
	b.exemplars = AppendLabel(b.exemplars, value)
}

// Buckets appends the counts of the buckets of the sample that Append will complete, a Merge or MergeTotal: one for
// each of Family.Buckets and one for +Inf, not cumulative. It copies them. Such a sample has no exemplar.
func (b *Batch) Buckets(counts []uint64) {
	for _, n := range counts {
		b.exemplars = binary.AppendUvarint(b.exemplars, n)
	}
}

// Append completes a sample with the label values and exemplar labels since the last Append or Discard. The number of
// label values must be that of s.Family.Labels. It reports whether the batch had room for the sample. The batch does
// not retain s.
func (b *Batch) Append(s *Sample) bool {
	if len(b.keys)+len(b.exemplars) > MaxBatchBytes || len(b.samples) >= MaxBatchSamples {
		b.refused++
		b.Discard()
		return false
	}
	// Field by field, because copying a struct right after its parts were written stalls the processor, which
	// BenchmarkAccessLog shows.
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
	d.badExemplar = b.exemplarRunes > MaxExemplarRunes
	d.exemplarStart, d.exemplarEnd = uint32(b.exemplarStart), uint32(len(b.exemplars))
	b.exemplarStart, b.exemplarRunes = len(b.exemplars), 0
	return true
}

// Discard removes the label values and exemplar labels since the last Append or Discard.
func (b *Batch) Discard() {
	b.keys, b.reused = b.keys[:b.keyStart], [2]uint32{}
	b.pointExemplars = b.pointExemplars[:b.firstExemplar]
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
