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

// Input is one [INPUT] section during its Init. It must be used only on the thread of that call, before Init returns.
// Its logger may be used longer.
type Input struct {
	plugin *C.struct_host_input_plugin // nil once Init is over
	name   string
	log    *sink
}

// NewInput reads the host's plugin structure, the argument of FLBPluginInit. It returns nil if the structure is missing
// or incomplete.
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

// Property returns the value of a key of the [INPUT] section, with ${VAR} expanded, or "" if the key is absent. It
// ignores letter case, and returns the first value of a repeated key. After SetContext, it always returns "", because
// the host reuses the structure for other instances.
func (i *Input) Property(key string) string {
	if i.plugin == nil {
		return ""
	}
	return input.FLBPluginConfigKey(unsafe.Pointer(i.plugin), key)
}

// Name returns the name of the instance, as in the host's own log lines: the user's alias, or a name such as
// "go_procfs.0". The names of open instances are unique.
func (i *Input) Name() string { return i.name }

// Logger returns the logger of the instance. It may be used by any goroutine, even after UnregisterInput or a failed
// Init.
func (i *Input) Logger() *slog.Logger { return slog.New(&handler{sink: i.log}) }

// ErrOneInput is the error of a second instance on a host that does not identify instances.
var ErrOneInput = errors.New("another [INPUT] section of this plugin is open, and Fluent Bit before 4.1 cannot distinguish two inputs of " +
	"a Go plugin; remove one of them, or use Fluent Bit 4.1 or later")

// SetContext makes v the context of this instance. It must be the last call of a successful Init. Hosts since 4.1 pass
// a context to callbacks, which find v by Context. On older hosts, they find it by OnlyInput, and SetContext returns
// ErrOneInput for a second instance. UnregisterInput releases v.
func (i *Input) SetContext(v any) error {
	if i.plugin == nil {
		return nil
	}
	named := C.promexporter_has_input_context(i.plugin) != 0
	handle := cgo.NewHandle(instanceContext{value: v, log: i.log})
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

// Refuse returns the status that Init must return if it fails.
//
// Usually this is Error, and the host ends. But hosts before 4.0.3 continue after they have freed the structure with
// which they call all instances of the plugin, and crash at the next callback or exit. There Refuse logs a line and
// returns OK; the callbacks of this instance find no context. If, with threaded off, another instance has the same
// thread, Refuse returns Error on these hosts too, because then they do end.
func (i *Input) Refuse() Status {
	if i.plugin == nil || C.promexporter_ends_with_input(i.plugin.api) != 0 || !inputs.refuse(thread()) {
		return Error
	}
	i.plugin = nil
	i.Logger().Error("this [INPUT] section delivers no records; Fluent Bit 4.0.3 and later would not have started")
	return OK
}

// OnlyInput returns what SetContext stored on a host that does not pass contexts to inputs, and false if there is
// nothing. It must be called on the thread of the callback.
func OnlyInput() (any, bool) { return Context(inputs.withoutContext(thread())) }

// PausedInputs must be called in FLBPluginInputPause, which does not identify the instance. It returns what SetContext
// stored for the instances that are paused now: that of this thread or, if with threaded off several instances share a
// thread, all of them as soon as each was paused.
func PausedInputs() []any {
	handles, all := inputs.pause(thread(), 1)
	if !all {
		return nil
	}
	return values(handles)
}

// ResumedInputs must be called in FLBPluginInputResume. It returns what SetContext stored for the instances that may
// continue.
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
