// Command promexporter is the output plugin, built with -buildmode=c-shared. It exports the functions that Fluent Bit
// calls; each of them calls flb and pipeline. They recover from panics, because a panic would end Fluent Bit.
//
// The optional functions FLBPluginPreRegister, FLBPluginOutputPreRun and FLBPluginOutputPreExit are not exported. They
// would not help: they do not name an instance, and Fluent Bit calls PreExit even if a reload fails and the running
// instance stays.
package main

import "C"

import (
	"log/slog"
	"unsafe"

	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/flb"
	"github.com/promexporter/promexporter/pipeline"
)

const name = "promexporter"

// version is set by the linker: -X main.version=1.2.3.
var version = "dev"

// instances joins the instances of the process: several can serve on one address, and after a reload an instance
// continues where its predecessor stopped.
var instances pipeline.Instances

func main() {}

// promexporterRegister describes the plugin to the host. The host calls it when it loads the plugin, and at the start
// of every reload.
//
//export promexporterRegister
func promexporterRegister(def unsafe.Pointer) (status int32) {
	defer flb.Recover(pluginLog, version, "FLBPluginRegister", &status, -1)
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

// promexporterUnregister frees what FLBPluginRegister allocated for def. Instances are not affected: after a reload
// they belong to the next registration.
//
//export promexporterUnregister
func promexporterUnregister(def unsafe.Pointer) {
	defer flb.Recover(pluginLog, version, "FLBPluginUnregister", new(int32), 0)
	flb.UnregisterOutput(def)
}

// promexporterInit opens one [OUTPUT] section. The host does not call exit if this fails.
//
// During a reload, the host ends if a section fails. In this case promexporterInit returns OK without setting a
// context, and every flush of the instance returns an error.
//
//export promexporterInit
func promexporterInit(plugin unsafe.Pointer) (status int32) {
	defer flb.Recover(pluginLog, version, "FLBPluginInit", &status, int32(flb.Error))
	out := flb.NewOutput(plugin)
	if out == nil {
		return int32(flb.Error)
	}
	defer flb.Recover(out.Logger, version, "FLBPluginInit", &status, int32(flb.Error))
	log := out.Logger()
	p, err := pipeline.Open(pipeline.Options{
		Property:  out.Property,
		Instance:  out.Name(),
		Log:       log,
		Instances: &instances,
		Reloaded:  flb.Reloaded(),
		Version:   version,
	})
	if err != nil {
		flb.LogLines(log, err.Error())
		if !flb.Reloaded() {
			return int32(flb.Error)
		}
		log.Error("section is idle: Fluent Bit drops what is routed to it; correct the section and reload again")
		return int32(flb.OK)
	}
	out.SetContext(p)
	return int32(flb.OK)
}

// promexporterFlush applies one chunk, which the host frees afterwards. With workers, the host calls it concurrently.
//
//export promexporterFlush
func promexporterFlush(ctx uintptr, chunk unsafe.Pointer, size uintptr, tag unsafe.Pointer) (status int32) {
	defer flb.Recover(pluginLog, version, "FLBPluginFlushCtx", &status, int32(flb.Error))
	p, ok := instance(flb.FlushContext(ctx))
	if !ok {
		return int32(flb.Error)
	}
	if chunk == nil || size == 0 {
		return int32(flb.OK)
	}
	// The chunk is borrowed. The tag is copied, because Go strings must not change.
	return int32(p.Flush(unsafe.Slice((*byte)(chunk), size), C.GoString((*C.char)(tag))))
}

// promexporterExit closes an instance. The host also calls it, without a context, for instances that were never opened:
// in a dry run, after a failed start, and in a failed reload while the old instance keeps running. In a reload, the
// host registers the plugin for the new configuration before it calls promexporterExit.
//
//export promexporterExit
func promexporterExit(ctx uintptr) (status int32) {
	defer flb.Recover(pluginLog, version, "FLBPluginExitCtx", &status, int32(flb.OK))
	defer flb.ReleaseContext(ctx)
	if p, ok := instance(flb.ExitContext(ctx)); ok {
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

func pluginLog() *slog.Logger { return flb.PluginLogger(name) }
