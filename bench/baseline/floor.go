package baseline

import (
	"encoding/binary"
	"errors"

	"github.com/tinylib/msgp/msgp"
)

// errEnd means that a chunk is truncated or is not msgpack.
var errEnd = errors.New("no whole event")

// Floor finds the events of a chunk with a plain loop, and returns their number: the minimum cost of reading. It looks
// at the lead byte of each value and keeps count of the values that are still to come.
func Floor(chunk []byte) (n int, err error) {
	for i := 0; i < len(chunk); n++ {
		for pending := 1; pending > 0; pending-- {
			if i >= len(chunk) {
				return n, errEnd
			}
			c := chunk[i]
			if size := sizes[c]; size != 0 {
				i += int(size)
				continue
			}
			next, values := header(chunk[i:])
			if next == 0 {
				return n, errEnd
			}
			i, pending = i+next, pending+values
		}
	}
	return n, nil
}

// header returns the size of the value that b starts with, or of the header of a map or array and how many values
// follow.
func header(b []byte) (size, values int) {
	switch c := b[0]; {
	case c&0xf0 == 0x80:
		return 1, 2 * int(c&0x0f)
	case c&0xf0 == 0x90:
		return 1, int(c & 0x0f)
	}
	lead := leads[b[0]]
	if int(lead.size) > len(b) || lead.length == 0 {
		return 0, 0
	}
	long := length(b[1:], lead.length)
	if lead.values == 0 {
		return int(lead.size) + long, 0
	}
	return int(lead.size), int(lead.values) * long
}

func length(b []byte, width uint8) int {
	switch width {
	case 1:
		return int(b[0])
	case 2:
		return int(binary.BigEndian.Uint16(b))
	}
	return int(binary.BigEndian.Uint32(b))
}

// sizes are the sizes of values that depend only on their lead byte.
var sizes = newSizes()

func newSizes() (all [256]uint8) {
	for c := range all {
		switch {
		case c < 0x80 || c >= 0xe0 || c == 0xc0 || c == 0xc2 || c == 0xc3:
			all[c] = 1
		case c >= 0xa0 && c < 0xc0:
			all[c] = uint8(1 + c&0x1f)
		}
	}
	for c, size := range map[int]uint8{0xca: 5, 0xcb: 9, 0xcc: 2, 0xcd: 3, 0xce: 5, 0xcf: 9, 0xd0: 2, 0xd1: 3, 0xd2: 5, 0xd3: 9,
		0xd4: 3, 0xd5: 4, 0xd6: 6, 0xd7: 10, 0xd8: 18} {
		all[c] = size
	}
	return all
}

// lead says of a value with a length how many bytes come before its content, how wide the length is, and, unless the
// length counts bytes, how many values each of those that it counts has.
type lead struct{ size, values, length uint8 }

var leads = newLeads()

func newLeads() (all [256]lead) {
	for width := range 3 {
		w := uint8(1) << width
		all[0xc4+width] = lead{size: 1 + w, length: w}
		all[0xc7+width] = lead{size: 2 + w, length: w}
		all[0xd9+width] = lead{size: 1 + w, length: w}
	}
	for width := range 2 {
		w := uint8(2) << width
		all[0xdc+width] = lead{size: 1 + w, values: 1, length: w}
		all[0xde+width] = lead{size: 1 + w, values: 2, length: w}
	}
	return all
}

// Skip finds the events of a chunk with msgp.Skip, and returns their number.
func Skip(chunk []byte) (n int, err error) {
	for ; len(chunk) > 0; n++ {
		if chunk, err = msgp.Skip(chunk); err != nil {
			return n, err
		}
	}
	return n, nil
}
