package record

import (
	"bytes"
	"encoding/binary"
	"time"
)

// If a record was cut off and another one appended, as Fluent Bit does when a full disk truncated a file, the first
// record includes the events after it as its keys and values. Reading resumes where such an event starts. That is a
// guess, so only a time in the form that all versions of Fluent Bit write counts as a start: these twelve bytes do not
// occur in text by chance.

// timeOfEvent is the start of an event, or follows another 0x92 if the event has metadata.
const timeOfEvent = "\x92\xd7\x00"

// maxReread bounds the bytes that are read again because of wrong guesses, in multiples of the chunk. Without it, bytes
// that look like the starts of large events would take quadratic time.
const maxReread = 16

// resume returns the offset, from from and before to, where an event seems to start, or bad. It leaves the group,
// because the end of the group may be among the skipped bytes.
func (r *Reader) resume(from, to int) int {
	at := findEvent(r.chunk, from, to)
	if at < 0 || r.reread > maxReread*len(r.chunk) {
		return bad
	}
	r.reread += len(r.chunk) - at
	r.grouped = false
	return at
}

// findEvent returns the offset, from from and before to, where an event seems to start, or bad.
func findEvent(b []byte, from, to int) int {
	for i := from; i < to; {
		next := bytes.Index(b[i:], []byte(timeOfEvent))
		if next < 0 {
			return bad
		}
		at := i + next
		i = at + 1
		start := at
		if at > 0 && b[at-1] == timeOfEvent[0] {
			start--
		}
		if start >= from && start < to && isTimeOfEvent(b[at:]) {
			return start
		}
	}
	return bad
}

// isTimeOfEvent reports whether b, which starts with timeOfEvent, continues like an event.
func isTimeOfEvent(b []byte) bool {
	return len(b) > 11 && binary.BigEndian.Uint32(b[7:]) < uint32(time.Second) && isMap(b[11])
}
