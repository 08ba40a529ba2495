// Package callback calls Go as Fluent Bit does: from a thread that C has made, on the small stack of a coroutine, a
// fresh one for each chunk.
package callback

/*
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <ucontext.h>

extern int callbackGo(uintptr_t context, void *chunk, size_t size, void *tag);

typedef int (*function)(uintptr_t, void *, size_t, void *);

struct calls {
    function volatile call;
    uintptr_t context;
    long n;
    int failed;
};

static int callbackC(uintptr_t context, void *chunk, size_t size, void *tag)
{
    return context == 0 && chunk == NULL && size == 0 && tag == NULL;
}

static _Thread_local struct calls *running;

static void once(void)
{
    running->call(running->context, 0, 0, 0);
}

static void *on_thread(void *argument)
{
    long i;

    running = argument;
    for (i = 0; i < running->n; i++) {
        once();
    }
    return NULL;
}

// Two stacks, so that each call uses a different one than the call before.
static void *on_coroutines(void *argument)
{
    enum { SIZE = 24 * 1024 };
    char *stacks = malloc(2 * SIZE);
    long i;

    running = argument;
    for (i = 0; stacks != NULL && i < running->n; i++) {
        ucontext_t here, there;

        running->failed |= getcontext(&there);
        there.uc_stack.ss_sp = stacks + i % 2 * SIZE;
        there.uc_stack.ss_size = SIZE;
        there.uc_link = &here;
        makecontext(&there, once, 0);
        running->failed |= swapcontext(&here, &there);
    }
    running->failed |= stacks == NULL;
    free(stacks);
    return NULL;
}

static int calls(int go, int coroutines, uintptr_t context, long n)
{
    struct calls c = { go ? callbackGo : callbackC, context, n, 0 };
    pthread_t thread;

    if (pthread_create(&thread, NULL, coroutines ? on_coroutines : on_thread, &c) != 0) {
        return -1;
    }
    pthread_join(thread, NULL);
    return c.failed;
}
*/
import "C"

import (
	"errors"
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

// Callee is the function to call.
type Callee int

// The callees: a function in C that does nothing, and one in Go that finds the instance as the plugin does.
const (
	InC Callee = iota
	InGo
)

// Call has a new thread make n calls, on its own stack or each on that of a coroutine.
func Call(callee Callee, coroutines bool, context uintptr, n int) error {
	on := C.int(0)
	if coroutines {
		on = 1
	}
	if C.calls(C.int(callee), on, C.uintptr_t(context), C.long(n)) != 0 {
		return errors.New("could not create a thread or a coroutine")
	}
	return nil
}
