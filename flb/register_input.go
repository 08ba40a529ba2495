package flb

/*
#include <stdlib.h>
#include "abi.h"
*/
import "C"

import (
	"unsafe"

	"github.com/fluent/fluent-bit-go/input"
)

// inputs are the registrations of the input plugin with their open inputs. It is global because calls from C have no
// receiver.
var inputs inputRegistrations

// RegisterInput is RegisterOutput for an input plugin.
func RegisterInput(def unsafe.Pointer, d Definition) int {
	if def == nil {
		return -1
	}
	C.promexporter_keep_fault_handlers()
	instanceNames.reset()
	if status := input.FLBPluginRegister(def, d.Name, d.Description); status != 0 {
		return status
	}
	if C.promexporter_takes_keys(def) != 0 {
		C.promexporter_set_keys(def, newKeys(d.Keys))
	}
	inputs.register(uintptr(def))
	return 0
}

// UnregisterInput frees what RegisterInput allocated for def, and releases the instances of this registration, for
// which the host calls no further callbacks. It returns what SetContext stored for each of them, in the order of their
// Init.
func UnregisterInput(def unsafe.Pointer) []any {
	if def == nil {
		return nil
	}
	if C.promexporter_takes_keys(def) != 0 {
		C.free(unsafe.Pointer(C.promexporter_keys(def)))
		C.promexporter_set_keys(def, nil)
	}
	input.FLBPluginUnregister(def)
	var gone []any
	for _, handle := range inputs.unregister(uintptr(def)) {
		if v, ok := ReleaseContext(handle); ok {
			gone = append(gone, v)
		}
	}
	return gone
}
