package flb

/*
#include "abi.h"
*/
import "C"

import (
	"log/slog"
	"runtime/cgo"
	"sync/atomic"
	"unsafe"

	"github.com/fluent/fluent-bit-go/output"
)

// Output is one [OUTPUT] section during its Init. It must be used only on the thread of that call, before Init returns.
// Its logger may be used longer.
type Output struct {
	plugin *C.struct_host_plugin // nil once Init is over
	name   string
	log    *sink
}

// NewOutput reads the host's plugin structure, the argument of FLBPluginInit. It returns nil if the structure is
// missing or incomplete.
func NewOutput(host unsafe.Pointer) *Output {
	p := (*C.struct_host_plugin)(host)
	if p == nil || p.api == nil || p.context == nil {
		return nil
	}
	C.promexporter_keep_fault_handlers()
	// Only the host knows the name: the user's alias, or else the number of the plugin's section.
	plugin := C.GoString(p.name)
	o := &Output{plugin: p, name: instanceNames.unique(hostName(nameOfOutput, p.instance), plugin)}
	o.log = newSink("output", plugin, o.name)
	if o.log.host = C.promexporter_log_print(p.api); o.log.host != nil {
		o.log.level = level(C.promexporter_log_level(p.api.output_log_check, p.instance))
	}
	return o
}

// Property returns the value of a key of the [OUTPUT] section, with ${VAR} expanded, or "" if the key is absent. It
// ignores letter case, and returns the first value of a repeated key. After SetContext, it always returns "", because
// the host reuses the structure for other instances.
func (o *Output) Property(key string) string {
	if o.plugin == nil {
		return ""
	}
	return output.FLBPluginConfigKey(unsafe.Pointer(o.plugin), key)
}

// Name returns the name of the instance, as in the host's own log lines: the user's alias, or a name such as
// "promexporter.0". The names of open instances are unique.
func (o *Output) Name() string { return o.name }

// Logger returns the logger of the instance. It may be used by any goroutine, even after ReleaseContext or a failed
// Init.
func (o *Output) Logger() *slog.Logger { return slog.New(&handler{sink: o.log}) }

// instanceContext is the value of a handle.
type instanceContext struct {
	value  any
	log    *sink
	thread uintptr      // of Init
	worker *atomic.Bool // a flush has come on another thread
}

// SetContext makes v the context of this instance. It must be the last call of a successful Init. It stores a handle in
// the host, which passes it to every flush and to exit. ReleaseContext deletes the handle.
func (o *Output) SetContext(v any) {
	if o.plugin == nil {
		return
	}
	o.plugin.context.remote_context = C.uintptr_t(cgo.NewHandle(instanceContext{v, o.log, thread(), new(atomic.Bool)}))
	o.plugin = nil
}

// Context returns the value that SetContext stored for the instance of ctx, a handle. It returns false for an instance
// that was not initialized (0) or that was closed.
//
// ctx must not be converted to a pointer: it is a small number, and the Go runtime ends the process if it finds such a
// number in a pointer variable.
func Context(ctx uintptr) (any, bool) {
	C.promexporter_keep_fault_handlers()
	h, ok := lookup(ctx)
	return h.value, ok
}

// FlushContext is like Context, for a flush. The first one on a thread of its own gives a warning, because a Fluent Bit
// with workers does not survive every reload.
func FlushContext(ctx uintptr) (any, bool) {
	C.promexporter_keep_fault_handlers()
	h, ok := lookup(ctx)
	if ok && thread() != h.thread && !h.worker.Swap(true) {
		slog.New(&handler{sink: h.log}).Warn("section has workers: a hot reload may crash Fluent Bit and leaves their threads behind; remove the key workers")
	}
	return h.value, ok
}

// ExitContext is like Context, for an exit. One in a reload of an instance with workers gives an error.
func ExitContext(ctx uintptr) (any, bool) {
	C.promexporter_keep_fault_handlers()
	h, ok := lookup(ctx)
	if ok && h.worker.Load() && Reloading() {
		slog.New(&handler{sink: h.log}).Error("Fluent Bit reloads a section with workers: it may crash and leaves their threads behind; remove the key workers")
	}
	return h.value, ok
}

// ReleaseContext is like Context, but also deletes the handle and detaches the logger of the instance from the host. It
// must be called when the host closes the instance, after the last use of its context.
func ReleaseContext(ctx uintptr) (any, bool) {
	h, ok := lookup(ctx)
	if !ok {
		return nil, false
	}
	h.log.detached.Store(true)
	cgo.Handle(ctx).Delete()
	return h.value, true
}

// lookup returns false for an unknown handle, for which cgo.Handle panics.
func lookup(ctx uintptr) (h instanceContext, ok bool) {
	if ctx == 0 {
		return instanceContext{}, false
	}
	defer func() {
		if recover() != nil {
			h, ok = instanceContext{}, false
		}
	}()
	h, ok = cgo.Handle(ctx).Value().(instanceContext)
	return h, ok
}
