// Package input makes events as Fluent Bit's inputs cpu, mem, dummy and tail do: the same keys, in the same order, with
// values of the same types, in the same msgpack.
//
// What enters: the properties of an [INPUT] section, /proc, files, and the time, which no input looks up by itself.
// What leaves: events, appended to the caller's bytes, and nothing is kept of those.
package input
