package record

import (
	"encoding/binary"
	"math"
	"time"
)

// head is the part of an event before its maps.
type head struct {
	nanos    int64
	marker   marker
	metadata bool // a map of metadata precedes the body
}

// marker distinguishes events from the markers that start and end a group.
type marker uint8

const (
	notMarker marker = iota
	groupStart
	groupEnd
)

// The seconds of an EventTime that mark a group. All others, including 0xFFFFFFFD, are times.
const (
	groupStartSeconds = 0xFFFFFFFF
	groupEndSeconds   = 0xFFFFFFFE
)

// commonHead is the start of events of Fluent Bit since 2.1: two arrays of two elements, and an EventTime of eight
// bytes.
const commonHead = 0x9292d700

// readHead reads the head of the event at b[i] and returns the offset of its first map, or bad and the reason.
func readHead(b []byte, i int) (h head, next int, reason Reason) {
	if len(b)-i >= 12 && binary.BigEndian.Uint32(b[i:]) == commonHead {
		h.metadata, next = true, i+12
		if !h.eventTime(b[i+4 : i+12]) {
			return h, bad, BadTimestamp
		}
		return h, next, ""
	}
	count, i := container(b, i, Array)
	if i < 0 || count != 2 {
		return h, bad, NotEvent
	}
	if pair, at := container(b, i, Array); at >= 0 {
		if pair != 2 {
			return h, bad, NotEvent
		}
		h.metadata, i = true, at
	}
	if next = h.timestamp(b, i); next < 0 {
		return h, bad, BadTimestamp
	}
	return h, next, ""
}

// timestamp reads the time at b[i] and returns the offset after it. It returns bad unless the value has a form that
// Fluent Bit writes: a non-negative integer or float of seconds, or an extension of type 0 with eight bytes.
func (h *head) timestamp(b []byte, i int) int {
	var v Value
	next := decode(b, i, &v)
	ok := false
	switch v.kind {
	case Uint:
		h.nanos, ok = seconds(v.Uint()), true
	case Int:
		h.nanos, ok = seconds(uint64(v.Int())), v.Int() >= 0
	case Float:
		h.nanos, ok = fractional(float(v.raw))
	case Extension:
		// The type is the byte before the payload.
		ok = b[next-len(v.raw)-1] == 0 && len(v.raw) == 8 && h.eventTime(v.raw)
	}
	if !ok {
		return bad
	}
	return next
}

// eventTime reads the payload of an EventTime: seconds and nanoseconds, 32 bits each. It returns false for a marker
// with nanoseconds, which Fluent Bit also refuses.
func (h *head) eventTime(payload []byte) bool {
	sec, nsec := binary.BigEndian.Uint32(payload), binary.BigEndian.Uint32(payload[4:])
	switch sec {
	case groupStartSeconds:
		h.marker = groupStart
		return nsec == 0
	case groupEndSeconds:
		h.marker = groupEnd
		return nsec == 0
	}
	h.nanos = int64(sec)*int64(time.Second) + int64(nsec)
	return true
}

// maxSeconds is the last second that fits in int64 nanoseconds with any fraction, in the year 2262.
const maxSeconds = math.MaxInt64/int64(time.Second) - 1

// seconds converts seconds to nanoseconds, limited to maxSeconds.
func seconds(n uint64) int64 {
	return int64(min(n, uint64(maxSeconds))) * int64(time.Second)
}

// fractional converts seconds to nanoseconds, limited to maxSeconds. ok is false if f is not a time.
func fractional(f float64) (nanos int64, ok bool) {
	if !(f >= 0) || math.IsInf(f, 1) {
		return 0, false
	}
	whole, fraction := math.Modf(min(f, float64(maxSeconds)))
	return seconds(uint64(whole)) + int64(fraction*float64(time.Second)), true
}
