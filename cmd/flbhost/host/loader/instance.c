#include "proxy.h"

#include "box.h"
#include "log.h"
#include "thread.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The first property of the name wins, whatever its case; one without a value is NULL. */
const char *property_of(struct request properties, const char *key)
{
    uint32_t n = take_number(&properties);

    while (n-- > 0) {
        const char *name = take_text(&properties);
        const char *value = take_text(&properties);

        if (strcasecmp(name, key) == 0) {
            return value[0] != '\0' ? value : NULL;
        }
    }
    return NULL;
}

const char *api_get_property(const char *key, struct flb_output_instance *ins)
{
    return property_of(ins->properties, key);
}

int api_log_check(struct flb_output_instance *ins, int level)
{
    return ins->log_level >= level;
}

/* Exported for C plugins, as in every version. Go plugins find it by dlsym. */
EXPORTED const char *flb_output_name(struct flb_output_instance *ins)
{
    return ins->alias[0] != '\0' ? ins->alias : ins->name;
}

struct flb_output_instance *instance_new(struct proxy *p, struct request r)
{
    struct flb_output_instance *ins = box_new(sizeof(*ins), 0);

    ins->proxy = p;
    ins->context = box_new(sizeof(*ins->context), 0);
    ins->context->proxy = p;
    ins->log_level = (int) take_number(&r);
    ins->workers = take_number(&r);
    ins->name = take_text(&r);
    ins->alias = take_text(&r);
    ins->properties = r;
    return ins;
}

void instance_free(struct flb_output_instance *ins)
{
    request_free(&ins->properties);
    box_free(ins->context);
    box_free(ins);
}

const char *instance_damage(const struct flb_output_instance *ins)
{
    if (!box_intact(ins->context) || ins->context->proxy != ins->proxy) {
        return "struct flb_plugin_proxy_context";
    }
    return proxy_damage(ins->proxy);
}

static void start_workers(struct flb_output_instance *ins)
{
    char name[64];
    unsigned i;

    if (ins->workers > 0) {
        ins->pool = calloc(ins->workers, sizeof(*ins->pool));
    }
    for (i = 0; ins->pool != NULL && i < ins->workers; i++) {
        snprintf(name, sizeof(name), "flb-out-%s-w%u", ins->name, i);
        ins->pool[i] = thread_start(name);
    }
}

static void stop_workers(struct flb_output_instance *ins)
{
    unsigned i;

    for (i = 0; ins->pool != NULL && i < ins->workers; i++) {
        thread_join(ins->pool[i]);
    }
    free(ins->pool);
    ins->pool = NULL;
}

struct thread *instance_worker(struct flb_output_instance *ins)
{
    return ins->pool == NULL ? NULL : ins->pool[ins->next_worker++ % ins->workers];
}

int instance_init(struct flb_output_instance *ins)
{
    struct flbgo_output_plugin *plugin = ins->proxy->plugin;
    int ret;

    plugin->api = ins->proxy->api;
    plugin->o_ins = ins;
    plugin->context = ins->context;
    ret = plugin->cb_init(plugin);
    if (ret <= 0) {
        log_error("[go proxy]: plugin '%s' failed to initialize", plugin->name);
        log_error("[output] could not initialize '%s' plugin", plugin->name);
        log_error("[output] failed to initialize '%s' plugin", plugin->name);
        return -1;
    }
    start_workers(ins);
    return 0;
}

void instance_pre_run(struct flb_output_instance *ins, int hot_reload_enabled)
{
    int (*cb_pre_run)(int) = dlsym(ins->proxy->dso, "FLBPluginOutputPreRun");

    if (abi->phases && cb_pre_run != NULL) {
        cb_pre_run(hot_reload_enabled);
    }
}

void instance_exit(struct flb_output_instance *ins, int hot)
{
    struct flbgo_output_plugin *plugin = ins->proxy->plugin;
    void (*cb_pre_exit)(int) = dlsym(ins->proxy->dso, "FLBPluginOutputPreExit");

    stop_workers(ins);
    if (abi->phases && cb_pre_exit != NULL) {
        cb_pre_exit(hot);
    }
    if (plugin->cb_exit_ctx != NULL) {
        plugin->cb_exit_ctx(ins->context->remote_context);
    }
    else if (plugin->cb_exit != NULL) {
        plugin->cb_exit();
    }
}

struct flush {
    struct flb_output_instance *ins;
    struct chunk chunk;
    char *tag;
    int status;
};

static void flush_on_coroutine(void *arg)
{
    struct flush *f = arg;
    struct flbgo_output_plugin *plugin = f->ins->proxy->plugin;

    if (plugin->cb_flush_ctx != NULL) {
        f->status = plugin->cb_flush_ctx(f->ins->context->remote_context, f->chunk.bytes,
                                         f->chunk.len, f->tag);
    }
    else {
        f->status = plugin->cb_flush(f->chunk.bytes, f->chunk.len, f->tag);
    }
}

int instance_flush(struct flb_output_instance *ins, const void *bytes, size_t len,
                   const char *tag)
{
    struct flush f = {.ins = ins, .status = FLB_ERROR};

    if (chunk_new(&f.chunk, bytes, len) != 0) {
        log_error("[flbhost] no memory for a chunk of %zu bytes", len);
        return FLB_ERROR;
    }
    f.tag = box_new(strlen(tag) + 1, 0);
    strcpy(f.tag, tag);
    if (coroutine_run(flush_on_coroutine, &f) != 0) {
        log_error("[flbhost] no stack for a coroutine");
    }
    box_free(f.tag);
    chunk_free(&f.chunk);
    if (f.status != FLB_OK && f.status != FLB_RETRY) {
        return FLB_ERROR;
    }
    return f.status;
}
