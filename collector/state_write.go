package collector

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"io"
	"maps"
	"slices"
)

// A state is a magic string, a version, the time of the export, and blocks. Each block starts with a byte for its kind:
//
//	family   a definition, as JSON
//	series   the number of a family, how many rows follow, and their columns
//	past     the same with series that are remembered
//	chunks   how many chunks follow, their digests, and when they were applied
//	end      how many families, series, remembered series and chunks there were
//
// The CRC-32C of everything before it follows the end. Columns of integers are differences between neighbors, most of
// which fit in a byte. Integers are varints; floating-point numbers and the checksum are little-endian; the length of a
// string precedes it.
//
// Any change of this format, or of the meaning of a value, needs a new version.
const (
	stateMagic   = "PROMXST\n"
	stateVersion = 3
)

const (
	familyBlock     = 'f'
	seriesBlock     = 's'
	rememberedBlock = 'p'
	chunksBlock     = 'c'
	endBlock        = 'e'
)

const (
	// stateBuffer is how much of a state is in memory at a time while it is written or read.
	stateBuffer = 64 << 10
	// blockRows bounds a block, so that a reader needs little memory.
	blockRows = 256
	// maxText bounds a string. The labels of a batch are not longer.
	maxText = MaxBatchBytes
)

// crcTable returns a table that hash/crc32 makes once.
func crcTable() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// definition is a family in a state.
type definition struct {
	*Family
	Quantiles [][2]float64 `json:",omitzero"` // JSON keys cannot be numbers
	Signed    bool         `json:",omitzero"` // see store
	// Rounds are those that the numbers in a column of its rows mean.
	Rounds []savedRound `json:",omitzero"`
	// Columns that its rows have.
	Rests      bool `json:",omitzero"`
	Totals     bool `json:",omitzero"`
	Lasts      bool `json:",omitzero"`
	Starts     bool `json:",omitzero"`
	Times      bool `json:",omitzero"`
	LastSample bool `json:"Touched,omitzero"`
}

func (f *exportedFamily) definition() definition {
	d := definition{
		Family: f.family, Signed: f.signed, Rounds: f.rounds,
		Rests: f.rests != nil, Totals: f.totals != nil, Lasts: f.lasts != nil, Starts: f.starts != nil,
		Times: f.times != nil, LastSample: f.lastSample != nil,
	}
	for _, q := range slices.Sorted(maps.Keys(f.family.Quantiles)) {
		d.Quantiles = append(d.Quantiles, [2]float64{q, f.family.Quantiles[q]})
	}
	return d
}

// counting counts the bytes written.
type counting struct {
	io.Writer
	n int64
}

func (c *counting) Write(b []byte) (int, error) {
	n, err := c.Writer.Write(b)
	c.n += int64(n)
	return n, err
}

// encoder writes a state. Its Writer keeps the first error.
type encoder struct {
	*bufio.Writer
	column []byte // encoding of a part of a column
}

// WriteTo writes the state to w in pieces of 64 KiB. Import reads it.
func (s *State) WriteTo(w io.Writer) (int64, error) {
	to, sum := &counting{Writer: w}, crc32.New(crcTable())
	e := &encoder{Writer: bufio.NewWriterSize(io.MultiWriter(to, sum), stateBuffer)}
	e.Write(binary.LittleEndian.AppendUint32([]byte(stateMagic), stateVersion))
	e.varint(s.at)
	series := 0
	for i := range s.families {
		if err := e.family(&s.families[i]); err != nil {
			return to.n, err
		}
		e.rows(seriesBlock, i, &s.families[i].columns, s.families[i].lastSample)
		series += len(s.families[i].keys)
	}
	pasts := e.remembered(s)
	e.chunks(s.chunks)
	e.WriteByte(endBlock)
	for _, n := range []int{len(s.families), series, pasts, len(s.chunks)} {
		e.varint(int64(n))
	}
	if err := e.Flush(); err != nil {
		return to.n, err
	}
	e.Write(binary.LittleEndian.AppendUint32(nil, sum.Sum32()))
	err := e.Flush()
	return to.n, err
}

func (e *encoder) varint(v int64) { e.Write(binary.AppendVarint(e.AvailableBuffer(), v)) }

func (e *encoder) text(s string) {
	e.varint(int64(len(s)))
	e.WriteString(s)
}

// family writes a definition. It fails if JSON cannot express it.
func (e *encoder) family(f *exportedFamily) error {
	text, err := json.Marshal(f.definition())
	e.WriteByte(familyBlock)
	e.text(string(text))
	return err
}

