/*
 * arguments.h: the command line as a table: which options there are, which command takes which, what --help
 * says. Decides only whether the words are of a known shape; what they mean is the command's. Texts are
 * borrowed from argv.
 */
#ifndef RC_CLI_ARGUMENTS_H
#define RC_CLI_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Exit codes; docs/cli.md and --help say the same. */
enum rc_exit {
    RC_EXIT_OK,
    RC_EXIT_REFUSED,   /* the service understood, and said no */
    RC_EXIT_USAGE,     /* the words make no sense; nothing was asked */
    RC_EXIT_NO_ANSWER, /* no connection, or no answer in time */
    RC_EXIT_UNSOUND,   /* verify: a chain, an invariant or a receipt does not hold */
    RC_EXIT_LOCAL,     /* a file cannot be read or written, or the reply makes no sense */
};

enum rc_option {
    RC_O_URI,
    RC_O_SITE,
    RC_O_LOGIN,
    RC_O_PASSWORD_FILE,
    RC_O_TOKEN_FILE,
    RC_O_CA_FILE,
    RC_O_TIMEOUT,
    RC_O_ZONE,
    RC_O_JSON,
    RC_O_HELP,
    RC_O_EMPLOYEE,
    RC_O_FROM,
    RC_O_TO,
    RC_O_UNDECIDED,
    RC_O_LIMIT,
    RC_O_SEQ,
    RC_O_HOLD,
    RC_O_ASK_ID,
    RC_O_TYPE,
    RC_O_AT,
    RC_O_REASON,
    RC_O_RECEIPT,
    RC_O_DATE,
    RC_O_CSV,
    RC_O_COURSE,
    RC_O_INTERVAL,
    RC_O_BREAK,
    RC_O_BREAK_AFTER,
    RC_OPTION_COUNT
};

/* Sets of options, a bit each. */
#define RC_OPTION(option) (UINT32_C(1) << (option))
#define RC_OPTIONS_CONNECTION                                                                                \
    (RC_OPTION(RC_O_URI) | RC_OPTION(RC_O_SITE) | RC_OPTION(RC_O_LOGIN) | RC_OPTION(RC_O_PASSWORD_FILE) |    \
     RC_OPTION(RC_O_TOKEN_FILE) | RC_OPTION(RC_O_CA_FILE) | RC_OPTION(RC_O_TIMEOUT) | RC_OPTION(RC_O_ZONE) | \
     RC_OPTION(RC_O_JSON) | RC_OPTION(RC_O_HELP))

/* Stands in a command's set of options where what follows it are words of another program, options included:
 * neither read nor checked here. */
#define RC_VERBATIM (UINT32_C(1) << 31)

/* `verify` with its archives takes the most words, one for each month of many years. More is a usage error.
 */
#define RC_WORDS_MAX 512

struct rc_command;

struct rc_arguments {
    const struct rc_command *command;    /* NULL: --help or --version alone */
    const char *values[RC_OPTION_COUNT]; /* NULL: not given; "" for options without a value */
    const char *words[RC_WORDS_MAX];     /* what follows the command */
    size_t word_count;
    bool version;
};

struct rc_context;

struct rc_command {
    const char *name;
    const char *usage;   /* what follows the name */
    const char *summary; /* one line */
    const char *details; /* lines for --help, may be empty */
    uint32_t options;    /* those that it takes */
    enum rc_exit (*run)(struct rc_context *context);
};

/* The commands, ended by one without a name. */
extern const struct rc_command rc_commands[];

/* rc_arguments_parse fills *out. On a usage error it writes one line (and where to look) to err and returns
 * false. */
bool rc_arguments_parse(int argc, char *const *argv, struct rc_arguments *out, FILE *err);

/* rc_arguments_help writes the help of a command, or with NULL that of the whole program. */
void rc_arguments_help(const struct rc_command *command, FILE *out);

/* rc_option_name returns "--employee" and the like, for messages. */
const char *rc_option_name(enum rc_option option);

#endif
