package collector

import (
	"encoding/binary"
	"unicode/utf8"
)

// AppendLabel appends the encoding of a label value within a series key: its
// length, then its bytes. The length in front makes keys of different values
// different, which a separator or a hash would not.
func AppendLabel(key, value []byte) []byte {
	key = binary.AppendUvarint(key, uint64(len(value)))
	return append(key, value...)
}

// cutLabel splits the first label value off a series key. ok is false when key
// does not start with one.
func cutLabel[T string | []byte](key T) (value, rest T, ok bool) {
	var n uint64
	for i := 0; i < len(key) && i < binary.MaxVarintLen64; i++ {
		c := key[i]
		n |= uint64(c&0x7f) << (7 * i)
		if c >= 0x80 {
			continue
		}
		i++
		if n > uint64(len(key)-i) {
			break
		}
		return key[i : i+int(n)], key[i+int(n):], true
	}
	return value, rest, false
}

// wellFormed reports whether key holds n label values and nothing else. What it
// refuses would make a page that cannot be encoded.
func wellFormed(key []byte, n int) bool {
	for range n {
		value, rest, ok := cutLabel(key)
		if !ok || !utf8.Valid(value) {
			return false
		}
		key = rest
	}
	return len(key) == 0
}
