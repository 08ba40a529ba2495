package cmetrics

import (
	"encoding/binary"
	"math"

	"github.com/promexporter/promexporter/record"
)

// failed is the offset of a cursor that met something else than it was asked for.
const failed = -1

// cursor reads msgpack from offset i on. Once it failed it stays failed, so that a caller looks once, at the end.
type cursor struct {
	b []byte
	i int
}

func (c *cursor) ok() bool { return c.i >= 0 }

func (c *cursor) fail() { c.i = failed }

// maps returns the number of pairs of the map that starts here.
func (c *cursor) maps() int { return c.header(record.Map) }

// list returns the number of elements of the array that starts here.
func (c *cursor) list() int { return c.header(record.Array) }

func (c *cursor) header(kind record.Kind) int {
	if c.i < 0 {
		return 0
	}
	n, next := record.ReadHeader(c.b, c.i, kind)
	c.i = next
	if next < 0 {
		return 0
	}
	return n
}

// text returns the string or binary that starts here.
func (c *cursor) text() []byte {
	if c.i < 0 {
		return nil
	}
	text, next := record.ReadText(c.b, c.i)
	c.i = next
	return text
}

// optional is text, or nil for a nil.
func (c *cursor) optional() []byte {
	if c.i >= 0 && c.i < len(c.b) && c.b[c.i] == nilByte {
		c.i++
		return nil
	}
	return c.text()
}

const (
	nilByte    = 0xc0
	floatByte  = 0xcb // a float64
	uint8Byte  = 0xcc // followed by those of uint16, uint32 and uint64
	uintBytes  = 4
	shortBytes = 0x80 // the bytes below are integers themselves
)

// float returns the number that starts here. Fluent Bit writes float64s.
func (c *cursor) float() float64 {
	if c.i >= 0 && c.i+9 <= len(c.b) && c.b[c.i] == floatByte {
		bits := binary.BigEndian.Uint64(c.b[c.i+1:])
		c.i += 9
		return math.Float64frombits(bits)
	}
	v := c.value()
	f, ok := v.Float()
	if !ok {
		c.fail()
	}
	return f
}

// uint returns the integer that starts here, which is not negative.
func (c *cursor) uint() uint64 {
	if c.i >= 0 && c.i < len(c.b) {
		lead := c.b[c.i]
		if lead < shortBytes {
			c.i++
			return uint64(lead)
		}
		if width := lead - uint8Byte; width < uintBytes && c.i+1<<width < len(c.b) {
			from := c.i + 1
			c.i = from + 1<<width
			return bigEndian(c.b[from:c.i])
		}
	}
	v := c.value()
	switch n := v.Int(); {
	case v.Kind() == record.Uint:
		return v.Uint()
	case v.Kind() == record.Int && n >= 0:
		return uint64(n)
	}
	c.fail()
	return 0
}

func bigEndian(b []byte) (n uint64) {
	for _, x := range b {
		n = n<<8 | uint64(x)
	}
	return n
}

// int returns the integer that starts here.
func (c *cursor) int() int64 {
	v := c.value()
	switch {
	case v.Kind() == record.Int:
		return v.Int()
	case v.Kind() == record.Uint && v.Uint() <= math.MaxInt64:
		return int64(v.Uint())
	}
	c.fail()
	return 0
}

// bits returns the float64 whose bits an integer holds.
func (c *cursor) bits() float64 { return math.Float64frombits(c.uint()) }

func (c *cursor) value() (v record.Value) {
	if c.i >= 0 {
		c.i = record.ReadValue(c.b, c.i, &v)
	}
	return v
}

func (c *cursor) skip() {
	if c.i >= 0 {
		c.i = record.Skip(c.b, c.i)
	}
}

// find moves to the value of a key of the map that starts here. It fails when there is none.
func (c *cursor) find(key string) {
	for n := c.maps(); n > 0 && c.ok(); n-- {
		if string(c.text()) == key {
			return
		}
		c.skip()
	}
	c.fail()
}
