/* Memory whose misuse shows: blocks of an exact size, read-only chunks and small stacks. */
#ifndef BOX_H
#define BOX_H

#include <stddef.h>

/*
 * box_new returns size bytes, each set to fill, with canary bytes right behind them. A plugin that
 * writes past the end of a struct is found by box_intact; one that reads a function pointer past
 * the end gets an address that cannot be called. box_free overwrites the block, so that a pointer
 * kept too long reads nonsense. malloc_usable_size answers size.
 */
void *box_new(size_t size, int fill);
int box_intact(const void *block);
void box_free(void *block);

/* box_spoil overwrites the block as box_free does and keeps it: for what a host frees too early. */
void box_spoil(void *block);

/*
 * chunk_new returns a copy of len bytes that cannot be written and that ends where an unreadable
 * page begins: reading one byte too many is a fault, and so is reading after chunk_free.
 */
struct chunk {
    const void *bytes;
    size_t len;
    void *map;
    size_t map_len;
};

int chunk_new(struct chunk *c, const void *bytes, size_t len);
void chunk_free(struct chunk *c);

/*
 * coroutine_run calls fn(arg) on a stack of its own, as Fluent Bit's coroutines do, and returns
 * when fn has returned. Below the stack lies an unreadable page.
 */
#define COROUTINE_STACK_SIZE (24 * 1024)

int coroutine_run(void (*fn)(void *), void *arg);

#endif
