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
    OP_INPUT_CREATE, /* input, proxy, log level, name, alias, n, n * (key, value) */
    OP_INPUT_DROP,   /* input */
    OP_INPUT_INIT,   /* input, thread, as all that follow */
    OP_INPUT_PRE_RUN, /* hot reload enabled */
    OP_INPUT_COLLECT,
    OP_INPUT_PAUSE,
    OP_INPUT_RESUME,
    OP_INPUT_EXIT, /* hot */
};

/* A damage is a write past the end of a struct; the text names which. */
enum result { RESULT_OK, RESULT_FAILED, RESULT_DAMAGE };

/*
 * operation_start does what r asks, or has a thread do it, and takes r over. The reply is sent
 * when it is done. Only the main thread may call it.
 */
void operation_start(struct request *r);

/* What input_operation.c, which has those of inputs, shares. */
struct proxy;
struct thread;

void answer(const struct request *r, enum result result, const char *text);
void answer_checked(const struct request *r, enum result result, const char *damage);
uint32_t take_index(struct request *r);
struct proxy *take_proxy(struct request *r);
struct thread *take_thread(struct request *r);
void input_operation_start(struct request *r);

#define TABLE_SIZE 4096 /* objects of a kind, by the numbers that the driver gives them */

#endif
