#include "signals.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void say(int sig)
{
    const char *name = sig == SIGSEGV  ? "SIGSEGV)\n"
                       : sig == SIGFPE ? "SIGFPE)\n"
                       : sig == SIGHUP ? "SIGHUP)\n"
                                       : "SIGCONT)\n";
    const char *head = "[engine] caught signal (";

    if (write(STDERR_FILENO, head, strlen(head)) < 0 ||
        write(STDERR_FILENO, name, strlen(name)) < 0) {
        return;
    }
}

/*
 * Fluent Bit installs its handlers anew from within this one, by signal(), after a SIGHUP or a
 * SIGCONT. By then Go's runtime has put its own in place: they are gone, unless the plugin takes
 * care, and a nil dereference that it would have recovered from ends the process.
 */
static void on_signal(int sig)
{
    say(sig);
    signals_init();
    if (sig == SIGSEGV || sig == SIGFPE) {
        abort();
    }
}

/* The driver decides when to stop: it tells this process, or goes away. */
static void on_stop(int sig)
{
    (void) sig;
}

void signals_init(void)
{
    signal(SIGINT, on_stop);
    signal(SIGQUIT, on_stop);
    signal(SIGTERM, on_stop);
    signal(SIGHUP, on_signal);
    signal(SIGCONT, on_signal);
    signal(SIGSEGV, on_signal);
    signal(SIGFPE, on_signal);
}
