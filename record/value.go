package record

import (
	"encoding/binary"
	"math"
)

// Kind is the msgpack type of a Value.
type Kind uint8

// The kinds of a Value. Missing, the zero Kind, means that the field does not exist.
const (
	Missing Kind = iota
	Nil
	Bool
	Int  // negative, or any signed encoding
	Uint // any unsigned encoding
	Float
	String
	Binary
	Extension
	Array
	Map
)

var kindNames = [...]string{
	"missing", "nil", "bool", "int", "uint", "float", "string", "binary", "extension", "array", "map",
}

// String returns the kind's name in lower case.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "invalid"
}

// Value is one msgpack value of an event. It borrows the memory of the chunk, also for numbers, which are decoded on
// demand.
type Value struct {
	// raw is the payload of a string, binary, extension or number; the lead byte of a boolean or one-byte integer; or
	// the complete encoding of an array or map.
	raw  []byte
	kind Kind
}

// Kind returns the value's type.
func (v *Value) Kind() Kind { return v.kind }

// Bytes returns the payload of a string, binary or extension, the encoding of an array or map, or nil. The bytes borrow
// the chunk.
func (v *Value) Bytes() []byte {
	if v.kind < String {
		return nil
	}
	return v.raw
}

// Bool returns the value of a Bool, and false for every other kind.
func (v *Value) Bool() bool { return v.kind == Bool && v.raw[0]&1 != 0 }

// Int returns the value of an Int, and 0 for every other kind.
func (v *Value) Int() int64 {
	if v.kind != Int {
		return 0
	}
	return signed(v.raw)
}

// Uint returns the value of a Uint, and 0 for every other kind.
func (v *Value) Uint() uint64 {
	if v.kind != Uint {
		return 0
	}
	return unsigned(v.raw)
}

// Float returns a number or boolean as a float64; true is 1 and false is 0. Its second result is false for all other
// kinds.
func (v *Value) Float() (float64, bool) {
	switch v.kind {
	case Float:
		return float(v.raw), true
	case Uint:
		return float64(unsigned(v.raw)), true
	case Int:
		return float64(signed(v.raw)), true
	case Bool:
		return float64(v.raw[0] & 1), true
	default:
		return 0, false
	}
}

// Each calls f with the encoding of each element of the array v until f returns false. It does nothing if v is not an
// array.
func (v *Value) Each(f func(element []byte) bool) {
	if v.kind != Array {
		return
	}
	count, i := container(v.raw, 0, Array)
	for ; count > 0; count-- {
		next := skip(v.raw, i)
		if next < 0 || !f(v.raw[i:next:next]) {
			return
		}
		i = next
	}
}

func unsigned(b []byte) uint64 {
	switch len(b) {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(binary.BigEndian.Uint16(b))
	case 4:
		return uint64(binary.BigEndian.Uint32(b))
	default:
		return binary.BigEndian.Uint64(b)
	}
}

func signed(b []byte) int64 {
	switch len(b) {
	case 1:
		return int64(int8(b[0]))
	case 2:
		return int64(int16(binary.BigEndian.Uint16(b)))
	case 4:
		return int64(int32(binary.BigEndian.Uint32(b)))
	default:
		return int64(binary.BigEndian.Uint64(b))
	}
}

func float(b []byte) float64 {
	if len(b) == 4 {
		return float64(math.Float32frombits(binary.BigEndian.Uint32(b)))
	}
	return math.Float64frombits(binary.BigEndian.Uint64(b))
}

// Number returns a Float with the eight bytes of a float64 in big-endian order, which it borrows.
func Number(raw []byte) Value { return Value{kind: Float, raw: raw} }

// Text returns a String with the payload text, which it borrows.
func Text(text []byte) Value { return Value{kind: String, raw: text} }

// IsText reports whether v is a string or binary.
func (v *Value) IsText() bool { return v.kind == String || v.kind == Binary }

// Values calls f with every element of the array that v holds, until f returns false. It does nothing when v is not an
// array.
func (v *Value) Values(f func(element Value) bool) {
	v.Each(func(encoded []byte) bool {
		var element Value
		return decode(encoded, 0, &element) >= 0 && f(element)
	})
}

// Pairs calls f with every key of the map v and its value, until f returns false. It does nothing if v is not a map.
func (v *Value) Pairs(f func(key, value Value) bool) {
	if v.kind != Map {
		return
	}
	count, i := container(v.raw, 0, Map)
	for ; count > 0; count-- {
		var key, value Value
		if i = decode(v.raw, i, &key); i < 0 {
			return
		}
		if i = decode(v.raw, i, &value); i < 0 || !f(key, value) {
			return
		}
	}
}

// Len returns the number of elements of an array, or of keys of a map. Its second result is false for every other kind.
func (v *Value) Len() (int, bool) {
	if v.kind != Array && v.kind != Map {
		return 0, false
	}
	n, i := container(v.raw, 0, v.kind)
	return n, i >= 0
}
