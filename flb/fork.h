/*
 * With Daemon On, Fluent Bit forks after it has loaded the plugins. The child has none of the threads of the Go
 * runtime, and the first call of a Go function would wait for them forever. Therefore the functions that Fluent Bit
 * calls are written in C, and check for a fork first.
 */
#ifndef PROMEXPORTER_FLB_FORK_H
#define PROMEXPORTER_FLB_FORK_H

/* Remembers the process that loads the plugin. */
__attribute__((visibility("hidden"))) void promexporter_loaded(void);

/* Whether this process is a fork of the one that loaded the plugin. */
__attribute__((visibility("hidden"))) int promexporter_forked(void);

/* Logs this in the host that calls FLBPluginInit with plugin. */
__attribute__((visibility("hidden"))) void promexporter_refuse_fork(const char *name, const void *plugin);
__attribute__((visibility("hidden"))) void promexporter_refuse_fork_of_input(const char *name, const void *plugin);

#endif
