/*
 * An input plugin that writes down each call, and misbehaves on demand.
 *
 * Compiled with NAME, TRACE and, as wanted, KEYS (registers a config map), LEGACY (exports no callback with a context).
 *
 * Properties: id (shown in the trace, and in the records), fail=yes (Init fails), say=text (logged at every level by
 * Init), smash=yes (Init writes past the end of the context), answer=nothing|error (of the callback; else records).
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

struct key {
    int type;
    const char *name, *def_value;
    int flags, set_property;
    uintptr_t offset;
    const char *desc;
    void *internal[7];
};

struct def {
    int type, proxy, flags;
    char *name, *description;
    int event_type;
    struct key *config_map;
};

struct api {
    void *unused;
    const char *(*input_get_property)(const char *, void *);
    void *unused2[2];
    void (*log_print)(int, const char *, int, const char *, ...);
    int (*input_log_check)(void *, int);
};

struct context {
    int coll_fd;
    void *remote_context, *proxy;
};

struct plugin {
    char *name;
    struct api *api;
    void *instance;
    struct context *context;
};

struct instance {
    char id[32];
    char answer[16];
};

#ifdef KEYS
static struct key keys[] = {
    {.name = "id", .desc = "shown in the trace"},
    {0},
};
#endif

static void trace(const char *fmt, ...)
{
    char line[512], thread[16];
    va_list args;
    int fd = open(TRACE, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int n;

    prctl(PR_GET_NAME, thread);
    va_start(args, fmt);
    n = vsnprintf(line, sizeof(line) - 32, fmt, args);
    va_end(args);
    if (getpid() == gettid()) {
        strcpy(thread, "main");
    }
    n += snprintf(line + n, sizeof(line) - (size_t) n, " on %s\n", thread);
    if (write(fd, line, (size_t) n) != n) {
        abort();
    }
    close(fd);
}

int FLBPluginPreRegister(int hot)
{
    trace("PreRegister(%d)", hot);
    return 0;
}

int FLBPluginRegister(struct def *d)
{
    trace("Register");
    d->type = 1;
    d->proxy = 11;
    d->flags = 0;
    d->name = strdup(NAME);
    d->description = strdup("writes down what is asked of it");
#ifdef KEYS
    if (malloc_usable_size(d) >= sizeof(*d)) {
        d->config_map = keys;
    }
#endif
    return 0;
}

void FLBPluginUnregister(struct def *d)
{
    trace("Unregister");
    free(d->name);
    free(d->description);
}

static const char *get(struct plugin *p, const char *key)
{
    const char *v = p->api->input_get_property(key, p->instance);

    return v != NULL ? v : "";
}

static void speak(struct plugin *p, const char *text)
{
    int level;

    for (level = 1; level <= 5; level++) {
        if (p->api->input_log_check(p->instance, level)) {
            p->api->log_print(level, NULL, 0, "%s", text);
        }
    }
}

/* Without contexts, the last instance is all that the callbacks know. */
static struct instance *last;

int FLBPluginInit(struct plugin *p)
{
    struct instance *i = calloc(1, sizeof(*i));

    snprintf(i->id, sizeof(i->id), "%s", get(p, "id"));
    snprintf(i->answer, sizeof(i->answer), "%s", get(p, "answer"));
    if (get(p, "say")[0] != '\0') {
        speak(p, get(p, "say"));
    }
    trace("Init %s", i->id);
    if (strcmp(get(p, "smash"), "yes") == 0) {
        memset(p->context, 0, sizeof(*p->context) + 8);
    }
    if (strcmp(get(p, "fail"), "yes") == 0) {
        free(i);
        return 0;
    }
    last = i;
    /* Before 4.1, the host has another member of its context there. */
    if (p->context->remote_context == NULL) {
        p->context->remote_context = i;
    }
    return 1;
}

int FLBPluginInputPreRun(int enabled)
{
    trace("PreRun(%d)", enabled);
    return 0;
}

static int collect(struct instance *i, void **data, size_t *len)
{
    size_t n = strlen(i->id);
    char *b;

    if (strcmp(i->answer, "nothing") == 0) {
        return 1;
    }
    /* [1, {"id": id}] */
    b = malloc(n + 7);
    memcpy(b, "\x92\x01\x81\xa2id", 6);
    b[6] = (char) (0xa0 | n);
    memcpy(b + 7, i->id, n);
    *data = b;
    *len = n + 7;
    return strcmp(i->answer, "error") == 0 ? -1 : 1;
}

int FLBPluginInputCallback(void **data, size_t *len)
{
    trace("Callback");
    return collect(last, data, len);
}

int FLBPluginInputCleanupCallback(void *data)
{
    trace("Cleanup");
    free(data);
    return 1;
}

#ifndef LEGACY
int FLBPluginInputCallbackCtx(struct instance *i, void **data, size_t *len)
{
    trace("CallbackCtx %s", i->id);
    return collect(i, data, len);
}

int FLBPluginInputCleanupCallbackCtx(struct instance *i, void *data)
{
    trace("CleanupCtx %s", i->id);
    free(data);
    return 1;
}
#endif

void FLBPluginInputPause(void)
{
    trace("Pause");
}

void FLBPluginInputResume(void)
{
    trace("Resume");
}

void FLBPluginInputPreExit(int hot)
{
    trace("PreExit(%d)", hot);
}

int FLBPluginExit(void)
{
    trace("Exit");
    return 1;
}
