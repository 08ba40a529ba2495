// Package receive turns metrics events into points for the collector.
//
// What enters is a chunk of package cmetrics and its tag; what leaves is a batch of [collector.Point]. In between,
// repeated and static labels become one set, OTLP's names and resources become those of Prometheus, rules change
// and drop points, and what no page could show is refused with a reason.
//
// A [Scratch] is the memory for it. It allocates nothing once it has met the names of a chunk, borrows the chunk until
// Release, and is for one goroutine at a time.
package receive
