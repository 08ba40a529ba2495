package record

import (
	"fmt"
	"io"
)

// Reason says why bytes of a chunk are no event.
type Reason string

// The reasons of a Malformed.
const (
	Undecodable  Reason = "undecodable"   // no msgpack, cut off, or a map whose keys are containers
	NotEvent     Reason = "not_an_event"  // a value that is not [time, record] or [[time, metadata], record]
	BadTimestamp Reason = "bad_timestamp" // an event whose time is in no form that Fluent Bit writes
	BadRecord    Reason = "bad_record"    // an event whose record or metadata is no map

	// These are about whole chunks, see Signal.
	OldMetricsChunk Reason = "old_metrics"    // in the layout of Fluent Bit 1.8 and 1.9
	TracesChunk     Reason = "traces_chunk"   // traces
	ProfilesChunk   Reason = "profiles_chunk" // profiles
)

// Reasons lists all reasons.
var Reasons = [...]Reason{Undecodable, NotEvent, BadTimestamp, BadRecord, OldMetricsChunk, TracesChunk, ProfilesChunk}

// Malformed reports bytes that are no event. It is valid until the next call of the Reader's methods.
type Malformed struct {
	Reason Reason
	Offset int // where the bytes start in the chunk
	Size   int // how many were passed over
}

// Error says what was found and where.
func (m *Malformed) Error() string {
	return fmt.Sprintf("%s: %d bytes at offset %d of the chunk", m.Reason, m.Size, m.Offset)
}

// Reader reads the events of a chunk. The zero Reader reads nothing; call Reset first. A Reader is for one goroutine at
// a time.
type Reader struct {
	chunk     []byte
	at        int
	selector  *Selector
	grouped   bool
	group     Event // holds the values of the group paths
	malformed Malformed
}

// Reset starts reading chunk, which the Reader borrows until the next Reset. Reset(nil, nil) lets go of it without
// starting another.
func (r *Reader) Reset(chunk []byte, selector *Selector) {
	r.chunk, r.at, r.selector, r.grouped = chunk, 0, selector, false
	r.group.Release()
}

// Next reads the next event into e and returns nil. It returns io.EOF at the end of the chunk, and a *Malformed for
// bytes that are no event. Reading goes on after a Malformed as long as the place of the next event is certain;
// otherwise the Malformed spans the rest of the chunk and io.EOF follows.
//
// The markers that open and close a group are not events: Next takes the fields that the Selector wants of them and
// reads on.
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

// readMarker opens or closes a group with the marker whose maps start at offset i. A marker that is malformed closes
// the group: what follows it must not inherit from a group that it may not stand in.
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

// inherit gives e the values that its group carries.
func (r *Reader) inherit(e *Event) {
	e.Grouped = true
	for _, slot := range r.selector.inherited {
		e.Values[slot] = r.group.Values[slot]
	}
}

// reject reports the bytes from r.at on as malformed and decides where reading goes on. Only what is msgpack from end
// to end can be passed over, and only if an event could follow: without these checks a chunk that was cut and joined
// would be read from the middle of a string.
func (r *Reader) reject(reason Reason) *Malformed {
	start, end := r.at, len(r.chunk)
	next := skip(r.chunk, start)
	// Nils, which some writers leave behind, are passed over together.
	for next > 0 && next < end && r.chunk[start] == nilByte && r.chunk[next] == nilByte {
		next++
	}
	switch {
	case next < 0:
		reason = Undecodable
	case reason != Undecodable && (next == end || startsArray(r.chunk[next])):
		end = next
	}
	r.at = end
	r.malformed = Malformed{Reason: reason, Offset: start, Size: end - start}
	return &r.malformed
}

const nilByte = 0xc0

// startsArray reports whether c can be the first byte of an event.
func startsArray(c byte) bool { return c == 0x92 || c == 0xdc || c == 0xdd }
