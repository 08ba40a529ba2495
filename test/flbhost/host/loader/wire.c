#include "wire.h"

#include <endian.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *requests, *replies;

int wire_open(int requests_fd)
{
    requests = fdopen(requests_fd, "r");
    replies = fdopen(requests_fd + 1, "w");
    if (requests == NULL || replies == NULL) {
        return -1;
    }
    return fcntl(requests_fd, F_SETFD, FD_CLOEXEC) | fcntl(requests_fd + 1, F_SETFD, FD_CLOEXEC);
}

static void broken(const char *why)
{
    fprintf(stderr, "flbhost loader: %s\n", why);
    exit(EXIT_FAILURE);
}

int request_read(struct request *r)
{
    uint32_t size;

    if (fread(&size, sizeof(size), 1, requests) != 1) {
        return -1;
    }
    size = le32toh(size);
    r->frame = malloc(size);
    if (r->frame == NULL || fread(r->frame, size, 1, requests) != 1) {
        broken("truncated request");
    }
    r->next = r->frame;
    r->end = r->frame + size;
    r->call = take_number(r);
    r->op = take_number(r);
    return 0;
}

void request_free(struct request *r)
{
    free(r->frame);
}

static void take(struct request *r, void *to, size_t size)
{
    if ((size_t) (r->end - r->next) < size) {
        broken("request too short");
    }
    memcpy(to, r->next, size);
    r->next += size;
}

uint32_t take_number(struct request *r)
{
    uint32_t n;

    take(r, &n, sizeof(n));
    return le32toh(n);
}

void *take_pointer(struct request *r)
{
    uint64_t p;

    take(r, &p, sizeof(p));
    return (void *) (uintptr_t) le64toh(p);
}

char *take_bytes(struct request *r, size_t *len)
{
    char *bytes;

    *len = take_number(r);
    if ((size_t) (r->end - r->next) <= *len) {
        broken("request too short");
    }
    bytes = r->next;
    r->next += *len + 1;
    return bytes;
}

char *take_text(struct request *r)
{
    size_t len;

    return take_bytes(r, &len);
}

void reply_begin(struct reply *p, const struct request *r, uint32_t result)
{
    p->stream = open_memstream(&p->bytes, &p->len);
    if (p->stream == NULL) {
        broken("out of memory");
    }
    reply_number(p, 0); /* the size; reply_send sets it */
    reply_number(p, r->call);
    reply_number(p, result);
}

void reply_number(struct reply *p, uint32_t n)
{
    n = htole32(n);
    fwrite(&n, sizeof(n), 1, p->stream);
}

void reply_pointer(struct reply *p, const void *pointer)
{
    uint64_t n = htole64((uintptr_t) pointer);

    fwrite(&n, sizeof(n), 1, p->stream);
}

void reply_bytes(struct reply *p, const void *bytes, size_t len)
{
    reply_number(p, (uint32_t) len);
    if (len > 0) {
        fwrite(bytes, len, 1, p->stream);
    }
    fputc(0, p->stream);
}

void reply_text(struct reply *p, const char *text)
{
    reply_bytes(p, text, text == NULL ? 0 : strlen(text));
}

void reply_send(struct reply *p)
{
    uint32_t size;

    if (fclose(p->stream) != 0) {
        broken("out of memory");
    }
    size = htole32((uint32_t) (p->len - sizeof(size)));
    memcpy(p->bytes, &size, sizeof(size));
    flockfile(replies);
    fwrite(p->bytes, p->len, 1, replies);
    fflush(replies); /* fails if the driver has ended; then the next read ends this process */
    funlockfile(replies);
    free(p->bytes);
}
