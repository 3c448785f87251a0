/*
 * context.h: one run of the command: its streams, its moment, the options that all commands share, and the
 * connection, which is made at the first question. Decides nothing. All functions that can fail write one
 * line to err, with everything from outside escaped, before they say so. One thread.
 */
#ifndef RC_CLI_CONTEXT_H
#define RC_CLI_CONTEXT_H

#include "cli/arguments.h"
#include "cli/moment.h"
#include "core/training.h"
#include "link/request.h"

struct rc_context {
    const struct rc_arguments *arguments;
    FILE *out, *err;
    int64_t now_at; /* when the command began: what `today` and `-2h` are counted from */
    struct rc_moment_zone *zone;
    bool json, csv; /* not both */
    struct rc_id site, login;
    int timeout_ms;
    struct rc_requester *requester; /* NULL until the first question */
};

/* rc_context_open reads the options that all commands share; false: a usage error was reported. Close it in
 * any case. */
bool rc_context_open(struct rc_context *context, const struct rc_arguments *arguments, int64_t now_at,
                     FILE *out, FILE *err);
void rc_context_close(struct rc_context *context);

/* rc_complain writes "rollcall: ..." and a line end to err, escaped. */
void rc_complain(const struct rc_context *context, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* rc_given says whether an option was given. */
bool rc_given(const struct rc_context *context, enum rc_option option);

/* These read an option's value; where it was not given they leave *out alone and return true. False:
 * reported. */
bool rc_context_id(const struct rc_context *context, enum rc_option option, struct rc_id *out);
bool rc_context_integer(const struct rc_context *context, enum rc_option option,
                        int64_t *out);                                                        /* 1 to 2^53 */
bool rc_context_count(const struct rc_context *context, enum rc_option option, int64_t *out); /* 0 to 2^53 */
bool rc_context_moment(const struct rc_context *context, enum rc_option option, int64_t *out);
/* A day of the service's: a date alone goes to date, and its service's zone is meant; `today` and any moment
 * go to *at, for the service to say which day that is. */
bool rc_context_day(const struct rc_context *context, enum rc_option option, char date[RC_DATE_MAX],
                    int64_t *at);

/* rc_no_words reports words that a command does not take. */
bool rc_no_words(const struct rc_context *context);

#endif
