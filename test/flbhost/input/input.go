// Package input makes events as Fluent Bit's inputs cpu, mem and dummy do: the same keys in the same order, with values
// of the same types, in the same msgpack.
package input

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/promexporter/promexporter/test/flbhost/property"
)

// Input is an instance of an input. It is not safe for concurrent use.
type Input struct {
	Interval time.Duration // from one Collect to the next

	// Collect appends the events of now to b, whole events only, and returns the result. The caller may call it again
	// after an error.
	Collect func(now time.Time, b []byte) ([]byte, error)
}

// New returns the input of that name with the properties of its section; ok is false if this package has none. proc is
// where procfs is mounted.
func New(name string, l property.List, proc string) (in Input, ok bool, err error) {
	l = l.Without(property.ReservedInput)
	var keys property.Map
	switch name {
	case "cpu":
		in, err = newCPU(proc)
	case "mem":
		in = newMem(proc)
	case "dummy":
		keys = property.Map{{Name: "dummy"}, {Name: "rate"}, {Name: "samples"}, {Name: "copies"}}
		in, err = newDummy(l)
	default:
		return Input{}, false, nil
	}
	if wrong := keys.Check(name, l); wrong != nil {
		return in, true, wrong
	}
	if err != nil {
		return in, true, fmt.Errorf("[input:%s] %w", name, err)
	}
	return in, true, nil
}

// appendHead appends the start of an event, [[time, metadata], up to the record.
func appendHead(b []byte, now time.Time, metadata ...byte) []byte {
	b = append(b, 0x92, 0x92, 0xd7, 0x00) // two arrays of two, and extension type 0, which is Fluent Bit's time
	b = binary.BigEndian.AppendUint32(b, uint32(now.Unix()))
	b = binary.BigEndian.AppendUint32(b, uint32(now.Nanosecond()))
	return append(b, metadata...)
}

// appendMap32 appends a map header of five bytes, whatever the number of fields, as Fluent Bit's encoder does.
func appendMap32(b []byte, fields int) []byte {
	return binary.BigEndian.AppendUint32(append(b, 0xdf), uint32(fields))
}
