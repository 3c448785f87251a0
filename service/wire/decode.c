#include "wire/decode.h"

#include "core/names.h"
#include "wire/decode_parts.h"
#include "wire/fields.h"

#include <assert.h>
#include <stdio.h>

static const char *const refusal_names[] = {
    [RC_REFUSAL_NONE] = "",
    [RC_REFUSAL_FOREIGN_TOPIC] = "foreign-topic",
    [RC_REFUSAL_UNKNOWN_SITE] = "unknown-site",
    [RC_REFUSAL_UNKNOWN_TOPIC] = "unknown-topic",
    [RC_REFUSAL_BAD_ID] = "bad-id",
    [RC_REFUSAL_RETAINED] = "retained",
    [RC_REFUSAL_SERVICE_TOPIC] = "service-topic",
    [RC_REFUSAL_UNSIGNED] = "unsigned",
    [RC_REFUSAL_TOO_LONG] = "too-long",
    [RC_REFUSAL_NOT_JSON] = "not-json",
    [RC_REFUSAL_FIELD] = "field",
    [RC_REFUSAL_STRANGER] = "not-in-directory",
};
_Static_assert(sizeof refusal_names / sizeof refusal_names[0] == RC_REFUSAL_COUNT,
               "every refusal has a name");

const char *rc_refusal_name(enum rc_refusal refusal)
{
    assert((unsigned)refusal < RC_REFUSAL_COUNT);
    return refusal_names[refusal];
}

static void ignore(struct rc_decoded *out, enum rc_refusal refusal)
{
    out->kind = RC_DECODED_IGNORED;
    out->refusal = refusal;
}

/* Whether the payload is worth reading; says why where it is not. */
static bool is_for_us(const struct rc_message *message, const struct rc_id *site, struct rc_decoded *out)
{
    enum rc_topic_kind kind = out->topic.kind;
    if (kind == RC_TOPIC_FOREIGN) {
        ignore(out, RC_REFUSAL_FOREIGN_TOPIC);
    } else if (kind == RC_TOPIC_UNKNOWN) {
        ignore(out, RC_REFUSAL_UNKNOWN_TOPIC);
    } else if (!rc_id_equal(&out->topic.site, site)) {
        ignore(out, RC_REFUSAL_UNKNOWN_SITE);
    } else if (kind == RC_TOPIC_BAD_ID) {
        out->kind = RC_DECODED_INVALID;
        out->refusal = RC_REFUSAL_BAD_ID;
        snprintf(out->message, sizeof out->message, "topic: an id must be 1 to 64 of A-Z a-z 0-9 _ -");
    } else if (kind == RC_TOPIC_OURS) {
        ignore(out, RC_REFUSAL_SERVICE_TOPIC);
    } else if (message->retained) {
        ignore(out, RC_REFUSAL_RETAINED);
    }
    return out->refusal == RC_REFUSAL_NONE;
}

/* What an unsigned message, which is taken for a last will, may be before its payload is known. Heartbeats
 * and training are never signed. */
static bool may_be_unsigned(enum rc_topic_kind kind)
{
    return kind == RC_TOPIC_HEARTBEAT || kind == RC_TOPIC_DEVICE_HEARTBEAT || kind == RC_TOPIC_TRAINING ||
           kind == RC_TOPIC_LEAVE || kind == RC_TOPIC_DEVICE_LEAVE;
}

static enum rc_answer who_can_be_told(enum rc_topic_kind kind)
{
    switch (kind) {
    case RC_TOPIC_PUNCH:
    case RC_TOPIC_PROGRESS:
        return RC_ANSWER_RECEIPT;
    case RC_TOPIC_TRAINING:
        return RC_ANSWER_TRAINING;
    case RC_TOPIC_REQUEST:
        return RC_ANSWER_REPLY;
    default:
        return RC_ANSWER_NOBODY;
    }
}

void rc_decode_canary(const struct rc_message *message, struct rc_decoded *out)
{
    struct rc_fields fields;
    if (!rc_fields_open(&fields, "canary", message->payload, RC_PAYLOAD_MAX, out))
        return;
    rc_fields_need(&fields, "now");
    rc_fields_integer(&fields, "now", 0, &out->canary_now);
}

static void decode_payload(const struct rc_message *message, char scratch[RC_TEXT_MAX],
                           struct rc_decoded *out)
{
    switch (out->topic.kind) {
    case RC_TOPIC_HEARTBEAT:
    case RC_TOPIC_DEVICE_HEARTBEAT:
        rc_decode_heartbeat(message, out);
        break;
    case RC_TOPIC_LEAVE:
    case RC_TOPIC_DEVICE_LEAVE:
        rc_decode_leave(message, out);
        if (out->kind == RC_DECODED_EVENT && message->will && out->event.leave.cause != RC_LEAVE_LOST)
            ignore(out, RC_REFUSAL_UNSIGNED);
        break;
    case RC_TOPIC_PUNCH:
        rc_decode_punch(message, scratch, out);
        break;
    case RC_TOPIC_TRAINING:
        rc_decode_training(message, out);
        break;
    case RC_TOPIC_PROGRESS:
        rc_decode_progress(message, out);
        break;
    case RC_TOPIC_REQUEST:
        out->kind = RC_DECODED_REQUEST;
        rc_decode_request(message, out);
        break;
    default:
        assert(out->topic.kind == RC_TOPIC_CANARY);
        out->kind = RC_DECODED_CANARY;
        rc_decode_canary(message, out);
        break;
    }
}

void rc_decode(const struct rc_message *message, const struct rc_id *site, char scratch[RC_TEXT_MAX],
               struct rc_decoded *out)
{
    out->kind = RC_DECODED_EVENT;
    out->refusal = RC_REFUSAL_NONE;
    out->message[0] = '\0';
    out->answer = RC_ANSWER_NOBODY;
    out->punch_id.length = 0;
    out->punch_id.text[0] = '\0';
    out->event.now = message->now;
    out->event.at = message->at;
    out->rtt_ms = RC_NONE;
    rc_topic_parse(message->topic, &out->topic);
    if (!is_for_us(message, site, out))
        return;
    if (message->will && !may_be_unsigned(out->topic.kind)) {
        ignore(out, RC_REFUSAL_UNSIGNED);
        return;
    }
    decode_payload(message, scratch, out);
    if (out->kind == RC_DECODED_INVALID)
        out->answer = who_can_be_told(out->topic.kind);
}
