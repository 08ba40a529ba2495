// Package record reads the bytes of a Fluent Bit chunk as a sequence of events.
//
// Its input is a chunk as Fluent Bit passes it to an output: concatenated msgpack values, [timestamp, record] or
// [[timestamp, metadata], record], with markers of groups between them. Its output is, for each event, the time and the
// values for a [Selector]. A single pass over the bytes checks the event, finds its end and reads its values.
//
// A [Value] borrows the chunk, and the path of a leaf borrows the chunk or its [Event]. Values are not copied, and
// nothing is allocated after an Event has grown to its size. Callers copy what must outlive the chunk. A Reader or
// Event that is kept for the next chunk must be released with [Reader.Reset] or [Event.Release] first.
//
// No input makes this package panic or read past the end of the chunk. Bytes that are not an event are reported as a
// [Malformed] with position and reason.
package record
