package input

import (
	"encoding/binary"
	"time"

	"github.com/tinylib/msgp/msgp"
)

// appendHead appends the start of an event, [[time, metadata], up to the record.
func appendHead(b []byte, now time.Time, metadata []byte) []byte {
	b = msgp.AppendArrayHeader(b, 2)
	b = msgp.AppendArrayHeader(b, 2)
	b = append(b, 0xd7, 0x00) // fixext 8 of type 0, which is Fluent Bit's time
	b = binary.BigEndian.AppendUint32(b, uint32(now.Unix()))
	b = binary.BigEndian.AppendUint32(b, uint32(now.Nanosecond()))
	return append(b, metadata...)
}

// appendMap32 appends a map header of five bytes however few fields there are: so does Fluent Bit's encoder.
func appendMap32(b []byte, fields int) []byte {
	return binary.BigEndian.AppendUint32(append(b, 0xdf), uint32(fields))
}

// noMetadata is what Fluent Bit's encoder writes for none.
var noMetadata = appendMap32(nil, 0)

func appendFloat(b []byte, key string, v float64) []byte {
	return msgp.AppendFloat64(msgp.AppendString(b, key), v)
}

func appendUint(b []byte, key string, v uint64) []byte {
	return msgp.AppendUint64(msgp.AppendString(b, key), v)
}
