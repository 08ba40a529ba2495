package jsonpack

import (
	"encoding/hex"
	"errors"
	"math"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/tinylib/msgp/msgp"
)

// AppendJSON appends the JSON of the msgpack value at the start of b to text, and returns what follows the value. Binaries
// become texts, extensions texts of hexadecimal digits, and keys that are not texts their JSON in quotes. Floats that
// JSON does not have become null.
func AppendJSON(text, b []byte) (json, rest []byte, err error) { return appendJSON(text, b, 0) }

var errDepth = errors.New("nested too deep")

// levelsOfKey is how many levels a map or an array counts as when it is a key: quoting doubles the escapes that its text
// has, so that nested keys grow exponentially.
const levelsOfKey = maxDepth / 4

func appendJSON(text, b []byte, depth int) (json, rest []byte, err error) {
	if depth > maxDepth {
		return text, b, errDepth
	}
	switch msgp.NextType(b) {
	case msgp.MapType:
		return appendMap(text, b, depth)
	case msgp.ArrayType:
		n, rest, err := msgp.ReadArrayHeaderBytes(b)
		text = append(text, '[')
		for i := uint32(0); i < n && err == nil; i++ {
			if i > 0 {
				text = append(text, ',')
			}
			text, rest, err = appendJSON(text, rest, depth+1)
		}
		return append(text, ']'), rest, err
	}
	return appendScalar(text, b)
}

func appendMap(text, b []byte, depth int) (json, rest []byte, err error) {
	n, rest, err := msgp.ReadMapHeaderBytes(b)
	text = append(text, '{')
	for i := uint32(0); i < n && err == nil; i++ {
		if i > 0 {
			text = append(text, ',')
		}
		start, levels := len(text), 1
		if kind := msgp.NextType(rest); kind == msgp.MapType || kind == msgp.ArrayType {
			levels = levelsOfKey
		}
		if text, rest, err = appendJSON(text, rest, depth+levels); err != nil {
			break
		}
		if text[start] != '"' {
			key := string(text[start:])
			text = appendQuoted(text[:start], key)
		}
		text, rest, err = appendJSON(append(text, ':'), rest, depth+1)
	}
	return append(text, '}'), rest, err
}

func appendScalar(text, b []byte) (json, rest []byte, err error) {
	switch msgp.NextType(b) {
	case msgp.StrType, msgp.BinType:
		s, rest, err := readText(b)
		return appendQuoted(text, string(s)), rest, err
	case msgp.NilType:
		rest, err = msgp.ReadNilBytes(b)
		return append(text, "null"...), rest, err
	case msgp.BoolType:
		var v bool
		v, rest, err = msgp.ReadBoolBytes(b)
		return strconv.AppendBool(text, v), rest, err
	case msgp.IntType:
		var v int64
		v, rest, err = msgp.ReadInt64Bytes(b)
		return strconv.AppendInt(text, v, 10), rest, err
	case msgp.UintType:
		var v uint64
		v, rest, err = msgp.ReadUint64Bytes(b)
		return strconv.AppendUint(text, v, 10), rest, err
	case msgp.Float32Type:
		var v float32
		v, rest, err = msgp.ReadFloat32Bytes(b)
		return appendFloat(text, float64(v), 32), rest, err
	case msgp.Float64Type:
		var v float64
		v, rest, err = msgp.ReadFloat64Bytes(b)
		return appendFloat(text, v, 64), rest, err
	case msgp.InvalidType:
		return text, b, errors.New("not msgpack")
	}
	rest, err = msgp.Skip(b)
	if err != nil {
		return text, b, err
	}
	return append(hex.AppendEncode(append(text, '"'), b[:len(b)-len(rest)]), '"'), rest, nil
}

func readText(b []byte) (text, rest []byte, err error) {
	if msgp.NextType(b) == msgp.BinType {
		return msgp.ReadBytesZC(b)
	}
	return msgp.ReadStringZC(b)
}

func appendFloat(text []byte, v float64, bits int) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return append(text, "null"...)
	}
	format := byte('f')
	if a := math.Abs(v); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	text = strconv.AppendFloat(text, v, format, -1, bits)
	if v == math.Trunc(v) && format == 'f' {
		text = append(text, ".0"...) // remains a float when it is packed again
	}
	return text
}

func appendQuoted(text []byte, s string) []byte {
	text, _ = jsontext.AppendQuote(text, s) // its error is of bytes that are not UTF-8, which it replaces
	return text
}
