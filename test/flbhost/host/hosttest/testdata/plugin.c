/*
 * A plugin that writes down each call, and misbehaves on demand. It is an output, or with INPUT an input.
 *
 * Compile it with NAME, TRACE and, as needed, KEYS (registers a config map), LEGACY (exports no functions with a
 * context), REFUSE (does not register), OVERRUN (writes the event type and the config map whatever the host).
 *
 * Properties: id (shown in the trace, and in the records of an input), say=text (Init logs it at every level), fail=yes
 * (Init fails), smash=yes (Init writes past the end of the context). Of an output: answer=ok|retry|error|other,
 * crash=read|write|keep|abort|hang|handler (in flush). Of an input: answer=nothing|error (else records).
 */
#define _GNU_SOURCE
#include "abi.h"

#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

struct instance {
    char id[32];
    char answer[16];
    char crash[16];
    const char *kept;
};

#ifdef INPUT
#define TYPE FLB_PROXY_INPUT_PLUGIN
#define PHASE(phase) FLBPluginInput##phase
#define get_property input_get_property
#define log_check input_log_check
#define instance_of(p) (p)->i_ins
typedef struct flbgo_input_plugin plugin;
typedef struct flb_plugin_input_proxy_context context;
#else
#define TYPE FLB_PROXY_OUTPUT_PLUGIN
#define PHASE(phase) FLBPluginOutput##phase
#define get_property output_get_property
#define log_check output_log_check
#define instance_of(p) (p)->o_ins
typedef struct flbgo_output_plugin plugin;
typedef struct flb_plugin_proxy_context context;
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
    n += sprintf(line + n, " on %s\n", getpid() == gettid() ? "main" : thread);
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

int FLBPluginRegister(struct flb_plugin_proxy_def *d)
{
    trace("Register");
#ifdef REFUSE
    return -1;
#endif
    d->type = TYPE;
    d->proxy = FLB_PROXY_GOLANG;
    d->flags = 0;
    d->name = strdup(NAME);
    d->description = strdup("writes down each call");
#ifdef KEYS
    static struct flb_config_map keys[] = {
        {.name = "id", .desc = "shown in the trace"}, {.type = 1, .name = "metric."},
        {.name = "label", .flags = 1}, {.name = "fail"}, {0},
    };
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

void FLBPluginUnregister(struct flb_plugin_proxy_def *d)
{
    trace("Unregister");
    free(d->name);
    free(d->description);
}

static const char *get(plugin *p, const char *key)
{
    const char *v = p->api->get_property(key, instance_of(p));

    return v != NULL ? v : "";
}

static void say(plugin *p, const char *text)
{
    int level;

    for (level = FLB_LOG_ERROR; text[0] != '\0' && level <= FLB_LOG_TRACE; level++) {
        if (p->api->log_check(instance_of(p), level)) {
            p->api->log_print(level, NULL, 0, "%s", text);
        }
    }
}

#if defined(INPUT) || defined(LEGACY)
/* What calls without a context use: of inputs the last one. */
static struct instance *last = &(struct instance){.id = "legacy"};
#endif

int FLBPluginInit(plugin *p)
{
    struct instance *i = calloc(1, sizeof(*i));
    context *c = p->context;

    snprintf(i->id, sizeof(i->id), "%s", get(p, "id"));
    snprintf(i->answer, sizeof(i->answer), "%s", get(p, "answer"));
    snprintf(i->crash, sizeof(i->crash), "%s", get(p, "crash"));
    say(p, get(p, "say"));
    trace("Init %s", i->id);
    if (strcmp(get(p, "smash"), "yes") == 0) {
        memset(c, 0, sizeof(*c) + 8);
    }
    if (strcmp(get(p, "fail"), "yes") == 0) {
        free(i);
        return 0;
    }
#ifdef INPUT
    last = i;
#endif
    /* Before 4.1, the context of an input has another member here. */
    if (c->remote_context == NULL) {
        c->remote_context = i;
    }
    return 1;
}

void PHASE(PreRun)(int enabled)
{
    trace("PreRun(%d)", enabled);
}

void PHASE(PreExit)(int hot)
{
    trace("PreExit(%d)", hot);
}

int FLBPluginExit(void)
{
    trace("Exit");
    return 0;
}

#ifdef INPUT

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

#else

/* A coroutine does not run on the thread's own stack. */
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

static void crash(struct instance *i, const char *bytes, size_t len)
{
    struct sigaction now;

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
        sigaction(SIGSEGV, NULL, &now);
        trace("SIGSEGV on alternate stack: %d", (now.sa_flags & SA_ONSTACK) != 0);
    }
}

static int flush(struct instance *i, const char *bytes, size_t len, const char *tag)
{
    trace("Flush %s %s %zu %02x..%02x%s", i->id, tag, len, (unsigned char) bytes[0],
          (unsigned char) bytes[len - 1], on_own_stack() ? " no coroutine" : "");
    crash(i, bytes, len);
    return strcmp(i->answer, "error") == 0   ? FLB_ERROR
           : strcmp(i->answer, "retry") == 0 ? FLB_RETRY
           : strcmp(i->answer, "other") == 0 ? 42
                                             : FLB_OK;
}

#ifdef LEGACY
int FLBPluginFlush(const char *bytes, size_t len, const char *tag)
{
    return flush(last, bytes, len, tag);
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

#endif
