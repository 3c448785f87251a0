#include "lesson.h"

#include <cjson/cJSON.h>
#include <string.h>

#define NEVER INT64_MAX

/* A receipt takes milliseconds; after so long progress is sent again. */
#define SAVE_AGAIN_MS 3000
/* After `retry` the service has said that it cannot write just now. */
#define SAVE_RETRY_MS 1000

/* Heartbeats cover an interval each, so the next one comes before it is over: jitter is to the early side. */
#define JITTER_DIVISOR 10
/* How long before its heartbeat something is saved, so that the receipt does not delay the heartbeat. */
#define SAVE_LEAD_DIVISOR 4

/* ---- answers ---- */

static void read_text(const cJSON *object, const char *key, char *out, size_t size)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    size_t length = cJSON_IsString(item) ? strnlen(item->valuestring, size - 1) : 0;
    memcpy(out, length > 0 ? item->valuestring : "", length);
    out[length] = '\0';
}

static int64_t read_integer(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    bool fits = cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble <= 9007199254740992.0;
    return fits ? (int64_t)item->valuedouble : -1;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static enum rc_lesson_verdict verdict_of(const cJSON *object, const struct rc_lesson_answer *answer)
{
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, "success")))
        return RC_LESSON_COUNTED;
    if (strcmp(answer->code, "RESOURCE_EXHAUSTED") == 0)
        return begins(answer->message, "COURSE_LIMIT_REACHED") ? RC_LESSON_COURSE_LIMIT : RC_LESSON_DAY_LIMIT;
    if (strcmp(answer->code, "FAILED_PRECONDITION") == 0 && begins(answer->message, "BREAK_REQUIRED"))
        return RC_LESSON_BREAK;
    return strcmp(answer->code, "INVALID_ARGUMENT") == 0 ? RC_LESSON_WRONG : RC_LESSON_UNHEARD;
}

bool rc_lesson_read(const char *payload, size_t length, struct rc_lesson_answer *out)
{
    cJSON *object = cJSON_ParseWithLength(payload, length);
    bool is_answer = cJSON_IsObject(object);
    memset(out, 0, sizeof *out);
    read_text(object, "code", out->code, sizeof out->code);
    read_text(object, "message", out->message, sizeof out->message);
    read_text(object, "dateKey", out->date, sizeof out->date);
    out->minutes = read_integer(object, "minutesCompleted");
    out->remaining_minutes = read_integer(object, "remainingMinutes");
    out->server_at = read_integer(object, "serverTimestamp");
    out->locked_until_at = read_integer(object, "lockedUntil");
    out->new_day = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, "isNewDay"));
    out->verdict = verdict_of(object, out);
    cJSON_Delete(object);
    return is_answer && (out->verdict == RC_LESSON_COUNTED || out->code[0] != '\0');
}

/* ---- the lesson ---- */

void rc_lesson_begin(struct rc_lesson *lesson, int64_t interval_ms, bool saves)
{
    memset(lesson, 0, sizeof *lesson);
    lesson->interval_ms = interval_ms;
    lesson->saves = saves;
    lesson->verdict = RC_LESSON_UNHEARD;
    lesson->beat_now = lesson->save_now = lesson->stop_now = NEVER;
}

void rc_lesson_up(struct rc_lesson *lesson, int64_t now)
{
    lesson->up = true;
    lesson->beat_now = lesson->save_now = now;
}

void rc_lesson_down(struct rc_lesson *lesson)
{
    lesson->up = false;
}

/* Once the lesson has stopped there is nothing to save any more: the service would refuse it (T-5). */
static bool wants_save(const struct rc_lesson *lesson)
{
    return lesson->saves && lesson->state == RC_LESSON_RUNS && lesson->last_minute && !lesson->saved;
}

int64_t rc_lesson_due(const struct rc_lesson *lesson)
{
    if (lesson->state == RC_LESSON_ENDED)
        return NEVER;
    int64_t due = lesson->state == RC_LESSON_RUNS ? lesson->stop_now : NEVER;
    int64_t next = !lesson->up ? NEVER : wants_save(lesson) ? lesson->save_now : lesson->beat_now;
    return next < due ? next : due;
}

static void plan_beat(struct rc_lesson *lesson, struct rc_random *random, int64_t now)
{
    int64_t early = lesson->interval_ms / JITTER_DIVISOR;
    lesson->beat_now = now + rc_random_between(random, lesson->interval_ms - early, lesson->interval_ms);
    lesson->save_now = lesson->beat_now - lesson->interval_ms / SAVE_LEAD_DIVISOR;
    lesson->saving = lesson->saved = false;
}

enum rc_lesson_step rc_lesson_step(struct rc_lesson *lesson, struct rc_random *random, int64_t now)
{
    if (now < rc_lesson_due(lesson))
        return RC_LESSON_NOTHING;
    if (lesson->state == RC_LESSON_RUNS && now >= lesson->stop_now) {
        lesson->state = RC_LESSON_WAITS;
        return RC_LESSON_STOP;
    }
    if (!wants_save(lesson)) {
        plan_beat(lesson, random, now);
        return RC_LESSON_BEAT;
    }
    lesson->save += lesson->saving ? 0 : 1;
    lesson->saving = true;
    lesson->save_now = now + SAVE_AGAIN_MS;
    return RC_LESSON_SAVE;
}

void rc_lesson_answered(struct rc_lesson *lesson, const struct rc_lesson_answer *answer, int64_t now)
{
    if (lesson->state == RC_LESSON_ENDED)
        return;
    lesson->verdict = answer->verdict;
    switch (answer->verdict) {
    case RC_LESSON_COUNTED:
        lesson->state = RC_LESSON_RUNS;
        lesson->stop_now = now + lesson->interval_ms * 3 / 2;
        lesson->last_minute = answer->remaining_minutes <= 1;
        break;
    case RC_LESSON_DAY_LIMIT:
    case RC_LESSON_COURSE_LIMIT:
    case RC_LESSON_WRONG:
        lesson->state = RC_LESSON_ENDED;
        break;
    case RC_LESSON_BREAK:
        lesson->state = RC_LESSON_WAITS;
        break;
    case RC_LESSON_UNHEARD:
        break;
    }
}

void rc_lesson_saved(struct rc_lesson *lesson, bool retry, int64_t now)
{
    if (!lesson->saving)
        return;
    if (retry) {
        lesson->save_now = now + SAVE_RETRY_MS;
        return;
    }
    lesson->saving = false;
    lesson->saved = true;
}
