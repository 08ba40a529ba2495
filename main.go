// Command promexporter is the output plugin, built with -buildmode=c-shared: the functions that Fluent Bit calls, each
// of which hands over to flb and pipeline. A panic must not pass them, for it would end the agent.
//
// FLBPluginPreRegister, FLBPluginOutputPreRun and FLBPluginOutputPreExit are left out. The host does without them, and
// what they announce is no help: they name no instance, and PreExit also comes when a reload fails and the running
// instance stays.
package main

import "C"

import (
	"log/slog"
	"runtime/debug"
	"strings"
	"unsafe"

	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/flb"
	"github.com/promexporter/promexporter/pipeline"
)

const name = "promexporter"

// version is set by the linker: -X main.version=1.2.3.
var version = "dev"

// sections is shared by all instances, so that several can serve on one address, and so that an instance goes on where
// the one before a reload stopped.
var sections pipeline.Sections

func main() {}

// promexporterRegister describes the plugin to the host, when it is loaded and at the start of every reload.
//
//export promexporterRegister
func promexporterRegister(def unsafe.Pointer) (status int32) {
	defer rescue("FLBPluginRegister", &status, -1)
	return int32(flb.RegisterOutput(def, flb.Definition{
		Name:        name,
		Description: "Prometheus Exporter",
		Keys:        keys(),
		Events:      flb.Logs | flb.Metrics,
	}))
}

func keys() []flb.Key {
	var keys []flb.Key
	for _, k := range config.Keys() {
		keys = append(keys, flb.Key{Name: k.Name, Default: k.Default, Description: k.Description})
	}
	return keys
}

// promexporterUnregister frees what FLBPluginRegister allocated for def. Instances stay: after a reload they are those of
// the next registration.
//
//export promexporterUnregister
func promexporterUnregister(def unsafe.Pointer) {
	defer rescue("FLBPluginUnregister", new(int32), 0)
	flb.UnregisterOutput(def)
}

// promexporterInit opens one [OUTPUT] section. The host never calls exit for one that failed.
//
// In a reload the host ends when a section fails. There it is told that all is well with an instance that has no
// context, for which every flush is answered with an error.
//
//export promexporterInit
func promexporterInit(plugin unsafe.Pointer) (status int32) {
	defer rescue("FLBPluginInit", &status, int32(flb.Error))
	out := flb.NewOutput(plugin)
	if out == nil {
		return int32(flb.Error)
	}
	log := out.Logger()
	defer rescueTo(log, "FLBPluginInit", &status, int32(flb.Error))
	p, err := pipeline.Open(pipeline.Options{
		Property: out.Property,
		Instance: out.Name(),
		Log:      log,
		Sections: &sections,
		Reloaded: flb.Reloaded(),
		Version:  version,
	})
	if err != nil {
		for mistake := range strings.Lines(err.Error()) {
			log.Error(strings.TrimSuffix(mistake, "\n"))
		}
		if !flb.Reloaded() {
			return int32(flb.Error)
		}
		log.Error("the section stays idle, Fluent Bit drops what is routed to it; correct it and reload again")
		return int32(flb.OK)
	}
	out.SetContext(p)
	return int32(flb.OK)
}

// promexporterFlush takes one chunk, which the host frees when it returns. With workers, the host calls it concurrently.
//
//export promexporterFlush
func promexporterFlush(ctx uintptr, chunk unsafe.Pointer, size uintptr, tag unsafe.Pointer) (status int32) {
	defer rescue("FLBPluginFlushCtx", &status, int32(flb.Error))
	p, ok := instance(flb.Context(ctx))
	if !ok {
		return int32(flb.Error)
	}
	if chunk == nil || size == 0 {
		return int32(flb.OK)
	}
	// The chunk is borrowed. The tag is copied: it is short, and a string that changes later surprises everybody.
	return int32(p.Flush(unsafe.Slice((*byte)(chunk), size), C.GoString((*C.char)(tag))))
}

// promexporterExit closes an instance. The host also calls it, without a context, for instances that were never opened:
// in a dry run, after a failed start, and in a failed reload while the old instance works on. In a reload the new
// configuration is registered by then.
//
//export promexporterExit
func promexporterExit(ctx uintptr) (status int32) {
	defer rescue("FLBPluginExitCtx", &status, int32(flb.OK))
	defer flb.ReleaseContext(ctx)
	if p, ok := instance(flb.Context(ctx)); ok {
		if flb.Reloading() {
			p.CloseForReload()
		} else {
			p.Close()
		}
	}
	return int32(flb.OK)
}

func instance(v any, ok bool) (*pipeline.Pipeline, bool) {
	p, is := v.(*pipeline.Pipeline)
	return p, ok && is
}

// rescue is to be deferred by each export: it turns a panic into a status and log lines.
func rescue(export string, status *int32, onPanic int32) {
	if cause := recover(); cause != nil {
		*status = onPanic
		report(flb.PluginLogger(name), export, cause)
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
