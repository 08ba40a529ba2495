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
enum { FLB_PROXY_OUTPUT_PLUGIN = 2, FLB_PROXY_GOLANG = 11 };

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

struct flb_output_instance;

/* What this host does not serve is NULL: inputs, metrics and custom plugins. */
struct flb_api {
    const char *(*output_get_property)(const char *, struct flb_output_instance *);
    void *input_get_property;      /* since 2.0, as all that follow */
    void *output_get_cmt_instance;
    void *input_get_cmt_instance;
    void (*log_print)(int, const char *, int, const char *, ...);
    void *input_log_check;
    int (*output_log_check)(struct flb_output_instance *, int);
    void *custom_get_property;     /* since 4.0 */
    void *custom_log_check;        /* since 4.0 */
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
};

extern const struct abi *abi;

/* abi_select sets abi; it returns -1 when there is no such version. */
int abi_select(const char *version);

#endif
