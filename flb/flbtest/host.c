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

/* The slack that the allocator adds is filled as well: a write there shows. */
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

static const char *get_property(const char *key, struct test_instance *ins)
{
    size_t i;

    for (i = 0; i < ins->count; i++) {
        if (strcasecmp(ins->keys[i], key) == 0) {
            return ins->values[i];
        }
    }
    return NULL;
}

static int log_check(struct test_instance *ins, int level)
{
    return ins->log_level >= level;
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

void **test_api(size_t members)
{
    void *get = (void *) get_property, *check = (void *) log_check;
    void *all[] = {get, get, NULL, NULL, (void *) log_print, check, check, NULL, NULL};
    void **api = test_block(members * sizeof(void *), 0xfe);

    memcpy(api, all, members * sizeof(void *));
    return api;
}

struct test_plugin *test_plugin(const char *name, void **api, int log_level, size_t properties)
{
    struct test_plugin *plugin = calloc(1, sizeof(*plugin));

    plugin->name = strdup(name);
    plugin->api = api;
    plugin->context = calloc(1, sizeof(*plugin->context));
    plugin->o_ins = calloc(1, sizeof(*plugin->o_ins));
    plugin->o_ins->log_level = log_level;
    plugin->o_ins->count = properties;
    plugin->o_ins->keys = calloc(properties + 1, sizeof(char *));
    plugin->o_ins->values = calloc(properties + 1, sizeof(char *));
    return plugin;
}

void test_property(struct test_plugin *plugin, size_t i, const char *key, const char *value)
{
    plugin->o_ins->keys[i] = strdup(key);
    plugin->o_ins->values[i] = value == NULL ? NULL : strdup(value);
}

/* What the host frees after exit is overwritten first, so that a late use does not go unnoticed. */
void test_plugin_free(struct test_plugin *plugin)
{
    size_t i;

    for (i = 0; i < plugin->o_ins->count; i++) {
        free(plugin->o_ins->keys[i]);
        free(plugin->o_ins->values[i]);
    }
    free(plugin->o_ins->keys);
    free(plugin->o_ins->values);
    memset(plugin->o_ins, 0xfe, sizeof(*plugin->o_ins));
    free(plugin->o_ins);
    memset(plugin->context, 0xfe, sizeof(*plugin->context));
    free(plugin->context);
    free(plugin->name);
    memset(plugin, 0xfe, sizeof(*plugin));
    free(plugin);
}

/* An input's context had no collector before 4.1, and lies in another allocation: see flb_input_new(). */
void test_input_context(struct test_plugin *plugin, int since_4_1)
{
    free(plugin->context);
    if (since_4_1) {
        struct test_input_context *context = calloc(1, sizeof(*context));

        context->proxy = plugin;
        plugin->context = (struct test_context *) context;
    }
    else {
        plugin->context = calloc(1, sizeof(*plugin->context));
        plugin->context->proxy = plugin;
    }
}

uintptr_t test_remote_context(const struct test_plugin *plugin, int since_4_1)
{
    return since_4_1 ? ((const struct test_input_context *) plugin->context)->remote_context
                     : plugin->context->remote_context;
}

int test_input_damaged(const struct test_plugin *plugin, int since_4_1)
{
    const struct test_input_context *context = (const struct test_input_context *) plugin->context;

    return since_4_1 ? context->proxy != plugin || context->coll_fd != 0
                     : plugin->context->proxy != plugin || plugin->context->remote_context != 0;
}

static void die(int number)
{
    (void) number;
    _exit(99);
}

/* As flb_signal_init() does on SIGHUP. */
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
