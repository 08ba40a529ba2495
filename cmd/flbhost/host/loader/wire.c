#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int wire_requests, wire_replies;
static pthread_mutex_t replies = PTHREAD_MUTEX_INITIALIZER;

int wire_open(int requests)
{
    wire_requests = requests;
    wire_replies = requests + 1;
    if (fcntl(wire_requests, F_SETFD, FD_CLOEXEC) != 0) {
        return -1;
    }
    return fcntl(wire_replies, F_SETFD, FD_CLOEXEC);
}

static void broken(const char *why)
{
    fprintf(stderr, "flbhost loader: %s\n", why);
    exit(EXIT_FAILURE);
}

static int read_full(char *buf, size_t len)
{
    while (len > 0) {
        ssize_t n = read(wire_requests, buf, len);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return -1;
        }
        buf += n;
        len -= (size_t) n;
    }
    return 0;
}

int request_read(struct request *r)
{
    uint32_t size;

    if (read_full((char *) &size, sizeof(size)) != 0) {
        return -1;
    }
    r->frame = malloc(size);
    if (r->frame == NULL || read_full(r->frame, size) != 0) {
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

uint32_t take_number(struct request *r)
{
    uint32_t n;

    if ((size_t) (r->end - r->next) < sizeof(n)) {
        broken("request too short");
    }
    memcpy(&n, r->next, sizeof(n));
    r->next += sizeof(n);
    return n;
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

void reply_begin(struct reply *p, uint32_t call, uint32_t result)
{
    p->stream = open_memstream(&p->bytes, &p->len);
    if (p->stream == NULL) {
        broken("out of memory");
    }
    reply_number(p, 0); /* the size, known at the end */
    reply_number(p, call);
    reply_number(p, result);
}

void reply_number(struct reply *p, uint32_t n)
{
    fwrite(&n, sizeof(n), 1, p->stream);
}

void reply_text(struct reply *p, const char *text)
{
    if (text == NULL) {
        text = "";
    }
    reply_bytes(p, text, strlen(text));
}

void reply_bytes(struct reply *p, const void *bytes, size_t len)
{
    reply_number(p, (uint32_t) len);
    if (len > 0) {
        fwrite(bytes, len, 1, p->stream);
    }
    fputc(0, p->stream);
}

void reply_send(struct reply *p)
{
    uint32_t size;
    size_t done = 0;

    if (fclose(p->stream) != 0) {
        broken("out of memory");
    }
    size = (uint32_t) (p->len - sizeof(size));
    memcpy(p->bytes, &size, sizeof(size));
    pthread_mutex_lock(&replies);
    while (done < p->len) {
        ssize_t n = write(wire_replies, p->bytes + done, p->len - done);

        if (n < 0 && errno != EINTR) {
            break; /* the driver is gone; the next read ends this process */
        }
        done += n > 0 ? (size_t) n : 0;
    }
    pthread_mutex_unlock(&replies);
    free(p->bytes);
}
