// Package flbtest is a small Fluent Bit inside the test process, for tests of packages that use cgo and therefore
// cannot use it in their test files. It allocates the structs that a Go plugin sees at the exact size that each version
// gives them. Tests that need a real process, its threads and stacks use test/flbhost/host.
//
// The layouts are those of test/flbhost/abi, not those of package flb, which they test.
package flbtest

/*
#cgo CFLAGS: -I${SRCDIR}/../../test/flbhost/abi
#include <stdlib.h>
#include "host.h"
*/
import "C"

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"unsafe"

	"github.com/promexporter/promexporter/test/flbhost/abi"
)

// Version is a layout.
type Version = abi.Version

var (
	// Versions are all layouts, oldest first.
	Versions = abi.Versions
	// InputVersions are those that have inputs written in Go.
	InputVersions = Versions[1:]
)

const canary = 0xa5

// Def is a definition as the host allocates it before FLBPluginRegister.
type Def struct {
	version Version
	block   *C.struct_flb_plugin_proxy_def
	size    int // requested
	usable  int // allocated
}

// The first byte that the oldest definition does not have, and where the config map lies.
const (
	pointerSize = int(unsafe.Sizeof(uintptr(0)))

	defBase = int(unsafe.Offsetof(C.struct_flb_plugin_proxy_def{}.event_type))
	defKeys = int(unsafe.Offsetof(C.struct_flb_plugin_proxy_def{}.config_map))
)

// NewDef returns a definition in an allocation full of canaries, including the slack of the allocator.
func NewDef(v Version) *Def {
	size := C.definition_size(C.size_t(v.DefMembers))
	block := C.test_block(size, canary)
	d := &Def{
		version: v,
		block:   (*C.struct_flb_plugin_proxy_def)(block),
		size:    int(size),
		usable:  int(C.test_usable(block)),
	}
	if v.DefZeroed {
		clear(d.bytes()[:size])
	}
	return d
}

func (d *Def) bytes() []byte { return unsafe.Slice((*byte)(d.Pointer()), d.usable) }

// Pointer is what FLBPluginRegister gets.
func (d *Def) Pointer() unsafe.Pointer { return unsafe.Pointer(d.block) }

// HasRoom reports whether the allocation, including its slack, has room for the config map.
func (d *Def) HasRoom() bool { return d.usable >= defKeys+pointerSize }

// HasMap reports whether a definition with room for a config map has one.
func (d *Def) HasMap() bool { return d.HasRoom() && d.block.config_map != nil }

// Check returns an error unless the definition is that of a Go output plugin, and the plugin wrote nothing past the
// oldest definition but the config map, where there is room for it.
func (d *Def) Check(name, description string) error {
	return d.check(C.FLB_PROXY_OUTPUT_PLUGIN, name, description)
}

// TakesEvents reports whether the events of a plugin fit into the memory of the definition. Where the version does not
// have them, the allocator has rounded its size up, and nobody reads what is beyond it.
func (d *Def) TakesEvents() bool { return len(d.bytes()) >= defBase+4 }

// Events returns what the plugin says that it takes.
func (d *Def) Events() int { return int(binary.NativeEndian.Uint32(d.bytes()[defBase:])) }

// CheckInput is Check for the definition of an input plugin.
func (d *Def) CheckInput(name, description string) error {
	return d.check(C.FLB_PROXY_INPUT_PLUGIN, name, description)
}

func (d *Def) check(plugin C.int, name, description string) error {
	got, want := []C.int{d.block._type, d.block.proxy, d.block.flags}, []C.int{plugin, C.FLB_PROXY_GOLANG, 0}
	if !slices.Equal(got, want) {
		return fmt.Errorf("type, proxy, flags = %v, want %v", got, want)
	}
	if n, t := C.GoString(d.block.name), C.GoString(d.block.description); n != name || t != description {
		return fmt.Errorf("name %q, description %q", n, t)
	}
	for i, c := range d.bytes()[defBase:] {
		at, want := defBase+i, byte(canary)
		if d.version.DefZeroed && at < d.size {
			want = 0
		}
		if d.HasRoom() && at >= defKeys && at < defKeys+pointerSize || d.TakesEvents() && at < defBase+4 {
			continue
		}
		if c != want {
			return fmt.Errorf("byte %d of %d (allocated %d) was overwritten: %#x", at, d.size, d.usable, c)
		}
	}
	return nil
}

