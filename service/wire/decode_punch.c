/* Messages that carry an id and are answered by a receipt: punches, and course progress. */
#include "core/names.h"
#include "wire/decode_parts.h"
#include "wire/fields.h"

/* When it happened, by the device (P-13). */
static void punch_time(struct rc_fields *fields, struct rc_punch *punch)
{
    char word[RC_WORD_MAX];
    rc_fields_integer(fields, "ageMs", 0, &punch->age_ms);
    rc_fields_integer(fields, "deviceAt", 0, &punch->device_at);
    struct rc_text clock = rc_fields_word(fields, "clock", word);
    if (clock.length > 0 && !rc_device_clock_parse(clock, &punch->clock))
        rc_fields_wrong(fields, "clock", "must be synced or unset");
}

void rc_decode_punch(const struct rc_message *message, char scratch[RC_TEXT_MAX], struct rc_decoded *out)
{
    struct rc_fields fields;
    struct rc_punch *punch = &out->event.punch;
    out->event.kind = RC_EV_PUNCH;
    *punch =
        (struct rc_punch){.employee = out->topic.employee,
                          .session = out->topic.session,
                          .sent_at = message->sent_at,
                          .sent_now = message->sent_now < message->now ? message->sent_now : message->now,
                          .age_ms = RC_NONE,
                          .device_at = RC_NONE,
                          .unmarked = message->backlog && !message->marked,
                          .from_device = message->role == RC_ROLE_KIOSK,
                          .login = message->login};
    if (!rc_fields_open(&fields, "punch", message->payload, RC_PAYLOAD_MAX, out)) {
        rc_fields_salvage_punch_id(&fields, &out->punch_id);
        return;
    }
    rc_fields_need(&fields, "id");
    rc_fields_punch_id(&fields, &out->punch_id);
    rc_fields_need(&fields, "type");
    rc_fields_punch_type(&fields, &punch->type);
    punch_time(&fields, punch);
    rc_fields_class(&fields, &punch->has_class, &punch->class);
    punch->note = (struct rc_text){scratch, rc_fields_text(&fields, "note", 0, RC_TEXT_MAX, scratch)};
    punch->id = out->punch_id;
}

void rc_decode_progress(const struct rc_message *message, struct rc_decoded *out)
{
    struct rc_fields fields;
    out->event.kind = RC_EV_PROGRESS;
    out->event.beat = (struct rc_beat){.employee = out->topic.employee,
                                       .session = out->topic.session,
                                       .epoch = RC_NONE,
                                       .interval_ms = RC_NONE};
    if (!rc_fields_open(&fields, "progress", message->payload, RC_PROGRESS_PAYLOAD_MAX, out)) {
        rc_fields_salvage_punch_id(&fields, &out->punch_id);
        return;
    }
    rc_fields_need(&fields, "id");
    rc_fields_punch_id(&fields, &out->punch_id);
    rc_fields_need(&fields, "courseId");
    rc_fields_id(&fields, "courseId", &out->course);
    rc_fields_need(&fields, "lessonId");
    rc_fields_id(&fields, "lessonId", &out->lesson);
    rc_fields_need(&fields, "data");
    if (rc_fields_ok(&fields)) /* any value: what is in it is the course's business */
        out->progress_data = rc_json_raw(&fields.json, rc_json_find(&fields.json, "data"));
}
