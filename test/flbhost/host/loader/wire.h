/*
 * The frames that the driver and this program exchange over two pipes. Numbers have 32 bits and pointers 64,
 * little-endian on every machine; a text is its length, its bytes and a zero byte.
 *
 *   request: size of the rest, call number, operation, arguments
 *   reply:   size of the rest, call number, result, values
 *
 * Several requests may be open at once; replies come in any order.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* wire_open takes the file descriptor of the requests; the replies have the next one. */
int wire_open(int requests_fd);

struct request {
    uint32_t call;
    uint32_t op;
    char *frame;
    char *next;
    char *end;
};

/* request_read returns -1 at the end of the stream. request_free frees the frame. */
int request_read(struct request *r);
void request_free(struct request *r);

/* The take functions return the arguments in order. Bytes and text lie in the frame. A short frame ends the process. */
uint32_t take_number(struct request *r);
void *take_pointer(struct request *r);
char *take_bytes(struct request *r, size_t *len);
char *take_text(struct request *r);

struct reply {
    FILE *stream;
    char *bytes;
    size_t len;
};

void reply_begin(struct reply *p, const struct request *r, uint32_t result);
void reply_number(struct reply *p, uint32_t n);
void reply_pointer(struct reply *p, const void *pointer);
void reply_bytes(struct reply *p, const void *bytes, size_t len);
void reply_text(struct reply *p, const char *text); /* NULL is sent as "" */

/* reply_send writes the reply and frees it. Any thread may call it. */
void reply_send(struct reply *p);

#endif