// Keys walks the config map as the host does and returns each entry as "name=default (description)".
func (d *Def) Keys() []string {
	var keys []string
	for k := d.block.config_map; k != nil && k.name != nil; k = next(k) {
		keys = append(keys, fmt.Sprintf("%s=%s (%s)", C.GoString(k.name), C.GoString(k.def_value), C.GoString(k.desc)))
	}
	return keys
}

func next(k *C.struct_flb_config_map) *C.struct_flb_config_map {
	return (*C.struct_flb_config_map)(unsafe.Add(unsafe.Pointer(k), unsafe.Sizeof(*k)))
}

// Free frees the definition itself, as the host does after FLBPluginUnregister.
func (d *Def) Free() { C.free(d.Pointer()) }

// Instance is one [OUTPUT] section with the structs that FLBPluginInit reads.
type Instance struct {
	section   *C.struct_test_section
	collector C.int // 1 if the context is that of an input since 4.1
}

// NewInstance returns an instance with the given log level (0 to 5) and properties, written "key=value", or "key" for a
// key without a value.
func NewInstance(v Version, name string, logLevel int, properties ...string) *Instance {
	return newInstance(v, false, name, logLevel, properties)
}

func newInstance(v Version, collector bool, name string, logLevel int, properties []string) *Instance {
	i := &Instance{}
	if collector {
		i.collector = 1
	}
	cname := C.CString(name)
	defer C.free(unsafe.Pointer(cname))
	i.section = C.test_section(cname, C.size_t(v.APIMembers), C.int(logLevel), C.size_t(len(properties)), i.collector)
	for n, p := range properties {
		key, value, ok := strings.Cut(p, "=")
		ckey, cvalue := C.CString(key), C.CString(value)
		if ok {
			C.test_property(i.section, C.size_t(n), ckey, cvalue)
		} else {
			C.test_property(i.section, C.size_t(n), ckey, nil)
		}
		C.free(unsafe.Pointer(ckey))
		C.free(unsafe.Pointer(cvalue))
	}
	return i
}

// Pointer is what FLBPluginInit gets.
func (i *Instance) Pointer() unsafe.Pointer { return unsafe.Pointer(&i.section.plugin) }

// Context is what flush, callbacks and exit get.
func (i *Instance) Context() uintptr { return uintptr(C.test_context(i.section)) }

// Free overwrites and frees what the host frees after exit.
func (i *Instance) Free() { C.test_free(i.section) }

// Input is one [INPUT] section with the structs that FLBPluginInit reads.
type Input struct{ Instance }

// NewInput is NewInstance for an input.
func NewInput(v Version, name string, logLevel int, properties ...string) *Input {
	return &Input{*newInstance(v, v.InputContexts, name, logLevel, properties)}
}

// Check returns an error if Init wrote where it must not.
func (in *Input) Check() error {
	if C.test_damaged(in.section, in.collector) != 0 {
		return errors.New("the input's context is damaged")
	}
	return nil
}

// Lines returns what the host's logger got since the last call, each line as "level text". The process has one logger:
// tests that read it must not run in parallel.
func Lines() []string {
	c := C.test_lines()
	defer C.free(unsafe.Pointer(c))
	if s := strings.TrimSuffix(C.GoString(c), "\n"); s != "" {
		return strings.Split(s, "\n")
	}
	return nil
}

// ReplaceFaultHandlers does what the host does on SIGHUP and SIGCONT: it replaces the Go runtime's handlers for faults
// with handlers that end the process.
func ReplaceFaultHandlers() { C.test_signal_faults() }

// HandleSignals handles SIGHUP and SIGCONT as the host does: the handler does what ReplaceFaultHandlers does and
// installs itself again. It cannot be undone, so call it only in a process of its own.
func HandleSignals() { C.test_host_signals() }

// Raise makes this thread handle a signal before it returns.
func Raise(s syscall.Signal) { C.test_raise(C.int(s)) }

// Block copies b into C memory, such as a host passes to flush.
func Block(b []byte) (p unsafe.Pointer, free func()) {
	p = C.CBytes(append(slices.Clip(b), 0))
	return p, func() { C.free(p) }
}
