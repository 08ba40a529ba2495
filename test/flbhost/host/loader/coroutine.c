#include "loader.h"

#include <stddef.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

struct coroutine {
    ucontext_t caller;
    ucontext_t context;
    void (*fn)(void *);
    void *arg;
};

/* The new stack finds its coroutine here, because makecontext passes only ints. */
static _Thread_local struct coroutine *running;

static void enter(void)
{
    running->fn(running->arg);
}

int coroutine_run(void (*fn)(void *), void *arg)
{
    struct coroutine co = {.fn = fn, .arg = arg};
    size_t guard = (size_t) sysconf(_SC_PAGESIZE);
    size_t size = guard + COROUTINE_STACK_SIZE;
    char *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int ret = -1;

    if (map == MAP_FAILED) {
        return -1;
    }
    if (mprotect(map, guard, PROT_NONE) == 0 && getcontext(&co.context) == 0) {
        co.context.uc_stack.ss_sp = map + guard;
        co.context.uc_stack.ss_size = COROUTINE_STACK_SIZE;
        co.context.uc_link = &co.caller;
        makecontext(&co.context, enter, 0);
        running = &co;
        ret = swapcontext(&co.caller, &co.context);
    }
    munmap(map, size);
    return ret;
}
