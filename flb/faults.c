#define _GNU_SOURCE
#include "abi.h"

#include <pthread.h>
#include <signal.h>

static const int faults[] = {SIGSEGV, SIGFPE};
#define FAULTS (sizeof(faults) / sizeof(faults[0]))

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct sigaction kept[FAULTS];
static int known[FAULTS];

/*
 * The Go runtime turns a fault of Go code into a panic that can be recovered, and hands a fault of C code on to the
 * handler that it replaced, the host's. On SIGHUP and SIGCONT the host calls signal() again for these two, the runtime's
 * handlers are gone, and the next nil dereference ends the agent. A runtime's handler always asks for the alternate
 * stack and signal() never does: so one that asks is remembered, and one that does not is replaced by what was
 * remembered. With two Go plugins that is the one loaded last, which knows the other.
 */
void promexporter_keep_faults(void)
{
    struct sigaction now;
    size_t i;

    pthread_mutex_lock(&lock);
    for (i = 0; i < FAULTS; i++) {
        if (sigaction(faults[i], NULL, &now) != 0) {
            continue;
        }
        if (now.sa_flags & SA_ONSTACK) {
            kept[i] = now;
            known[i] = 1;
        }
        else if (known[i]) {
            sigaction(faults[i], &kept[i], NULL);
        }
    }
    pthread_mutex_unlock(&lock);
}
