/*
 * A loaded plugin and its sections, called as flb_plugin_proxy.c and proxy/go/go.c call them. The driver decides which
 * thread calls what, and in which order.
 */
#ifndef PLUGIN_H
#define PLUGIN_H

#include "loader.h"
#include "wire.h"

/* A shared object. The structs are boxes; a plugin that registered has either an output or an input. */
struct proxy {
    void *dso;
    struct flb_plugin_proxy_def *def;
    struct flb_api *api;
    struct flbgo_output_plugin *output;
    struct flbgo_input_plugin *input;
};

/*
 * proxy_load opens path and lets the plugin register. If path cannot be opened it returns NULL and sets *error. As in
 * Fluent Bit, a plugin that refuses to register is loaded all the same.
 */
struct proxy *proxy_load(const char *path, int hot, const char **error);
void proxy_unload(struct proxy *p);

/* proxy_damage returns the name of the struct past whose end the plugin has written, or NULL. */
const char *proxy_damage(const struct proxy *p);

struct thread;

/*
 * A section: plugins see a pointer to it as struct flb_output_instance or flb_input_instance, which they only pass back
 * to functions of the host.
 */
struct section {
    struct proxy *proxy;
    void *context; /* a box, of the kind that the version has */
    int log_level;
    const char *name;
    const char *alias;         /* may be "" */
    struct request properties; /* count, then key and value of each; owns the text above */
    unsigned workers;
    unsigned next_worker;
    struct thread **pool; /* NULL without workers; only the engine's thread uses it */
};

/* section_new takes over r, which has the arguments of OP_CREATE. */
struct section *section_new(struct request r);
void section_free(struct section *s);

/* section_damage is proxy_damage that also checks the context. */
const char *section_damage(const struct section *s);

int section_init(struct section *s); /* 0, or -1 if the plugin refuses */
void section_pre_run(struct section *s, int hot_reload_enabled);
void section_exit(struct section *s, int hot);

/* section_worker returns the thread that flushes next, or NULL without workers. Only the engine's thread calls it. */
struct thread *section_worker(struct section *s);

/* section_flush calls an output on a coroutine of the calling thread. */
int section_flush(struct section *s, const void *bytes, size_t len, const char *tag);

/* section_collect does what the timer of an input does, and puts the records into the reply. */
void section_collect(struct section *s, struct reply *p);

/* These two calls do not name a section. The driver decides which timers stop. */
void section_pause(struct section *s);
void section_resume(struct section *s);

/* The functions that plugins call through struct flb_api. */
const char *api_property(const char *key, struct section *s);
int api_log_check(struct section *s, int level);

#endif
