// Command in_go_procfs is the input plugin go_procfs, built with -buildmode=c-shared: the functions that Fluent Bit
// calls, each of which hands over to flb and procfs. A panic must not pass them, for it would end the agent.
//
// FLBPluginInputPreRun and FLBPluginInputPreExit are left out, and FLBPluginExit does nothing: they name no instance,
// and the last two also come for instances that were never opened, in a failed reload while others run. An input does
// nothing between two callbacks but end the round that the last one began, so that nothing has to be stopped before
// its registration ends. Pause and resume name no instance either, but come on its thread. They are heeded because the
// host stops its own timer, but not always that of the instance that it means.
package main

import "C"

import (
	"log/slog"
	"runtime/debug"
	"strings"
	"time"
	"unsafe"

	"github.com/promexporter/promexporter/flb"
	"github.com/promexporter/promexporter/procfs"
)

const name = "go_procfs"

// version is set by the linker: -X main.version=1.2.3.
var version = "dev"

func main() {}

// instance is one [INPUT] section, and what the host reads of it.
type instance struct {
	input   *procfs.Input
	records flb.PinnedBuffer
}

// procfsRegister describes the plugin to the host, when it is loaded and at the start of every reload.
//
//export procfsRegister
func procfsRegister(def unsafe.Pointer) (status int32) {
	defer rescue("FLBPluginRegister", &status, -1)
	return int32(flb.RegisterInput(def, flb.Definition{
		Name:        name,
		Description: "Processes, their CPU time and memory, from /proc",
		Keys:        keys(),
	}))
}

func keys() []flb.Key {
	var keys []flb.Key
	for _, k := range procfs.Keys() {
		keys = append(keys, flb.Key{Name: k.Name, Default: k.Default, Description: k.Description})
	}
	return keys
}

// procfsUnregister frees what procfsRegister allocated for def, and closes the instances that were opened under it.
//
//export procfsUnregister
func procfsUnregister(def unsafe.Pointer) {
	defer rescue("FLBPluginUnregister", new(int32), 0)
	for _, v := range flb.UnregisterInput(def) {
		if i := instanceOf(v, true); i != nil {
			i.records.Release()
			i.input.Close()
		}
	}
}

// procfsInit opens one [INPUT] section, on the thread that all its callbacks come on.
//
//export procfsInit
func procfsInit(plugin unsafe.Pointer) (status int32) {
	defer rescue("FLBPluginInit", &status, int32(flb.Error))
	in := flb.NewInput(plugin)
	if in == nil {
		return int32(flb.Error)
	}
	log := in.Logger()
	defer rescueTo(log, "FLBPluginInit", &status, int32(flb.Error))
	input, err := procfs.Open(procfs.Options{Property: in.Property, Log: log})
	if err == nil {
		if err = in.SetContext(&instance{input: input}); err != nil {
			input.Close()
		}
	}
	if err != nil {
		for mistake := range strings.Lines(err.Error()) {
			log.Error(strings.TrimSuffix(mistake, "\n"))
		}
		return int32(in.Refuse())
	}
	return int32(flb.OK)
}

// procfsCollect answers the host's timer, which comes every second, with records that the host reads and copies before
// it calls procfsCleanup.
//
//export procfsCollect
func procfsCollect(ctx uintptr, data, size *uintptr) (status int32) {
	defer rescue("FLBPluginInputCallbackCtx", &status, int32(flb.OK))
	return collect(instanceOf(flb.Context(ctx)), data, size)
}

// procfsCollectOnly is procfsCollect for hosts that do not name the instance.
//
//export procfsCollectOnly
func procfsCollectOnly(data, size *uintptr) (status int32) {
	defer rescue("FLBPluginInputCallback", &status, int32(flb.OK))
	return collect(instanceOf(flb.OnlyInput()), data, size)
}

func collect(i *instance, data, size *uintptr) int32 {
	if i != nil {
		i.records.Set(i.input.Collect(time.Now()), data, size)
	}
	return int32(flb.OK)
}

// procfsCleanup takes back what procfsCollect gave.
//
//export procfsCleanup
func procfsCleanup(ctx uintptr) (status int32) {
	defer rescue("FLBPluginInputCleanupCallbackCtx", &status, int32(flb.OK))
	return cleanup(instanceOf(flb.Context(ctx)))
}

// procfsCleanupOnly is procfsCleanup for hosts that do not name the instance.
//
//export procfsCleanupOnly
func procfsCleanupOnly() (status int32) {
	defer rescue("FLBPluginInputCleanupCallback", &status, int32(flb.OK))
	return cleanup(instanceOf(flb.OnlyInput()))
}

func cleanup(i *instance) int32 {
	if i != nil {
		i.records.Release()
	}
	return int32(flb.OK)
}

// instanceOf returns nil if there is none.
func instanceOf(v any, ok bool) *instance {
	i, is := v.(*instance)
	if !ok || !is {
		return nil
	}
	return i
}

// procfsPause and procfsResume come when the host has no room for more records, and pause before exit.
//
//export procfsPause
func procfsPause() {
	defer rescue("FLBPluginInputPause", new(int32), 0)
	for _, v := range flb.PausedInputs() {
		if i := instanceOf(v, true); i != nil {
			i.input.Pause()
		}
	}
}

//export procfsResume
func procfsResume() {
	defer rescue("FLBPluginInputResume", new(int32), 0)
	for _, v := range flb.ResumedInputs() {
		if i := instanceOf(v, true); i != nil {
			i.input.Resume()
		}
	}
}

// rescue is to be deferred by each export: it turns a panic into a status and log lines.
func rescue(export string, status *int32, onPanic int32) {
	if cause := recover(); cause != nil {
		*status = onPanic
		report(flb.InputPluginLogger(name), export, cause)
	}
}

// rescueTo does as rescue, once there is an instance whose logger can tell.
func rescueTo(log *slog.Logger, export string, status *int32, onPanic int32) {
	if cause := recover(); cause != nil {
		*status = onPanic
		report(log, export, cause)
	}
}

func report(log *slog.Logger, export string, cause any) {
	log.Error("panic in "+export+", please report it", "panic", cause, "version", version)
	for frame := range strings.Lines(string(debug.Stack())) {
		log.Error(strings.TrimSpace(frame))
	}
}
