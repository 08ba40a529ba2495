/*
 * An output plugin that writes down each call, and misbehaves on demand.
 *
 * Compiled with NAME, TRACE and, as wanted, KEYS (registers a config map), OVERRUN (writes the
 * event type and the config map whatever the host), REFUSE (does not register), LEGACY (exports
 * FLBPluginFlush and FLBPluginExit only).
 *
 * Properties: id (shown in the trace), fail=yes (Init fails), answer=ok|retry|error|other,
 * retries=n (RETRY n times, then the answer), crash=read|write|keep|abort|hang|handler (in flush), say=text
 * (logged at every level by Init), smash=yes (Init writes past the end of the context).
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdarg.h>
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
    const char *(*output_get_property)(const char *, void *);
    void *unused[3];
    void (*log_print)(int, const char *, int, const char *, ...);
    void *unused2;
    int (*output_log_check)(void *, int);
};

struct context {
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
    int answer;
    int retries;
    char crash[16];
    const char *kept;
};

#ifdef KEYS
static struct key keys[] = {
    {.name = "id", .desc = "shown in the trace"},
    {.type = 1, .name = "metric."},
    {.name = "label", .flags = 1},
    {.name = "fail"},
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
#ifdef REFUSE
    return -1;
#endif
    d->type = 2;
    d->proxy = 11;
    d->flags = 0;
    d->name = strdup(NAME);
    d->description = strdup("writes down what is asked of it");
#ifdef KEYS
    if (malloc_usable_size(d) >= sizeof(*d)) {
        d->config_map = keys;
    }
#endif
#ifdef OVERRUN
    d->event_type = 1;
    d->config_map = NULL;
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
    const char *v = p->api->output_get_property(key, p->instance);

    return v != NULL ? v : "";
}

static void speak(struct plugin *p, const char *text)
{
    int level;

    for (level = 1; level <= 5; level++) {
        if (p->api->output_log_check(p->instance, level)) {
            p->api->log_print(level, NULL, 0, "%s", text);
        }
    }
}

int FLBPluginInit(struct plugin *p)
{
    static const char *const answers[] = {"error", "ok", "retry", "other"};
    struct instance *i = calloc(1, sizeof(*i));
    int n;

    snprintf(i->id, sizeof(i->id), "%s", get(p, "id"));
    snprintf(i->crash, sizeof(i->crash), "%s", get(p, "crash"));
    i->retries = atoi(get(p, "retries"));
    i->answer = 1;
    for (n = 0; n < 4; n++) {
        if (strcmp(get(p, "answer"), answers[n]) == 0) {
            i->answer = n;
        }
    }
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
    p->context->remote_context = i;
    return 1;
}

int FLBPluginOutputPreRun(int enabled)
{
    trace("PreRun(%d)", enabled);
    return 0;
}

/* A thread's own stack is not the one that a coroutine runs on. */
static int on_own_stack(void)
{
    pthread_attr_t attr;
    void *low;
    size_t size;
    int here;

    pthread_getattr_np(pthread_self(), &attr);
    pthread_attr_getstack(&attr, &low, &size);
    pthread_attr_destroy(&attr);
    return (char *) &here >= (char *) low && (char *) &here < (char *) low + size;
}

static int flush(struct instance *i, const char *bytes, size_t len, const char *tag)
{
    trace("Flush %s %s %zu %02x..%02x%s", i->id, tag, len, (unsigned char) bytes[0],
          (unsigned char) bytes[len - 1], on_own_stack() ? " no coroutine" : "");
    if (strcmp(i->crash, "read") == 0) {
        trace("%d", bytes[len]);
    }
    if (strcmp(i->crash, "write") == 0) {
        ((char *) bytes)[0] = 0;
    }
    if (strcmp(i->crash, "keep") == 0) {
        if (i->kept != NULL) {
            trace("%d", i->kept[0]);
        }
        i->kept = bytes;
    }
    if (strcmp(i->crash, "abort") == 0) {
        abort();
    }
    if (strcmp(i->crash, "hang") == 0) {
        pause();
    }
    if (strcmp(i->crash, "handler") == 0) {
        struct sigaction now;

        sigaction(SIGSEGV, NULL, &now);
        trace("SIGSEGV on alternate stack: %d", (now.sa_flags & SA_ONSTACK) != 0);
    }
    if (i->retries > 0) {
        i->retries--;
        return 2;
    }
    return i->answer == 3 ? 42 : i->answer;
}

#ifdef LEGACY
static struct instance only = {.id = "legacy", .answer = 1};

int FLBPluginFlush(const char *bytes, size_t len, const char *tag)
{
    return flush(&only, bytes, len, tag);
}
#else
int FLBPluginFlushCtx(struct instance *i, const char *bytes, size_t len, const char *tag)
{
    return flush(i, bytes, len, tag);
}

int FLBPluginExitCtx(struct instance *i)
{
    trace("ExitCtx %s", i != NULL ? i->id : "NULL");
    free(i);
    return 0;
}
#endif

int FLBPluginExit(void)
{
    trace("Exit");
    return 0;
}

void FLBPluginOutputPreExit(int hot)
{
    trace("PreExit(%d)", hot);
}
