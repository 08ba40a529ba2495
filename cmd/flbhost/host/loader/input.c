#include "input.h"

#include "box.h"
#include "log.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

const char *api_input_property(const char *key, struct flb_input_instance *ins)
{
    return property_of(ins->properties, key);
}

int api_input_log_check(struct flb_input_instance *ins, int level)
{
    return ins->log_level >= level;
}

/* Exported for C plugins, as in every version. Go plugins find it by dlsym. */
EXPORTED const char *flb_input_name(struct flb_input_instance *ins)
{
    return ins->alias[0] != '\0' ? ins->alias : ins->name;
}

struct flbgo_input_plugin *input_register(struct proxy *p)
{
    struct flbgo_input_plugin *plugin = box_new(sizeof(*plugin), 0);

    plugin->cb_init = dlsym(p->dso, "FLBPluginInit");
    plugin->cb_collect = dlsym(p->dso, "FLBPluginInputCallback");
    plugin->cb_cleanup = dlsym(p->dso, "FLBPluginInputCleanupCallback");
    if (abi->input_contexts) {
        plugin->cb_collect_ctx = dlsym(p->dso, "FLBPluginInputCallbackCtx");
        plugin->cb_cleanup_ctx = dlsym(p->dso, "FLBPluginInputCleanupCallbackCtx");
    }
    plugin->cb_exit = dlsym(p->dso, "FLBPluginExit");
    plugin->name = strdup(p->def->name);
    if (plugin->cb_init == NULL) {
        log_error("[go proxy]: could not load FLBPluginInit symbol");
    }
    else if (plugin->cb_collect == NULL && plugin->cb_collect_ctx == NULL) {
        log_error("[flbhost] '%s' exports no FLBPluginInputCallback that this version calls: "
                  "Fluent Bit would crash at the first one", plugin->name);
    }
    else {
        return plugin;
    }
    free(plugin->name);
    box_free(plugin);
    return NULL;
}

static void *context_new(struct proxy *p)
{
    if (abi->input_contexts) {
        struct flb_plugin_input_proxy_context *context = box_new(sizeof(*context), 0);

        context->proxy = p;
        return context;
    }
    else {
        struct flb_plugin_proxy_context *context = box_new(sizeof(*context), 0);

        context->proxy = p;
        return context;
    }
}

static void *remote_context(const struct flb_input_instance *ins)
{
    return ((struct flb_plugin_input_proxy_context *) ins->context)->remote_context;
}

struct flb_input_instance *input_new(struct proxy *p, struct request r)
{
    struct flb_input_instance *ins = box_new(sizeof(*ins), 0);

    ins->proxy = p;
    ins->context = context_new(p);
    ins->log_level = (int) take_number(&r);
    ins->name = take_text(&r);
    ins->alias = take_text(&r);
    ins->properties = r;
    return ins;
}

void input_free(struct flb_input_instance *ins)
{
    request_free(&ins->properties);
    box_free(ins->context);
    box_free(ins);
}

const char *input_damage(const struct flb_input_instance *ins)
{
    const struct flb_plugin_input_proxy_context *context = ins->context;
    const struct flb_plugin_proxy_context *before = ins->context;

    if (!box_intact(ins->context)) {
        return "the context of an input";
    }
    if (abi->input_contexts && (context->proxy != ins->proxy || context->coll_fd != 0)) {
        return "struct flb_plugin_input_proxy_context";
    }
    if (!abi->input_contexts && before->proxy != ins->proxy) {
        return "struct flb_plugin_proxy_context";
    }
    return proxy_damage(ins->proxy);
}

int input_init(struct flb_input_instance *ins)
{
    struct flbgo_input_plugin *plugin = ins->proxy->input;

    plugin->api = ins->proxy->api;
    plugin->i_ins = ins;
    plugin->context = ins->context;
    if (plugin->cb_init(plugin) > 0) {
        return 0;
    }
    log_error("[go proxy]: plugin '%s' failed to initialize", plugin->name);
    log_error("Could not initialize proxy for threaded input plugin");
    if (!abi->input_failures) {
        box_spoil(plugin); /* freed, by versions before 4.0.3, and used again all the same */
    }
    return -1;
}

void input_pre_run(struct flb_input_instance *ins, int hot_reload_enabled)
{
    int (*cb_pre_run)(int) = dlsym(ins->proxy->dso, "FLBPluginInputPreRun");

    if (abi->phases && cb_pre_run != NULL) {
        cb_pre_run(hot_reload_enabled);
    }
}

static int collect(struct flb_input_instance *ins, void **data, size_t *len)
{
    struct flbgo_input_plugin *plugin = ins->proxy->input;

    if (plugin->cb_collect_ctx != NULL) {
        return plugin->cb_collect_ctx(remote_context(ins), data, len);
    }
    return plugin->cb_collect(data, len);
}

static void cleanup(struct flb_input_instance *ins, void *data)
{
    struct flbgo_input_plugin *plugin = ins->proxy->input;

    if (plugin->cb_cleanup_ctx != NULL) {
        plugin->cb_cleanup_ctx(remote_context(ins), data);
    }
    else if (plugin->cb_cleanup != NULL) {
        plugin->cb_cleanup(data);
    }
    else {
        free(data);
    }
}

void input_collect(struct flb_input_instance *ins, struct reply *p)
{
    void *data = NULL;
    size_t len = 0;
    int ret = collect(ins, &data, &len);

    if (len == 0 || ret == -1) {
        reply_bytes(p, NULL, 0);
        return;
    }
    reply_bytes(p, data, len);
    cleanup(ins, data);
}

static void call(struct flb_input_instance *ins, const char *symbol)
{
    void (*cb)(void) = dlsym(ins->proxy->dso, symbol);

    if (abi->phases && cb != NULL) {
        cb();
    }
}

void input_pause(struct flb_input_instance *ins)
{
    call(ins, "FLBPluginInputPause");
}

void input_resume(struct flb_input_instance *ins)
{
    call(ins, "FLBPluginInputResume");
}

void input_exit(struct flb_input_instance *ins, int hot)
{
    struct flbgo_input_plugin *plugin = ins->proxy->input;
    void (*cb_pre_exit)(int) = dlsym(ins->proxy->dso, "FLBPluginInputPreExit");

    if (abi->phases && cb_pre_exit != NULL) {
        cb_pre_exit(hot);
    }
    if (plugin->cb_exit != NULL) {
        plugin->cb_exit();
    }
}
