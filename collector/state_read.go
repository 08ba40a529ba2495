package collector

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Errors in a state.
var (
	errForeign   = errors.New("this is not a state of promexporter")
	errTruncated = errors.New("the state is cut off")
	errChecksum  = errors.New("the state is corrupt: its checksum is wrong")
	errContent   = errors.New("the state is corrupt: it holds what no collector writes")
)

// decoder reads a state. The checksum comes last, so before it no count may cost more memory than the bytes that were
// read. After the first error it returns zeros.
type decoder struct {
	*bufio.Reader
	sum hash.Hash32
	err error
}

// newDecoder reads the header.
func newDecoder(r io.Reader) (*decoder, error) {
	sum := crc32.New(crcTable())
	d := &decoder{Reader: bufio.NewReaderSize(io.TeeReader(r, sum), stateBuffer), sum: sum}
	head := make([]byte, len(stateMagic)+4)
	n, err := io.ReadFull(d, head)
	text := string(head[:min(n, len(stateMagic))])
	switch {
	case err != nil && !isEnd(err):
		return nil, err
	case n > 0 && text != stateMagic[:len(text)]:
		return nil, errForeign
	case err != nil:
		return nil, errTruncated
	}
	if v := binary.LittleEndian.Uint32(head[len(stateMagic):]); v != stateVersion {
		return nil, fmt.Errorf("the state is of version %d, this program reads version %d", v, stateVersion)
	}
	return d, nil
}

func isEnd(err error) bool { return err == io.EOF || err == io.ErrUnexpectedEOF }

func (d *decoder) fail(err error) {
	if isEnd(err) {
		err = errTruncated
	}
	d.err = cmp.Or(d.err, err)
}

// end reads the checksum, which must be the end of the input.
func (d *decoder) end() error {
	if d.err != nil {
		return d.err
	}
	if _, err := io.ReadFull(d, make([]byte, crc32.Size)); err != nil {
		d.fail(err)
		return d.err
	}
	switch _, err := d.ReadByte(); {
	case err == nil:
		return errContent
	case err != io.EOF:
		return err
	}
	// The CRC of any data followed by its own CRC is that of four zero bytes.
	if d.sum.Sum32() != crc32.Checksum(make([]byte, crc32.Size), crcTable()) {
		return errChecksum
	}
	return nil
}

// blockKind reads the kind of the next block.
func (d *decoder) blockKind() byte {
	kind, err := d.ReadByte()
	if err != nil {
		d.fail(err)
	}
	return kind
}

func (d *decoder) varint() int64 {
	if d.err != nil {
		return 0
	}
	b, err := d.Peek(binary.MaxVarintLen64)
	v, n := binary.Varint(b)
	if n <= 0 {
		d.fail(cmp.Or(err, errContent))
		return 0
	}
	d.Discard(n)
	return v
}

// number reads an integer from 0 to limit.
func (d *decoder) number(limit int) int {
	v := d.varint()
	if v < 0 || v > int64(limit) {
		d.fail(errContent)
		return 0
	}
	return int(v)
}

func (d *decoder) text() string {
	n := d.number(maxText)
	if n <= stateBuffer {
		b, err := d.Peek(n)
		if err != nil {
			d.fail(err)
		}
		defer d.Discard(len(b))
		return string(b)
	}
	var b strings.Builder
	if _, err := io.CopyN(&b, d, int64(n)); err != nil {
		d.fail(err)
	}
	return b.String()
}

// definition reads a family. It checks for UTF-8 because JSON would replace other bytes.
func (d *decoder) definition() (f definition) {
	f.Family = new(Family)
	text := d.text()
	if d.err == nil && (!utf8.ValidString(text) || json.Unmarshal([]byte(text), &f) != nil) {
		d.fail(errContent)
	}
	for _, q := range f.Quantiles {
		if f.Family.Quantiles == nil {
			f.Family.Quantiles = make(map[float64]float64, len(f.Quantiles))
		}
		f.Family.Quantiles[q[0]] = q[1]
	}
	return f
}

// rows reads n rows of f, with the times of their last samples if they have them.
func (d *decoder) rows(f *definition, n int, kind byte) (c columns, lastSample []int64) {
	c.width = f.width()
	for len(c.keys) < n && d.err == nil {
		c.keys = append(c.keys, d.text())
	}
	c.sources, c.created = integers[uint32](d, n), integers[int64](d, n)
	c.values = d.floats(n)
	if f.Rests {
		c.rests = d.floats(n)
	}
	if f.Totals {
		c.totals = d.floats(n)
	}
	if f.Starts {
		c.starts = integers[uint64](d, n)
	}
	if f.Times {
		c.times = integers[int64](d, n)
	}
	if len(f.Rounds) > 0 {
		c.inRound = integers[uint32](d, n)
	}
	if f.LastSample && kind == seriesBlock {
		lastSample = integers[int64](d, n)
	}
	c.buckets = integers[uint64](d, n*c.width)
	if f.Lasts {
		c.lasts = integers[uint64](d, n*c.width)
	}
	for f.isNative() && len(c.natives) < n && d.err == nil {
		c.natives = append(c.natives, d.native())
	}
	for f.hasReadings() && len(c.readings) < n && d.err == nil {
		c.readings = append(c.readings, d.reading())
	}
	return c, lastSample
}

func (d *decoder) native() native {
	return native{schema: int32(d.varint()), zero: uint64(d.varint()), positive: d.buckets(), negative: d.buckets()}
}

// reading reads a received histogram. What no collector writes is an error.
func (d *decoder) reading() (r reading) {
	n := d.number(maxText / 8)
	r.bounds, r.own = d.floats(n), true
	r.counts = integers[uint64](d, n)
	r.count = uint64(d.varint())
	if d.number(1) == 1 {
		r.isNative, r.threshold = true, d.floats(1)[0]
		r.native = d.native()
	}
	if d.err == nil && !r.isConsistent() {
		d.fail(errContent)
	}
	return r
}

// readAhead bounds the elements for which memory is allocated before they are read.
const readAhead = 4096

func integers[T integer](d *decoder, n int) []T {
	column := make([]T, 0, min(n, readAhead))
	for last := int64(0); len(column) < n && d.err == nil; {
		last += d.varint()
		column = append(column, T(last))
	}
	return column
}

func (d *decoder) floats(n int) []float64 {
	column := make([]float64, n)
	if err := binary.Read(d, binary.LittleEndian, column); err != nil {
		d.fail(err)
	}
	return column
}

// maxNativeBucket is greater than the index of the bucket of the largest number in the finest schema.
const maxNativeBucket = 2048 << finestSchema

// buckets reads native buckets, which must be ascending.
func (d *decoder) buckets() []nativeBucket {
	n := d.number(2 * maxNativeBucket)
	all := make([]nativeBucket, 0, min(n, defaultMaxBuckets))
	last := int64(-maxNativeBucket)
	for range n {
		at := d.varint()
		if at <= last || at >= maxNativeBucket {
			d.fail(errContent)
			break
		}
		last = at
		all = append(all, nativeBucket{int32(at), uint64(d.varint())})
	}
	return slices.Clip(all)
}
