#include "wire/encode_training.h"

#include "core/names.h"
#include "wire/writer.h"

static void put_minutes(struct rc_writer *writer, int64_t minutes, int64_t remaining_minutes)
{
    rc_writer_integer(writer, "minutesCompleted", minutes);
    rc_writer_integer(writer, "remainingMinutes", remaining_minutes);
}

size_t rc_encode_training_answer(const struct rc_training_answer *answer, char *out, size_t size)
{
    struct rc_writer writer;
    rc_writer_init(&writer, out, size);
    if (answer->code == RC_OK) {
        rc_writer_bool(&writer, "success", true);
        put_minutes(&writer, answer->minutes, answer->remaining_minutes);
        rc_writer_bool(&writer, "isNewDay", answer->is_new_day);
        rc_writer_word(&writer, "dateKey", answer->date);
        rc_writer_integer(&writer, "serverTimestamp", answer->server_at);
    } else {
        rc_writer_word(&writer, "code", rc_code_name(answer->code));
        rc_writer_word(&writer, "message", answer->message);
        put_minutes(&writer, answer->minutes, answer->remaining_minutes);
        rc_writer_word(&writer, "dateKey", answer->date);
        rc_writer_integer(&writer, "lockedUntil", answer->locked_until_at);
    }
    return rc_writer_end(&writer);
}

size_t rc_encode_training_status(const struct rc_training_status *status, char *out, size_t size)
{
    struct rc_writer writer;
    rc_writer_init(&writer, out, size);
    rc_writer_id(&writer, "userId", &status->user);
    rc_writer_word(&writer, "dateKey", status->date);
    put_minutes(&writer, status->minutes, status->remaining_minutes);
    rc_writer_word(&writer, "status", status->locked ? "locked" : "active");
    rc_writer_word(&writer, "dailyStatus", status->locked ? "locked_daily_limit" : "active");
    if (status->locked) {
        rc_writer_integer(&writer, "lockedAt", status->locked_at);
        rc_writer_integer(&writer, "lockedUntil", status->locked_until_at);
    }
    rc_writer_integer(&writer, "sessionCount", status->session_count);
    return rc_writer_end(&writer);
}

static bool is_empty(const struct rc_training_total *total)
{
    return total->ms == 0 && total->next_ms == 0;
}

static void put_total(struct rc_writer *writer, const char *key, const struct rc_training_share *share,
                      const struct rc_training_total *total)
{
    if (is_empty(total))
        return;
    rc_writer_member_begin(writer, key);
    if (total->ms != 0)
        rc_writer_integer(writer, share->date, total->ms);
    if (total->next_ms != 0)
        rc_writer_integer(writer, share->next_date, total->next_ms);
    rc_writer_object_end(writer);
}

static void put_share(struct rc_writer *writer, const struct rc_training_share *share)
{
    put_total(writer, "added", share, &share->user);
    put_total(writer, "course", share, &share->course);
}

size_t rc_encode_training_detail(const struct rc_id *course, const struct rc_training_share *shares,
                                 uint32_t count, char *out, size_t size)
{
    struct rc_writer writer;
    bool elsewhere = false;
    rc_writer_init(&writer, out, size);
    rc_writer_id(&writer, "courseId", course);
    put_share(&writer, &shares[0]);
    for (uint32_t i = 1; i < count; i++) {
        if (is_empty(&shares[i].user) && is_empty(&shares[i].course))
            continue;
        if (!elsewhere)
            rc_writer_member_begin(&writer, "elsewhere");
        elsewhere = true;
        rc_writer_member_begin(&writer, shares[i].site.text);
        put_share(&writer, &shares[i]);
        rc_writer_object_end(&writer);
    }
    if (elsewhere)
        rc_writer_object_end(&writer);
    return rc_writer_end(&writer);
}
