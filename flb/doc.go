// Package flb is the C side of the plugin: everything that knows how Fluent Bit calls a Go plugin, and nothing that
// knows what the plugin does. It fills the gaps of fluent-bit-go, which it uses where it serves.
//
// What enters: the host's pointers, as unsafe.Pointer or uintptr, in the functions that main calls from its exports.
// What leaves: Go values only. No C type and no pointer into the host's memory passes the border.
//
// # Who owns memory
//
//   - The definition, the plugin structure, the instance and its context are the host's. They are read and written
//     during the call that passes them and never kept: the plugin structure is shared by all instances and rewritten
//     by every Init, the instance is freed after exit.
//   - Strings that the host hands out are copied at once.
//   - Name, description and config map that RegisterOutput and RegisterInput hang on a definition are this package's,
//     in C memory, and freed by UnregisterOutput and UnregisterInput for the same definition. Reload registers the new
//     definition before it unregisters the old one, so each has its own.
//   - What SetContext stores in the host is a number, never a pointer: it names an entry of the table behind
//     runtime/cgo.Handle. ReleaseContext deletes it, for an input UnregisterInput. Numbers are not used again, so a
//     stale one finds nothing.
//   - The records of an input are Go memory, lent by a PinnedBuffer from a callback to the
//     cleanup that follows it.
//
// # Versions
//
// The host does not tell its version. Structures only ever grew at their end, so the size of the allocation that holds
// them says what may be touched:
//
//	definition   32 bytes up to 4.2.2, 40 (event_type) from 4.2.3, 48 (config_map) from 5.1.1
//	api          8 bytes up to 1.9, 56 (log functions) from 2.0, 72 from 4.0.3
//	context      of an input: 16 bytes up to 4.0, and no callback is told of it; 24 from 4.1
//
// malloc_usable_size may answer more than was asked for (jemalloc: 48 for 40), never less: a slot is written only where
// it lies inside the allocation, so that at worst a host that does not know the slot carries 8 bytes that it never
// reads. event_type is never written: 0, which such hosts start from, means logs.
//
// The context of an input is too small for that: a size that was asked for and the next one may be rounded up to the
// same. Which it is shows in what the host has put there.
//
// The host's own functions, by contrast, are looked up by name: flb_output_name and flb_input_name for the name of an
// instance, and the array output_global_properties, which shows how long an entry of a config map is.
//
// # Process-wide state
//
// The C boundary has no receiver, so these things are global: the table of handles, the names given since the last
// registration, the inputs of each registration, and the fault handlers to restore. The last is why every way in looks
// at them: a nil dereference can be recovered only as long as the Go runtime's handlers are in place, and the host
// takes them away on SIGHUP and SIGCONT. Not every fault follows a way in, so this package also puts a handler in front
// of the host's for these two, which calls the host's and looks then.
//
// # Threads
//
// Register and Unregister come on the main thread, Init and exit of an output on the engine's, everything of an input
// on one thread that is its own (with threaded off, the engine's), flush on the engine's or on a worker's, on a stack
// as small as 24 KiB. Everything here may be called from any thread. Loggers work from any goroutine, for as long as
// the process lives: what they need of the host was copied at Init.
package flb
