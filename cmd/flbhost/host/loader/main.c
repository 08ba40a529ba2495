/*
 * The development host's loader: it opens Go plugins as Fluent Bit does, in a process that is not
 * itself a Go program, and calls them as a driver says over a pipe.
 */
#include "abi.h"
#include "operation.h"
#include "signals.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct request r;

    if (argc != 3 || abi_select(argv[1]) != 0) {
        fprintf(stderr, "usage: loader 1.9|3.2|5.0|5.1 PIPE, started by flbhost\n");
        return EXIT_FAILURE;
    }
    if (wire_open(atoi(argv[2])) != 0) {
        fprintf(stderr, "flbhost loader: no pipes to a driver\n");
        return EXIT_FAILURE;
    }
    signals_init();
    signal(SIGPIPE, SIG_IGN);
    while (request_read(&r) == 0) {
        if (r.op == OP_QUIT) {
            answer(&r, RESULT_OK, NULL);
            request_free(&r);
            return EXIT_SUCCESS;
        }
        operation_start(&r);
    }
    /* The driver is gone, and whatever the plugins still do is of no use to anyone. */
    _exit(EXIT_FAILURE);
}
