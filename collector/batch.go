package collector

import "encoding/binary"

// Op is what a sample does to its series.
type Op uint8

// The operations. Counters take Add, gauges Add and Set, histograms Observe.
const (
	Add Op = iota
	Set
	Observe
)

// Sample is one value for one series on its way in.
type Sample struct {
	Family *Family
	Value  float64
	// Source, when not 0, identifies the field that the value was read from.
	// A series takes samples of the first source only, so that two fields whose
	// names became equal cannot overwrite each other.
	Source uint32
	Op     Op

	key, end uint32 // where the series key stands in Batch.keys
}

// Batch collects the samples of one chunk. It is for one goroutine at a time and
// is used again after Reset. The zero Batch is ready.
type Batch struct {
	// Now is the time of the flush in nanoseconds since 1970, UTC.
	Now int64

	samples []Sample
	keys    []byte
	start   int // where the key that is being built starts
	applied chan error
}

// Reset empties the batch and keeps its memory.
func (b *Batch) Reset() {
	b.samples = b.samples[:0]
	b.keys = b.keys[:0]
	b.start = 0
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

// Append completes a sample with the label values given since the last Append
// or Drop. Their number must be that of s.Family.Labels.
func (b *Batch) Append(s Sample) {
	s.key, s.end = uint32(b.start), uint32(len(b.keys))
	b.samples = append(b.samples, s)
	b.start = len(b.keys)
}

// Drop forgets the label values given since the last Append or Drop.
func (b *Batch) Drop() { b.keys = b.keys[:b.start] }

// AppendLabel appends the encoding of a label value within a series key: its
// length, then its bytes. The length in front makes keys of different values
// different, which a separator or a hash would not.
func AppendLabel(key, value []byte) []byte {
	key = binary.AppendUvarint(key, uint64(len(value)))
	return append(key, value...)
}

// cutLabel splits the first label value off a series key.
func cutLabel(key string) (value, rest string) {
	n, shift, i := uint64(0), 0, 0
	for i < len(key) {
		c := key[i]
		i++
		n |= uint64(c&0x7f) << shift
		if c < 0x80 {
			break
		}
		shift += 7
	}
	if n > uint64(len(key)-i) {
		return "", ""
	}
	return key[i : i+int(n)], key[i+int(n):]
}
