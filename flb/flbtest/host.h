#ifndef PROMEXPORTER_FLBTEST_HOST_H
#define PROMEXPORTER_FLBTEST_HOST_H

#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/* The host's structures, written down a second time on purpose: flb must not test its layouts against themselves. */
struct test_instance {
    int log_level;
    size_t count;
    char **keys;
    char **values;
};

struct test_context {
    uintptr_t remote_context;
    void *proxy;
};

struct test_input_context {
    int coll_fd;
    uintptr_t remote_context;
    void *proxy;
};

struct test_plugin {
    char *name;
    void **api;
    struct test_instance *o_ins;
    struct test_context *context;
};

void *test_block(size_t size, unsigned char fill);
size_t test_usable(const void *block);
void **test_api(size_t members);
struct test_plugin *test_plugin(const char *name, void **api, int log_level, size_t properties);
void test_property(struct test_plugin *plugin, size_t i, const char *key, const char *value);
void test_input_context(struct test_plugin *plugin, int since_4_1);
uintptr_t test_remote_context(const struct test_plugin *plugin, int since_4_1);
int test_input_damaged(const struct test_plugin *plugin, int since_4_1);
void test_plugin_free(struct test_plugin *plugin);
char *test_lines(void);
void test_signal_faults(void);
void test_host_signals(void);
int test_raise(int number);

#pragma GCC visibility pop

#endif
