/* Training: one day of one employee, everybody's days, the policies, and the archive of the audit log. */
#include "cli/commands.h"
#include "cli/show.h"
#include "cli/table.h"
#include "core/names.h"
#include "wire/date.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A month of audit rows is copied and checked before the answer comes. */
#define ARCHIVE_TIMEOUT_MS (10 * 60 * 1000)

/* ---- one day ---- */

static void show_list_of(const struct rc_context *context, const struct rc_reading_row *day, const char *key,
                         enum rc_show_kind kind)
{
    const struct rc_reading_row *row = rc_row_first(day, key);
    if (row == NULL) {
        return;
    }
    fputc('\n', context->out);
    struct rc_show *show = rc_show_begin(context, kind);
    for (; row != NULL; row = rc_reading_next(row)) {
        rc_show_row(show, row);
    }
    rc_show_end(show, true);
}

static void show_day(const struct rc_context *context, const struct rc_reading *reading)
{
    const struct rc_reading_row *day = rc_reading_first(reading, "rows");
    if (day == NULL) {
        fputs("no training\n", context->err);
    } else if (context->json) {
        rc_show_json(context, day);
    } else {
        rc_show_training_day(context, day);
        show_list_of(context, day, "courses", RC_SHOW_TRAINING_COURSES);
        show_list_of(context, day, "sessions", RC_SHOW_TRAINING_SESSIONS);
    }
}

enum rc_exit rc_command_training(struct rc_context *context)
{
    struct rc_request request;
    rc_request_init(&request, RC_VERB_TRAINING_DAYS);
    if (context->arguments->word_count != 1 ||
        !rc_id_set(&request.employee, rc_text_of(context->arguments->words[0]))) {
        rc_complain(context, "training: say whose: one employee's id");
        return RC_EXIT_USAGE;
    }
    request.from_at = context->now_at;
    if (rc_given(context, RC_O_DATE)) {
        request.from_at = RC_NONE;
        if (!rc_context_day(context, RC_O_DATE, request.from_date, &request.from_at)) {
            return RC_EXIT_USAGE;
        }
    }
    request.to_at = request.from_at;
    memcpy(request.to_date, request.from_date, sizeof request.to_date);
    struct rc_reading *reading = NULL;
    enum rc_exit code = rc_ask(context, &request, &reading);
    if (code == RC_EXIT_OK) {
        show_day(context, reading);
    }
    rc_reading_free(reading);
    return code;
}

/* ---- everybody's days ---- */

enum rc_exit rc_command_training_report(struct rc_context *context)
{
    struct rc_request request;
    rc_request_init(&request, RC_VERB_TRAINING_DAYS);
    if (!rc_no_words(context) || !rc_context_id(context, RC_O_EMPLOYEE, &request.employee) ||
        !rc_context_day(context, RC_O_FROM, request.from_date, &request.from_at) ||
        !rc_context_day(context, RC_O_TO, request.to_date, &request.to_at)) {
        return RC_EXIT_USAGE;
    }
    bool dates = request.from_date[0] != '\0' && request.to_date[0] != '\0';
    if ((dates && strcmp(request.from_date, request.to_date) > 0) ||
        (request.from_at != RC_NONE && request.to_at != RC_NONE && request.from_at > request.to_at)) {
        rc_complain(context, "--from is after --to");
        return RC_EXIT_USAGE;
    }
    return rc_show_list(context, &request, "rows", RC_SHOW_TRAINING_DAYS);
}

/* ---- policies ---- */

/* read_interval reads --interval; false: reported. */
static bool read_interval(const struct rc_context *context, int64_t *out_ms)
{
    const char *value = context->arguments->values[RC_O_INTERVAL];
    char error[RC_MOMENT_ERROR_MAX];
    if (value != NULL && !rc_moment_parse_duration(value, out_ms, error)) {
        rc_complain(context, "--interval: %s", error);
        return false;
    }
    return true;
}

static bool read_policy(const struct rc_context *context, struct rc_request *request)
{
    const char *zone = context->arguments->values[RC_O_ZONE];
    const char *from = context->arguments->values[RC_O_FROM];
    if (zone != NULL && strlen(zone) > RC_ZONE_MAX) {
        rc_complain(context, "--zone: %d bytes at most", RC_ZONE_MAX);
        return false;
    }
    snprintf(request->zone, sizeof request->zone, "%s", zone == NULL ? "" : zone);
    /* The next midnight is where a policy starts that says nothing else. */
    bool tomorrow = from != NULL && strcmp(from, "tomorrow") == 0;
    return rc_context_id(context, RC_O_COURSE, &request->course) &&
           rc_context_count(context, RC_O_LIMIT, &request->limit_minutes) &&
           read_interval(context, &request->interval_ms) &&
           rc_context_count(context, RC_O_BREAK, &request->break_minutes) &&
           rc_context_count(context, RC_O_BREAK_AFTER, &request->break_after_minutes) &&
           (tomorrow || rc_context_day(context, RC_O_FROM, request->from_date, &request->from_at));
}

