package collector

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"maps"
	"slices"
)

// writer writes sections. The first error stays.
type writer struct {
	to       io.Writer
	table    *crc32.Table
	crc      uint32
	written  int64
	err      error
	buffer   []byte // the section that is being written, from its kind on
	before   before
	families map[*store]uint64 // their numbers
}

// WriteTo writes the state to w, some ten thousand bytes at a time. Import reads it.
func (s *State) WriteTo(w io.Writer) (int64, error) {
	e := &writer{to: w, table: crcTable(), families: make(map[*store]uint64)}
	e.put(binary.LittleEndian.AppendUint32([]byte(stateMagic), stateVersion))
	e.begin(headSection)
	e.buffer = binary.AppendVarint(e.buffer, s.at)
	e.end()
	series := 0
	for i := range s.families {
		e.families[s.families[i].store] = uint64(i)
		series += len(s.families[i].keys)
		e.family(&s.families[i])
	}
	pasts := e.pasts(s)
	e.begin(endSection)
	for _, n := range []int{len(s.families), series, pasts} {
		e.buffer = binary.AppendUvarint(e.buffer, uint64(n))
	}
	e.end()
	return e.written, e.err
}

// put writes bytes that the checksum covers.
func (e *writer) put(b []byte) {
	e.crc = crc32.Update(e.crc, e.table, b)
	e.write(b)
}

func (e *writer) write(b []byte) {
	if e.err != nil {
		return
	}
	var n int
	n, e.err = e.to.Write(b)
	e.written += int64(n)
}

func (e *writer) begin(kind byte) {
	e.buffer = append(e.buffer[:0], kind, 0, 0, 0, 0)
	e.before = before{}
}

func (e *writer) end() {
	n := len(e.buffer) - sectionHead
	if n > maxSection && e.err == nil {
		e.err = errors.New("a series is too large for a state")
	}
	binary.LittleEndian.PutUint32(e.buffer[1:], uint32(n))
	e.put(e.buffer)
	e.write(binary.LittleEndian.AppendUint32(nil, e.crc))
}

// full begins another section when the one that is being written is full.
func (e *writer) full(kind byte) {
	if len(e.buffer) >= blockSize {
		e.end()
		e.begin(kind)
	}
}

func (e *writer) family(s *saved) {
	e.begin(familySection)
	e.buffer = appendFamily(e.buffer, s.family)
	e.buffer = appendColumns(e.buffer, s.columns())
	e.end()
	if len(s.keys) == 0 {
		return
	}
	e.begin(seriesSection)
	for i := range s.keys {
		e.full(seriesSection)
		r := s.row(i)
		e.row(&r, s.columns())
	}
	e.end()
}

// pasts writes what is remembered of the families that s has, and returns how many
// that are.
func (e *writer) pasts(s *State) (n int) {
	for _, p := range s.pasts {
		if p == nil {
			continue
		}
		number, ok := e.families[p.store]
		if !ok {
			continue
		}
		if n == 0 {
			e.begin(pastSection)
		}
		e.full(pastSection)
		e.buffer = binary.AppendUvarint(e.buffer, number)
		columns := s.families[number].columns()
		columns.touched = false
		r := p.row()
		e.row(&r, columns)
		n++
	}
	if n > 0 {
		e.end()
	}
	return n
}

func appendFamily(b []byte, f *Family) []byte {
	b = appendText(b, f.Name)
	b = appendText(b, f.Help)
	b = appendText(b, f.Unit)
	b = append(b, byte(f.Type))
	b = binary.AppendUvarint(b, uint64(len(f.Labels)))
	for _, l := range f.Labels {
		b = appendText(b, l)
	}
	b = binary.AppendUvarint(b, uint64(len(f.Buckets)))
	for _, bound := range f.Buckets {
		b = appendFloat(b, bound)
	}
	b = appendFloat(b, f.Native.Factor)
	b = binary.AppendUvarint(b, uint64(f.Native.MaxBuckets))
	b = binary.AppendUvarint(b, uint64(len(f.Quantiles)))
	for _, q := range slices.Sorted(maps.Keys(f.Quantiles)) {
		b = appendFloat(b, q)
		b = appendFloat(b, f.Quantiles[q])
	}
	b = binary.AppendVarint(b, int64(f.MaxAge))
	b = binary.AppendUvarint(b, bit(f.Timestamps, 1))
	b = binary.AppendVarint(b, int64(f.TTL))
	return binary.AppendVarint(b, int64(f.SeriesLimit))
}

func appendColumns(b []byte, c columns) []byte {
	return binary.AppendUvarint(b, bit(c.totals, totalsColumn)|bit(c.times, timesColumn)|bit(c.touched, touchedColumn))
}

func bit(on bool, b uint64) uint64 {
	if on {
		return b
	}
	return 0
}

// row appends a series. Times are told by how much they differ from the last one,
// which makes them short; that the difference may overflow does no harm.
func (e *writer) row(r *row, c columns) {
	b := appendText(e.buffer, r.key)
	b = binary.AppendUvarint(b, uint64(r.source))
	b = binary.AppendVarint(b, r.created-e.before.created)
	e.before.created = r.created
	b = appendFloat(b, r.value)
	if c.totals {
		b = appendFloat(b, r.total)
	}
	if c.times {
		b = binary.AppendVarint(b, r.time-e.before.time)
		e.before.time = r.time
	}
	if c.touched {
		b = binary.AppendVarint(b, r.touched-e.before.touched)
		e.before.touched = r.touched
	}
	for _, n := range r.buckets {
		b = binary.AppendUvarint(b, n)
	}
	if c.native {
		b = appendNative(b, &r.native)
	}
	e.buffer = b
}

func appendNative(b []byte, n *native) []byte {
	b = binary.AppendVarint(b, int64(n.schema))
	b = binary.AppendUvarint(b, n.zero)
	for _, buckets := range [][]nativeBucket{n.positive, n.negative} {
		b = binary.AppendUvarint(b, uint64(len(buckets)))
		for _, one := range buckets {
			b = binary.AppendVarint(b, int64(one.at))
			b = binary.AppendUvarint(b, one.n)
		}
	}
	return b
}
