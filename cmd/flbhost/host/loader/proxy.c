#include "proxy.h"

#include "box.h"
#include "input.h"
#include "log.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

static void *symbol(struct proxy *p, const char *name)
{
    return dlsym(p->dso, name);
}

static struct flb_api *api_new(void)
{
    const struct flb_api all = {
        .output_get_property = api_get_property,
        .input_get_property = api_input_property,
        .log_print = log_print,
        .input_log_check = api_input_log_check,
        .output_log_check = api_log_check,
    };
    struct flb_api *api = box_new(abi->api_size, 0);

    memcpy(api, &all, abi->api_size);
    return api;
}

static struct flbgo_output_plugin *go_register(struct proxy *p)
{
    struct flbgo_output_plugin *plugin = box_new(sizeof(*plugin), 0);

    plugin->cb_init = symbol(p, "FLBPluginInit");
    plugin->cb_flush = symbol(p, "FLBPluginFlush");
    plugin->cb_flush_ctx = symbol(p, "FLBPluginFlushCtx");
    plugin->cb_exit = symbol(p, "FLBPluginExit");
    plugin->cb_exit_ctx = symbol(p, "FLBPluginExitCtx");
    plugin->name = strdup(p->def->name);
    if (plugin->cb_init == NULL) {
        log_error("[go proxy]: could not load FLBPluginInit symbol");
    }
    else if (plugin->cb_flush == NULL && plugin->cb_flush_ctx == NULL) {
        log_error("[flbhost] '%s' exports neither FLBPluginFlushCtx nor FLBPluginFlush: "
                  "Fluent Bit would crash at the first flush", plugin->name);
    }
    else {
        return plugin;
    }
    free(plugin->name);
    box_free(plugin);
    return NULL;
}

static void proxy_register(struct proxy *p, int hot)
{
    int (*cb_pre_register)(int) = symbol(p, "FLBPluginPreRegister");
    int (*cb_register)(struct flb_plugin_proxy_def *) = symbol(p, "FLBPluginRegister");

    if (abi->phases && cb_pre_register != NULL && cb_pre_register(hot) == -1) {
        return;
    }
    if (cb_register == NULL || cb_register(p->def) == -1) {
        return;
    }
    if (p->def->proxy == FLB_PROXY_GOLANG && p->def->type == FLB_PROXY_OUTPUT_PLUGIN) {
        p->plugin = go_register(p);
    }
    if (p->def->proxy == FLB_PROXY_GOLANG && p->def->type == FLB_PROXY_INPUT_PLUGIN &&
        abi->inputs) {
        p->input = input_register(p);
    }
}

struct proxy *proxy_load(const char *path, int hot, const char **error)
{
    struct proxy *p;
    void *dso = dlopen(path, RTLD_LAZY);

    if (dso == NULL) {
        *error = dlerror();
        return NULL;
    }
    p = calloc(1, sizeof(*p));
    if (p == NULL) {
        abort();
    }
    p->dso = dso;
    p->api = api_new();
    p->def = box_new(abi->def_size, abi->def_fill);
    p->def->type = 0;
    proxy_register(p, hot);
    return p;
}

void proxy_unload(struct proxy *p)
{
    void (*cb_unregister)(struct flb_plugin_proxy_def *) = symbol(p, "FLBPluginUnregister");

    if ((p->plugin != NULL || p->input != NULL) && cb_unregister != NULL) {
        cb_unregister(p->def);
    }
    if (p->plugin != NULL) {
        free(p->plugin->name);
        box_free(p->plugin);
    }
    if (p->input != NULL) {
        free(p->input->name);
        box_free(p->input);
    }
    box_free(p->def);
    box_free(p->api);
    dlclose(p->dso);
    free(p);
}

const char *proxy_damage(const struct proxy *p)
{
    if (!box_intact(p->def)) {
        return "struct flb_plugin_proxy_def";
    }
    if (!box_intact(p->api)) {
        return "struct flb_api";
    }
    if (p->plugin != NULL && !box_intact(p->plugin)) {
        return "struct flbgo_output_plugin";
    }
    if (p->input != NULL && !box_intact(p->input)) {
        return "struct flbgo_input_plugin";
    }
    return NULL;
}
