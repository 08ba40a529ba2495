package flbtest

/*
#include "host.h"
*/
import "C"

import (
	"errors"
	"unsafe"
)

// InputVersions are those of Versions that have inputs written in Go.
var InputVersions = Versions[1:]

// Input is one [INPUT] section with the structures that FLBPluginInit reads.
type Input struct{ i *Instance }

// NewInput is NewInstance for an input.
func NewInput(v Version, name string, logLevel int, properties ...string) *Input {
	in := &Input{NewInstance(v, name, logLevel, properties...)}
	C.test_input_context(in.i.plugin, in.since41())
	return in
}

func (in *Input) since41() C.int {
	if in.i.version.InputContexts {
		return 1
	}
	return 0
}

// Pointer is what FLBPluginInit gets.
func (in *Input) Pointer() unsafe.Pointer { return in.i.Pointer() }

// Context is what the callbacks get, where the host passes contexts to inputs.
func (in *Input) Context() uintptr { return uintptr(C.test_remote_context(in.i.plugin, in.since41())) }

// Check returns an error if Init wrote where it must not.
func (in *Input) Check() error {
	if C.test_input_damaged(in.i.plugin, in.since41()) != 0 {
		return errors.New("the input's context is damaged")
	}
	return nil
}

// Free overwrites and frees everything that the host frees after exit.
func (in *Input) Free() { in.i.Free() }