/* changes says whether anything is asked for, and nothing that a course does not have; else it was reported.
 */
static bool changes(const struct rc_context *context)
{
    static const enum rc_option of_site[] = {RC_O_INTERVAL, RC_O_ZONE, RC_O_BREAK, RC_O_BREAK_AFTER};
    bool any = rc_given(context, RC_O_LIMIT);
    for (size_t i = 0; i < sizeof of_site / sizeof of_site[0]; i++) {
        if (rc_given(context, of_site[i]) && rc_given(context, RC_O_COURSE)) {
            rc_complain(context, "policy add: %s is the site's, and no course has its own",
                        rc_option_name(of_site[i]));
            return false;
        }
        any = any || rc_given(context, of_site[i]);
    }
    if (!any || (rc_given(context, RC_O_COURSE) && !rc_given(context, RC_O_LIMIT))) {
        rc_complain(context, "policy add: say what changes: --limit%s",
                    rc_given(context, RC_O_COURSE) ? "" : ", --interval, --zone, --break or --break-after");
        return false;
    }
    return true;
}

static enum rc_exit add_policy(struct rc_context *context, struct rc_request *request)
{
    if (!changes(context) || !read_policy(context, request)) {
        return RC_EXIT_USAGE;
    }
    request->adds = true;
    struct rc_reading *reading = NULL;
    enum rc_exit code = rc_ask(context, request, &reading);
    if (code == RC_EXIT_OK && context->json) {
        rc_show_json(context, rc_reading_top(reading));
    } else if (code == RC_EXIT_OK) {
        int64_t number = 0;
        int64_t from_at = 0;
        char from[RC_MOMENT_TEXT_MAX];
        rc_row_integer(rc_reading_top(reading), "number", &number);
        rc_row_integer(rc_reading_top(reading), "from", &from_at);
        rc_moment_print(context->zone, from_at, from);
        fprintf(context->out, "policy %" PRId64 ", from %s%s%s\n", number, from,
                request->zone[0] == '\0' ? "" : ", zone ", request->zone);
    }
    rc_reading_free(reading);
    return code;
}

enum rc_exit rc_command_policy(struct rc_context *context)
{
    static const enum rc_option of_add[] = {RC_O_COURSE, RC_O_LIMIT,       RC_O_INTERVAL,
                                            RC_O_BREAK,  RC_O_BREAK_AFTER, RC_O_FROM};
    const struct rc_arguments *arguments = context->arguments;
    const char *action = arguments->word_count == 1 ? arguments->words[0] : "";
    struct rc_request request;
    rc_request_init(&request, RC_VERB_POLICY);
    if (strcmp(action, "add") == 0) {
        return add_policy(context, &request);
    }
    if (strcmp(action, "list") != 0) {
        rc_complain(context, "policy: say list, or add and what changes");
        return RC_EXIT_USAGE;
    }
    for (size_t i = 0; i < sizeof of_add / sizeof of_add[0]; i++) {
        if (rc_given(context, of_add[i])) {
            rc_complain(context, "policy list takes no %s", rc_option_name(of_add[i]));
            return RC_EXIT_USAGE;
        }
    }
    return rc_show_list(context, &request, "policies", RC_SHOW_POLICIES);
}

/* ---- the archive ---- */

static void show_archive(const struct rc_context *context, const struct rc_reading_row *reply)
{
    int64_t rows = 0;
    const char *file = rc_row_text(reply, "file");
    rc_row_integer(reply, "rows", &rows);
    char *escaped = rc_escape(file == NULL ? "?" : file);
    fprintf(context->out, "%" PRId64 " rows of %s are in %s now\n", rows, context->arguments->words[0],
            escaped);
    free(escaped);
}

enum rc_exit rc_command_archive(struct rc_context *context)
{
    const struct rc_arguments *arguments = context->arguments;
    const char *month = arguments->word_count == 1 ? arguments->words[0] : "";
    struct rc_request request;
    char first[RC_DATE_MAX + RC_MONTH_MAX];
    int64_t days = 0;
    rc_request_init(&request, RC_VERB_ARCHIVE);
    snprintf(first, sizeof first, "%.*s-01", RC_MONTH_MAX, month);
    if (!rc_date_parse(rc_text_of(first), &days)) {
        rc_complain(context, "archive: say which month, as 2025-12");
        return RC_EXIT_USAGE;
    }
    snprintf(request.month, sizeof request.month, "%s", month);
    if (!rc_given(context, RC_O_TIMEOUT)) {
        context->timeout_ms = ARCHIVE_TIMEOUT_MS;
    }
    struct rc_reading *reading = NULL;
    enum rc_exit code = rc_ask(context, &request, &reading);
    if (code == RC_EXIT_OK && context->json) {
        rc_show_json(context, rc_reading_top(reading));
    } else if (code == RC_EXIT_OK) {
        show_archive(context, rc_reading_top(reading));
    }
    rc_reading_free(reading);
    return code;
}
