/* What package flbtest needs of a host: sections, a log and signal handlers. */
#ifndef PROMEXPORTER_FLBTEST_HOST_H
#define PROMEXPORTER_FLBTEST_HOST_H

#include "abi.h"

#pragma GCC visibility push(hidden)

/* A section, its plugin structure and its context. */
struct test_section {
    int log_level;
    size_t count;
    char **keys;
    char **values;
    struct flb_api *api;
    struct flbgo_output_plugin plugin; /* an input's has the same members up to the context */
    struct flb_plugin_proxy_context *context; /* the part of the context that all kinds have */
};

void *test_block(size_t size, unsigned char fill);
size_t test_usable(const void *block);
struct test_section *test_section(const char *name, size_t api_members, int log_level, size_t properties,
                                  int collector);
void test_property(struct test_section *section, size_t i, const char *key, const char *value);
uintptr_t test_context(const struct test_section *section);
int test_damaged(const struct test_section *section, int collector);
void test_free(struct test_section *section);
char *test_lines(void);
void test_signal_faults(void);
void test_host_signals(void);
int test_raise(int number);

#pragma GCC visibility pop

#endif
