/* Questions and orders: request/{login}/{verb}. Which fields a verb has stands in docs/protocol.md. */
#include "core/names.h"
#include "wire/decode_parts.h"
#include "wire/fields.h"
#include "wire/request_write.h"

#include <assert.h>
#include <string.h>

static void read_page(struct rc_fields *fields, struct rc_request *request)
{
    rc_fields_integer(fields, "limit", 1, &request->limit);
    rc_fields_integer(fields, "cursor", 0, &request->cursor);
}

static void read_range(struct rc_fields *fields, struct rc_request *request)
{
    rc_fields_id(fields, "employeeId", &request->employee);
    rc_fields_integer(fields, "from", 0, &request->from_at);
    rc_fields_integer(fields, "to", 0, &request->to_at);
    read_page(fields, request);
}

static void read_punches(struct rc_fields *fields, struct rc_request *request)
{
    read_range(fields, request);
    rc_fields_bool(fields, "undecided", &request->undecided);
}

static void read_status(struct rc_fields *fields, struct rc_request *request)
{
    rc_fields_id(fields, "employeeId", &request->employee);
}

static void read_maintenance(struct rc_fields *fields, struct rc_request *request)
{
    rc_fields_integer(fields, "until", 0, &request->until_at);
}

static void read_nothing(struct rc_fields *fields, struct rc_request *request)
{
    (void)fields;
    (void)request;
}

static void read_action(struct rc_fields *fields, struct rc_request *request)
{
    char word[RC_WORD_MAX];
    rc_fields_need(fields, "action");
    struct rc_text text = rc_fields_word(fields, "action", word);
    request->has_action = text.length > 0 && rc_action_parse(text, &request->action);
    if (!request->has_action)
        rc_fields_wrong(fields, "action", "must be accept, reject, add, void or retime");
}

/* Accept and reject name what they decide on, in one of three ways; an ask is never about an ask. */
static void need_subject(struct rc_fields *fields, const struct rc_request *request)
{
    int given = (request->seq != RC_NONE) + (request->hold != RC_NONE) + (request->ask != RC_NONE);
    if (request->ask_only)
        rc_fields_need(fields, "seq");
    if (given != 1)
        rc_fields_wrong(fields, "seq,",
                        request->ask_only ? "and no holdId or askId, must be given to ask for it"
                                          : "holdId or askId: exactly one must be given");
}

static void need_for_action(struct rc_fields *fields, const struct rc_request *request)
{
    switch (request->action) {
    case RC_ACTION_ACCEPT:
    case RC_ACTION_REJECT:
        need_subject(fields, request);
        return;
    case RC_ACTION_ADD:
        rc_fields_need(fields, "employeeId");
        rc_fields_need(fields, "type");
        rc_fields_need(fields, "at");
        break;
    case RC_ACTION_RETIME:
        rc_fields_need(fields, "at");
        rc_fields_need(fields, "seq");
        break;
    default:
        rc_fields_need(fields, "seq");
        break;
    }
    rc_fields_need(fields, "reason");
    if (request->reason[0] == '\0')
        rc_fields_wrong(fields, "reason", "must not be empty");
}

static void read_correct(struct rc_fields *fields, struct rc_request *request)
{
    rc_fields_bool(fields, "list", &request->asks);
    rc_fields_bool(fields, "decided", &request->decided);
    rc_fields_bool(fields, "ask", &request->ask_only);
    rc_fields_id(fields, "employeeId", &request->employee);
    read_page(fields, request);
    if (request->asks)
        return;
    read_action(fields, request);
    rc_fields_integer(fields, "seq", 1, &request->seq);
    rc_fields_integer(fields, "holdId", 1, &request->hold);
    rc_fields_integer(fields, "askId", 1, &request->ask);
    rc_fields_punch_type(fields, &request->type);
    rc_fields_integer(fields, "at", 0, &request->at);
    request->reason[rc_fields_text(fields, "reason", 0, RC_TEXT_MAX, request->reason)] = '\0';
    if (rc_fields_ok(fields))
        need_for_action(fields, request);
}

static const struct {
    const char *name;
    void (*read)(struct rc_fields *fields, struct rc_request *request);
} verbs[] = {
    [RC_VERB_UNKNOWN] = {"", read_nothing},
    [RC_VERB_WHO] = {"who", read_page},
    [RC_VERB_PUNCHES] = {"punches", read_punches},
    [RC_VERB_PERIODS] = {"periods", read_range},
    [RC_VERB_CORRECT] = {"correct", read_correct},
    [RC_VERB_SWEEP] = {"sweep", read_nothing},
    [RC_VERB_MAINTENANCE] = {"maintenance", read_maintenance},
    [RC_VERB_STATUS] = {"status", read_status},
    [RC_VERB_TRAINING_DAYS] = {"training-days", rc_decode_training_days},
    [RC_VERB_POLICY] = {"policy", rc_decode_policy},
    [RC_VERB_ARCHIVE] = {"archive", rc_decode_archive},
    [RC_VERB_EMPLOYEE] = {"employee", rc_decode_employee},
};
_Static_assert(sizeof verbs / sizeof verbs[0] == RC_VERB_COUNT, "every verb has its fields");

const char *rc_verb_name(enum rc_verb verb)
{
    assert((unsigned)verb < RC_VERB_COUNT);
    return verbs[verb].name;
}

static enum rc_verb parse_verb(struct rc_text text)
{
    for (int verb = RC_VERB_UNKNOWN + 1; verb < RC_VERB_COUNT; verb++)
        if (strlen(verbs[verb].name) == text.length && memcmp(verbs[verb].name, text.data, text.length) == 0)
            return (enum rc_verb)verb;
    return RC_VERB_UNKNOWN;
}

void rc_decode_request(const struct rc_message *message, struct rc_decoded *out)
{
    struct rc_fields fields;
    struct rc_request *request = &out->request;
    rc_request_init(request, parse_verb(out->topic.verb));
    request->login = out->topic.login;
    /* Most questions need no field at all, so nothing is as good as {}. */
    struct rc_text payload = message->payload.length > 0 ? message->payload : rc_text_of("{}");
    if (!rc_fields_open(&fields, "request", payload, RC_PAYLOAD_MAX, out)) {
        request->request_id[rc_fields_salvage(&fields, "requestId", RC_REQUEST_ID_MAX, request->request_id)] =
            '\0';
        return;
    }
    size_t length = rc_fields_text(&fields, "requestId", 1, RC_REQUEST_ID_MAX, request->request_id);
    request->request_id[length] = '\0';
    if (request->verb == RC_VERB_UNKNOWN)
        rc_fields_wrong(&fields, "verb", "is unknown");
    else
        fields.what = verbs[request->verb].name;
    verbs[request->verb].read(&fields, request);
}
