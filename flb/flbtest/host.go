// Package flbtest is a Fluent Bit in miniature for tests, which cannot use cgo themselves: the structures that a Go
// output plugin meets, allocated at the exact size that each version gives them.
package flbtest

/*
#include <stdlib.h>
#include "host.h"
*/
import "C"

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"unsafe"
)

// Version is what distinguishes the hosts: how much of the two structures that grew is there.
type Version struct {
	Name       string
	DefSize    int // bytes of struct flb_plugin_proxy_def
	Zeroed     bool
	APIMembers int // functions in struct flb_api

	InputContexts bool // callbacks of inputs are told of which instance (4.1)
}

// Versions are the layouts that exist, each named after the first release that has it.
var Versions = []Version{
	{"1.1", 32, false, 1, false},
	{"2.0", 32, false, 7, false},
	{"4.0.3", 32, false, 9, false},
	{"4.1", 32, false, 9, true},
	{"4.2.3", 40, true, 9, true},
	{"5.1.1", 48, true, 9, true},
}

const (
	canary     = 0xa5
	defBase    = 32 // what the oldest definition has
	defKeys    = 40 // offset of the config map
	keyStride  = 104
	inputType  = 1
	outputType = 2
	goProxy    = 11
)

// Def is a definition as the host allocates it before FLBPluginRegister.
type Def struct {
	version Version
	block   unsafe.Pointer
	usable  int
}

// NewDef returns a definition whose allocation, slack of the allocator included, is filled with canaries.
func NewDef(v Version) *Def {
	d := &Def{version: v, block: C.test_block(C.size_t(v.DefSize), canary)}
	d.usable = int(C.test_usable(d.block))
	if v.Zeroed {
		clear(d.bytes()[:v.DefSize])
	}
	return d
}

func (d *Def) bytes() []byte { return unsafe.Slice((*byte)(d.block), d.usable) }

// Pointer is what FLBPluginRegister gets.
func (d *Def) Pointer() unsafe.Pointer { return d.block }

// HasRoom tells whether the allocation, slack included, holds the config map's slot.
func (d *Def) HasRoom() bool { return d.usable >= defKeys+8 }

// Check returns an error unless the definition is that of a Go output plugin and nothing beyond was written, the slot
// of the config map excepted where there is room for it.
func (d *Def) Check(name, description string) error { return d.check(outputType, name, description) }

// CheckInput is Check for the definition of an input plugin.
func (d *Def) CheckInput(name, description string) error {
	return d.check(inputType, name, description)
}

func (d *Def) check(plugin int32, name, description string) error {
	b := d.bytes()
	ints := unsafe.Slice((*int32)(d.block), 3)
	strs := unsafe.Slice((**C.char)(unsafe.Add(d.block, 16)), 2)
	if !slices.Equal(ints, []int32{plugin, goProxy, 0}) {
		return fmt.Errorf("type, proxy, flags = %v", ints)
	}
	if n, t := C.GoString(strs[0]), C.GoString(strs[1]); n != name || t != description {
		return fmt.Errorf("name %q, description %q", n, t)
	}
	for i, c := range b[defBase:] {
		at, want := defBase+i, byte(canary)
		if d.version.Zeroed && at < d.version.DefSize {
			want = 0
		}
		if d.HasRoom() && at >= defKeys && at < defKeys+8 {
			continue
		}
		if c != want {
			return fmt.Errorf("byte %d of %d (allocated %d) was overwritten: %#x", at, d.version.DefSize, d.usable, c)
		}
	}
	return nil
}

// Keys walks the config map as the host does and returns each entry as "name=default (description)".
func (d *Def) Keys() []string {
	var keys []string
	at := *(*unsafe.Pointer)(unsafe.Add(d.block, defKeys))
	for at != nil {
		name, def, desc := str(at, 8), str(at, 16), str(at, 40)
		if name == nil {
			break
		}
		keys = append(keys, fmt.Sprintf("%s=%s (%s)", C.GoString(name), C.GoString(def), C.GoString(desc)))
		at = unsafe.Add(at, keyStride)
	}
	return keys
}

func str(entry unsafe.Pointer, offset int) *C.char { return *(**C.char)(unsafe.Add(entry, offset)) }

// HasMap tells whether a config map hangs on a definition that has room for one.
func (d *Def) HasMap() bool {
	return d.HasRoom() && *(*unsafe.Pointer)(unsafe.Add(d.block, defKeys)) != nil
}

// Free releases the definition itself, as the host does after FLBPluginUnregister.
func (d *Def) Free() { C.free(d.block) }

// Instance is one [OUTPUT] section with the structures that FLBPluginInit reads.
type Instance struct {
	version Version
	api     *unsafe.Pointer
	plugin  *C.struct_test_plugin
}

// NewInstance returns an instance with the given log level (0 to 5) and properties, written "key=value", or "key" for a
// key without value.
func NewInstance(v Version, name string, logLevel int, properties ...string) *Instance {
	cname := C.CString(name)
	defer C.free(unsafe.Pointer(cname))
	i := &Instance{version: v, api: C.test_api(C.size_t(v.APIMembers))}
	i.plugin = C.test_plugin(cname, i.api, C.int(logLevel), C.size_t(len(properties)))
	for n, p := range properties {
		key, value, ok := strings.Cut(p, "=")
		ckey, cvalue := C.CString(key), C.CString(value)
		if !ok {
			C.free(unsafe.Pointer(cvalue))
			cvalue = nil
		}
		C.test_property(i.plugin, C.size_t(n), ckey, cvalue)
		C.free(unsafe.Pointer(ckey))
		C.free(unsafe.Pointer(cvalue))
	}
	return i
}

// Pointer is what FLBPluginInit gets.
func (i *Instance) Pointer() unsafe.Pointer { return unsafe.Pointer(i.plugin) }

// Context is what flush and exit get.
func (i *Instance) Context() uintptr { return uintptr(i.plugin.context.remote_context) }

// Free overwrites and frees everything that the host frees after exit.
func (i *Instance) Free() {
	C.test_plugin_free(i.plugin)
	C.free(unsafe.Pointer(i.api))
}

// Lines returns what the host's logger was given since the last call, each line as "level text". The logger is one for
// the process: tests that read it must not run in parallel.
func Lines() []string {
	c := C.test_lines()
	defer C.free(unsafe.Pointer(c))
	if s := strings.TrimSuffix(C.GoString(c), "\n"); s != "" {
		return strings.Split(s, "\n")
	}
	return nil
}

// ReplaceFaultHandlers does what the host does on SIGHUP and SIGCONT: its handlers for faults, which end the process,
// take the place of the Go runtime's.
func ReplaceFaultHandlers() { C.test_signal_faults() }

// HandleSignals takes SIGHUP and SIGCONT as the host does: its handler does what ReplaceFaultHandlers does, and puts
// itself in place again. There is no way back, so it is for a process of its own.
func HandleSignals() { C.test_host_signals() }

// Raise has a signal handled by this thread before it returns.
func Raise(s syscall.Signal) { C.test_raise(C.int(s)) }

// Block is C memory, for what a host passes to flush.
func Block(b []byte) (p unsafe.Pointer, free func()) {
	p = C.CBytes(append(slices.Clip(b), 0))
	return p, func() { C.free(p) }
}
