/*
 * The functions that Fluent Bit calls. Each calls a Go function in main.go, except in a fork of the process that loaded
 * the plugin, where Go functions never return.
 */
#include <stdint.h>

#include "../../flb/fork.h"
#include "_cgo_export.h"

#define NAME "go_procfs"

int FLBPluginRegister(void *def)
{
    promexporter_loaded();
    return promexporter_forked() ? -1 : procfsRegister(def);
}

void FLBPluginUnregister(void *def)
{
    if (!promexporter_forked()) {
        procfsUnregister(def);
    }
}

int FLBPluginInit(void *plugin)
{
    if (promexporter_forked()) {
        promexporter_refuse_fork_of_input(NAME, plugin);
        return 0;
    }
    return procfsInit(plugin);
}

/* Since 4.1. */
int FLBPluginInputCallbackCtx(void *context, void **data, size_t *size)
{
    return promexporter_forked() ? 1 : procfsCollect((uintptr_t) context, (uintptr_t *) data, (uintptr_t *) size);
}

int FLBPluginInputCleanupCallbackCtx(void *context, void *data)
{
    (void) data;
    return promexporter_forked() ? 1 : procfsCleanup((uintptr_t) context);
}

/* Before 4.1, without the instance. */
int FLBPluginInputCallback(void **data, size_t *size)
{
    return promexporter_forked() ? 1 : procfsCollectOnly((uintptr_t *) data, (uintptr_t *) size);
}

int FLBPluginInputCleanupCallback(void *data)
{
    (void) data;
    return promexporter_forked() ? 1 : procfsCleanupOnly();
}

void FLBPluginInputPause(void)
{
    if (!promexporter_forked()) {
        procfsPause();
    }
}

void FLBPluginInputResume(void)
{
    if (!promexporter_forked()) {
        procfsResume();
    }
}

/* Once per instance, but the host does not say which one. procfsUnregister closes all of them. */
int FLBPluginExit(void)
{
    return 1;
}
