// Package output has the outputs of the development host: stdout prints chunks as Fluent Bit does, and null drops them.
package output

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/tinylib/msgp/msgp"

	"github.com/promexporter/promexporter/test/flbhost/property"
)

// Output takes a chunk and does not keep it. It is not safe for concurrent use.
type Output func(tag string, chunk []byte) error

// New returns the output of that name, or nil if this package has none. stdout prints to w.
func New(name string, l property.List, w io.Writer) (out Output, err error) {
	switch name {
	case "stdout":
		out = func(tag string, chunk []byte) error { return printChunk(w, tag, chunk) }
	case "null":
		out = func(string, []byte) error { return nil }
	default:
		return nil, nil
	}
	return out, property.Map{}.Check(name, l.Without(property.ReservedOutput))
}

// printChunk prints one line for each event:
//
//	[0] cpu.0: [[1700000000.000000000, {}], {"cpu_p"=>0.100000}]
func printChunk(w io.Writer, tag string, chunk []byte) error {
	var text []byte
	var err error
	for n := 0; err == nil && len(chunk) > 0; n++ {
		text = fmt.Appendf(text, "[%d] %s: [", n, tag)
		text, chunk, err = appendEvent(text, chunk)
		text = append(text, "]\n"...)
	}
	_, writeErr := w.Write(text)
	return errors.Join(err, writeErr)
}

var errNoEvent = errors.New("not an event")

// appendEvent prints [[time, metadata], record], and [time, record] as if it had empty metadata.
func appendEvent(b, in []byte) (out, rest []byte, err error) {
	n, in, err := msgp.ReadArrayHeaderBytes(in)
	if err != nil || n != 2 {
		return b, in, errNoEvent
	}
	if msgp.NextType(in) == msgp.ArrayType {
		b, in, err = appendValue(b, in)
	} else {
		b, in, err = appendValue(append(b, '['), in)
		b = append(b, ", {}]"...)
	}
	if err != nil {
		return b, in, err
	}
	return appendValue(append(b, ", "...), in)
}

// appendValue prints a value as Fluent Bit does; of binary and extension types only the time.
func appendValue(b, in []byte) (out, rest []byte, err error) {
	var n uint32
	switch msgp.NextType(in) {
	case msgp.MapType:
		n, in, err = msgp.ReadMapHeaderBytes(in)
		return appendList(b, in, "{}", 2*int(n), err)
	case msgp.ArrayType:
		n, in, err = msgp.ReadArrayHeaderBytes(in)
		return appendList(b, in, "[]", int(n), err)
	case msgp.StrType:
		var s []byte
		s, in, err = msgp.ReadStringZC(in)
		return append(append(append(b, '"'), s...), '"'), in, err
	case msgp.NilType:
		in, err = msgp.ReadNilBytes(in)
		return append(b, "nil"...), in, err
	case msgp.Float64Type:
		var f float64
		f, in, err = msgp.ReadFloat64Bytes(in)
		return strconv.AppendFloat(b, f, 'f', 6, 64), in, err
	case msgp.TimeType, msgp.ExtensionType:
		if len(in) < 10 || in[0] != 0xd7 {
			return b, in, errNoEvent
		}
		return fmt.Appendf(b, "%d.%09d", binary.BigEndian.Uint32(in[2:]), binary.BigEndian.Uint32(in[6:])), in[10:], nil
	default:
		var v any
		v, in, err = msgp.ReadIntfBytes(in)
		return fmt.Append(b, v), in, err
	}
}

// appendList prints n values between brackets; every second value of a map follows its key.
func appendList(b, in []byte, brackets string, n int, err error) (out, rest []byte, _ error) {
	b = append(b, brackets[0])
	for i := 0; i < n && err == nil; i++ {
		switch {
		case brackets == "{}" && i%2 == 1:
			b = append(b, "=>"...)
		case i > 0:
			b = append(b, ", "...)
		}
		b, in, err = appendValue(b, in)
	}
	return append(b, brackets[1]), in, err
}
