#include "fork.h"

#include <stdio.h>
#include <unistd.h>

#include "abi.h"

static pid_t loader;

void promexporter_loaded(void)
{
    if (loader == 0) {
        loader = getpid();
    }
}

int promexporter_forked(void)
{
    return loader != 0 && loader != getpid();
}

static void refuse(const char *kind, const char *name, const struct host_api *api)
{
    host_log_print print;
    char line[512];

    /* Not to file descriptor 2: the host has closed it, and it may now be any file. */
    if (api == NULL || (print = promexporter_log_print(api)) == NULL) {
        return;
    }
    snprintf(line, sizeof(line), "[%s:%s] Daemon On: Fluent Bit forked after it loaded this plugin, and a Go plugin "
             "does not survive that; set Daemon Off and let systemd, or fluent-bit --supervisor, keep it in the background",
             kind, name);
    promexporter_log(print, 1, line);
}

void promexporter_refuse_fork(const char *name, const void *plugin)
{
    if (plugin != NULL) {
        refuse("output", name, ((const struct host_plugin *) plugin)->api);
    }
}

void promexporter_refuse_fork_of_input(const char *name, const void *plugin)
{
    if (plugin != NULL) {
        refuse("input", name, ((const struct host_input_plugin *) plugin)->api);
    }
}
