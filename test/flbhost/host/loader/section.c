#include "plugin.h"

#include "box.h"
#include "thread.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The first property of the name wins, whatever its case; one without a value is NULL. */
const char *api_property(const char *key, struct section *s)
{
    struct request properties = s->properties;
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

int api_log_check(struct section *s, int level)
{
    return s->log_level >= level;
}

/* Every version exports these two to C plugins. Go plugins find them with dlsym. */
EXPORTED const char *flb_output_name(struct section *s)
{
    return s->alias[0] != '\0' ? s->alias : s->name;
}

EXPORTED const char *flb_input_name(struct section *s)
{
    return flb_output_name(s);
}

static int is_input(const struct section *s)
{
    return s->proxy->input != NULL;
}

/* Whether the context is struct flb_plugin_input_proxy_context. */
static int has_collector(const struct section *s)
{
    return is_input(s) && version.input_contexts;
}

/* The part of the context that both kinds have. */
static struct flb_plugin_proxy_context *context(const struct section *s)
{
    size_t offset = has_collector(s) ? offsetof(struct flb_plugin_input_proxy_context, remote_context) : 0;

    return (struct flb_plugin_proxy_context *) ((char *) s->context + offset);
}

struct section *section_new(struct request r)
{
    struct section *s = box_new(sizeof(*s), 0);

    s->proxy = take_pointer(&r);
    s->log_level = (int) take_number(&r);
    s->workers = take_number(&r);
    s->name = take_text(&r);
    s->alias = take_text(&r);
    s->properties = r;
    s->context = box_new(has_collector(s) ? sizeof(struct flb_plugin_input_proxy_context)
                                          : sizeof(struct flb_plugin_proxy_context), 0);
    context(s)->proxy = s->proxy;
    return s;
}

void section_free(struct section *s)
{
    request_free(&s->properties);
    box_free(s->context);
    box_free(s);
}

const char *section_damage(const struct section *s)
{
    const struct flb_plugin_input_proxy_context *whole = s->context;

    if (!box_intact(s->context) || context(s)->proxy != s->proxy || (has_collector(s) && whole->coll_fd != 0)) {
        return has_collector(s) ? "struct flb_plugin_input_proxy_context" : "struct flb_plugin_proxy_context";
    }
    return proxy_damage(s->proxy);
}

static void start_workers(struct section *s)
{
    char name[64];
    unsigned i;

    if (s->workers > 0) {
        s->pool = calloc(s->workers, sizeof(*s->pool));
    }
    for (i = 0; s->pool != NULL && i < s->workers; i++) {
        snprintf(name, sizeof(name), "flb-out-%s-w%u", s->name, i);
        s->pool[i] = thread_start(name);
    }
}

static void stop_workers(struct section *s)
{
    unsigned i;

    for (i = 0; s->pool != NULL && i < s->workers; i++) {
        thread_join(s->pool[i]);
    }
    free(s->pool);
    s->pool = NULL;
}

struct thread *section_worker(struct section *s)
{
    return s->pool == NULL ? NULL : s->pool[s->next_worker++ % s->workers];
}

int section_init(struct section *s)
{
    /* The members up to cb_init are the same for both kinds. */
    struct flbgo_output_plugin *plugin = is_input(s) ? (void *) s->proxy->input : s->proxy->output;

    plugin->api = s->proxy->api;
    plugin->o_ins = (struct flb_output_instance *) s;
    plugin->context = s->context;
    if (plugin->cb_init(plugin) > 0) {
        start_workers(s);
        return 0;
    }
    log_error("[go proxy]: plugin '%s' failed to initialize", plugin->name);
    if (!is_input(s)) {
        log_error("[output] could not initialize '%s' plugin", plugin->name);
        log_error("[output] failed to initialize '%s' plugin", plugin->name);
        return -1;
    }
    log_error("Could not initialize proxy for threaded input plugin");
    if (!version.input_failures) {
        box_spoil(plugin); /* versions before 4.0.3 free it and go on using it */
    }
    return -1;
}

/* Calls FLBPluginInput or FLBPluginOutput plus the rest of the name, if the version and the plugin have it. */
static void call_phase(struct section *s, const char *phase, int argument)
{
    char name[64];
    void (*cb)(int);

    snprintf(name, sizeof(name), "FLBPlugin%s%s", is_input(s) ? "Input" : "Output", phase);
    cb = dlsym(s->proxy->dso, name);
    if (version.phases && cb != NULL) {
        cb(argument);
    }
}

void section_pre_run(struct section *s, int hot_reload_enabled)
{
    call_phase(s, "PreRun", hot_reload_enabled);
}

/* The plugin's functions for pauses have no parameters; the C calling conventions of Linux let them ignore one. */
void section_pause(struct section *s)
{
    call_phase(s, "Pause", 0);
}

void section_resume(struct section *s)
{
    call_phase(s, "Resume", 0);
}

void section_exit(struct section *s, int hot)
{
    struct flbgo_output_plugin *output = s->proxy->output;

    stop_workers(s);
    call_phase(s, "PreExit", hot);
    if (is_input(s)) {
        if (s->proxy->input->cb_exit != NULL) {
            s->proxy->input->cb_exit();
        }
    }
    else if (output->cb_exit_ctx != NULL) {
        output->cb_exit_ctx(context(s)->remote_context);
    }
    else if (output->cb_exit != NULL) {
        output->cb_exit();
    }
}

struct flush {
    struct section *section;
    struct chunk chunk;
    char *tag;
    int status;
};

static void flush_on_coroutine(void *arg)
{
    struct flush *f = arg;
    struct flbgo_output_plugin *plugin = f->section->proxy->output;

    if (plugin->cb_flush_ctx != NULL) {
        f->status = plugin->cb_flush_ctx(context(f->section)->remote_context, f->chunk.bytes, f->chunk.len, f->tag);
    }
    else {
        f->status = plugin->cb_flush(f->chunk.bytes, f->chunk.len, f->tag);
    }
}

int section_flush(struct section *s, const void *bytes, size_t len, const char *tag)
{
    struct flush f = {.section = s, .status = FLB_ERROR};

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
    return f.status == FLB_OK || f.status == FLB_RETRY ? f.status : FLB_ERROR;
}

void section_collect(struct section *s, struct reply *p)
{
    struct flbgo_input_plugin *plugin = s->proxy->input;
    void *remote = context(s)->remote_context;
    void *data = NULL;
    size_t len = 0;
    int ret = plugin->cb_collect_ctx != NULL ? plugin->cb_collect_ctx(remote, &data, &len)
                                             : plugin->cb_collect(&data, &len);

    if (len == 0 || ret == -1) {
        reply_bytes(p, NULL, 0);
        return;
    }
    reply_bytes(p, data, len);
    if (plugin->cb_cleanup_ctx != NULL) {
        plugin->cb_cleanup_ctx(remote, data);
    }
    else if (plugin->cb_cleanup != NULL) {
        plugin->cb_cleanup(data);
    }
    else {
        free(data);
    }
}
