package jsonpack

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/tinylib/msgp/msgp"
)

// AppendHead appends the start of an event as Fluent Bit writes it, up to its record. metadata is a map in msgpack, or
// empty.
func AppendHead(b []byte, nanos int64, metadata []byte) []byte {
	b = appendTime(append(b, 0x92, 0x92), nanos)
	if len(metadata) == 0 {
		return append(b, 0x80)
	}
	return append(b, metadata...)
}

// lastSecond is the last one that is a time: the two above mark groups.
const lastSecond = math.MaxUint32 - 2

func appendTime(b []byte, nanos int64) []byte {
	seconds := nanos / int64(time.Second)
	if nanos < 0 || seconds > lastSecond {
		return msgp.AppendFloat64(b, max(float64(nanos)/1e9, 0))
	}
	b = append(b, 0xd7, 0x00)
	b = binary.BigEndian.AppendUint32(b, uint32(seconds))
	return binary.BigEndian.AppendUint32(b, uint32(nanos%int64(time.Second)))
}

// Time reads a JSON number of seconds since 1970, or a time in quotes as in RFC 3339, in nanoseconds. Times before 1970
// and after 2262 are not ok.
func Time(value []byte) (nanos int64, ok bool) {
	text := string(value)
	if quoted, isText := strings.CutPrefix(text, `"`); isText {
		t, err := time.Parse(time.RFC3339Nano, strings.TrimSuffix(quoted, `"`))
		nanos = t.UnixNano() // which overflows in the years before 1678 and after 2262
		return nanos, err == nil && nanos >= 0 && time.Unix(0, nanos).Equal(t)
	}
	whole, fraction, _ := strings.Cut(text, ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err == nil && len(fraction) <= 18 && isDigits(fraction) && seconds >= 0 && seconds < math.MaxInt64/int64(time.Second) {
		n, _ := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
		return seconds*int64(time.Second) + n, true
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !(f >= 0) || f > float64(math.MaxInt64/int64(time.Second)) {
		return 0, false
	}
	return int64(f * float64(time.Second)), true
}

func isDigits(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}
