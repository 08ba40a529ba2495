// Package pipeline runs one [OUTPUT] section: what Fluent Bit flushes goes through record and rule into the collector,
// and the exporter serves what the collector holds.
//
// A Pipeline is opened once per section, flushed by Fluent Bit's threads, and closed. It borrows a chunk during Flush
// only. It is the only package that reads the clock, and the only one that turns errors into answers to Fluent Bit.
//
// New rules take effect between two chunks, when their file changes or a client asks for a reload. Invalid rules never
// take effect.
package pipeline
