#define _GNU_SOURCE
#include "abi.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#ifdef __linux__
#include <link.h>
#include <malloc.h>
#endif

#define END_OF(type, field) (offsetof(type, field) + sizeof(((type *) 0)->field))

#if UINTPTR_MAX == UINT64_MAX
_Static_assert(sizeof(struct host_key) == 104, "struct flb_config_map of 5.1.1");
_Static_assert(offsetof(struct host_def, event_type) == 32, "definition up to 4.2.2");
_Static_assert(offsetof(struct host_def, config_map) == 40, "definition up to 5.1.0");
_Static_assert(END_OF(struct host_api, output_log_check) == 56, "api of 2.0");
_Static_assert(sizeof(struct host_api) == 72, "api of 4.0.3");
_Static_assert(offsetof(struct host_input_context, remote_context) == 8, "input context of 4.1");
#endif

/* Without malloc_usable_size, only the fields of the oldest version are used. */
static size_t room(const void *block)
{
#ifdef __linux__
    return block == NULL ? 0 : malloc_usable_size((void *) block);
#else
    (void) block;
    return 0;
#endif
}

/*
 * struct flb_config_map grows from time to time (last in 5.0.4), and a host that reads our array with another entry
 * size would refuse every key. The host exports an array of its own: if that array does not end where our layout says,
 * the layouts differ. For a host that does not export it, our layout is assumed.
 */
static int same_key_layout(void)
{
#ifdef __GLIBC__
    Dl_info info;
    const ElfW(Sym) *symbol = NULL;
    const struct host_key *keys = dlsym(RTLD_DEFAULT, "output_global_properties");
    size_t count;

    if (keys == NULL || dladdr1(keys, &info, (void **) &symbol, RTLD_DL_SYMENT) == 0 || symbol == NULL) {
        return 1;
    }
    count = symbol->st_size / sizeof(*keys);
    if (count == 0 || symbol->st_size % sizeof(*keys) != 0) {
        return 0;
    }
    for (; count > 1; count--, keys++) {
        if (keys->name == NULL) {
            return 0;
        }
    }
    return keys->name == NULL;
#else
    return 1;
#endif
}

int promexporter_takes_events(const void *def)
{
    return room(def) >= END_OF(struct host_def, event_type);
}

void promexporter_set_events(void *def, int events)
{
    ((struct host_def *) def)->event_type = events;
}

int promexporter_takes_keys(const void *def)
{
    return room(def) >= END_OF(struct host_def, config_map) && same_key_layout();
}

void promexporter_set_keys(void *def, struct host_key *keys)
{
    ((struct host_def *) def)->config_map = keys;
}

struct host_key *promexporter_keys(const void *def)
{
    return ((const struct host_def *) def)->config_map;
}

/*
 * Every version exports such functions to C plugins. They return the user's alias, or the plugin's name and a number.
 */
const char *promexporter_instance_name(const char *function, void *instance)
{
    const char *(*name)(void *) = (const char *(*)(void *)) dlsym(RTLD_DEFAULT, function);

    return name == NULL || instance == NULL ? NULL : name(instance);
}

host_log_print promexporter_log_print(const struct host_api *api)
{
    return room(api) < END_OF(struct host_api, output_log_check) ? NULL : api->log_print;
}

/* The highest level that the instance logs. It is read once, because the host does not change it after Init. */
int promexporter_log_level(host_log_check check, void *instance)
{
    int level = 5;

    while (level > 0 && !check(instance, level)) {
        level--;
    }
    return level;
}

void promexporter_log(host_log_print print, int level, const char *text)
{
    print(level, NULL, 0, "%s", text);
}

/*
 * The host zeroes a context and sets its proxy. Up to 4.0, the proxy is where remote_context is since 4.1, and inputs
 * get no context. The size does not show the version, because the allocator may have rounded both sizes up to the same
 * one.
 */
int promexporter_has_input_context(const struct host_input_plugin *plugin)
{
    return plugin->context->remote_context == 0;
}

/*
 * Whether the host ends if an input fails to start. This behavior came in the version with two more functions for
 * plugins. The size alone does not show them, because the allocator may have given an older host a larger block than it
 * asked for, with arbitrary contents.
 */
int promexporter_ends_with_input(const struct host_api *api)
{
    Dl_info info;

    return room(api) >= END_OF(struct host_api, custom_log_check) && dladdr(api->custom_log_check, &info) != 0;
}

uintptr_t promexporter_thread(void)
{
    return (uintptr_t) pthread_self();
}
