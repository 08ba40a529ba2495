/*
 * The functions that Fluent Bit calls. Each calls a Go function in main.go, except in a fork of the process that loaded
 * the plugin, where Go functions never return.
 */
#include <stdint.h>

#include "_cgo_export.h"
#include "flb/fork.h"

#define NAME "promexporter"

int FLBPluginRegister(void *def)
{
    promexporter_loaded();
    return promexporter_forked() ? -1 : promexporterRegister(def);
}

void FLBPluginUnregister(void *def)
{
    if (!promexporter_forked()) {
        promexporterUnregister(def);
    }
}

int FLBPluginInit(void *plugin)
{
    if (promexporter_forked()) {
        promexporter_refuse_fork(NAME, plugin);
        return 0;
    }
    return promexporterInit(plugin);
}

int FLBPluginFlushCtx(void *context, void *chunk, size_t size, void *tag)
{
    return promexporter_forked() ? 0 : promexporterFlush((uintptr_t) context, chunk, size, tag);
}

int FLBPluginExitCtx(void *context)
{
    return promexporter_forked() ? 1 : promexporterExit((uintptr_t) context);
}

/* Only hosts before 1.4 call this function. They do not identify the instance. */
int FLBPluginExit(void)
{
    return 1;
}
