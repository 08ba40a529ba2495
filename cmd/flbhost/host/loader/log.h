/* Log lines as Fluent Bit writes them, on standard error. */
#ifndef LOG_H
#define LOG_H

/* log_print has the signature that the plugins know; file and line are not used, as there. */
void log_print(int level, const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#define log_error(...) log_print(FLB_LOG_ERROR, NULL, 0, __VA_ARGS__)

#endif
