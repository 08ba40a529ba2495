// Package pipeline joins the rooms of one [OUTPUT] section: what Fluent Bit
// flushes goes through record and rule into the collector, and what the
// exporter serves comes out of it.
//
// A Pipeline is opened once per section, flushed by Fluent Bit's threads, and
// closed. It borrows a chunk for the time of Flush only. This is the one place
// that reads the clock, and the one that turns errors into Fluent Bit's answers.
//
// New rules come into force between two chunks, when their file changes or when
// somebody asks for it over HTTP; bad ones never do.
package pipeline
