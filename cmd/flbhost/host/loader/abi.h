/*
 * The structs that Fluent Bit shares with its plugins, and how they grew: flb_plugin_proxy.h,
 * flb_api.h, flb_config_map.h and proxy/go/go.h of its sources.
 */
#ifndef ABI_H
#define ABI_H

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
    void *internal[7];
};

struct flb_plugin_proxy_def {
    int type;
    int proxy;
    int flags;
    char *name;
    char *description;
    int event_type;                    /* since 4.2.3 */
    struct flb_config_map *config_map; /* since 5.1.1 */
};

struct flb_input_instance;
struct flb_output_instance;

/* What this host does not serve is NULL: metrics and custom plugins. */
struct flb_api {
    const char *(*output_get_property)(const char *, struct flb_output_instance *);
    /* since 2.0, as all that follow */
    const char *(*input_get_property)(const char *, struct flb_input_instance *);
    void *output_get_cmt_instance;
    void *input_get_cmt_instance;
    void (*log_print)(int, const char *, int, const char *, ...);
    int (*input_log_check)(struct flb_input_instance *, int);
    int (*output_log_check)(struct flb_output_instance *, int);
    void *custom_get_property;     /* since 4.0.3 */
    void *custom_log_check;        /* since 4.0.3 */
};

struct proxy;

struct flb_plugin_proxy_context {
    void *remote_context;
    struct proxy *proxy;
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

/* Of inputs, since 4.1. Before, they had struct flb_plugin_proxy_context, and callbacks without it. */
struct flb_plugin_input_proxy_context {
    int coll_fd;
    void *remote_context;
    struct proxy *proxy;
};

struct flbgo_input_plugin {
    char *name;
    struct flb_api *api;
    struct flb_input_instance *i_ins;
    void *context; /* of either kind */

    int (*cb_init)(struct flbgo_input_plugin *);
    int (*cb_collect)(void **, size_t *);
    int (*cb_collect_ctx)(void *, void **, size_t *);
    int (*cb_cleanup)(void *);
    int (*cb_cleanup_ctx)(void *, void *);
    int (*cb_exit)(void);
};

/* All else is hidden, so that no function of this program takes the place of a plugin's. */
#define EXPORTED __attribute__((visibility("default")))

/* What differs between the versions that this host can take on. */
struct abi {
    const char *version;
    size_t def_size;
    int def_fill; /* what fresh memory holds: zero once Fluent Bit used calloc */
    size_t api_size;
    int phases;       /* calls PreRegister, PreRun and PreExit */
    int milliseconds; /* in log lines */
    int inputs;         /* may be written in Go */
    int input_contexts; /* are passed to their callbacks */
    int input_failures; /* end the start; else it goes on, on memory that was freed */
};

extern const struct abi *abi;

/* abi_select sets abi; it returns -1 when there is no such version. */
int abi_select(const char *version);

#endif
