package flb

/*
#include "abi.h"
*/
import "C"

import (
	"errors"
	"log/slog"
	"runtime/cgo"
	"unsafe"

	"github.com/fluent/fluent-bit-go/input"
)

// Input is one [INPUT] section. It is made and read during its Init, on the thread of that call; the logger alone
// outlives it.
type Input struct {
	plugin *C.struct_host_input_plugin // nil once Init is over
	name   string
	log    *sink
}

// NewInput reads the host's plugin structure, at FLBPluginInit. It returns nil if there is nothing to read.
func NewInput(host unsafe.Pointer) *Input {
	p := (*C.struct_host_input_plugin)(host)
	if p == nil || p.api == nil || p.context == nil {
		return nil
	}
	C.promexporter_keep_fault_handlers()
	plugin := C.GoString(p.name)
	i := &Input{plugin: p, name: instanceNames.unique(hostName(nameOfInput, p.instance), plugin)}
	i.log = newSink("input", plugin, i.name)
	if i.log.host = C.promexporter_log_print(p.api); i.log.host != nil {
		i.log.level = level(C.promexporter_log_level(p.api.input_log_check, p.instance))
	}
	return i
}

// Property returns the value of an [INPUT] key, with ${VAR} expanded, and "" if it is absent. Letter case does not
// matter; of a repeated key it is the first. After SetContext it always returns "", for the host's structure then
// belongs to another instance.
func (i *Input) Property(key string) string {
	if i.plugin == nil {
		return ""
	}
	return input.FLBPluginConfigKey(unsafe.Pointer(i.plugin), key)
}

// Name returns the instance's name, as in the host's own log lines: the user's alias, or "go_procfs.0". No two open
// instances have the same.
func (i *Input) Name() string { return i.name }

// Logger returns the instance's logger. It is safe for concurrent use by any goroutine, also after UnregisterInput and
// after an Init that failed.
func (i *Input) Logger() *slog.Logger { return slog.New(&handler{sink: i.log}) }

// ErrOneInput is the error of a second instance on a host that cannot tell instances apart.
var ErrOneInput = errors.New("another [INPUT] section of this plugin is open, and Fluent Bit before 4.1 cannot tell two of " +
	"a Go plugin apart; leave one of them out, or use Fluent Bit 4.1 or later")

// SetContext makes v the context of this instance, the last act of a successful Init. Callbacks find it by Context
// where the host passes contexts to inputs, which it does since 4.1, and else by OnlyInput: there the second instance
// gets ErrOneInput. UnregisterInput lets it go.
func (i *Input) SetContext(v any) error {
	if i.plugin == nil {
		return nil
	}
	named := C.promexporter_has_input_context(i.plugin) != 0
	handle := cgo.NewHandle(instanceContext{v, i.log})
	if !inputs.open(openInput{uintptr(handle), named, thread()}) {
		handle.Delete()
		return ErrOneInput
	}
	if named {
		i.plugin.context.remote_context = C.uintptr_t(handle)
	}
	i.plugin = nil
	return nil
}

// Refuse returns what Init is to answer when this instance cannot be.
//
// That is Error, and the host ends. But before 4.0.3 it frees the structure by which it calls the plugin, that of all
// instances, and goes on: the next callback or the exit crashes. There the answer is OK, the callbacks of this instance
// find nothing, and a line says so. Only where those of another one come on the same thread, with threaded off, it is
// Error all the same: the host then does end.
func (i *Input) Refuse() Status {
	if i.plugin == nil || C.promexporter_ends_with_input(i.plugin.api) != 0 || !inputs.refuse(thread()) {
		return Error
	}
	i.plugin = nil
	i.Logger().Error("this [INPUT] section stays without records; Fluent Bit 4.0.3 and later would not have started")
	return OK
}

// OnlyInput returns what SetContext stored on a host that passes no contexts to inputs, and false if there is nothing.
// It is to be called on the thread of the callback.
func OnlyInput() (any, bool) { return Context(inputs.withoutContext(thread())) }

// PausedInputs is to be called at FLBPluginInputPause, which names no instance. It returns what SetContext stored for
// those that are paused now: the one of this thread, and with threaded off, where several have one thread, all of them
// once each was paused.
func PausedInputs() []any {
	handles, all := inputs.pause(thread(), 1)
	if !all {
		return nil
	}
	return values(handles)
}

// ResumedInputs is to be called at FLBPluginInputResume. It returns what SetContext stored for those that may go on.
func ResumedInputs() []any {
	handles, _ := inputs.pause(thread(), -1)
	return values(handles)
}

func values(handles []uintptr) (all []any) {
	for _, handle := range handles {
		if v, ok := Context(handle); ok {
			all = append(all, v)
		}
	}
	return all
}

func thread() uintptr { return uintptr(C.promexporter_thread()) }
