// Package callback calls Go as Fluent Bit does: from a thread that C has made.
package callback

/*
#include <pthread.h>
#include <stdint.h>

extern int callbackGo(uintptr_t context, void *chunk, size_t size, void *tag);

struct calls { uintptr_t context; long n; };

static int callbackC(uintptr_t context, void *chunk, size_t size, void *tag)
{
    return context == 0 && chunk == NULL && size == 0 && tag == NULL;
}

static int (*volatile function)(uintptr_t, void *, size_t, void *);

static void *run(void *argument)
{
    struct calls *c = argument;
    for (long i = 0; i < c->n; i++) {
        function(c->context, 0, 0, 0);
    }
    return 0;
}

static void calls(int go, uintptr_t context, long n)
{
    pthread_t thread;
    struct calls c = { context, n };
    function = go ? callbackGo : callbackC;
    if (pthread_create(&thread, 0, run, &c) == 0) {
        pthread_join(thread, 0);
    }
}
*/
import "C"

import (
	"unsafe"

	"github.com/promexporter/promexporter/flb"
)

// callbackGo does what the plugin does before it takes a chunk: it finds the instance.
//
//export callbackGo
func callbackGo(context C.uintptr_t, chunk unsafe.Pointer, size C.size_t, tag unsafe.Pointer) C.int {
	if _, ok := flb.Context(uintptr(context)); !ok {
		return C.int(flb.Error)
	}
	return C.int(flb.OK)
}

// Go calls a function in Go n times, with a context.
func Go(context uintptr, n int) { C.calls(1, C.uintptr_t(context), C.long(n)) }

// InC calls one in C n times.
func InC(n int) { C.calls(0, 0, C.long(n)) }
