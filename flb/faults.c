#define _GNU_SOURCE
#include "abi.h"

#include <signal.h>
#include <stdatomic.h>

/* Faults, whose handlers are the Go runtime's, and the signals at which the host takes them away. */
static const int faults[] = {SIGSEGV, SIGFPE};
static const int takes[] = {SIGHUP, SIGCONT};
#define FAULTS (sizeof(faults) / sizeof(faults[0]))
#define TAKES (sizeof(takes) / sizeof(takes[0]))

static struct sigaction before[FAULTS]; /* what the Go runtime of this plugin has replaced */

/* Written by the one that is looking. */
static struct sigaction kept[FAULTS];
static int known[FAULTS];
static struct sigaction hosts[TAKES]; /* once */
static int followed[TAKES];

static atomic_flag looking = ATOMIC_FLAG_INIT;
static atomic_int wanted;

static void on_take(int number, siginfo_t *about, void *context);

/* What a handler is known by. */
static void *address(const struct sigaction *action)
{
    return (action->sa_flags & SA_SIGINFO) ? (void *) action->sa_sigaction : (void *) action->sa_handler;
}

/* Runs when the plugin is loaded, before the constructor without a priority that starts its Go runtime. */
__attribute__((constructor(101))) static void find(void)
{
    size_t i;

    for (i = 0; i < FAULTS; i++) {
        sigaction(faults[i], NULL, &before[i]);
    }
}

/*
 * From the host's handler of these two on, the runtime's are gone: so the plugin puts a handler of its own in front,
 * which calls the host's and then looks. The host's handler puts itself back as well. Only where it stands is it
 * followed: what else is found there may be another Go plugin's, in front of this one.
 */
static void follow(void)
{
    struct sigaction now;
    struct sigaction own = {.sa_sigaction = on_take, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
    size_t i;

    sigemptyset(&own.sa_mask);
    for (i = 0; i < TAKES; i++) {
        if (sigaction(takes[i], NULL, &now) != 0) {
            continue;
        }
        if (!followed[i]) {
            if (address(&now) == (void *) SIG_DFL || address(&now) == (void *) SIG_IGN) {
                continue;
            }
            hosts[i] = now;
            followed[i] = 1;
        }
        if (address(&now) == address(&hosts[i])) {
            sigaction(takes[i], &own, NULL);
        }
    }
}

/*
 * The Go runtime turns a fault of Go code into a panic that can be recovered, and hands a fault of C code on to the
 * handler that it replaced, the host's. On SIGHUP and SIGCONT the host calls signal() again for these two, the runtime's
 * handlers are gone, and the next nil dereference ends the agent. A runtime's handler always asks for the alternate
 * stack and signal() never does: so one that asks is remembered, and one that does not is replaced by what was
 * remembered. With two Go plugins that is the one loaded last, which knows the other; the other's, which that has put
 * back, is replaced too.
 */
static void look(void)
{
    struct sigaction now;
    int taken = !followed[0] || !followed[1];
    size_t i;

    for (i = 0; i < FAULTS; i++) {
        if (sigaction(faults[i], NULL, &now) != 0) {
            continue;
        }
        if ((now.sa_flags & SA_ONSTACK) && address(&now) != address(&before[i])) {
            kept[i] = now;
            known[i] = 1;
            continue;
        }
        taken = 1;
        if (known[i]) {
            sigaction(faults[i], &kept[i], NULL);
        }
    }
    if (taken) {
        follow();
    }
}

/* Who comes while another one looks leaves it to that one. It may be called in a signal's handler. */
void promexporter_keep_faults(void)
{
    atomic_store(&wanted, 1);
    while (atomic_load(&wanted) && !atomic_flag_test_and_set(&looking)) {
        atomic_store(&wanted, 0);
        look();
        atomic_flag_clear(&looking);
    }
}

static void on_take(int number, siginfo_t *about, void *context)
{
    const struct sigaction *host = &hosts[number == takes[0] ? 0 : 1];

    if (host->sa_flags & SA_SIGINFO) {
        host->sa_sigaction(number, about, context);
    }
    else {
        host->sa_handler(number);
    }
    promexporter_keep_faults();
}
