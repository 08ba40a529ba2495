#include "plugin.h"

#include "box.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

static struct flb_api *api_new(void)
{
    const struct flb_api all = {
        .output_get_property = (const char *(*)(const char *, struct flb_output_instance *)) api_property,
        .input_get_property = (const char *(*)(const char *, struct flb_input_instance *)) api_property,
        .log_print = log_print,
        .input_log_check = (int (*)(struct flb_input_instance *, int)) api_log_check,
        .output_log_check = (int (*)(struct flb_output_instance *, int)) api_log_check,
        .custom_get_property = (void *) api_property,
        .custom_log_check = (void *) api_log_check,
    };
    size_t size = version.api_members * sizeof(void *);
    struct flb_api *api = box_new(size, 0);

    memcpy(api, &all, size);
    return api;
}

static struct flbgo_output_plugin *output_new(struct proxy *p)
{
    struct flbgo_output_plugin *o = box_new(sizeof(*o), 0);

    o->name = p->def->name;
    o->cb_init = dlsym(p->dso, "FLBPluginInit");
    o->cb_flush = dlsym(p->dso, "FLBPluginFlush");
    o->cb_flush_ctx = dlsym(p->dso, "FLBPluginFlushCtx");
    o->cb_exit = dlsym(p->dso, "FLBPluginExit");
    o->cb_exit_ctx = dlsym(p->dso, "FLBPluginExitCtx");
    return o;
}

static struct flbgo_input_plugin *input_new(struct proxy *p)
{
    struct flbgo_input_plugin *i = box_new(sizeof(*i), 0);

    i->name = p->def->name;
    i->cb_init = dlsym(p->dso, "FLBPluginInit");
    i->cb_collect = dlsym(p->dso, "FLBPluginInputCallback");
    i->cb_cleanup = dlsym(p->dso, "FLBPluginInputCleanupCallback");
    if (version.input_contexts) {
        i->cb_collect_ctx = dlsym(p->dso, "FLBPluginInputCallbackCtx");
        i->cb_cleanup_ctx = dlsym(p->dso, "FLBPluginInputCleanupCallbackCtx");
    }
    i->cb_exit = dlsym(p->dso, "FLBPluginExit");
    return i;
}

static void proxy_register(struct proxy *p, int hot)
{
    int (*cb_pre_register)(int) = dlsym(p->dso, "FLBPluginPreRegister");
    int (*cb_register)(struct flb_plugin_proxy_def *) = dlsym(p->dso, "FLBPluginRegister");

    if (version.phases && cb_pre_register != NULL && cb_pre_register(hot) == -1) {
        return;
    }
    if (cb_register == NULL || cb_register(p->def) == -1 || p->def->proxy != FLB_PROXY_GOLANG) {
        return;
    }
    if (p->def->type == FLB_PROXY_OUTPUT_PLUGIN) {
        p->output = output_new(p);
    }
    if (p->def->type == FLB_PROXY_INPUT_PLUGIN && version.inputs) {
        p->input = input_new(p);
    }
}

struct proxy *proxy_load(const char *path, int hot, const char **error)
{
    struct proxy *p = calloc(1, sizeof(*p));

    if (p == NULL) {
        abort();
    }
    p->dso = dlopen(path, RTLD_LAZY);
    if (p->dso == NULL) {
        *error = dlerror();
        free(p);
        return NULL;
    }
    p->api = api_new();
    p->def = box_new(definition_size(version.def_members), version.def_zeroed ? 0 : 0xA5);
    p->def->type = 0;
    proxy_register(p, hot);
    return p;
}

void proxy_unload(struct proxy *p)
{
    void (*cb_unregister)(struct flb_plugin_proxy_def *) = dlsym(p->dso, "FLBPluginUnregister");

    if ((p->output != NULL || p->input != NULL) && cb_unregister != NULL) {
        cb_unregister(p->def);
    }
    box_free(p->output);
    box_free(p->input);
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
    if (p->output != NULL && !box_intact(p->output)) {
        return "struct flbgo_output_plugin";
    }
    if (p->input != NULL && !box_intact(p->input)) {
        return "struct flbgo_input_plugin";
    }
    return NULL;
}
