/*
 * The structures of Fluent Bit that a Go plugin sees. The comment of a field is the first version that has it.
 * All functions are hidden, because functions of the same name that the host exports would take precedence.
 */
#ifndef PROMEXPORTER_FLB_ABI_H
#define PROMEXPORTER_FLB_ABI_H

#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

struct host_list {
    struct host_list *prev, *next;
};

/* struct flb_config_map, as of 5.0.4. An array of them ends at name == NULL. */
struct host_key {
    int type;
    const char *name;
    const char *def_value;
    int flags;
    int set_property;
    uintptr_t offset;
    const char *desc;
    struct {
        union {
            double number;
            void *pointer;
        } val;
        char *raw;
        struct host_list *mult;
        struct host_list link;
    } value;
    struct host_list link;
};

/* struct flb_plugin_proxy_def */
struct host_def {
    int type;
    int proxy;
    int flags;
    char *name;
    char *description;
    int event_type;              /* 4.2.3 */
    struct host_key *config_map; /* 5.1.1 */
};

typedef void (*host_log_print)(int level, const char *file, int line, const char *format, ...);
typedef int (*host_log_check)(void *instance, int level);

/* struct flb_api */
struct host_api {
    const char *(*output_get_property)(const char *key, void *instance);
    const char *(*input_get_property)(const char *key, void *instance); /* 2.0, with all that follow */
    void *(*output_get_cmt_instance)(void *instance);
    void *(*input_get_cmt_instance)(void *instance);
    host_log_print log_print;
    host_log_check input_log_check;
    host_log_check output_log_check;
    void *custom_get_property; /* 4.0.3, with the next */
    void *custom_log_check;
};

/* struct flb_plugin_proxy_context */
struct host_context {
    uintptr_t remote_context; /* a void pointer to the host, which only carries it */
};

/* struct flbgo_output_plugin */
struct host_plugin {
    const char *name;
    struct host_api *api;
    void *instance;
    struct host_context *context;
};

/*
 * struct flb_plugin_input_proxy_context, 4.1. Before, an input had struct host_context, whose first member the host did
 * not read.
 */
struct host_input_context {
    int collector;
    uintptr_t remote_context;
    void *proxy;
};

/* struct flbgo_input_plugin */
struct host_input_plugin {
    const char *name;
    struct host_api *api;
    void *instance;
    struct host_input_context *context;
};

int promexporter_takes_events(const void *def);
void promexporter_set_events(void *def, int events);
int promexporter_takes_keys(const void *def);
void promexporter_set_keys(void *def, struct host_key *keys);
struct host_key *promexporter_keys(const void *def);

const char *promexporter_instance_name(const char *function, void *instance);
host_log_print promexporter_log_print(const struct host_api *api);
int promexporter_log_level(host_log_check check, void *instance);
void promexporter_log(host_log_print print, int level, const char *text);

int promexporter_has_input_context(const struct host_input_plugin *plugin);
int promexporter_ends_with_input(const struct host_api *api);
uintptr_t promexporter_thread(void);

void promexporter_keep_fault_handlers(void);

#pragma GCC visibility pop

#endif
