package record

import (
	"encoding/binary"
	"math"
	"time"
)

// head is what stands in front of the maps of an event.
type head struct {
	nanos    int64
	marker   marker
	metadata bool // whether a map of metadata comes before the body
}

// marker tells events from the pseudo-events that open and close a group.
type marker uint8

const (
	notMarker marker = iota
	groupStart
	groupEnd
)

// The seconds of an EventTime that mark a group. All others, 0xFFFFFFFD included, are times.
const (
	groupStartSeconds = 0xFFFFFFFF
	groupEndSeconds   = 0xFFFFFFFE
)

// commonHead is how an event of every Fluent Bit since 2.1 starts: two arrays of two, and an EventTime of eight bytes.
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

// timestamp reads the time at b[i] and returns the offset behind it, or bad when the value is in none of Fluent Bit's
// forms: a non-negative integer or float of seconds, or an extension of type 0 and eight bytes.
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

// eventTime reads the payload of an EventTime: seconds and nanoseconds, 32 bits each. It returns false for the seconds
// of a marker with nanoseconds, which Fluent Bit refuses as well.
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

// maxSeconds is the last second that int64 nanoseconds reach with a fraction to spare, in the year 2262.
const maxSeconds = math.MaxInt64/int64(time.Second) - 1

// seconds turns whole seconds into nanoseconds, holding them within maxSeconds.
func seconds(n uint64) int64 {
	return int64(min(n, uint64(maxSeconds))) * int64(time.Second)
}

// fractional turns seconds into nanoseconds, holding them within maxSeconds. ok is false for what is no time.
func fractional(f float64) (nanos int64, ok bool) {
	if !(f >= 0) || math.IsInf(f, 1) {
		return 0, false
	}
	whole, fraction := math.Modf(min(f, float64(maxSeconds)))
	return seconds(uint64(whole)) + int64(fraction*float64(time.Second)), true
}
