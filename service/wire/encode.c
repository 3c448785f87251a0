#include "wire/encode.h"

#include "core/names.h"
#include "wire/writer.h"

/* Left out where it has no value. */
static void optional_integer(struct rc_writer *writer, const char *key, int64_t value)
{
    if (value != 0)
        rc_writer_integer(writer, key, value);
}

static void optional_id(struct rc_writer *writer, const char *key, const struct rc_id *value)
{
    if (value->length > 0)
        rc_writer_id(writer, key, value);
}

static void punch_id(struct rc_writer *writer, const struct rc_punch_id *id)
{
    rc_writer_text(writer, "id", (struct rc_text){id->text, id->length});
}

size_t rc_encode_status(const struct rc_status *status, char *out, size_t size)
{
    struct rc_writer writer;
    rc_writer_init(&writer, out, size);
    rc_writer_id(&writer, "employeeId", &status->employee);
    rc_writer_word(&writer, "status", rc_type_name(status->ledger.is_in ? RC_IN : RC_OUT));
    rc_writer_integer(&writer, "since", status->ledger.since_at);
    rc_writer_word(&writer, "cause", rc_status_cause_name(status->ledger.cause));
    rc_writer_word(&writer, "presence", rc_presence_name(status->presence));
    rc_writer_integer(&writer, "sessions", status->sessions);
    rc_writer_integer(&writer, "lastSeen", status->evidence.at); /* 0: never */
    rc_writer_integer(&writer, "version", status->ledger.version);
    return rc_writer_end(&writer);
}

size_t rc_encode_event(const struct rc_row *row, char *out, size_t size)
{
    struct rc_writer writer;
    rc_writer_init(&writer, out, size);
    rc_writer_integer(&writer, "seq", row->seq);
    if (row->id.length > 0)
        punch_id(&writer, &row->id);
    rc_writer_id(&writer, "employeeId", &row->employee);
    rc_writer_word(&writer, "type", rc_type_name(row->type));
    rc_writer_integer(&writer, "at", row->at);
    optional_integer(&writer, "lastEvidenceAt", row->last_evidence_at);
    optional_integer(&writer, "detectedAt", row->detected_at);
    rc_writer_integer(&writer, "recordedAt", row->recorded_at);
    rc_writer_word(&writer, "cause", rc_cause_name(row->cause));
    optional_id(&writer, "sessionId", &row->session);
    optional_id(&writer, "login", &row->login);
    rc_writer_bool(&writer, "review", row->review);
    optional_integer(&writer, "holdId", row->hold);
    optional_integer(&writer, "targetSeq", row->target_seq);
    rc_writer_hash(&writer, "hash", row->hash);
    return rc_writer_end(&writer);
}

size_t rc_encode_receipt(const struct rc_receipt *receipt, char *out, size_t size)
{
    struct rc_writer writer;
    rc_writer_init(&writer, out, size);
    punch_id(&writer, &receipt->id);
    rc_writer_word(&writer, "result", rc_result_name(receipt->result));
    if (receipt->result == RC_DUPLICATE)
        rc_writer_word(&writer, "first", rc_result_name(receipt->first));
    optional_integer(&writer, "seq", receipt->seq);
    if (receipt->type != RC_TYPE_NONE)
        rc_writer_word(&writer, "type", rc_type_name(receipt->type));
    if (receipt->seq != 0 || receipt->at != 0) /* a row has a time, were it 1970 */
        rc_writer_integer(&writer, "at", receipt->at);
    optional_integer(&writer, "recordedAt", receipt->recorded_at);
    if (receipt->has_hash)
        rc_writer_hash(&writer, "hash", receipt->hash);
    if (receipt->seq != 0)
        rc_writer_bool(&writer, "review", receipt->review);
    if (receipt->code != RC_OK)
        rc_writer_word(&writer, "code", rc_code_name(receipt->code));
    if (receipt->message != NULL)
        rc_writer_word(&writer, "message", receipt->message);
    return rc_writer_end(&writer);
}

size_t rc_encode_device(const struct rc_device_status *device, char *out, size_t size)
{
    struct rc_writer writer;
    rc_writer_init(&writer, out, size);
    rc_writer_id(&writer, "deviceId", &device->device);
    rc_writer_bool(&writer, "online", device->online);
    rc_writer_integer(&writer, "since", device->since_at);
    rc_writer_integer(&writer, "lastSeen", device->last_seen_at);
    return rc_writer_end(&writer);
}

size_t rc_encode_profile(const struct rc_id *employee, struct rc_text name, const struct rc_id *group,
                         char *out, size_t size)
{
    struct rc_writer writer;
    rc_writer_init(&writer, out, size);
    rc_writer_id(&writer, "employeeId", employee);
    rc_writer_text(&writer, "name",
                   name.length > 0 ? name : (struct rc_text){employee->text, employee->length});
    optional_id(&writer, "group", group);
    return rc_writer_end(&writer);
}

size_t rc_encode_summary(const struct rc_summary *summary, char *out, size_t size)
{
    struct rc_writer writer;
    rc_writer_init(&writer, out, size);
    rc_writer_integer(&writer, "in", (int64_t)summary->in);
    rc_writer_integer(&writer, "out", (int64_t)summary->out);
    rc_writer_integer(&writer, "present", (int64_t)summary->present);
    rc_writer_integer(&writer, "suspect", (int64_t)summary->suspect);
    rc_writer_integer(&writer, "held", (int64_t)summary->held);
    rc_writer_integer(&writer, "sessions", (int64_t)summary->sessions);
    rc_writer_integer(&writer, "devices", (int64_t)summary->devices);
    rc_writer_integer(&writer, "asOf", summary->as_of_at);
    return rc_writer_end(&writer);
}

size_t rc_encode_alert(enum rc_alert kind, int64_t since_at, const char *detail, char *out, size_t size)
{
    struct rc_writer writer;
    rc_writer_init(&writer, out, size);
    rc_writer_word(&writer, "kind", rc_alert_name(kind));
    rc_writer_integer(&writer, "since", since_at);
    rc_writer_word(&writer, "detail", detail);
    return rc_writer_end(&writer);
}

size_t rc_encode_service(bool online, const char *version, int64_t started_at, char *out, size_t size)
{
    struct rc_writer writer;
    rc_writer_init(&writer, out, size);
    rc_writer_bool(&writer, "online", online);
    rc_writer_word(&writer, "version", version);
    rc_writer_integer(&writer, "startedAt", started_at);
    return rc_writer_end(&writer);
}

size_t rc_encode_canary(int64_t now, char *out, size_t size)
{
    struct rc_writer writer;
    rc_writer_init(&writer, out, size);
    rc_writer_integer(&writer, "now", now);
    return rc_writer_end(&writer);
}

size_t rc_encode_ask_decision(int64_t ask, enum rc_action action, const struct rc_id *actor,
                              struct rc_text reason, int64_t seq, char *out, size_t size)
{
    struct rc_writer writer;
    rc_writer_init(&writer, out, size);
    rc_writer_integer(&writer, "askId", ask);
    rc_writer_word(&writer, "action", rc_action_name(action));
    rc_writer_id(&writer, "actor", actor);
    if (reason.length > 0)
        rc_writer_text(&writer, "reason", reason);
    optional_integer(&writer, "seq", seq);
    return rc_writer_end(&writer);
}

size_t rc_encode_refusal(enum rc_code code, const char *message, char *out, size_t size)
{
    struct rc_writer writer;
    rc_writer_init(&writer, out, size);
    rc_writer_word(&writer, "code", rc_code_name(code));
    rc_writer_word(&writer, "message", message);
    return rc_writer_end(&writer);
}
