/* What the driver can ask for. */
#ifndef OPERATION_H
#define OPERATION_H

#include "wire.h"

/* The Go package host has the same list. Comments list the arguments, and after -> the values of the reply. */
enum operation {
    OP_LOAD,     /* hot, path -> proxy, type, name, description, n, n * (type, flags, name, default, description) */
    OP_UNLOAD,   /* proxy */
    OP_THREAD,   /* name -> thread */
    OP_JOIN,     /* thread */
    OP_CREATE,   /* proxy, log level, workers, name, alias, n, n * (key, value) -> section */
    OP_DESTROY,  /* section */
    OP_HANG_UP,
    OP_LOG,      /* level, line */
    OP_QUIT,
    OP_INIT,     /* section, thread, as for all that follow; the NULL thread is the main thread */
    OP_PRE_RUN,  /* hot reload enabled */
    OP_FLUSH,    /* tag, chunk -> status */
    OP_COLLECT,  /* -> records */
    OP_PAUSE,
    OP_RESUME,
    OP_EXIT,     /* hot; frees the section */
};

/* Damage means that the plugin wrote past the end of a struct; the reply names the struct. */
enum result { RESULT_OK, RESULT_FAILED, RESULT_DAMAGE };

/*
 * operation_start does what r asks for, or posts it to a thread, and takes over r. The reply is sent when the operation
 * is done. Only the main thread may call it.
 */
void operation_start(struct request *r);

#endif
