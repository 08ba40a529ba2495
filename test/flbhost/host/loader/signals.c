#include "loader.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void say(const char *text)
{
    if (write(STDERR_FILENO, text, strlen(text)) < 0) {
        return;
    }
}

/*
 * Like Fluent Bit, installs all handlers again, by signal(), after a SIGHUP or a SIGCONT. This removes the handlers that
 * Go's runtime has installed since: unless the plugin restores them, a nil dereference that it would recover from ends
 * the process.
 */
static void on_signal(int sig)
{
    say("[engine] caught signal (");
    say(sig == SIGSEGV ? "SIGSEGV)\n" : sig == SIGFPE ? "SIGFPE)\n" : sig == SIGHUP ? "SIGHUP)\n" : "SIGCONT)\n");
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
