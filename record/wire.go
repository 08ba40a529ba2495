package record

import "encoding/binary"

// format is the layout of a value with a lead byte from 0xc0 to 0xdf.
type format struct {
	kind   Kind
	from   uint8 // offset of the bytes that a Value keeps
	size   uint8 // size of the lead byte and the fixed part after it
	length uint8 // width in bytes of the length after the lead byte; 0: none
}

// formats holds the format for each lead byte from 0xc0. The zero format is for 0xc1, which msgpack does not use.
var formats = [32]format{
	0x00: {Nil, 1, 1, 0},
	0x02: {Bool, 0, 1, 0}, 0x03: {Bool, 0, 1, 0},
	0x04: {Binary, 2, 2, 1}, 0x05: {Binary, 3, 3, 2}, 0x06: {Binary, 5, 5, 4},
	0x07: {Extension, 3, 3, 1}, 0x08: {Extension, 4, 4, 2}, 0x09: {Extension, 6, 6, 4},
	0x0a: {Float, 1, 5, 0}, 0x0b: {Float, 1, 9, 0},
	0x0c: {Uint, 1, 2, 0}, 0x0d: {Uint, 1, 3, 0}, 0x0e: {Uint, 1, 5, 0}, 0x0f: {Uint, 1, 9, 0},
	0x10: {Int, 1, 2, 0}, 0x11: {Int, 1, 3, 0}, 0x12: {Int, 1, 5, 0}, 0x13: {Int, 1, 9, 0},
	0x14: {Extension, 2, 3, 0}, 0x15: {Extension, 2, 4, 0}, 0x16: {Extension, 2, 6, 0},
	0x17: {Extension, 2, 10, 0}, 0x18: {Extension, 2, 18, 0},
	0x19: {String, 2, 2, 1}, 0x1a: {String, 3, 3, 2}, 0x1b: {String, 5, 5, 4},
	0x1c: {Array, 0, 3, 2}, 0x1d: {Array, 0, 5, 4},
	0x1e: {Map, 0, 3, 2}, 0x1f: {Map, 0, 5, 4},
}

// bad is the offset that the functions below return for bytes that are truncated or not msgpack.
const bad = -1

// unused is the lead byte that no value has.
const unused = 0xc1

// lead returns the lead byte of the value at b[i], or unused after the end.
func lead(b []byte, i int) byte {
	if uint(i) >= uint(len(b)) {
		return unused
	}
	return b[i]
}

func isMap(c byte) bool   { return c&0xf0 == 0x80 || c == 0xde || c == 0xdf }
func isArray(c byte) bool { return c&0xf0 == 0x90 || c == 0xdc || c == 0xdd }

func isText(c byte) bool { return c&0xe0 == 0xa0 || c >= 0xc4 && c <= 0xc6 || c >= 0xd9 && c <= 0xdb }

// isNumber includes booleans.
func isNumber(c byte) bool {
	return c < 0x80 || c >= 0xe0 || c >= 0xca && c <= 0xd3 || c == 0xc2 || c == 0xc3
}

// The sizes of values, including the lead byte, by lead byte. 0 means that the lead byte does not determine the size:
// longer strings, and containers.
const (
	zeros  = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	ones   = "\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01"
	texts  = "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"
	texts2 = "\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x20"
	fromc0 = "\x01\x00\x01\x01\x00\x00\x00\x00\x00\x00\x05\x09\x02\x03\x05\x09" // 0xc0 to 0xcf
	fromd0 = "\x02\x03\x05\x09\x03\x04\x06\x0a\x12\x00\x00\x00\x00\x00\x00\x00" // 0xd0 to 0xdf

	sizes = ones + ones + ones + ones + ones + ones + ones + ones + zeros + zeros +
		texts + texts2 + fromc0 + fromd0 + ones + ones
)

// skipShort is skip for values whose lead byte determines the size. It returns bad for all others. The compiler can
// inline it, which pays off in BenchmarkReader.
func skipShort(b []byte, i int) int {
	if uint(i) < uint(len(b)) {
		if n := int(sizes[b[i]]); n != 0 && n <= len(b)-i {
			return i + n
		}
	}
	return bad
}

