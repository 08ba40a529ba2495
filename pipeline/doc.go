// Package pipeline runs one [OUTPUT] section: it passes what Fluent Bit flushes through record and rule to the
// collector, and serves the series of the collector through the exporter.
//
// A Pipeline is opened once per section, flushed by Fluent Bit's threads, and closed. It borrows a chunk only during
// Flush. On the way of a chunk, this is the only package that reads the clock, and the only one that turns errors into
// answers to Fluent Bit.
//
// When the rules file changes or a client requests a reload, new rules become active between two chunks. Invalid rules
// never become active.
package pipeline
