// Command in_go_procfs is the input plugin go_procfs, built with -buildmode=c-shared. It exports the functions that
// Fluent Bit calls; each of them calls flb and procfs. They recover from panics, because a panic would end Fluent Bit.
//
// FLBPluginInputPreRun and FLBPluginInputPreExit are not exported, and FLBPluginExit does nothing: they do not identify
// an instance, and Fluent Bit also calls the last two for instances that were never opened, in a failed reload while
// others run. Nothing has to be stopped before the registration ends, because between two callbacks an input only
// completes the round that the last callback started. Pause and resume do not identify an instance either, but Fluent
// Bit calls them on its thread. The plugin implements them because Fluent Bit stops its own timer, but not always that
// of the right instance.
package main

import "C"

import (
	"log/slog"
	"time"
	"unsafe"

	"github.com/promexporter/promexporter/flb"
	"github.com/promexporter/promexporter/procfs"
)

const name = "go_procfs"

// version is set by the linker: -X main.version=1.2.3.
var version = "dev"

func main() {}

// instance is one [INPUT] section, with the records that the host reads.
type instance struct {
	input   *procfs.Input
	records flb.PinnedBuffer
}

// procfsRegister describes the plugin to the host. The host calls it when it loads the plugin, and at the start of
// every reload.
//
//export procfsRegister
func procfsRegister(def unsafe.Pointer) (status int32) {
	defer flb.Recover(pluginLog, version, "FLBPluginRegister", &status, -1)
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

// procfsUnregister frees what procfsRegister allocated for def, and closes the instances of this registration.
//
//export procfsUnregister
func procfsUnregister(def unsafe.Pointer) {
	defer flb.Recover(pluginLog, version, "FLBPluginUnregister", new(int32), 0)
	for _, v := range flb.UnregisterInput(def) {
		if i := instanceOf(v, true); i != nil {
			i.records.Release()
			i.input.Close()
		}
	}
}

// procfsInit opens one [INPUT] section, on the thread of all its callbacks.
//
//export procfsInit
func procfsInit(plugin unsafe.Pointer) (status int32) {
	defer flb.Recover(pluginLog, version, "FLBPluginInit", &status, int32(flb.Error))
	in := flb.NewInput(plugin)
	if in == nil {
		return int32(flb.Error)
	}
	defer flb.Recover(in.Logger, version, "FLBPluginInit", &status, int32(flb.Error))
	log := in.Logger()
	input, err := procfs.Open(procfs.Options{Property: in.Property, Log: log})
	if err == nil {
		if err = in.SetContext(&instance{input: input}); err != nil {
			input.Close()
		}
	}
	if err != nil {
		flb.LogLines(log, err.Error())
		return int32(in.Refuse())
	}
	return int32(flb.OK)
}

// procfsCollect returns records. The host calls it every second, and copies the records before it calls procfsCleanup.
//
//export procfsCollect
func procfsCollect(ctx uintptr, data, size *uintptr) (status int32) {
	defer flb.Recover(pluginLog, version, "FLBPluginInputCallbackCtx", &status, int32(flb.OK))
	return collect(instanceOf(flb.Context(ctx)), data, size)
}

// procfsCollectOnly is procfsCollect for hosts that do not identify the instance.
//
//export procfsCollectOnly
func procfsCollectOnly(data, size *uintptr) (status int32) {
	defer flb.Recover(pluginLog, version, "FLBPluginInputCallback", &status, int32(flb.OK))
	return collect(instanceOf(flb.OnlyInput()), data, size)
}

func collect(i *instance, data, size *uintptr) int32 {
	if i != nil {
		i.records.Set(i.input.Collect(time.Now()), data, size)
	}
	return int32(flb.OK)
}

// procfsCleanup releases what procfsCollect returned.
//
//export procfsCleanup
func procfsCleanup(ctx uintptr) (status int32) {
	defer flb.Recover(pluginLog, version, "FLBPluginInputCleanupCallbackCtx", &status, int32(flb.OK))
	return cleanup(instanceOf(flb.Context(ctx)))
}

// procfsCleanupOnly is procfsCleanup for hosts that do not identify the instance.
//
//export procfsCleanupOnly
func procfsCleanupOnly() (status int32) {
	defer flb.Recover(pluginLog, version, "FLBPluginInputCleanupCallback", &status, int32(flb.OK))
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

// The host calls procfsPause if it has no room for more records, and before exit; procfsResume when it has room again.
//
//export procfsPause
func procfsPause() {
	defer flb.Recover(pluginLog, version, "FLBPluginInputPause", new(int32), 0)
	for _, v := range flb.PausedInputs() {
		if i := instanceOf(v, true); i != nil {
			i.input.Pause()
		}
	}
}

//export procfsResume
func procfsResume() {
	defer flb.Recover(pluginLog, version, "FLBPluginInputResume", new(int32), 0)
	for _, v := range flb.ResumedInputs() {
		if i := instanceOf(v, true); i != nil {
			i.input.Resume()
		}
	}
}

func pluginLog() *slog.Logger { return flb.InputPluginLogger(name) }
