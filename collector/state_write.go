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

// A state is written as a magic text, a version, the time when it was taken, and
// blocks, each of which begins with a byte for its kind:
//
//	family   a definition, as JSON
//	series   the number of a family, how many rows follow, and their columns
//	past     the same with series that are remembered
//	end      how many families, series and remembered series there were
//
// After the end comes the CRC-32C of everything before it. Columns of integers are
// differences between neighbors, because most of these fit a byte. Integers are
// varints, floating-point numbers and the checksum are little-endian, and a text has
// its length before it.
//
// A change of any of this, or of what a value means, needs a new version.
const (
	stateMagic   = "PROMXST\n"
	stateVersion = 2
)

const (
	familyBlock = 'f'
	seriesBlock = 's'
	pastBlock   = 'p'
	endBlock    = 'e'
)

const (
	// stateBuffer is how much of a state is in memory at a time, while it is written
	// or read.
	stateBuffer = 64 << 10
	// blockRows bounds a block, so that a reader needs little memory.
	blockRows = 256
	// maxText bounds a text. The labels of a batch are not longer.
	maxText = MaxBatchBytes
)

// crcTable is made once by hash/crc32, and shared.
func crcTable() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// definition is a family in a state.
type definition struct {
	*Family
	Quantiles [][2]float64 `json:",omitzero"` // JSON has no numbers as keys
	Signed    bool         `json:",omitzero"` // see store
	// Whether its rows have these columns.
	Totals  bool `json:",omitzero"`
	Times   bool `json:",omitzero"`
	Touched bool `json:",omitzero"`
}

func (f *saved) definition() definition {
	d := definition{Family: f.family, Signed: f.signed, Totals: f.totals != nil, Times: f.times != nil, Touched: f.touched != nil}
	for _, q := range slices.Sorted(maps.Keys(f.family.Quantiles)) {
		d.Quantiles = append(d.Quantiles, [2]float64{q, f.family.Quantiles[q]})
	}
	return d
}

// counting counts the bytes that are written.
type counting struct {
	io.Writer
	n int64
}

func (c *counting) Write(b []byte) (int, error) {
	n, err := c.Writer.Write(b)
	c.n += int64(n)
	return n, err
}

// encoder writes a state. Its writer keeps the first error.
type encoder struct {
	*bufio.Writer
	column []byte // a part of a column as it is written
}

// WriteTo writes the state to w, some ten thousand bytes at a time. Import reads it.
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
		e.rows(seriesBlock, i, &s.families[i].columns, s.families[i].touched)
		series += len(s.families[i].keys)
	}
	pasts := e.pasts(s)
	e.WriteByte(endBlock)
	for _, n := range []int{len(s.families), series, pasts} {
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

// family writes a definition. What JSON cannot express is an error.
func (e *encoder) family(f *saved) error {
	text, err := json.Marshal(f.definition())
	e.WriteByte(familyBlock)
	e.text(string(text))
	return err
}

// pasts writes what is remembered of the families that s has, and returns how many
// that are. Neighbors of one family share a block.
func (e *encoder) pasts(s *State) (n int) {
	numbers := make(map[*store]int, len(s.families))
	for i := range s.families {
		numbers[s.families[i].store] = i
	}
	var rows columns
	last := 0
	for _, p := range s.pasts {
		if p == nil {
			continue
		}
		number, ok := numbers[p.store]
		if !ok {
			continue
		}
		if number != last {
			e.rows(pastBlock, last, &rows, nil)
			rows, last = columns{}, number
		}
		rows.add(p, &s.families[number].columns)
		n++
	}
	e.rows(pastBlock, last, &rows, nil)
	return n
}

// add appends a remembered series of a family that has the columns of like.
func (c *columns) add(p *past, like *columns) {
	c.width = like.width
	c.keys, c.sources = append(c.keys, p.key), append(c.sources, 0)
	c.created, c.values = append(c.created, p.created), append(c.values, p.value)
	c.buckets = append(c.buckets, p.buckets...)
	if like.totals != nil {
		c.totals = append(c.totals, p.total)
	}
	if like.times != nil {
		c.times = append(c.times, p.time)
	}
	if p.native != nil {
		c.natives = append(c.natives, *p.native)
	}
	if p.reading != nil {
		c.readings = append(c.readings, *p.reading)
	}
}

// rows writes rows of a family, in as many blocks as they need.
func (e *encoder) rows(kind byte, family int, c *columns, touched []int64) {
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
		e.putFloats(part(c.totals, from, to))
		putIntegers(e, part(c.times, from, to))
		putIntegers(e, part(touched, from, to))
		putIntegers(e, c.buckets[from*c.width:to*c.width])
		for _, n := range part(c.natives, from, to) {
			e.putNative(&n)
		}
		if len(c.readings) > 0 {
			for i := range c.readings[from:to] {
				e.putReading(&c.readings[from+i])
			}
		}
	}
}

// part returns a part of a column that the family may not have.
func part[T any](column []T, from, to int) []T {
	if column == nil {
		return nil
	}
	return column[from:to]
}

type integer interface{ uint32 | int64 | uint64 }

// putIntegers writes differences. That one may overflow does no harm.
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
	e.column, _ = binary.Append(e.column[:0], binary.LittleEndian, column) // it takes every slice of numbers
	e.Write(e.column)
}

func (e *encoder) putNative(n *native) {
	e.varint(int64(n.schema))
	e.varint(int64(n.zero))
	e.putBuckets(n.positive)
	e.putBuckets(n.negative)
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
	e.putNative(&r.native)
}

func (e *encoder) putBuckets(buckets []nativeBucket) {
	e.varint(int64(len(buckets)))
	for _, b := range buckets {
		e.varint(int64(b.at))
		e.varint(int64(b.n))
	}
}
