package jsonpack

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tinylib/msgp/msgp"
)

// AppendPython appends the msgpack value at the start of b as Python prints it, which reads it with arrays as tuples, and
// returns what follows the value. It shows what the bytes hold, types and all.
func AppendPython(text, b []byte) (python, rest []byte, err error) { return appendPython(text, b, 0) }

func appendPython(text, b []byte, depth int) (python, rest []byte, err error) {
	if depth > maxDepth {
		return text, b, errDepth
	}
	switch msgp.NextType(b) {
	case msgp.MapType:
		n, rest, err := msgp.ReadMapHeaderBytes(b)
		text = append(text, '{')
		for i := uint32(0); i < n && err == nil; i++ {
			if i > 0 {
				text = append(text, ", "...)
			}
			if text, rest, err = appendPython(text, rest, depth+1); err == nil {
				text, rest, err = appendPython(append(text, ": "...), rest, depth+1)
			}
		}
		return append(text, '}'), rest, err
	case msgp.ArrayType:
		n, rest, err := msgp.ReadArrayHeaderBytes(b)
		text = append(text, '(')
		for i := uint32(0); i < n && err == nil; i++ {
			if i > 0 {
				text = append(text, ", "...)
			}
			text, rest, err = appendPython(text, rest, depth+1)
		}
		if n == 1 {
			text = append(text, ',')
		}
		return append(text, ')'), rest, err
	}
	return pythonScalar(text, b)
}

func pythonScalar(text, b []byte) (python, rest []byte, err error) {
	switch kind := msgp.NextType(b); kind {
	case msgp.StrType:
		var s []byte
		s, rest, err = msgp.ReadStringZC(b)
		return appendPythonString(text, string(s)), rest, err
	case msgp.BinType:
		var s []byte
		s, rest, err = msgp.ReadBytesZC(b)
		return appendPythonBytes(text, s), rest, err
	case msgp.NilType:
		rest, err = msgp.ReadNilBytes(b)
		return append(text, "None"...), rest, err
	case msgp.BoolType:
		var v bool
		v, rest, err = msgp.ReadBoolBytes(b)
		if v {
			return append(text, "True"...), rest, err
		}
		return append(text, "False"...), rest, err
	case msgp.Float32Type:
		var v float32
		v, rest, err = msgp.ReadFloat32Bytes(b)
		return appendPythonFloat(text, float64(v)), rest, err
	case msgp.Float64Type:
		var v float64
		v, rest, err = msgp.ReadFloat64Bytes(b)
		return appendPythonFloat(text, v), rest, err
	case msgp.IntType, msgp.UintType:
		return appendScalar(text, b)
	case msgp.InvalidType:
		return text, b, errors.New("not msgpack")
	}
	rest, err = msgp.Skip(b)
	if err != nil {
		return text, b, err
	}
	return appendExtension(text, b[:len(b)-len(rest)]), rest, nil
}

// appendExtension writes an extension, whose encoding is whole.
func appendExtension(text, whole []byte) []byte {
	at := 1 // of the type
	switch whole[0] {
	case 0xc7:
		at = 2
	case 0xc8:
		at = 3
	case 0xc9:
		at = 5
	}
	kind, payload := int8(whole[at]), whole[at+1:]
	if kind == -1 {
		if seconds, nanos, ok := timestamp(payload); ok {
			return fmt.Appendf(text, "Timestamp(seconds=%d, nanoseconds=%d)", seconds, nanos)
		}
	}
	return append(appendPythonBytes(fmt.Appendf(text, "ExtType(code=%d, data=", kind), payload), ')')
}

func timestamp(b []byte) (seconds int64, nanos uint32, ok bool) {
	switch len(b) {
	case 4:
		return int64(binary.BigEndian.Uint32(b)), 0, true
	case 8:
		v := binary.BigEndian.Uint64(b)
		return int64(v & (1<<34 - 1)), uint32(v >> 34), true
	case 12:
		return int64(binary.BigEndian.Uint64(b[4:])), binary.BigEndian.Uint32(b), true
	}
	return 0, 0, false
}

func appendPythonFloat(text []byte, v float64) []byte {
	switch a := math.Abs(v); {
	case math.IsNaN(v):
		return append(text, "nan"...)
	case math.IsInf(v, 0):
		return append(text, strings.TrimPrefix(strings.ToLower(strconv.FormatFloat(v, 'g', -1, 64)), "+")...)
	case a != 0 && (a < 1e-4 || a >= 1e16):
		return strconv.AppendFloat(text, v, 'e', -1, 64)
	case v == math.Trunc(v):
		return strconv.AppendFloat(text, v, 'f', 1, 64)
	}
	return strconv.AppendFloat(text, v, 'f', -1, 64)
}

// quoteOf returns the quote that Python takes: double ones around a text with single ones only.
func quoteOf(s string) byte {
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		return '"'
	}
	return '\''
}

func appendPythonBytes(text, b []byte) []byte {
	quote := quoteOf(string(b))
	text = append(text, 'b', quote)
	for _, c := range b {
		text = appendPythonByte(text, c, quote)
	}
	return append(text, quote)
}

func appendPythonByte(text []byte, c, quote byte) []byte {
	switch {
	case c == quote || c == '\\':
		return append(text, '\\', c)
	case c == '\n':
		return append(text, `\n`...)
	case c == '\r':
		return append(text, `\r`...)
	case c == '\t':
		return append(text, `\t`...)
	case c < ' ' || c >= 0x7f:
		return fmt.Appendf(text, `\x%02x`, c)
	}
	return append(text, c)
}

func appendPythonString(text []byte, s string) []byte {
	quote := quoteOf(s)
	text = append(text, quote)
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf:
			text = appendPythonByte(text, byte(r), quote)
		case unicode.IsPrint(r):
			text = utf8.AppendRune(text, r)
		case r < 0x100:
			text = fmt.Appendf(text, `\x%02x`, r)
		case r < 0x10000:
			text = fmt.Appendf(text, `\u%04x`, r)
		default:
			text = fmt.Appendf(text, `\U%08x`, r)
		}
	}
	return append(text, quote)
}
