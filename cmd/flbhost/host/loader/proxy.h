/*
 * A loaded plugin and its outputs, called as flb_plugin_proxy.c and proxy/go/go.c do. Which
 * thread calls what, and in which order, is the driver's business.
 */
#ifndef PROXY_H
#define PROXY_H

#include "abi.h"
#include "wire.h"

struct proxy {
    void *dso;
    struct flb_plugin_proxy_def *def; /* a box, as the next three */
    struct flb_api *api;
    struct flbgo_output_plugin *plugin; /* NULL unless the plugin registered as an output */
    struct flbgo_input_plugin *input;   /* NULL unless it registered as an input */
};

struct thread;

/* Opaque to plugins, which only hand it back to the host's functions. */
struct flb_output_instance {
    struct proxy *proxy;
    struct flb_plugin_proxy_context *context; /* a box */
    int log_level;
    const char *name;
    const char *alias;         /* may be "" */
    struct request properties; /* count, then key and value of each; owns all the text above */
    unsigned workers;
    unsigned next_worker;
    struct thread **pool; /* NULL without workers; used by the engine thread only */
};

/*
 * proxy_load opens path and lets the plugin register. It returns NULL when path cannot be opened,
 * with the reason in *error. A plugin that refuses to register is loaded all the same, as in
 * Fluent Bit, and has no plugin struct.
 */
struct proxy *proxy_load(const char *path, int hot, const char **error);
void proxy_unload(struct proxy *p);

/* proxy_damage names the struct that the plugin wrote past the end of, or NULL. */
const char *proxy_damage(const struct proxy *p);

/* instance_new takes r over: log level, workers, name, alias and properties, in this order. */
struct flb_output_instance *instance_new(struct proxy *p, struct request r);
void instance_free(struct flb_output_instance *ins);
const char *instance_damage(const struct flb_output_instance *ins);

/* instance_init returns 0, or -1 when FLBPluginInit failed. */
int instance_init(struct flb_output_instance *ins);
void instance_pre_run(struct flb_output_instance *ins, int hot_reload_enabled);
void instance_exit(struct flb_output_instance *ins, int hot);

/*
 * instance_worker returns the thread whose turn it is to flush, or NULL for an instance without
 * workers. The engine thread alone calls it, as it hands chunks over.
 */
struct thread *instance_worker(struct flb_output_instance *ins);

/* instance_flush calls the plugin on a coroutine of the calling thread. */
int instance_flush(struct flb_output_instance *ins, const void *bytes, size_t len,
                   const char *tag);

/* The functions that plugins reach through struct flb_api. */
const char *api_get_property(const char *key, struct flb_output_instance *ins);
int api_log_check(struct flb_output_instance *ins, int level);

/* property_of looks key up in what a create request says: count, then key and value of each. */
const char *property_of(struct request properties, const char *key);

#endif
