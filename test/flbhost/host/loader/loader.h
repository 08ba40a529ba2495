/* What the sources of the loader share: the version to act as, log lines, signals and coroutines. */
#ifndef LOADER_H
#define LOADER_H

#include "abi.h"

/* Everything else is hidden, so that no function of this program replaces one of a plugin. */
#define EXPORTED __attribute__((visibility("default")))

/* The version to act as. The members have the order of the arguments, which abi.Version in Go explains. */
struct version {
    size_t def_members;
    size_t def_zeroed;
    size_t api_members;
    size_t phases;
    size_t milliseconds;
    size_t inputs;
    size_t input_contexts;
    size_t input_failures;
};

extern struct version version;

/* log_print writes a line in Fluent Bit's format to standard error. Like Fluent Bit, it ignores file and line. */
void log_print(int level, const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#define log_error(...) log_print(FLB_LOG_ERROR, NULL, 0, __VA_ARGS__)

/* signals_init installs the signal handlers that Fluent Bit installs. */
void signals_init(void);

/*
 * coroutine_run calls fn(arg) on a stack of its own, as Fluent Bit's coroutines do, and returns after fn. An unreadable
 * page lies below the stack. It returns -1 if there is no memory for a stack.
 */
#define COROUTINE_STACK_SIZE (24 * 1024)

int coroutine_run(void (*fn)(void *), void *arg);

#endif
