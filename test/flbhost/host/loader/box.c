#define _GNU_SOURCE
#include "box.h"

#include "loader.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Eight of these are not a canonical address, so that calling or reading it is a fault. */
#define CANARY 0xC5
#define CANARY_SIZE 64
#define FREED 0xDD

/* Lies where malloc keeps a size, which never has this value. */
#define MAGIC ((size_t) 0xB0CCB0CCB0CCB0CC)

struct header {
    size_t size;
    size_t magic;
};

void *box_new(size_t size, int fill)
{
    struct header *h = malloc(sizeof(*h) + size + CANARY_SIZE);
    char *block;

    if (h == NULL) {
        abort();
    }
    h->size = size;
    h->magic = MAGIC;
    block = (char *) (h + 1);
    memset(block, fill, size);
    memset(block + size, CANARY, CANARY_SIZE);
    return block;
}

static struct header *header_of(const void *block)
{
    return (struct header *) block - 1;
}

int box_intact(const void *block)
{
    const unsigned char *canary = (const unsigned char *) block + header_of(block)->size;
    int i;

    for (i = 0; i < CANARY_SIZE; i++) {
        if (canary[i] != CANARY) {
            return 0;
        }
    }
    return 1;
}

void box_spoil(void *block)
{
    memset(block, FREED, header_of(block)->size);
    /* Without this the compiler may drop the stores, because the block is about to be freed. */
    __asm__ volatile("" : : "r"(block) : "memory");
}

void box_free(void *block)
{
    struct header *h;

    if (block == NULL) {
        return;
    }
    box_spoil(block);
    h = header_of(block);
    h->magic = 0;
    free(h);
}

/*
 * Plugins ask for the size of a struct to learn how much of it the host knows. For a box the answer is exact; for
 * everything else it is malloc's.
 */
EXPORTED size_t malloc_usable_size(void *block)
{
    size_t (*real)(void *);

    if (block != NULL && header_of(block)->magic == MAGIC) {
        return header_of(block)->size;
    }
    real = dlsym(RTLD_NEXT, "malloc_usable_size");
    return real(block);
}

int chunk_new(struct chunk *c, const void *bytes, size_t len)
{
    size_t page = (size_t) sysconf(_SC_PAGESIZE);
    size_t body = (len + page - 1) / page * page;
    char *start;

    c->map_len = body + page;
    c->map = mmap(NULL, c->map_len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (c->map == MAP_FAILED) {
        return -1;
    }
    start = (char *) c->map + body - len;
    memcpy(start, bytes, len);
    c->bytes = start;
    c->len = len;
    if ((body > 0 && mprotect(c->map, body, PROT_READ) != 0) ||
        mprotect((char *) c->map + body, page, PROT_NONE) != 0) {
        chunk_free(c);
        return -1;
    }
    return 0;
}

/*
 * Keeps the addresses reserved and unreadable for some time. Otherwise the next chunk would have the same address, and
 * a plugin that kept a pointer to this one could read it without a fault.
 */
#define GRAVES 64

void chunk_free(struct chunk *c)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct chunk graves[GRAVES];
    static unsigned next;
    struct chunk oldest;

    /* A new mapping in the same place returns the memory, which mprotect does not. */
    mmap(c->map, c->map_len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    pthread_mutex_lock(&lock);
    oldest = graves[next % GRAVES];
    graves[next++ % GRAVES] = *c;
    pthread_mutex_unlock(&lock);
    if (oldest.map != NULL) {
        munmap(oldest.map, oldest.map_len);
    }
}
