package flb

/*
#include "abi.h"
*/
import "C"

import (
	"log/slog"
	"runtime/cgo"
	"unsafe"

	"github.com/fluent/fluent-bit-go/output"
)

// Output is one [OUTPUT] section. It is made and read during its Init, on the thread of that call; the logger alone
// outlives it.
type Output struct {
	plugin *C.struct_host_plugin // nil once Init is over
	name   string
	log    *sink
}

// NewOutput reads the host's plugin structure, at FLBPluginInit. It returns nil if there is nothing to read.
func NewOutput(host unsafe.Pointer) *Output {
	p := (*C.struct_host_plugin)(host)
	if p == nil || p.api == nil || p.context == nil {
		return nil
	}
	C.promexporter_keep_fault_handlers()
	// The host numbers all outputs in one row and prefers the user's alias: only it can tell.
	plugin := C.GoString(p.name)
	o := &Output{plugin: p, name: instanceNames.unique(hostName(nameOfOutput, p.instance), plugin)}
	o.log = newSink("output", plugin, o.name)
	if o.log.host = C.promexporter_log_print(p.api); o.log.host != nil {
		o.log.level = level(C.promexporter_log_level(p.api.output_log_check, p.instance))
	}
	return o
}

// Property returns the value of an [OUTPUT] key, with ${VAR} expanded, and "" if it is absent. Letter case does not
// matter; of a repeated key it is the first. After SetContext it always returns "", for the host's structure then
// belongs to another instance.
func (o *Output) Property(key string) string {
	if o.plugin == nil {
		return ""
	}
	return output.FLBPluginConfigKey(unsafe.Pointer(o.plugin), key)
}

// Name returns the instance's name, as in the host's own log lines: the user's alias, or "promexporter.0". No two open
// instances have the same.
func (o *Output) Name() string { return o.name }

// Logger returns the instance's logger. It is safe for concurrent use by any goroutine, also after ReleaseContext and
// after an Init that failed.
func (o *Output) Logger() *slog.Logger { return slog.New(&handler{sink: o.log}) }

// instanceContext is what a handle stands for.
type instanceContext struct {
	value any
	log   *sink
}

// SetContext makes v the context of this instance, the last act of a successful Init. The host passes the handle that
// it stores to every flush and to exit; ReleaseContext deletes it.
func (o *Output) SetContext(v any) {
	if o.plugin == nil {
		return
	}
	o.plugin.context.remote_context = C.uintptr_t(cgo.NewHandle(instanceContext{v, o.log}))
	o.plugin = nil
}

// Context returns the value that SetContext stored for the instance that the host names by ctx, and false for an
// instance that was never initialised (0) or is gone.
//
// ctx must not travel as a pointer: it is a small number, and the Go runtime ends the process when it finds one in a
// pointer variable.
func Context(ctx uintptr) (any, bool) {
	C.promexporter_keep_fault_handlers()
	h, ok := lookup(ctx)
	return h.value, ok
}

// ReleaseContext does as Context, deletes the handle and detaches the instance's logger from the host. To be called
// when the host lets the instance go, after the last use of its context.
func ReleaseContext(ctx uintptr) (any, bool) {
	h, ok := lookup(ctx)
	if !ok {
		return nil, false
	}
	h.log.detached.Store(true)
	cgo.Handle(ctx).Delete()
	return h.value, true
}

// lookup recovers what cgo.Handle panics with when it does not know the handle.
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
