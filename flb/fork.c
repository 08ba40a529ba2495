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

void promexporter_refuse_fork(const char *name, const void *plugin)
{
    const struct host_plugin *p = plugin;
    host_log_print print;
    char line[512];

    /* Not to file descriptor 2: the host has closed it by now, and it may be anything. */
    if (p == NULL || p->api == NULL || (print = promexporter_log_print(p->api)) == NULL) {
        return;
    }
    snprintf(line, sizeof(line), "[output:%s] Daemon On: Fluent Bit forked after it loaded this plugin, and a Go plugin "
             "does not survive that; set Daemon Off and let systemd, or fluent-bit --supervisor, keep it in the background",
             name);
    promexporter_log(print, 1, line);
}
