#include "loader.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Like Fluent Bit, installs all handlers again, by signal(), after a SIGHUP or a SIGCONT. This removes the handlers
 * that Go's runtime has installed since: unless the plugin restores them, a nil dereference that it would recover from
 * ends the process.
 */
static void on_signal(int sig)
{
    const char *text = sig == SIGSEGV  ? "[engine] caught signal (SIGSEGV)\n"
                       : sig == SIGFPE ? "[engine] caught signal (SIGFPE)\n"
                       : sig == SIGHUP ? "[engine] caught signal (SIGHUP)\n"
                                       : "[engine] caught signal (SIGCONT)\n";
    ssize_t written = write(STDERR_FILENO, text, strlen(text));

    (void) written;
    signals_init();
    if (sig == SIGSEGV || sig == SIGFPE) {
        abort();
    }
}

/* The driver decides when to stop: it sends a request, or ends. */
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
