/* Memory that reveals misuse: blocks of an exact size, and read-only chunks. */
#ifndef BOX_H
#define BOX_H

#include <stddef.h>

/*
 * box_new returns size bytes, each set to fill, followed by canary bytes. box_intact finds a plugin that writes past
 * the end of a struct; a plugin that reads a function pointer past the end gets an address that it cannot call.
 * malloc_usable_size returns size. box_free overwrites the block, so that a pointer kept too long points to nonsense.
 */
void *box_new(size_t size, int fill);
int box_intact(const void *block);
void box_free(void *block);

/* box_spoil overwrites the block as box_free does, but keeps it: for what Fluent Bit frees too early. */
void box_spoil(void *block);

/*
 * chunk_new returns a copy of len bytes that is read-only and ends where an unreadable page begins: to read one byte
 * too many is a fault, and so is to read after chunk_free. It returns -1 if there is no memory.
 */
struct chunk {
    const void *bytes;
    size_t len;
    void *map;
    size_t map_len;
};

int chunk_new(struct chunk *c, const void *bytes, size_t len);
void chunk_free(struct chunk *c);

#endif
