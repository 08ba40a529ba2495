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

// Status is what Init and flush answer the host.
type Status int

// The host's codes. Init answers OK or Error; to a flush Retry means that the whole chunk comes again, Error that the
// host drops it.
const (
	Error Status = 0
	OK    Status = 1
	Retry Status = 2
)

// Definition is what the host learns of a plugin when it loads it.
type Definition struct {
	Name, Description string
	Keys              []Key // every key of a section that the plugin reads
	Events            Events
}

// Events is a set of the kinds of chunks that a plugin takes.
type Events int

// The kinds of chunks, as bits. Without any, a plugin gets logs.
const (
	Logs    Events = 1
	Metrics Events = 2
)

// outputs are the registrations of the output plugin, of which a reload has two for a while.
var outputs generations

// given holds the names of the instances since the last registration. The C boundary has no receiver that could hold it.
var given names

// RegisterOutput fills the host's definition and returns 0, or -1 if there is none to fill. Hosts that take a config map
// (5.1.1 and later) get d.Keys as well: they refuse unknown and repeated keys by name before Init, and list the keys in
// their help. Hosts that ask for events (4.2.3 and later) get d.Events; older ones send logs only. What it allocates belongs to def until UnregisterOutput(def).
func RegisterOutput(def unsafe.Pointer, d Definition) int {
	if def == nil {
		return -1
	}
	C.promexporter_keep_faults()
	given.reset()
	if status := output.FLBPluginRegister(def, d.Name, d.Description); status != 0 {
		return status
	}
	outputs.begin(uintptr(def))
	if d.Events != 0 && C.promexporter_takes_events(def) != 0 {
		C.promexporter_set_events(def, C.int(d.Events))
	}
	if C.promexporter_takes_keys(def) != 0 {
		C.promexporter_set_keys(def, newKeys(d.Keys))
	}
	return 0
}

// UnregisterOutput frees what RegisterOutput allocated for def. Instances are not touched: during a reload those of the
// next registration exist by then.
func UnregisterOutput(def unsafe.Pointer) {
	if def == nil {
		return
	}
	if C.promexporter_takes_keys(def) != 0 {
		C.free(unsafe.Pointer(C.promexporter_keys(def)))
		C.promexporter_set_keys(def, nil)
	}
	output.FLBPluginUnregister(def)
	outputs.end(uintptr(def))
}

// Reloading reports, at the exit of an output, whether the host is about to open its outputs again: it registers the
// plugin for the new configuration before it closes the old one. What it says of itself, the argument of PreExit, still
// stands after a reload that failed.
func Reloading() bool { return outputs.several() }

// Reloaded reports, at the Init of an output, whether it is part of a reload.
func Reloaded() bool { return outputs.ended() }
