/* What the driver can ask for. */
#ifndef OPERATION_H
#define OPERATION_H

#include "wire.h"

/* The Go package host has the same list. Arguments are in the order of the comments. */
enum operation {
    OP_LOAD = 1, /* proxy, hot, path */
    OP_UNLOAD,   /* proxy */
    OP_THREAD,   /* thread, name */
    OP_JOIN,     /* thread */
    OP_CREATE,   /* instance, proxy, log level, workers, name, alias, n, n * (key, value) */
    OP_DESTROY,  /* instance */
    OP_INIT,     /* instance, thread */
    OP_PRE_RUN,  /* instance, thread, hot reload enabled */
    OP_FLUSH,    /* instance, thread, tag, chunk */
    OP_EXIT,     /* instance, thread, hot */
    OP_HANGUP,
    OP_LOG,      /* level, line */
    OP_QUIT,
};

/* A damage is a write past the end of a struct; the text names which. */
enum result { RESULT_OK, RESULT_FAILED, RESULT_DAMAGE };

/*
 * operation_start does what r asks, or has a thread do it, and takes r over. The reply is sent
 * when it is done. Only the main thread may call it.
 */
void operation_start(struct request *r);

void answer(const struct request *r, enum result result, const char *text);

#endif
