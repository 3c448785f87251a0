#include "cli/commands.h"
#include "cli/show.h"
#include "core/names.h"

#include <inttypes.h>
#include <string.h>

/* Which options an action takes: those it needs, and of the `one` set exactly one. */
struct shape {
    uint32_t needs, may, one;
};

#define SEQ      RC_OPTION(RC_O_SEQ)
#define HOLD     RC_OPTION(RC_O_HOLD)
#define ASK_ID   RC_OPTION(RC_O_ASK_ID)
#define EMPLOYEE RC_OPTION(RC_O_EMPLOYEE)
#define TYPE     RC_OPTION(RC_O_TYPE)
#define AT       RC_OPTION(RC_O_AT)
#define REASON   RC_OPTION(RC_O_REASON)

static const struct shape shapes[RC_ACTION_COUNT] = {
    [RC_ACTION_ACCEPT] = {0, REASON | EMPLOYEE, SEQ | HOLD | ASK_ID},
    [RC_ACTION_REJECT] = {0, REASON | EMPLOYEE, SEQ | HOLD | ASK_ID},
    [RC_ACTION_ADD] = {EMPLOYEE | TYPE | AT | REASON, 0, 0},
    [RC_ACTION_VOID] = {SEQ | REASON, EMPLOYEE, 0},
    [RC_ACTION_RETIME] = {SEQ | AT | REASON, EMPLOYEE, 0},
};

/* The options that only some actions take; --limit belongs to the list. */
static const enum rc_option chosen[] = {RC_O_EMPLOYEE, RC_O_SEQ, RC_O_HOLD,   RC_O_ASK_ID,
                                        RC_O_TYPE,     RC_O_AT,  RC_O_REASON, RC_O_LIMIT};
#define CHOSEN_COUNT (sizeof chosen / sizeof chosen[0])

static bool fits(const struct rc_context *context, const char *what, const struct shape *shape)
{
    int of_one = 0;
    for (size_t i = 0; i < CHOSEN_COUNT; i++) {
        uint32_t bit = RC_OPTION(chosen[i]);
        bool given = rc_given(context, chosen[i]);
        if (given && ((shape->needs | shape->may | shape->one) & bit) == 0) {
            rc_complain(context, "correct %s takes no %s", what, rc_option_name(chosen[i]));
            return false;
        }
        if (!given && (shape->needs & bit) != 0) {
            rc_complain(context, "correct %s needs %s", what, rc_option_name(chosen[i]));
            return false;
        }
        of_one += given && (shape->one & bit) != 0 ? 1 : 0;
    }
    if (shape->one != 0 && of_one != 1) {
        rc_complain(context, "correct %s needs exactly one of --seq, --hold and --ask-id", what);
        return false;
    }
    return true;
}

static bool read_type_and_reason(const struct rc_context *context, struct rc_request *request)
{
    const char *type = context->arguments->values[RC_O_TYPE];
    if (type != NULL && (!rc_type_parse(rc_text_of(type), &request->type) ||
                         (request->type != RC_IN && request->type != RC_OUT))) {
        rc_complain(context, "--type %.80s: IN or OUT", type);
        return false;
    }
    const char *reason = context->arguments->values[RC_O_REASON];
    if (reason != NULL && strlen(reason) > RC_TEXT_MAX) {
        rc_complain(context, "--reason: %d bytes at most", RC_TEXT_MAX);
        return false;
    }
    snprintf(request->reason, sizeof request->reason, "%s", reason == NULL ? "" : reason);
    return true;
}

static bool read_correction(const struct rc_context *context, const char *action, struct rc_request *request)
{
    request->has_action =
        rc_action_parse(rc_text_of(action), &request->action) && request->action != RC_ACTION_NONE;
    if (!request->has_action) {
        rc_complain(context, "correct: no such action: %.80s", action);
        return false;
    }
    struct shape shape = shapes[request->action];
    if (request->ask_only && shape.one != 0) {
        shape = (struct shape){SEQ, shape.may, 0}; /* an ask is about one row */
    }
    return fits(context, action, &shape) && rc_context_id(context, RC_O_EMPLOYEE, &request->employee) &&
           rc_context_integer(context, RC_O_SEQ, &request->seq) &&
           rc_context_integer(context, RC_O_HOLD, &request->hold) &&
           rc_context_integer(context, RC_O_ASK_ID, &request->ask) &&
           rc_context_moment(context, RC_O_AT, &request->at) && read_type_and_reason(context, request);
}

/* tell says what came of it: {seq}, {decided, undecided?, seq}, {askId} or {askId, seq}. */
static void tell(const struct rc_context *context, const struct rc_reading_row *reply)
{
    int64_t seq = 0;
    int64_t ask = 0;
    int64_t decided = 0;
    int64_t undecided = 0;
    bool has_seq = rc_row_integer(reply, "seq", &seq);
    bool has_ask = rc_row_integer(reply, "askId", &ask);
    if (rc_row_integer(reply, "decided", &decided)) {
        fprintf(context->out, "decided on %" PRId64 " rows", decided);
        if (rc_row_integer(reply, "undecided", &undecided)) {
            fprintf(context->out, ", %" PRId64 " left undecided", undecided);
        }
        fputc('\n', context->out);
    } else if (has_seq) {
        fprintf(context->out, "done, row %" PRId64 "\n", seq);
    } else if (has_ask) {
        fprintf(context->out, "ask %" PRId64 "\n", ask);
    } else {
        fputs("done\n", context->out);
    }
}

static enum rc_exit list_asks(struct rc_context *context, struct rc_request *request)
{
    static const struct shape list = {0, EMPLOYEE | RC_OPTION(RC_O_LIMIT), 0};
    const struct rc_arguments *arguments = context->arguments;
    request->decided = arguments->word_count == 2 && strcmp(arguments->words[1], "all") == 0;
    if (arguments->word_count != 1 && !request->decided) {
        rc_complain(context, "correct list takes no more words but all");
        return RC_EXIT_USAGE;
    }
    if (!fits(context, "list", &list) || !rc_context_id(context, RC_O_EMPLOYEE, &request->employee)) {
        return RC_EXIT_USAGE;
    }
    request->asks = true;
    return rc_show_list(context, request, "asks", RC_SHOW_ASKS);
}

enum rc_exit rc_command_correct(struct rc_context *context)
{
    const struct rc_arguments *arguments = context->arguments;
    struct rc_request request;
    rc_request_init(&request, RC_VERB_CORRECT);
    if (arguments->word_count > 0 && strcmp(arguments->words[0], "list") == 0) {
        return list_asks(context, &request);
    }
    request.ask_only = arguments->word_count > 0 && strcmp(arguments->words[0], "ask") == 0;
    size_t words = request.ask_only ? 2 : 1;
    if (arguments->word_count != words) {
        rc_complain(context,
                    "correct: say accept, reject, void, retime, add, list, or ask and one of the first five");
        return RC_EXIT_USAGE;
    }
    if (!read_correction(context, arguments->words[words - 1], &request)) {
        return RC_EXIT_USAGE;
    }
    struct rc_reading *reading = NULL;
    enum rc_exit code = rc_ask(context, &request, &reading);
    if (code == RC_EXIT_OK && context->json) {
        rc_show_json(context, rc_reading_top(reading));
    } else if (code == RC_EXIT_OK) {
        tell(context, rc_reading_top(reading));
    }
    rc_reading_free(reading);
    return code;
}
