/* The inputs of a loaded plugin, called as flb_plugin_proxy.c and proxy/go/go.c do. */
#ifndef INPUT_H
#define INPUT_H

#include "proxy.h"

/* Opaque to plugins, which only hand it back to the host's functions. */
struct flb_input_instance {
    struct proxy *proxy;
    void *context; /* a box, of the kind that the version has */
    int log_level;
    const char *name;
    const char *alias;         /* may be "" */
    struct request properties; /* count, then key and value of each; owns all the text above */
};

/* input_register returns NULL when the plugin lacks what an input needs. */
struct flbgo_input_plugin *input_register(struct proxy *p);

/* input_new takes r over: log level, name, alias and properties, in this order. */
struct flb_input_instance *input_new(struct proxy *p, struct request r);
void input_free(struct flb_input_instance *ins);
const char *input_damage(const struct flb_input_instance *ins);

/* input_init returns 0, or -1 when FLBPluginInit failed. */
int input_init(struct flb_input_instance *ins);
void input_pre_run(struct flb_input_instance *ins, int hot_reload_enabled);

/* input_collect does what the timer of an input does, and puts the records into the reply. */
void input_collect(struct flb_input_instance *ins, struct reply *p);

/* Neither is passed an instance. Which timers stop is the driver's business. */
void input_pause(struct flb_input_instance *ins);
void input_resume(struct flb_input_instance *ins);

/* Nor is this, though it is called once for each. */
void input_exit(struct flb_input_instance *ins, int hot);

/* The functions that plugins reach through struct flb_api. */
const char *api_input_property(const char *key, struct flb_input_instance *ins);
int api_input_log_check(struct flb_input_instance *ins, int level);

#endif
