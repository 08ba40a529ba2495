// Package host calls Fluent Bit plugins, built as shared objects, in the way and in the order in which Fluent Bit calls
// them. It is for development and tests: no Fluent Bit is needed.
//
// A shared object written in Go cannot be loaded by a Go program, so a small C program, the loader, opens it in a
// process of its own; its sources are in loader/ and BuildLoader compiles them. The loader knows how to call a plugin:
// the structs, the symbols, the threads, the small stacks. This package knows when, and drives the loader over a pair
// of pipes. The order of calls is in order.go.
//
// What enters: the paths of shared objects, [INPUT] and [OUTPUT] sections, chunks. What leaves: the plugins' answers and
// records, the log lines of plugins and host in Fluent Bit's format, and how the loader ended.
//
// A chunk belongs to the caller, and may be used again once the call that takes it has returned. In the loader's
// process it lies in memory that cannot be written, ends where an unreadable page begins, and is gone when the plugin
// has answered: a plugin that writes to it, reads past its end or keeps it ends the loader's process.
//
// The timer of an input, and what becomes of its records, are the caller's business. There is no limit on memory here,
// so that nothing but the caller and the end pause an input.
package host
