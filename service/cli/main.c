/* rollcall, the operators' command: asks the running service, or reads a database. It never writes to one. */
#include "cli/context.h"

#include <poll.h>
#include <time.h>
#include <unistd.h>

static int64_t wall_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static enum rc_exit run(const struct rc_arguments *arguments)
{
    if (arguments->version) {
        puts("rollcall " RC_VERSION);
        return RC_EXIT_OK;
    }
    if (arguments->values[RC_O_HELP] != NULL) {
        rc_arguments_help(arguments->command, stdout);
        return RC_EXIT_OK;
    }
    struct rc_context context;
    enum rc_exit code = RC_EXIT_USAGE;
    if (rc_context_open(&context, arguments, wall_now(), stdout, stderr)) {
        code = arguments->command->run(&context);
    }
    rc_context_close(&context);
    return code;
}

static bool nobody_reads(int fd)
{
    struct pollfd end = {.fd = fd, .events = POLLOUT};
    return poll(&end, 1, 0) == 1 && (end.revents & POLLERR) != 0;
}

int main(int argc, char **argv)
{
    struct rc_arguments arguments;
    if (!rc_arguments_parse(argc, argv, &arguments, stderr)) {
        return RC_EXIT_USAGE;
    }
    enum rc_exit code = run(&arguments);
    /* Half of an answer must not look like a whole one; but who pipes into `head` has seen what they wanted.
     */
    if (fflush(stdout) != 0 || ferror(stdout)) {
        if (!nobody_reads(STDOUT_FILENO)) {
            fputs("rollcall: the output cannot be written\n", stderr);
        }
        return (int)(code == RC_EXIT_OK ? RC_EXIT_LOCAL : code);
    }
    return (int)code;
}
