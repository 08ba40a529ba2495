package record

import (
	"bytes"
	"encoding/binary"
	"time"
)

// Where a record was cut off and another one joined, as Fluent Bit does when it appends to what a full disk has cut,
// the first one takes the events that follow for its own keys and values. Reading resumes where such an event starts.
// That is a guess, so only the time in the form in which every Fluent Bit writes it counts as a start: these twelve
// bytes are not found in a text by chance.

// timeOfEvent begins an event, or comes second after another 0x92 if the event has metadata.
const timeOfEvent = "\x92\xd7\x00"

// maxReread bounds how much is read again because of guesses, in chunks. Without it, bytes that look like the starts of
// large events would cost time that grows with their square.
const maxReread = 16

// resume returns where an event seems to start, not before from and before to, or bad. Of a group that reading was in,
// the end may be among the bytes in between.
func (r *Reader) resume(from, to int) int {
	at := findEvent(r.chunk, from, to)
	if at < 0 || r.reread > maxReread*len(r.chunk) {
		return bad
	}
	r.reread += len(r.chunk) - at
	r.grouped = false
	return at
}

// findEvent returns where an event seems to start, not before from and before to, or bad.
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

// isTimeOfEvent reports whether b, which starts with timeOfEvent, goes on as an event does.
func isTimeOfEvent(b []byte) bool {
	return len(b) > 11 && binary.BigEndian.Uint32(b[7:]) < uint32(time.Second) && isMap(b[11])
}
