#define _GNU_SOURCE
#include "abi.h"

#include <signal.h>
#include <stdatomic.h>

/* Faults, whose handlers are the Go runtime's, and the signals at which the host takes them away. */
static const int fault_signals[] = {SIGSEGV, SIGFPE};
static const int reset_signals[] = {SIGHUP, SIGCONT};
#define FAULT_SIGNALS (sizeof(fault_signals) / sizeof(fault_signals[0]))
#define RESET_SIGNALS (sizeof(reset_signals) / sizeof(reset_signals[0]))

static struct sigaction host_fault_handlers[FAULT_SIGNALS]; /* what the Go runtime of this plugin has replaced */

/* Written by the one that is checking. */
static struct sigaction go_handlers[FAULT_SIGNALS];
static int has_go_handler[FAULT_SIGNALS];
static struct sigaction host_reset_handlers[RESET_SIGNALS]; /* once */
static int wrapped[RESET_SIGNALS];

static atomic_flag checking = ATOMIC_FLAG_INIT;
static atomic_int requested;

static void on_reset_signal(int number, siginfo_t *about, void *context);

/* What a handler is known by. */
static void *handler_of(const struct sigaction *action)
{
    return (action->sa_flags & SA_SIGINFO) ? (void *) action->sa_sigaction : (void *) action->sa_handler;
}

/* Runs when the plugin is loaded, before the constructor without a priority that starts its Go runtime. */
__attribute__((constructor(101))) static void save_host_handlers(void)
{
    size_t i;

    for (i = 0; i < FAULT_SIGNALS; i++) {
        sigaction(fault_signals[i], NULL, &host_fault_handlers[i]);
    }
}

/*
 * From the host's handler of these two on, the runtime's are gone: so the plugin puts a handler of its own in front,
 * which calls the host's and then looks. The host's handler puts itself back as well. Only where it stands is it
 * followed: what else is found there may be another Go plugin's, in front of this one.
 */
static void wrap_reset_handlers(void)
{
    struct sigaction now;
    struct sigaction own = {.sa_sigaction = on_reset_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
    size_t i;

    sigemptyset(&own.sa_mask);
    for (i = 0; i < RESET_SIGNALS; i++) {
        if (sigaction(reset_signals[i], NULL, &now) != 0) {
            continue;
        }
        if (!wrapped[i]) {
            if (handler_of(&now) == (void *) SIG_DFL || handler_of(&now) == (void *) SIG_IGN) {
                continue;
            }
            host_reset_handlers[i] = now;
            wrapped[i] = 1;
        }
        if (handler_of(&now) == handler_of(&host_reset_handlers[i])) {
            sigaction(reset_signals[i], &own, NULL);
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
static void check_handlers(void)
{
    struct sigaction now;
    int lost = !wrapped[0] || !wrapped[1];
    size_t i;

    for (i = 0; i < FAULT_SIGNALS; i++) {
        if (sigaction(fault_signals[i], NULL, &now) != 0) {
            continue;
        }
        if ((now.sa_flags & SA_ONSTACK) && handler_of(&now) != handler_of(&host_fault_handlers[i])) {
            go_handlers[i] = now;
            has_go_handler[i] = 1;
            continue;
        }
        lost = 1;
        if (has_go_handler[i]) {
            sigaction(fault_signals[i], &go_handlers[i], NULL);
        }
    }
    if (lost) {
        wrap_reset_handlers();
    }
}

/* Who comes while another one looks leaves it to that one. It may be called in a signal's handler. */
void promexporter_keep_fault_handlers(void)
{
    atomic_store(&requested, 1);
    while (atomic_load(&requested) && !atomic_flag_test_and_set(&checking)) {
        atomic_store(&requested, 0);
        check_handlers();
        atomic_flag_clear(&checking);
    }
}

static void on_reset_signal(int number, siginfo_t *about, void *context)
{
    const struct sigaction *host = &host_reset_handlers[number == reset_signals[0] ? 0 : 1];

    if (host->sa_flags & SA_SIGINFO) {
        host->sa_sigaction(number, about, context);
    }
    else {
        host->sa_handler(number);
    }
    promexporter_keep_fault_handlers();
}
