package collector

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"slices"
)

// What is wrong with a state.
var (
	errForeign   = errors.New("this is no state of promexporter")
	errTruncated = errors.New("the state is cut off")
	errChecksum  = errors.New("the state is corrupt: a checksum is wrong")
	errContent   = errors.New("the state is corrupt: it holds what no collector writes")
)

// reader reads sections.
type reader struct {
	from    *bufio.Reader
	table   *crc32.Table
	crc     uint32
	payload []byte // what the last section holds
}

// newReader reads what stands before the sections.
func newReader(r io.Reader) (*reader, error) {
	d := &reader{from: bufio.NewReaderSize(r, blockSize), table: crcTable()}
	head := make([]byte, len(stateMagic)+4)
	n, err := io.ReadFull(d.from, head)
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
	d.crc = crc32.Update(0, d.table, head)
	return d, nil
}

func isEnd(err error) bool { return err == io.EOF || err == io.ErrUnexpectedEOF }

// next reads a section and returns its kind. What it holds stands in payload until
// the next call.
func (d *reader) next() (kind byte, err error) {
	var head [sectionHead]byte
	if err := d.fill(head[:]); err != nil {
		return 0, err
	}
	length := int(binary.LittleEndian.Uint32(head[1:]))
	if length > maxSection {
		return 0, errChecksum
	}
	// A length may be a lie: memory is taken as bytes come.
	d.payload = d.payload[:0]
	for len(d.payload) < length {
		n := min(length-len(d.payload), max(len(d.payload), blockSize))
		d.payload = slices.Grow(d.payload, n)[:len(d.payload)+n]
		if err := d.fill(d.payload[len(d.payload)-n:]); err != nil {
			return 0, err
		}
	}
	d.crc = crc32.Update(d.crc, d.table, head[:])
	d.crc = crc32.Update(d.crc, d.table, d.payload)
	var sum [4]byte
	if err := d.fill(sum[:]); err != nil {
		return 0, err
	}
	if binary.LittleEndian.Uint32(sum[:]) != d.crc {
		return 0, errChecksum
	}
	return head[0], nil
}

func (d *reader) fill(b []byte) error {
	_, err := io.ReadFull(d.from, b)
	if err != nil && isEnd(err) {
		return errTruncated
	}
	return err
}

// end holds that nothing follows.
func (d *reader) end() error {
	switch _, err := d.from.ReadByte(); {
	case err == io.EOF:
		return nil
	case err != nil:
		return err
	}
	return errContent
}

// cursor takes what a section holds apart. After bytes that are not right it gives
// zeros, and bad is true.
type cursor struct {
	rest   []byte
	bad    bool
	before before
}

func (c *cursor) fail() {
	c.rest, c.bad = nil, true
}

func (c *cursor) uvarint() uint64 {
	v, n := binary.Uvarint(c.rest)
	if n <= 0 {
		c.fail()
		return 0
	}
	c.rest = c.rest[n:]
	return v
}

func (c *cursor) varint() int64 {
	v, n := binary.Varint(c.rest)
	if n <= 0 {
		c.fail()
		return 0
	}
	c.rest = c.rest[n:]
	return v
}

// number is a uvarint of limit at most.
func (c *cursor) number(limit uint64) uint64 {
	v := c.uvarint()
	if v > limit {
		c.fail()
		return 0
	}
	return v
}

// count is the number of things to come, of size bytes at least each.
func (c *cursor) count(size int) int {
	n := c.uvarint()
	if n > uint64(len(c.rest)/size) {
		c.fail()
		return 0
	}
	return int(n)
}

// bytes is a text. It borrows the section.
func (c *cursor) bytes() []byte {
	n := c.count(1)
	text := c.rest[:n]
	c.rest = c.rest[n:]
	return text
}

func (c *cursor) text() string { return string(c.bytes()) }

func (c *cursor) float() float64 {
	if len(c.rest) < 8 {
		c.fail()
		return 0
	}
	v := math.Float64frombits(binary.LittleEndian.Uint64(c.rest))
	c.rest = c.rest[8:]
	return v
}

// family reads a definition and which columns its series have.
func (c *cursor) family() (*Family, columns) {
	f := &Family{Name: c.text(), Help: c.text(), Unit: c.text(), Type: Type(c.number(uint64(types) - 1))}
	for range c.count(1) {
		f.Labels = append(f.Labels, c.text())
	}
	for range c.count(8) {
		f.Buckets = append(f.Buckets, c.float())
	}
	f.Native = Native{Factor: c.float(), MaxBuckets: uint32(c.number(math.MaxUint32))}
	if n := c.count(16); n > 0 {
		f.Quantiles = make(map[float64]float64, n)
		for range n {
			q := c.float()
			f.Quantiles[q] = c.float()
		}
	}
	f.MaxAge = duration(c.varint())
	f.Timestamps = c.number(1) == 1
	f.TTL = duration(c.varint())
	f.SeriesLimit = int(c.varint())
	flags := c.number(totalsColumn | timesColumn | touchedColumn)
	return f, columns{flags&totalsColumn != 0, flags&timesColumn != 0, flags&touchedColumn != 0, f.width(), f.isNative()}
}

// row reads a series into r, whose memory is used again. The key borrows the
// section.
func (c *cursor) row(r *row, of columns) (key []byte) {
	key = c.bytes()
	*r = row{source: uint32(c.number(math.MaxUint32)), time: never, buckets: r.buckets[:0],
		native: native{positive: r.native.positive[:0], negative: r.native.negative[:0]}}
	c.before.created += c.varint()
	r.created = c.before.created
	r.value = c.float()
	if of.totals {
		r.total = c.float()
	}
	if of.times {
		c.before.time += c.varint()
		r.time = c.before.time
	}
	if of.touched {
		c.before.touched += c.varint()
		r.touched = c.before.touched
	}
	for range of.width {
		r.buckets = append(r.buckets, c.uvarint())
	}
	if of.native {
		c.native(&r.native)
	}
	return key
}

func (c *cursor) native(n *native) {
	n.schema = int32(c.varint())
	n.zero = c.uvarint()
	n.positive = c.nativeBuckets(n.positive)
	n.negative = c.nativeBuckets(n.negative)
}

// maxNativeBucket is beyond the bucket of the largest number, at the finest schema.
const maxNativeBucket = 2048 << finestSchema

// nativeBuckets appends buckets, which must ascend.
func (c *cursor) nativeBuckets(to []nativeBucket) []nativeBucket {
	last := int64(-maxNativeBucket)
	for range c.count(2) {
		at := c.varint()
		if at <= last || at >= maxNativeBucket {
			c.fail()
			break
		}
		last = at
		to = append(to, nativeBucket{int32(at), c.uvarint()})
	}
	return to
}
