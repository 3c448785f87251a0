/* What a session or a device says of itself: heartbeats, training heartbeats, leaves. */
#include "core/names.h"
#include "wire/decode_parts.h"
#include "wire/fields.h"

static void fill_beat(const struct rc_decoded *out, struct rc_beat *beat)
{
    *beat = (struct rc_beat){.employee = out->topic.employee,
                             .session = out->topic.session,
                             .epoch = RC_NONE,
                             .interval_ms = RC_NONE};
}

/* Apart from rc_decode_heartbeat so that an empty heartbeat does not pay for the table of members. */
static void heartbeat_fields(const struct rc_message *message, struct rc_decoded *out)
{
    struct rc_fields fields;
    struct rc_beat *beat = &out->event.beat;
    if (!rc_fields_open(&fields, "heartbeat", message->payload, RC_PAYLOAD_MAX, out))
        return;
    rc_fields_integer(&fields, "epoch", 0, &beat->epoch);
    rc_fields_class(&fields, &beat->has_class, &beat->class);
    rc_fields_interval(&fields, "intervalMs", &beat->interval_ms);
    rc_fields_integer(&fields, "rttMs", 0, &out->rtt_ms);
}

void rc_decode_heartbeat(const struct rc_message *message, struct rc_decoded *out)
{
    out->event.kind = RC_EV_HEARTBEAT;
    fill_beat(out, &out->event.beat);
    if (message->payload.length > 0)
        heartbeat_fields(message, out);
}

void rc_decode_training(const struct rc_message *message, struct rc_decoded *out)
{
    struct rc_fields fields;
    out->event.kind = RC_EV_TRAINING;
    fill_beat(out, &out->event.beat);
    /* Nothing at all lacks its courseId as {} does, and T-7 names that field. */
    struct rc_text payload = message->payload.length > 0 ? message->payload : rc_text_of("{}");
    if (!rc_fields_open(&fields, "training", payload, RC_PAYLOAD_MAX, out))
        return;
    rc_fields_need(&fields, "courseId");
    rc_fields_id(&fields, "courseId", &out->course);
}

void rc_decode_leave(const struct rc_message *message, struct rc_decoded *out)
{
    struct rc_fields fields;
    struct rc_leave *leave = &out->event.leave;
    out->event.kind = RC_EV_LEAVE;
    *leave =
        (struct rc_leave){.employee = out->topic.employee,
                          .session = out->topic.session,
                          .epoch = RC_NONE,
                          .sleep_ms = RC_NONE,
                          .sent_now = message->sent_now < message->now ? message->sent_now : message->now};
    if (!rc_fields_open(&fields, "leave", message->payload, RC_PAYLOAD_MAX, out))
        return;
    char word[RC_WORD_MAX];
    rc_fields_need(&fields, "cause");
    if (!rc_leave_cause_parse(rc_fields_word(&fields, "cause", word), &leave->cause))
        rc_fields_wrong(&fields, "cause", "must be lost, closed or sleeping");
    rc_fields_integer(&fields, "epoch", 0, &leave->epoch);
    rc_fields_integer(&fields, "sleepMs", 0, &leave->sleep_ms);
}
