/*
 * The structs that Fluent Bit shares with its Go plugins, from flb_plugin_proxy.h, flb_api.h, flb_config_map.h and
 * proxy/go/go.h of its sources. A comment names the first version that has a member; abi.go lists the versions.
 */
#ifndef FLBHOST_ABI_H
#define FLBHOST_ABI_H

#include <stddef.h>
#include <stdint.h>

enum { FLB_ERROR = 0, FLB_OK = 1, FLB_RETRY = 2 };
enum { FLB_LOG_ERROR = 1, FLB_LOG_WARN, FLB_LOG_INFO, FLB_LOG_DEBUG, FLB_LOG_TRACE };
enum { FLB_PROXY_INPUT_PLUGIN = 1, FLB_PROXY_OUTPUT_PLUGIN = 2, FLB_PROXY_GOLANG = 11 };

struct flb_config_map {
    int type;
    char *name;
    char *def_value;
    int flags;
    int set_property;
    uintptr_t offset;
    char *desc;
    struct {
        union {
            double number; /* its alignment counts on 32 bits */
            void *pointer;
        } value;
        void *internal[4];
    } value;
    void *link[2];
};

struct flb_plugin_proxy_def {
    int type;
    int proxy;
    int flags;
    char *name;
    char *description;
    int event_type;                    /* 4.2.3 */
    struct flb_config_map *config_map; /* 5.1.1 */
};

/* definition_size returns the size of the definition in a version in which it has that many members. */
static inline size_t definition_size(size_t members)
{
    if (members < 6) {
        return offsetof(struct flb_plugin_proxy_def, event_type);
    }
    if (members < 7) {
        return offsetof(struct flb_plugin_proxy_def, config_map);
    }
    return sizeof(struct flb_plugin_proxy_def);
}

struct flb_input_instance;
struct flb_output_instance;

/* The functions for metrics and for custom plugins are NULL here. */
struct flb_api {
    const char *(*output_get_property)(const char *, struct flb_output_instance *);
    const char *(*input_get_property)(const char *, struct flb_input_instance *); /* 2.0, and the next five */
    void *output_get_cmt_instance;
    void *input_get_cmt_instance;
    void (*log_print)(int, const char *, int, const char *, ...);
    int (*input_log_check)(struct flb_input_instance *, int);
    int (*output_log_check)(struct flb_output_instance *, int);
    void *custom_get_property; /* 4.0.3, and the next */
    void *custom_log_check;
};

struct flb_plugin_proxy_context {
    void *remote_context;
    void *proxy;
};

/* An input's, since 4.1. Before, inputs have struct flb_plugin_proxy_context, and callbacks do not get it. */
struct flb_plugin_input_proxy_context {
    int coll_fd;
    void *remote_context;
    void *proxy;
};

struct flbgo_output_plugin {
    char *name;
    struct flb_api *api;
    struct flb_output_instance *o_ins;
    struct flb_plugin_proxy_context *context;

    int (*cb_init)(struct flbgo_output_plugin *);
    int (*cb_flush)(const void *, size_t, const char *);
    int (*cb_flush_ctx)(void *, const void *, size_t, char *);
    int (*cb_exit)(void);
    int (*cb_exit_ctx)(void *);
};

struct flbgo_input_plugin {
    char *name;
    struct flb_api *api;
    struct flb_input_instance *i_ins;
    void *context; /* either kind */

    int (*cb_init)(struct flbgo_input_plugin *);
    int (*cb_collect)(void **, size_t *);
    int (*cb_collect_ctx)(void *, void **, size_t *);
    int (*cb_cleanup)(void *);
    int (*cb_cleanup_ctx)(void *, void *);
    int (*cb_exit)(void);
};

#if UINTPTR_MAX == UINT64_MAX
_Static_assert(sizeof(struct flb_config_map) == 104, "config map of Fluent Bit 5.1.1");
_Static_assert(offsetof(struct flb_plugin_proxy_def, event_type) == 32, "definition before 4.2.3");
_Static_assert(offsetof(struct flb_plugin_proxy_def, config_map) == 40, "definition before 5.1.1");
_Static_assert(sizeof(struct flb_plugin_proxy_def) == 48, "definition of Fluent Bit 5.1.1");
_Static_assert(offsetof(struct flb_api, custom_get_property) == 56, "API of Fluent Bit 2.0");
_Static_assert(sizeof(struct flb_api) == 72, "API of Fluent Bit 4.0.3");
_Static_assert(sizeof(struct flb_plugin_input_proxy_context) == 24, "context of an input of Fluent Bit 4.1");
#endif

#endif
