/*
 * options.h: the command line of rollcalld. Decides what was asked for; main does it. The strings are argv's
 * own.
 */
#ifndef RC_DAEMON_OPTIONS_H
#define RC_DAEMON_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Exit codes of rollcalld; --help and docs/operations.md list them. A supervisor should start it again after
 * RC_EXIT_FAILED only: the others need a person. */
enum rc_exit {
    RC_EXIT_OK = 0,     /* stopped as asked, or printed what was asked for */
    RC_EXIT_FAILED = 1, /* something failed that may work the next time */
    RC_EXIT_USAGE = 2,  /* command line or settings are wrong */
    RC_EXIT_STORE = 3,  /* the database is damaged, of a newer version, or none at all */
    RC_EXIT_IN_USE = 4, /* another service has the database */
};

enum rc_command {
    RC_COMMAND_RUN,
    RC_COMMAND_PRINT_CONFIG,
    RC_COMMAND_PRINT_CONFIG_DOC,
    RC_COMMAND_HELP,
    RC_COMMAND_VERSION,
};

/* --set may stand so often; one more is a usage error. Every setting once, and some to spare. */
#define RC_OPTIONS_SETS_MAX 256

struct rc_options {
    enum rc_command command;
    const char *config_path; /* NULL: none, defaults only */
    const char *sets[RC_OPTIONS_SETS_MAX];
    size_t set_count;
};

/* rc_options_parse fills *out; false with one line in error. */
bool rc_options_parse(int argc, char *const argv[], struct rc_options *out, char error[256]);

/* rc_options_help prints the help text with the exit codes; rc_options_version one line. */
void rc_options_help(FILE *out);
void rc_options_version(FILE *out);

#endif
