#include "cli/commands.h"
#include "cli/show.h"
#include "core/names.h"

#include <inttypes.h>
#include <string.h>

enum rc_exit rc_command_who(struct rc_context *context)
{
    struct rc_request request;
    rc_request_init(&request, RC_VERB_WHO);
    if (!rc_no_words(context)) {
        return RC_EXIT_USAGE;
    }
    return rc_show_list(context, &request, "employees", RC_SHOW_WHO);
}

static void show_status(struct rc_context *context, const struct rc_reading *reading)
{
    if (context->json) {
        rc_show_json(context, rc_reading_top(reading));
        return;
    }
    const struct rc_reading_row *employee = rc_reading_first(reading, "employees");
    if (employee != NULL) {
        rc_show_employee(context, employee);
        fputc('\n', context->out);
    }
    struct rc_show *show = rc_show_begin(context, RC_SHOW_SESSIONS);
    const struct rc_reading_row *session = rc_reading_first(reading, "sessions");
    for (; session != NULL; session = rc_reading_next(session)) {
        rc_show_row(show, session);
    }
    rc_show_end(show, true);
}

enum rc_exit rc_command_status(struct rc_context *context)
{
    struct rc_request request;
    rc_request_init(&request, RC_VERB_STATUS);
    if (context->arguments->word_count != 1 ||
        !rc_id_set(&request.employee, rc_text_of(context->arguments->words[0]))) {
        rc_complain(context, "status: say whose: one employee's id");
        return RC_EXIT_USAGE;
    }
    struct rc_reading *reading = NULL;
    enum rc_exit code = rc_ask(context, &request, &reading);
    if (code == RC_EXIT_OK) {
        show_status(context, reading);
    }
    rc_reading_free(reading);
    return code;
}

/* read_range reads the options of a list of the log; false: reported. */
static bool read_range(const struct rc_context *context, struct rc_request *request)
{
    bool ok = rc_no_words(context) && rc_context_id(context, RC_O_EMPLOYEE, &request->employee) &&
              rc_context_moment(context, RC_O_FROM, &request->from_at) &&
              rc_context_moment(context, RC_O_TO, &request->to_at);
    if (ok && request->from_at != RC_NONE && request->to_at != RC_NONE &&
        request->from_at >= request->to_at) {
        rc_complain(context, "--from is not before --to");
        return false;
    }
    return ok;
}

enum rc_exit rc_command_punches(struct rc_context *context)
{
    struct rc_request request;
    rc_request_init(&request, RC_VERB_PUNCHES);
    request.undecided = rc_given(context, RC_O_UNDECIDED);
    if (!read_range(context, &request)) {
        return RC_EXIT_USAGE;
    }
    return rc_show_list(context, &request, "rows", RC_SHOW_PUNCHES);
}

enum rc_exit rc_command_periods(struct rc_context *context)
{
    struct rc_request request;
    rc_request_init(&request, RC_VERB_PERIODS);
    if (!read_range(context, &request)) {
        return RC_EXIT_USAGE;
    }
    return rc_show_list(context, &request, "periods", RC_SHOW_PERIODS);
}

static int64_t integer_or_zero(const struct rc_reading *reading, const char *key)
{
    int64_t value = 0;
    rc_row_integer(rc_reading_top(reading), key, &value);
    return value;
}

enum rc_exit rc_command_sweep(struct rc_context *context)
{
    struct rc_request request;
    rc_request_init(&request, RC_VERB_SWEEP);
    if (!rc_no_words(context)) {
        return RC_EXIT_USAGE;
    }
    struct rc_reading *reading = NULL;
    enum rc_exit code = rc_ask(context, &request, &reading);
    if (code == RC_EXIT_OK && context->json) {
        rc_show_json(context, rc_reading_top(reading));
    } else if (code == RC_EXIT_OK) {
        fprintf(context->out, "checked %" PRId64 ", punched out %" PRId64 ", held %" PRId64 "\n",
                integer_or_zero(reading, "checked"), integer_or_zero(reading, "autoOut"),
                integer_or_zero(reading, "held"));
    }
    rc_reading_free(reading);
    return code;
}

/* read_until reads `until TIME`, `for DURATION`, `off` or nothing; false: reported. */
static bool read_until(const struct rc_context *context, int64_t *until_at)
{
    const struct rc_arguments *arguments = context->arguments;
    const char *word = arguments->word_count > 0 ? arguments->words[0] : "";
    char error[RC_MOMENT_ERROR_MAX] = "say until TIME, for DURATION, off, or nothing to see what holds";
    if (arguments->word_count == 0) {
        return true;
    }
    if (arguments->word_count == 1 && strcmp(word, "off") == 0) {
        *until_at = 0;
        return true;
    }
    if (arguments->word_count == 2 && strcmp(word, "until") == 0 &&
        rc_moment_parse(context->zone, context->now_at, arguments->words[1], until_at, error)) {
        return true;
    }
    if (arguments->word_count == 2 && strcmp(word, "for") == 0 &&
        rc_moment_parse_duration(arguments->words[1], until_at, error)) {
        *until_at += context->now_at;
        return true;
    }
    rc_complain(context, "maintenance: %s", error);
    return false;
}

enum rc_exit rc_command_maintenance(struct rc_context *context)
{
    struct rc_request request;
    rc_request_init(&request, RC_VERB_MAINTENANCE);
    if (!read_until(context, &request.until_at)) {
        return RC_EXIT_USAGE;
    }
    struct rc_reading *reading = NULL;
    enum rc_exit code = rc_ask(context, &request, &reading);
    if (code == RC_EXIT_OK && context->json) {
        rc_show_json(context, rc_reading_top(reading));
    } else if (code == RC_EXIT_OK && integer_or_zero(reading, "until") == 0) {
        fputs("no maintenance\n", context->out);
    } else if (code == RC_EXIT_OK) {
        char until[RC_MOMENT_TEXT_MAX];
        rc_moment_print(context->zone, integer_or_zero(reading, "until"), until);
        fprintf(context->out, "maintenance until %s\n", until);
    }
    rc_reading_free(reading);
    return code;
}