// skip returns the offset after the value at b[i]. It counts pending values instead of recursing, so that nesting needs
// no stack, and takes at most as many steps as b has bytes.
func skip(b []byte, i int) int {
	for pending := 1; pending > 0; pending-- {
		// Each value takes at least one byte.
		if pending > len(b)-i {
			return bad
		}
		c := b[i]
		if n := sizes[c]; n != 0 {
			i += int(n)
			continue
		}
		switch {
		case c < 0x90:
			pending += 2 * int(c&0x0f)
			i++
		case c < 0xa0:
			pending += int(c & 0x0f)
			i++
		default:
			next, values := formats[c&0x1f].end(b, i)
			if next < 0 {
				return bad
			}
			i, pending = next, pending+values
		}
	}
	if i > len(b) {
		return bad
	}
	return i
}

// end returns the offset after the value with format s at b[i]; or, for an array or map, the offset after its header
// and the number of values that follow. A value of a fixed size may end beyond b.
func (s *format) end(b []byte, i int) (next, values int) {
	next = i + int(s.size)
	switch {
	case s.size == 0:
		return bad, 0
	case s.length == 0:
		return next, 0
	}
	n := length(b, i+1, s.length)
	switch {
	case n < 0 || n > len(b)-next:
		return bad, 0
	case s.kind == Map:
		return next, 2 * n
	case s.kind == Array:
		return next, n
	}
	return next + n, 0
}

// length reads the big-endian length of width bytes at b[i]. It returns bad, or another negative number, if it is
// truncated or does not fit in memory.
func length(b []byte, i int, width uint8) int {
	if i+int(width) > len(b) {
		return bad
	}
	switch width {
	case 1:
		return int(b[i])
	case 2:
		return int(binary.BigEndian.Uint16(b[i:]))
	default:
		return int(binary.BigEndian.Uint32(b[i:]))
	}
}

// container reads the header of an Array or Map at b[i]. It returns the number of elements or pairs and the offset of
// the first one, or bad if the value has another kind or is truncated.
func container(b []byte, i int, kind Kind) (n, next int) {
	if uint(i) >= uint(len(b)) {
		return 0, bad
	}
	c := b[i]
	switch {
	case kind == Map && c&0xf0 == 0x80, kind == Array && c&0xf0 == 0x90:
		return int(c & 0x0f), i + 1
	case c >= 0xdc && c < 0xe0:
		s := &formats[c&0x1f]
		n = length(b, i+1, s.length)
		if s.kind != kind || n < 0 {
			return 0, bad
		}
		return n, i + int(s.size)
	}
	return 0, bad
}

// shortText reads a string of up to 31 bytes at b[i], which most keys are. It returns the payload and the offset after
// it, or bad.
func shortText(b []byte, i int) (payload []byte, next int) {
	if uint(i) < uint(len(b)) {
		next = i + 1 + int(b[i]^0xa0)
		if b[i]&0xe0 == 0xa0 && next <= len(b) {
			return b[i+1 : next], next
		}
	}
	return nil, bad
}

// text reads a string or binary at b[i] and returns its payload and the offset after it, or bad if the value has
// another kind or is truncated.
func text(b []byte, i int) (payload []byte, next int) {
	var v Value
	next = decode(b, i, &v)
	if v.kind != String && v.kind != Binary {
		return nil, bad
	}
	return v.raw, next
}

// decode reads the value at b[i] into v and returns the offset after it, or bad without changing v. An array or map is
// not decoded; v holds its encoding.
func decode(b []byte, i int, v *Value) int {
	if uint(i) >= uint(len(b)) {
		return bad
	}
	var kind Kind
	from, next := i, i+1
	switch c := b[i]; {
	case c < 0x80:
		kind = Uint
	case c >= 0xe0:
		kind = Int
	case c >= 0xa0 && c < 0xc0:
		kind, from, next = String, i+1, i+1+int(c&0x1f)
	case c < 0x90:
		kind, next = Map, skip(b, i)
	case c < 0xa0:
		kind, next = Array, skip(b, i)
	default:
		s := &formats[c&0x1f]
		kind, from = s.kind, i+int(s.from)
		if kind >= Array {
			next = skip(b, i)
		} else {
			next, _ = s.end(b, i)
		}
	}
	if next < from || next > len(b) {
		return bad
	}
	*v = Value{raw: b[from:next:next], kind: kind}
	return next
}
