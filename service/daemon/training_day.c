#include "daemon/training_day.h"

#include "core/names.h"
#include "daemon/service.h"
#include "wire/topic.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MINUTE_MS INT64_C(60000)

bool rc_training_audit(struct rc_service *service, const struct rc_site *site, const char *event,
                       const struct rc_id *user, const struct rc_id *session, const char *result,
                       struct rc_text detail, int64_t at)
{
    struct rc_audit audit = {
        .at = at, .event = event, .user = *user, .session = *session, .result = result, .detail = detail};
    return rc_batch_begin(service) &&
           rc_batch_check(service, rc_store_audit(service->store, site->number, &audit));
}

/* The site's limit on the day that begins at start_at. */
static int64_t limit_ms_on(const struct rc_training_policies *policies, int64_t start_at)
{
    return rc_training_policies_own(policies, start_at)->limit_minutes * MINUTE_MS;
}

struct rc_training_status rc_training_shows(const struct rc_id *user, const struct rc_training_day *day,
                                            int64_t limit_ms)
{
    struct rc_training_status status = {.user = *user,
                                        .minutes = rc_training_minutes(day->ms, limit_ms),
                                        .locked = day->ms >= limit_ms,
                                        .locked_at = day->locked_at,
                                        .locked_until_at = day->day.end_at,
                                        .session_count = day->session_count};
    memcpy(status.date, day->day.date, sizeof status.date);
    status.remaining_minutes = limit_ms / MINUTE_MS - status.minutes;
    return status;
}

bool rc_training_hides(const struct rc_directory *directory, const struct rc_engine *engine,
                       const struct rc_id *user)
{
    struct rc_employee_view view;
    if (rc_directory_find(directory, user) != RC_INACTIVE)
        return false;
    return !rc_engine_find(engine, user, &view) || rc_directory_hides(directory, &view.status);
}

size_t rc_training_retained(const struct rc_training_policies *policies,
                            const struct rc_training_current *current, char *out, size_t size)
{
    int64_t limit_ms = limit_ms_on(policies, current->day.day.start_at);
    struct rc_training_status status = rc_training_shows(&current->user, &current->day, limit_ms);
    return rc_encode_training_status(&status, out, size);
}

static bool shows_the_same(const struct rc_training_status *a, const struct rc_training_status *b)
{
    return strcmp(a->date, b->date) == 0 && a->minutes == b->minutes &&
           a->remaining_minutes == b->remaining_minutes && a->locked == b->locked &&
           a->session_count == b->session_count &&
           (!a->locked || (a->locked_at == b->locked_at && a->locked_until_at == b->locked_until_at));
}

/* ---- the day that it is ---- */

/* Another day: nothing was heard on it yet. What ran over into it stands in its row already. */
static void begin_day(struct rc_training_seat *seat, int64_t at)
{
    struct rc_training_day *day = seat->day;
    day->heartbeats = day->refused = day->session_count = 0;
    day->created_at = seat->side->user.ms > 0 ? 0 : at;
    day->last_heartbeat_at = 0;
    day->locked_at = 0;
    seat->changed = true;
}

void rc_training_seat_roll(struct rc_training_seat *seat, struct rc_site *site, struct rc_training_site *side,
                           struct rc_training_day *day, const struct rc_id *user, const struct rc_id *course,
                           int64_t at)
{
    struct rc_training_policies *policies = &site->training.policies;
    struct rc_local_day today = rc_training_policies_day(policies, at);
    struct rc_local_day next = rc_training_policies_day(policies, today.end_at);
    *seat = (struct rc_training_seat){.site = site, .side = side, .day = day, .fresh = !day->found};
    seat->heard = day->found && day->heartbeats > 0;
    if (day->found) {
        /* a day without a row has no limit of its own yet */
        int64_t limit_ms = day->limit_ms != 0 ? day->limit_ms : limit_ms_on(policies, day->day.start_at);
        seat->shown = rc_training_shows(user, day, limit_ms);
        side->next = rc_training_policies_day(policies, day->day.end_at);
    } else {
        memset(&side->day, 0, sizeof side->day);
    }
    if (rc_training_roll(side, at, &today, &next))
        begin_day(seat, at);
    side->terms = rc_training_policies_terms(policies, side->day.start_at, course);
    side->next_terms = rc_training_policies_terms(policies, side->next.start_at, course);
    seat->changed = seat->changed || day->day.end_at != side->day.end_at ||
                    (day->limit_ms != 0 && day->limit_ms != side->terms.limit_ms);
}

/* ---- written, and shown ---- */

/* The day's limit was reached: by a heartbeat, by what ran over into it, or by what was heard elsewhere. */
static bool note_lock(struct rc_service *service, struct rc_training_seat *seat, const struct rc_id *user,
                      const struct rc_id *session, int64_t at, int64_t now_at)
{
    char detail[96];
    struct rc_training_day *day = seat->day;
    bool locked = rc_training_locked(seat->side);
    if (locked == (day->locked_at != 0))
        return true;
    seat->changed = true;
    day->locked_at = locked ? at : 0;
    if (!locked)
        return true;
    int length = snprintf(detail, sizeof detail, "{\"date\":\"%s\",\"limitMinutes\":%" PRId64 "}",
                          day->day.date, seat->side->terms.limit_ms / MINUTE_MS);
    return rc_training_audit(service, seat->site, "DAILY_LIMIT_REACHED", user, session, NULL,
                             (struct rc_text){detail, (size_t)length}, now_at);
}

/* Of those who are hidden, what was shown is cleared with the day on which they were heard last. */
static bool publish(struct rc_service *service, const struct rc_training_seat *seat,
                    const struct rc_training_status *status)
{
    char topic[RC_TOPIC_MAX], payload[RC_ENCODED_MAX];
    struct rc_site *site = seat->site;
    bool inactive = rc_directory_find(&site->directory, &status->user) == RC_INACTIVE;
    bool hidden = inactive && rc_training_hides(&site->directory, site->engine, &status->user);
    size_t length = hidden ? 0 : rc_encode_training_status(status, payload, sizeof payload);
    if (hidden ? !seat->heard || strcmp(seat->shown.date, status->date) == 0
               : !inactive && !seat->fresh && shows_the_same(&seat->shown, status))
        return true;
    rc_topic_training(topic, &site->name, &status->user);
    return rc_batch_publish(service, site, topic, (struct rc_text){payload, length}, (struct rc_text){0},
                            true);
}

bool rc_training_seat_keep(struct rc_service *service, struct rc_training_seat *seat,
                           const struct rc_id *user, const struct rc_id *session, int64_t at, int64_t now_at)
{
    struct rc_training_day *day = seat->day;
    const struct rc_training_site *side = seat->side;
    struct rc_site *site = seat->site;
    seat->changed = seat->changed || day->ms != side->user.ms || day->next_ms != side->user.next_ms;
    day->day = side->day;
    day->ms = side->user.ms;
    day->next_ms = side->user.next_ms;
    day->limit_ms = side->terms.limit_ms;
    day->next_limit_ms = side->next_terms.limit_ms;
    if (!note_lock(service, seat, user, session, at, now_at))
        return false;
    if (seat->changed) {
        if (!rc_batch_begin(service) ||
            !rc_batch_check(service,
                            rc_store_training_save_day(service->store, site->number, user, day, &side->next)))
            return false;
        if (day->day.end_at < site->training.next_end_at)
            site->training.next_end_at = day->day.end_at;
    }
    struct rc_training_status shows = rc_training_shows(user, day, day->limit_ms);
    return publish(service, seat, &shows);
}
