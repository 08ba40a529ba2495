// Package flb connects Go plugins to Fluent Bit, the host. It has everything that depends on how Fluent Bit calls a Go
// plugin, and nothing that depends on what the plugin does. It uses fluent-bit-go where possible, and adds what that
// package lacks.
//
// Input: pointers of the host, as unsafe.Pointer or uintptr, which the exported functions of a plugin pass on. Output:
// Go values. Neither C types nor pointers into the memory of the host leave the package.
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
//   - What SetContext stores in the host is a number, never a pointer: it identifies an entry of the table of
//     runtime/cgo.Handle. ReleaseContext deletes it, for an input UnregisterInput. Numbers are not used again, so a
//     stale one finds nothing.
//   - The records of an input are Go memory, lent by a PinnedBuffer from a callback to the
//     cleanup that follows it.
//
// # Versions
//
// The host does not report its version. Its structures have only grown at the end, so the size of their allocation
// determines which fields exist:
//
//	definition   32 bytes up to 4.2.2, 40 (event_type) from 4.2.3, 48 (config_map) from 5.1.1
//	api          8 bytes up to 1.9, 56 (log functions) from 2.0, 72 from 4.0.3
//	context of an input: 16 bytes up to 4.0, not passed to callbacks; 24 from 4.1
//
// malloc_usable_size may return more than was allocated (jemalloc: 48 for 40), but never less. A field is written only
// if it lies inside the allocation, so at worst, a host that does not know the field stores 8 bytes that it does not
// read. event_type is never written: its initial value 0 means logs.
//
// The context of an input is too small for this method, because allocators may round both sizes up to the same one. Its
// version is determined by the values that the host has stored in it.
//
// Functions and data of the host are looked up by name: flb_output_name and flb_input_name return the name of an
// instance, and the array output_global_properties shows the size of an entry of a config map.
//
// # Process-wide state
//
// Calls from C have no receiver, so these things are global: the table of handles, the names of instances since the
// last registration, the inputs of each registration, and the fault handlers to restore. A nil dereference can be
// recovered only while the signal handlers of the Go runtime are installed, and the host replaces them on SIGHUP and
// SIGCONT. Therefore every function that the host calls restores them. Because a fault can also happen between such
// calls, this package installs its own handlers for these two signals, which call the host's handler and then restore
// those of the runtime.
//
// # Threads
//
// The host calls Register and Unregister on the main thread; Init and exit of an output on the engine's thread; flush
// on the engine's thread or a worker's, with a stack as small as 24 KiB; and all functions of an input on one thread
// per input (with threaded off, the engine's). All functions of this package may be called from any thread. Loggers may
// be used by any goroutine until the process ends, because they copy what they need from the host at Init.
package flb