// remembered writes the remembered series of the families of s and returns their number. Neighbors of one family share
// a block.
func (e *encoder) remembered(s *State) (n int) {
	numbers := make(map[*store]int, len(s.families))
	for i := range s.families {
		numbers[s.families[i].store] = i
	}
	var rows columns
	last := 0
	for _, r := range s.remembered {
		if r == nil {
			continue
		}
		number, ok := numbers[r.store]
		if !ok {
			continue
		}
		if number != last {
			e.rows(rememberedBlock, last, &rows, nil)
			rows, last = columns{}, number
		}
		rows.addRemembered(r, &s.families[number].columns)
		n++
	}
	e.rows(rememberedBlock, last, &rows, nil)
	return n
}

// addRemembered appends a remembered series of a family with the columns of like.
func (c *columns) addRemembered(r *rememberedSeries, like *columns) {
	c.width = like.width
	c.keys, c.sources = append(c.keys, r.key), append(c.sources, 0)
	c.created, c.values = append(c.created, r.created), append(c.values, r.value)
	c.buckets = append(c.buckets, r.buckets...)
	if like.rests != nil {
		c.rests = append(c.rests, r.rest)
	}
	if like.totals != nil {
		c.totals = append(c.totals, r.total)
	}
	if like.lasts != nil {
		c.lasts = append(append(c.lasts, r.lasts...), make([]uint64, c.width-len(r.lasts))...)
	}
	if like.starts != nil {
		c.starts = append(c.starts, r.start)
	}
	if like.times != nil {
		c.times = append(c.times, r.time)
	}
	if r.native != nil {
		c.natives = append(c.natives, *r.native)
	}
	if r.reading != nil {
		c.readings = append(c.readings, *r.reading)
	}
}

// rows writes rows of a family, in as many blocks as necessary.
func (e *encoder) rows(kind byte, family int, c *columns, lastSample []int64) {
	for from := 0; from < len(c.keys); from += blockRows {
		to := min(from+blockRows, len(c.keys))
		e.WriteByte(kind)
		e.varint(int64(family))
		e.varint(int64(to - from))
		for _, key := range c.keys[from:to] {
			e.text(key)
		}
		putIntegers(e, c.sources[from:to])
		putIntegers(e, c.created[from:to])
		e.putFloats(c.values[from:to])
		e.putFloats(part(c.rests, from, to))
		e.putFloats(part(c.totals, from, to))
		putIntegers(e, part(c.starts, from, to))
		putIntegers(e, part(c.times, from, to))
		putIntegers(e, part(c.inRound, from, to))
		putIntegers(e, part(lastSample, from, to))
		putIntegers(e, c.buckets[from*c.width:to*c.width])
		if c.lasts != nil {
			putIntegers(e, c.lasts[from*c.width:to*c.width])
		}
		e.putNatives(part(c.natives, from, to))
		for i := range part(c.readings, from, to) {
			e.putReading(&c.readings[from+i])
		}
	}
}

// part returns a part of a column, or nil if the family does not have the column.
func part[T any](column []T, from, to int) []T {
	if column == nil {
		return nil
	}
	return column[from:to]
}

type integer interface{ uint32 | int64 | uint64 }

// putIntegers writes differences, which may overflow.
func putIntegers[T integer](e *encoder, column []T) {
	e.column = e.column[:0]
	last := int64(0)
	for _, v := range column {
		e.column = binary.AppendVarint(e.column, int64(v)-last)
		last = int64(v)
	}
	e.Write(e.column)
}

func (e *encoder) putFloats(column []float64) {
	e.column, _ = binary.Append(e.column[:0], binary.LittleEndian, column) // never fails for numbers
	e.Write(e.column)
}

// putReading writes a histogram that was received. Summaries are not saved.
func (e *encoder) putReading(r *reading) {
	e.varint(int64(len(r.bounds)))
	e.putFloats(r.bounds)
	putIntegers(e, r.counts)
	e.varint(int64(r.count))
	if !r.isNative {
		e.varint(0)
		return
	}
	e.varint(1)
	e.putFloats([]float64{r.threshold})
	e.putNatives([]native{r.native})
}

func (e *encoder) putNatives(natives []native) {
	for i := range natives {
		n := &natives[i]
		e.column = binary.AppendVarint(e.column[:0], int64(n.schema))
		e.column = binary.AppendVarint(e.column, int64(n.zero))
		e.column = appendBuckets(appendBuckets(e.column, n.positive), n.negative)
		e.Write(e.column)
	}
}

func appendBuckets(to []byte, buckets []nativeBucket) []byte {
	to = binary.AppendVarint(to, int64(len(buckets)))
	for _, b := range buckets {
		to = binary.AppendVarint(binary.AppendVarint(to, int64(b.at)), int64(b.n))
	}
	return to
}
