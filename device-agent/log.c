#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* Below PIPE_BUF (4,096): a write of this size to a pipe is atomic. */
#define LINE_MAX_BYTES 512

static size_t put_time(char *line, size_t size)
{
    struct timespec wall;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &wall);
    gmtime_r(&wall.tv_sec, &utc);
    size_t length = strftime(line, size, "time=%Y-%m-%dT%H:%M:%S", &utc);
    int more = snprintf(line + length, size - length, ".%03ldZ ", wall.tv_nsec / 1000000);
    return length + (size_t)more;
}

void rc_agent_log(const char *format, ...)
{
    char line[LINE_MAX_BYTES];
    size_t length = put_time(line, sizeof line);
    va_list arguments;
    va_start(arguments, format);
    int more = vsnprintf(line + length, sizeof line - length, format, arguments);
    va_end(arguments);
    if (more > 0)
        length += (size_t)more;
    if (length > sizeof line - 1)
        length = sizeof line - 1;
    line[length] = '\n';
    /* Nothing can be done if standard error is gone. */
    ssize_t written = write(STDERR_FILENO, line, length + 1);
    (void)written;
}
