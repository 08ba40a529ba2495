// Package cmetrics reads metrics events: what the metrics inputs of Fluent Bit produce, in the msgpack of its library
// cmetrics.
//
// What enters is a chunk of contexts, one after the other. A [Context] holds metric families with their points, which a
// program reads one at a time:
//
//	r.Reset(chunk)
//	for r.Next(&context) == nil {
//		for context.Next(&family) == nil {
//			for family.Next(&point) == nil {
//
// The reader knows every layout that Fluent Bit 2.0 to 5.1 writes. It goes by the names of keys: unknown keys are
// passed over, and only a type, a name and a value are required. What it returns is raw: a family may occur several
// times in a context, even with other labels, and so may a series. Whether the buckets of a histogram are cumulative is
// not in the bytes; see [Point.Cumulate].
//
// All texts borrow the chunk. What is not text is in memory that the next call overwrites, and that a later chunk uses
// again, so reading allocates nothing once the memory has grown. No bytes make this package panic or take more than
// linear time. A context is read only if all of its bytes are msgpack, so a chunk that was cut loses the context that
// was cut and no other.
//
// # Bounds
//
// What is beyond these is marked as TooLarge: 128 labels of a family or a point, 2048 buckets, 128 quantiles, and 1024
// bytes of a name.
package cmetrics
