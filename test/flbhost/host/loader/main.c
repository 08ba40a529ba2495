/*
 * The loader of the development host. It opens Go plugins in a process that is not a Go program, as Fluent Bit does,
 * and calls them as a driver asks over a pipe.
 */
#include "loader.h"
#include "operation.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VERSION_ARGUMENTS (sizeof(struct version) / sizeof(size_t))

struct version version;

int main(int argc, char **argv)
{
    struct request r = {.op = OP_LOAD};
    size_t i;

    if (argc != 2 + (int) VERSION_ARGUMENTS) {
        fprintf(stderr, "usage: flbhost-loader PIPE VERSION..., started by flbhost\n");
        return EXIT_FAILURE;
    }
    for (i = 0; i < VERSION_ARGUMENTS; i++) {
        const char *text = argv[2 + i];

        ((size_t *) &version)[i] = strcmp(text, "true") == 0 ? 1 : strtoul(text, NULL, 10);
    }
    if (wire_open(atoi(argv[1])) != 0) {
        fprintf(stderr, "flbhost loader: no pipes to a driver\n");
        return EXIT_FAILURE;
    }
    signals_init();
    signal(SIGPIPE, SIG_IGN);
    while (r.op != OP_QUIT) {
        if (request_read(&r) != 0) {
            _exit(EXIT_FAILURE); /* the driver has ended: do not wait for the plugins */
        }
        operation_start(&r);
    }
    return EXIT_SUCCESS;
}
