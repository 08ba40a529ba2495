#define _GNU_SOURCE
#include "host.h"

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* Also fills the slack of the allocator, so that a write there shows. */
void *test_block(size_t size, unsigned char fill)
{
    void *block = malloc(size);

    memset(block, fill, malloc_usable_size(block));
    return block;
}

size_t test_usable(const void *block)
{
    return malloc_usable_size((void *) block);
}

static const char *get_property(const char *key, struct test_section *s)
{
    size_t i;

    for (i = 0; i < s->count; i++) {
        if (strcasecmp(s->keys[i], key) == 0) {
            return s->values[i];
        }
    }
    return NULL;
}

static int log_check(struct test_section *s, int level)
{
    return s->log_level >= level;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char lines[1 << 20];
static size_t used;

static void log_print(int level, const char *file, int line, const char *format, ...)
{
    va_list args;

    (void) file;
    (void) line;
    pthread_mutex_lock(&lock);
    used += (size_t) snprintf(lines + used, sizeof(lines) - used, "%d ", level);
    va_start(args, format);
    used += (size_t) vsnprintf(lines + used, sizeof(lines) - used, format, args);
    va_end(args);
    lines[used++] = '\n';
    lines[used] = '\0';
    pthread_mutex_unlock(&lock);
}

char *test_lines(void)
{
    char *copy;

    pthread_mutex_lock(&lock);
    copy = strdup(lines);
    used = 0;
    lines[0] = '\0';
    pthread_mutex_unlock(&lock);
    return copy;
}

static struct flb_api *api_new(size_t members)
{
    const struct flb_api all = {
        .output_get_property = (const char *(*)(const char *, struct flb_output_instance *)) get_property,
        .input_get_property = (const char *(*)(const char *, struct flb_input_instance *)) get_property,
        .log_print = log_print,
        .input_log_check = (int (*)(struct flb_input_instance *, int)) log_check,
        .output_log_check = (int (*)(struct flb_output_instance *, int)) log_check,
        .custom_get_property = (void *) get_property,
        .custom_log_check = (void *) log_check,
    };
    /* An allocator may give a block that is two members larger. What is in them was there before. */
    struct flb_api *api = test_block((members + 2) * sizeof(void *), 0xfe);

    memcpy(api, &all, members * sizeof(void *));
    return api;
}

/* With collector, the context is that of an input since 4.1. */
struct test_section *test_section(const char *name, size_t api_members, int log_level, size_t properties, int collector)
{
    struct test_section *s = calloc(1, sizeof(*s));
    struct flb_plugin_input_proxy_context *input = calloc(1, sizeof(*input));

    s->log_level = log_level;
    s->count = properties;
    s->keys = calloc(properties + 1, sizeof(char *));
    s->values = calloc(properties + 1, sizeof(char *));
    s->api = api_new(api_members);
    s->plugin.name = strdup(name);
    s->plugin.api = s->api;
    s->plugin.o_ins = (struct flb_output_instance *) s;
    if (collector) {
        s->plugin.context = (struct flb_plugin_proxy_context *) input;
        s->context = (struct flb_plugin_proxy_context *) &input->remote_context;
    }
    else {
        free(input);
        s->plugin.context = calloc(1, sizeof(*s->context));
        s->context = s->plugin.context;
    }
    s->context->proxy = s;
    return s;
}

void test_property(struct test_section *s, size_t i, const char *key, const char *value)
{
    s->keys[i] = strdup(key);
    s->values[i] = value == NULL ? NULL : strdup(value);
}

/* A number, which Go must not see as a pointer. */
uintptr_t test_context(const struct test_section *s)
{
    return (uintptr_t) s->context->remote_context;
}

/* Whether Init of an input wrote to the context what it must not. */
int test_damaged(const struct test_section *s, int collector)
{
    const struct flb_plugin_input_proxy_context *input = (void *) s->plugin.context;

    return s->context->proxy != s || (collector ? input->coll_fd != 0 : s->context->remote_context != NULL);
}

/* Overwrites what the host frees after exit, so that a late use shows. */
void test_free(struct test_section *s)
{
    size_t i;

    for (i = 0; i < s->count; i++) {
        free(s->keys[i]);
        free(s->values[i]);
    }
    free(s->keys);
    free(s->values);
    free(s->api);
    memset(s->context, 0xfe, sizeof(*s->context));
    free(s->plugin.context);
    free(s->plugin.name);
    memset(s, 0xfe, sizeof(*s));
    free(s);
}

static void die(int number)
{
    (void) number;
    _exit(99);
}

/* Does what flb_signal_init() does on SIGHUP. */
void test_signal_faults(void)
{
    signal(SIGSEGV, die);
    signal(SIGFPE, die);
}

static void on_host(int number)
{
    (void) number;
    test_signal_faults();
    test_host_signals();
}

void test_host_signals(void)
{
    signal(SIGHUP, on_host);
    signal(SIGCONT, on_host);
}

int test_raise(int number)
{
    return raise(number);
}
