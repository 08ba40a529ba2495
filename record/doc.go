// Package record reads the bytes of a Fluent Bit chunk as a sequence of events.
//
// What enters is a chunk as Fluent Bit hands it to an output: concatenated msgpack values, [timestamp, record] or
// [[timestamp, metadata], record], with group markers between them. What leaves is, per event, its time and the values
// that a [Selector] asked for. One pass over the bytes does both: it checks the event, finds its end and picks its
// values.
//
// Every [Value] borrows the chunk, and every leaf path the chunk or its [Event]. No value is copied and nothing is
// allocated once an Event has grown to its size; what must outlive the chunk is for the caller to clone. Whoever keeps
// a Reader or an Event for the next chunk lets go of this one first, with [Reader.Reset] and [Event.Release].
//
// No input makes this package panic or read past the end of the chunk. Bytes that are no event are reported as a
// [Malformed] that says where and why.
package record
