/*
 * Fluent Bit's Daemon On forks after it has loaded the plugins. Of the threads of the Go runtime none is left in the
 * child, and the first call of a Go function there would wait for them forever. So each function that Fluent Bit calls
 * is written in C and asks first.
 */
#ifndef PROMEXPORTER_FLB_FORK_H
#define PROMEXPORTER_FLB_FORK_H

/* Remembers the process that loads the plugin. */
__attribute__((visibility("hidden"))) void promexporter_loaded(void);

/* Whether this process is a fork of the one that loaded the plugin. */
__attribute__((visibility("hidden"))) int promexporter_forked(void);

/* Says so in the log of the host that calls FLBPluginInit with plugin. */
__attribute__((visibility("hidden"))) void promexporter_refuse_fork(const char *name, const void *plugin);
__attribute__((visibility("hidden"))) void promexporter_refuse_fork_of_input(const char *name, const void *plugin);

#endif
