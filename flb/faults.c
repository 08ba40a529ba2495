#define _GNU_SOURCE
#include "abi.h"

#include <signal.h>
#include <stdatomic.h>

/* The signals of faults, which the Go runtime handles, and the signals at which the host replaces these handlers. */
static const int fault_signals[] = {SIGSEGV, SIGFPE};
static const int reset_signals[] = {SIGHUP, SIGCONT};
#define FAULT_SIGNALS (sizeof(fault_signals) / sizeof(fault_signals[0]))
#define RESET_SIGNALS (sizeof(reset_signals) / sizeof(reset_signals[0]))

static struct sigaction host_fault_handlers[FAULT_SIGNALS]; /* the handlers before those of the Go runtime */

/* Written only by the thread that has set checking. */
static struct sigaction go_handlers[FAULT_SIGNALS];
static int has_go_handler[FAULT_SIGNALS];
static struct sigaction host_reset_handlers[RESET_SIGNALS]; /* set once */
static int wrapped[RESET_SIGNALS];

static atomic_flag checking = ATOMIC_FLAG_INIT;
static atomic_int requested;

static void on_reset_signal(int number, siginfo_t *about, void *context);

/* Identifies a handler. */
static void *handler_of(const struct sigaction *action)
{
    return (action->sa_flags & SA_SIGINFO) ? (void *) action->sa_sigaction : (void *) action->sa_handler;
}

/* Runs when the plugin is loaded, before the constructor that starts its Go runtime, which has no priority. */
__attribute__((constructor(101))) static void save_host_handlers(void)
{
    size_t i;

    for (i = 0; i < FAULT_SIGNALS; i++) {
        sigaction(fault_signals[i], NULL, &host_fault_handlers[i]);
    }
}

/*
 * The host's handlers of the reset signals replace the fault handlers of the Go runtime. Therefore the plugin installs
 * its own handlers for these signals, which call those of the host and then restore the fault handlers. The host's
 * handlers also reinstall themselves. The plugin replaces a handler only if it is the host's: any other may belong to
 * another Go plugin that has wrapped this one.
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
 * The Go runtime turns a fault in Go code into a panic, which can be recovered, and passes a fault in C code on to the
 * handler that it replaced, that of the host. On SIGHUP and SIGCONT, the host calls signal() for the fault signals
 * again. This replaces the handlers of the runtime, so that the next nil dereference would end the agent. Handlers of a
 * Go runtime always use the alternate stack, and those of signal() never do. So this function remembers a handler that
 * uses it, and replaces one that does not by the remembered one. With two Go plugins, the remembered handler is that of
 * the plugin loaded last, which passes faults on to the other one; a handler that the other plugin has restored is
 * replaced as well.
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

/* A call during another one leaves the check to that one, which repeats it. May be called in a signal handler. */
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
