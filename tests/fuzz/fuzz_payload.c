/*
 * Any bytes as the payload of every kind of message. The first byte chooses the topic (its low 7 bits; new
 * ones go to the end of the list, since the corpus counts on it) and how it came; the rest is the payload.
 * What is accepted must be in range, and cJSON must read the same in it; what is refused must say why.
 */
#include "core/names.h"
#include "oracle.h"
#include "wire/date.h"
#include "wire/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SESSION "rollcall/v1/hq/emp/alice/session/tab-1/"
#define REQUEST "rollcall/v1/hq/request/m1/"

static const char *const topics[] = {
    SESSION "heartbeat",
    SESSION "leave",
    SESSION "punch",
    SESSION "training",
    SESSION "progress",
    REQUEST "who",
    REQUEST "punches",
    REQUEST "periods",
    REQUEST "correct",
    REQUEST "sweep",
    REQUEST "maintenance",
    REQUEST "status",
    REQUEST "other",
    "rollcall/v1/hq/dev/k1/leave",
    "rollcall/v1/hq/dev/k1/heartbeat",
    "rollcall/v1/hq/service/canary",
    REQUEST "training-days",
    REQUEST "policy",
    REQUEST "archive",
    REQUEST "employee",
};
#define TOPICS (sizeof topics / sizeof topics[0])

static void check_refusal(const struct rc_decoded *out)
{
    ORACLE_CHECK(out->refusal > RC_REFUSAL_NONE && out->refusal < RC_REFUSAL_COUNT);
    ORACLE_CHECK((out->message[0] != '\0') == (out->kind == RC_DECODED_INVALID));
    ORACLE_CHECK(strlen(out->message) < RC_ERROR_MAX - 1); /* nothing was cut off */
    for (const char *at = out->message; *at != '\0'; at++)
        ORACLE_CHECK(*at >= 0x20 && *at < 0x7F);
}

static void check_in_range(int64_t value, int64_t low)
{
    ORACLE_CHECK(value == RC_NONE || (value >= low && value <= RC_JSON_INTEGER_MAX));
}

static void check_event(const struct rc_decoded *out, const char *scratch)
{
    const struct rc_event *event = &out->event;
    switch (event->kind) {
    case RC_EV_PUNCH:
        ORACLE_CHECK(event->punch.type == RC_IN || event->punch.type == RC_OUT);
        ORACLE_CHECK(event->punch.id.length >= 1 && event->punch.id.length <= RC_PUNCH_ID_MAX);
        ORACLE_CHECK(memchr(event->punch.id.text, 0, event->punch.id.length) == NULL);
        ORACLE_CHECK(event->punch.note.length <= RC_TEXT_MAX && event->punch.note.data == scratch);
        check_in_range(event->punch.age_ms, 0);
        check_in_range(event->punch.device_at, 0);
        break;
    case RC_EV_LEAVE:
        ORACLE_CHECK((unsigned)event->leave.cause < RC_LEAVE_COUNT);
        check_in_range(event->leave.epoch, 0);
        check_in_range(event->leave.sleep_ms, 0);
        break;
    default:
        check_in_range(event->beat.epoch, 0);
        check_in_range(event->beat.interval_ms, 1);
        ORACLE_CHECK(event->kind != RC_EV_TRAINING || out->course.length > 0);
        ORACLE_CHECK(event->kind != RC_EV_PROGRESS || out->progress_data.length > 0);
        break;
    }
}

static void check_date(const char *date)
{
    int64_t days;
    ORACLE_CHECK(date[0] == '\0' || rc_date_parse(rc_text_of(date), &days));
}

static void check_request(const struct rc_request *request)
{
    ORACLE_CHECK(request->verb > RC_VERB_UNKNOWN && request->verb < RC_VERB_COUNT);
    ORACLE_CHECK(strlen(request->request_id) <= RC_REQUEST_ID_MAX && strlen(request->reason) <= RC_TEXT_MAX);
    check_in_range(request->limit, 1);
    check_in_range(request->cursor, 0);
    check_in_range(request->seq, 1);
    ORACLE_CHECK(request->verb != RC_VERB_CORRECT || request->asks || request->has_action);
    check_date(request->from_date);
    check_date(request->to_date);
    check_date(request->after_date);
    check_in_range(request->limit_minutes, 0);
    check_in_range(request->break_minutes, 0);
    ORACLE_CHECK(strlen(request->zone) <= RC_ZONE_MAX && strlen(request->month) < RC_MONTH_MAX);
    ORACLE_CHECK(request->verb != RC_VERB_ARCHIVE || strlen(request->month) == RC_MONTH_MAX - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct rc_decoded out;
    static struct rc_json json;
    static char scratch[RC_TEXT_MAX];
    if (size == 0)
        return 0;
    struct rc_id site;
    rc_id_set(&site, rc_text_of("hq"));
    struct rc_message message = {.topic = rc_text_of(topics[(data[0] & 127) % TOPICS]),
                                 .payload = {(const char *)data + 1, size - 1},
                                 .now = 1000,
                                 .sent_now = 1000,
                                 .will = data[0] >= 128};
    memset(&out, 0xA5, sizeof out);
    rc_decode(&message, &site, scratch, &out);
    if (out.kind == RC_DECODED_EVENT)
        check_event(&out, scratch);
    else if (out.kind == RC_DECODED_REQUEST)
        check_request(&out.request);
    else if (out.kind == RC_DECODED_CANARY)
        check_in_range(out.canary_now, 0);
    else
        check_refusal(&out);
    if (rc_json_read(&json, message.payload))
        oracle_agrees(&json, message.payload);
    return 0;
}
