package record

import (
	"fmt"
	"io"
)

// Reason is why bytes of a chunk are not an event.
type Reason string

// The reasons of a Malformed.
const (
	Undecodable  Reason = "undecodable"   // not msgpack, or truncated
	NotEvent     Reason = "not_an_event"  // a value that is not [time, record] or [[time, metadata], record]
	BadTimestamp Reason = "bad_timestamp" // an event whose time does not have a form that Fluent Bit writes
	BadRecord    Reason = "bad_record"    // an event whose record or metadata is not a map
	BadKey       Reason = "bad_key"       // an event with a map or an array as a key

	// These are about whole chunks, see Signal.
	OldMetricsChunk Reason = "old_metrics"    // in the layout of Fluent Bit 1.8 and 1.9
	TracesChunk     Reason = "traces_chunk"   // traces
	ProfilesChunk   Reason = "profiles_chunk" // profiles
)

// Reasons lists all reasons.
var Reasons = [...]Reason{Undecodable, NotEvent, BadTimestamp, BadRecord, BadKey, OldMetricsChunk, TracesChunk, ProfilesChunk}

// Malformed reports bytes that are not an event. It is valid until the next call of a method of the Reader.
type Malformed struct {
	Reason Reason
	Offset int // where the bytes start in the chunk
	Size   int // number of bytes skipped
}

// Error returns the reason, the offset and the size.
func (m *Malformed) Error() string {
	return fmt.Sprintf("%s: %d bytes at offset %d of the chunk", m.Reason, m.Size, m.Offset)
}

// Reader reads the events of a chunk. The zero Reader has no events; call Reset first. A Reader is for one goroutine at
// a time.
type Reader struct {
	chunk     []byte
	at        int
	selector  *Selector
	grouped   bool
	group     Event // holds the values of the group paths
	malformed Malformed
	reread    int // bytes that were read again at most, see resume
}

// Reset starts reading chunk, which the Reader borrows until the next Reset. Reset(nil, nil) releases the chunk.
func (r *Reader) Reset(chunk []byte, selector *Selector) {
	r.chunk, r.at, r.selector, r.grouped, r.reread = chunk, 0, selector, false, 0
	r.group.Release()
}

// Next reads the next event into e and returns nil. It returns io.EOF at the end of the chunk, and a *Malformed for
// bytes that are not an event. After a Malformed, reading continues where the next event is or seems to be; if there is
// none, the Malformed covers the rest of the chunk and io.EOF follows.
//
// The markers that start and end a group are not events: Next reads the fields that the Selector needs from them and
// continues.
func (r *Reader) Next(e *Event) error {
	for r.at < len(r.chunk) {
		h, i, reason := readHead(r.chunk, r.at)
		if reason != "" {
			return r.reject(reason)
		}
		if h.marker != notMarker {
			if reason = r.readMarker(h, i); reason != "" {
				return r.reject(reason)
			}
			continue
		}
		e.reset(r.selector.slots)
		e.Time = h.nanos
		w := walk{b: r.chunk, event: e}
		if i, reason = w.walkEvent(i, h, &r.selector.event); reason != "" {
			return r.reject(reason)
		}
		r.at = i
		if r.grouped {
			r.inherit(e)
		}
		r.selector.copyDuplicates(e)
		return nil
	}
	return io.EOF
}

// readMarker starts or ends a group with the marker whose maps start at offset i. A malformed marker ends the group,
// because the events after it may not belong to the group.
func (r *Reader) readMarker(h head, i int) Reason {
	r.grouped = false
	r.group.reset(r.selector.slots)
	w := walk{b: r.chunk, event: &r.group}
	i, reason := w.walkEvent(i, h, &r.selector.group)
	if reason == "" {
		r.at, r.grouped = i, h.marker == groupStart
	}
	return reason
}

// inherit copies the values of the group to e.
func (r *Reader) inherit(e *Event) {
	e.Grouped = true
	for _, slot := range r.selector.inherited {
		e.Values[slot] = r.group.Values[slot]
	}
}

// reject reports the bytes from r.at on as malformed and decides where reading continues: after them if they are
// complete msgpack and an event may follow, otherwise where an event seems to start. Without these checks, a chunk of
// joined fragments would be read from the middle of a string.
func (r *Reader) reject(reason Reason) *Malformed {
	start, end := r.at, len(r.chunk)
	next := skip(r.chunk, start)
	// Nils, which some writers leave behind, are skipped together.
	for next > 0 && next < end && r.chunk[start] == nilByte && r.chunk[next] == nilByte {
		next++
	}
	switch {
	case next < 0:
		reason, next = Undecodable, r.resume(start+1, end)
	default:
		reason, next = r.pass(reason, next)
	}
	if next < 0 {
		next = end
	}
	r.at = next
	r.malformed = Malformed{Reason: reason, Offset: start, Size: next - start}
	return &r.malformed
}

// pass decides where to read on after the malformed event from r.at to next, or returns bad.
func (r *Reader) pass(reason Reason, next int) (Reason, int) {
	if reason == Undecodable || reason == BadRecord { // the value may hold the events that follow a cut
		if at := r.resume(r.at+1, next); at > 0 {
			return Undecodable, at
		}
	}
	if reason == Undecodable { // although it is msgpack
		reason = BadKey
	}
	if next < len(r.chunk) && !startsArray(r.chunk[next]) {
		next = r.resume(next, len(r.chunk))
	}
	return reason, next
}

const nilByte = 0xc0

// startsArray reports whether c can be the first byte of an event.
func startsArray(c byte) bool { return c == 0x92 || c == 0xdc || c == 0xdd }
