// Package host calls Fluent Bit plugins, built as shared objects, in the way and in the order in which Fluent Bit calls
// them. It is for development and tests, and needs no Fluent Bit.
//
// A Go program cannot load a shared object written in Go. Therefore a small C program, the loader, opens it in a
// process of its own; CachedLoader compiles the loader from its sources in loader/. The loader knows how to call a
// plugin: the structs, the symbols, the threads and the small stacks. This package knows when, and drives the loader
// over a pair of pipes. The order of calls is in order.go.
//
// The caller provides the paths of shared objects, [INPUT] and [OUTPUT] sections, and chunks. The package returns the
// plugins' answers and records, their log lines and its own in Fluent Bit's format, and the exit state of the loader.
//
// A chunk belongs to the caller, who may reuse it when the call that takes it has returned. In the loader's process it
// is read-only, ends where an unreadable page begins, and disappears when the plugin has answered: a plugin that writes
// to it, reads past its end or keeps a pointer to it ends the loader's process.
//
// The caller also provides the timer of an input and decides what happens to its records. There is no memory limit:
// inputs pause only when the caller asks for it, and at the end.
package host
