package flb

/*
#cgo linux LDFLAGS: -ldl
#include <stdlib.h>
#include "abi.h"
*/
import "C"

import (
	"unsafe"

	"github.com/fluent/fluent-bit-go/output"
)

// Status is what Init and flush return to the host.
type Status int

// The status codes of the host. Init returns OK or Error. After a flush that returns Retry, the host flushes the whole
// chunk again; after Error, it drops the chunk.
const (
	Error Status = 0
	OK    Status = 1
	Retry Status = 2
)

// Definition describes a plugin to the host.
type Definition struct {
	Name, Description string
	Keys              []Key // all keys that the plugin reads
	Events            Events
}

// Events is a set of the kinds of chunks that a plugin takes.
type Events int

// The kinds of chunks, as bits. Without any, a plugin gets logs.
const (
	Logs    Events = 1
	Metrics Events = 2
)

// outputs are the registrations of the output plugin. During a reload there are two of them.
var outputs registrations

// instanceNames are the names of the instances since the last registration. It is global because calls from C have no
// receiver.
var instanceNames names

// RegisterOutput fills the host's definition and returns 0, or -1 if def is nil. Hosts with config maps (5.1.1 and
// later) also get d.Keys: they refuse unknown and repeated keys before Init, and list the keys in their help. Hosts that
// ask for events (4.2.3 and later) also get d.Events. Its allocations belong to def until UnregisterOutput(def).
func RegisterOutput(def unsafe.Pointer, d Definition) int {
	if def == nil {
		return -1
	}
	C.promexporter_keep_fault_handlers()
	instanceNames.reset()
	if status := output.FLBPluginRegister(def, d.Name, d.Description); status != 0 {
		return status
	}
	outputs.register(uintptr(def))
	if d.Events != 0 && C.promexporter_takes_events(def) != 0 {
		C.promexporter_set_events(def, C.int(d.Events))
	}
	if C.promexporter_takes_keys(def) != 0 {
		C.promexporter_set_keys(def, newKeys(d.Keys))
	}
	return 0
}

// UnregisterOutput frees what RegisterOutput allocated for def. It does not affect instances, because during a reload
// they belong to the next registration.
func UnregisterOutput(def unsafe.Pointer) {
	if def == nil {
		return
	}
	if C.promexporter_takes_keys(def) != 0 {
		C.free(unsafe.Pointer(C.promexporter_keys(def)))
		C.promexporter_set_keys(def, nil)
	}
	output.FLBPluginUnregister(def)
	outputs.unregister(uintptr(def))
}

// Reloading reports, at the exit of an output, whether the host is about to open its outputs again: it registers the
// plugin for the new configuration before it closes the old one. The argument of PreExit is not reliable, because it
// keeps its value after a failed reload.
func Reloading() bool { return outputs.multiple() }

// Reloaded reports, at the Init of an output, whether the Init is part of a reload.
func Reloaded() bool { return outputs.hasReplaced() }
