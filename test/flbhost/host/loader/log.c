#include "loader.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static const char *const titles[] = {"help", "error", "warn", "info", "debug", "trace"};

static int put_header(char *buf, size_t size, int level)
{
    struct timespec now;
    struct tm tm;
    char ms[8] = "";

    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &tm);
    if (version.milliseconds) {
        snprintf(ms, sizeof(ms), ".%03ld", now.tv_nsec / 1000000 % 1000);
    }
    if (level < 0 || level > FLB_LOG_TRACE) {
        level = 0;
    }
    return snprintf(buf, size, "[%i/%02i/%02i %02i:%02i:%02i%s] [%5s] ", tm.tm_year + 1900,
                    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, ms,
                    titles[level]);
}

void log_print(int level, const char *file, int line, const char *fmt, ...)
{
    char buf[4096];
    int room;
    int len = put_header(buf, sizeof(buf), level);
    int n;
    va_list args;

    (void) file;
    (void) line;
    room = (int) sizeof(buf) - len - 1; /* leaves one byte for the newline */
    va_start(args, fmt);
    n = vsnprintf(buf + len, (size_t) room, fmt, args);
    va_end(args);
    if (n < 0) {
        return;
    }
    len += n < room ? n : room - 1;
    buf[len++] = '\n';
    /* One write keeps lines of several threads apart. A log that cannot be written is not a reason to stop. */
    if (write(STDERR_FILENO, buf, (size_t) len) < 0) {
        return;
    }
}
