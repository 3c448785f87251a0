#include "daemon/training.h"

#include "core/names.h"
#include "daemon/service.h"
#include "wire/encode.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MINUTE_MS INT64_C(60000)

/* Bytes of an answer's message with its NUL; the longest has 90. */
#define MESSAGE_MAX 128

static_assert(RC_SITES_MAX <= RC_TRAINING_SITES_MAX, "a ledger spans all sites of the service");

/* What each verdict is: in the answer, in the audit log, in the figures. */
static const struct {
    enum rc_code code;
    const char *word;
    enum rc_trained outcome;
    bool refused;
} verdicts[RC_TRAINING_RESULT_COUNT] = {
    [RC_TRAINING_COUNTED] = {RC_OK, "COUNTED", RC_TRAINED_COUNTED, false},
    [RC_TRAINING_REACHED] = {RC_RESOURCE_EXHAUSTED, "DAILY_LIMIT_REACHED", RC_TRAINED_DAILY_LIMIT, false},
    [RC_TRAINING_COURSE_REACHED] = {RC_RESOURCE_EXHAUSTED, "COURSE_LIMIT_REACHED", RC_TRAINED_COURSE_LIMIT,
                                    false},
    [RC_TRAINING_LOCKED] = {RC_RESOURCE_EXHAUSTED, "DAILY_LIMIT_REACHED", RC_TRAINED_DAILY_LIMIT, true},
    [RC_TRAINING_COURSE_LOCKED] = {RC_RESOURCE_EXHAUSTED, "COURSE_LIMIT_REACHED", RC_TRAINED_COURSE_LIMIT,
                                   true},
    [RC_TRAINING_BREAK] = {RC_FAILED_PRECONDITION, "BREAK_REQUIRED", RC_TRAINED_BREAK, true},
};

int64_t rc_training_label(const struct rc_service *service, int64_t now)
{
    return now + service->training.clock.offset_ms;
}

/* ---- the ledger ---- */

bool rc_training_open(struct rc_service *service, const struct rc_id *user, const struct rc_id *course,
                      int64_t now)
{
    struct rc_training_ledger_open *open = &service->training.open;
    int sites[RC_TRAINING_SITES_MAX];
    uint32_t count = (uint32_t)service->site_count;
    for (uint32_t i = 0; i < count; i++)
        sites[i] = service->sites[i].number;
    open->user = *user;
    open->course = *course;
    open->moment = (struct rc_training_now){.now = now, .at = rc_training_label(service, now)};
    if (!rc_batch_check(service, rc_store_training_load(service->store, user, course, sites, count,
                                                        open->moment, &open->ledger, open->days)))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        struct rc_training_site *side = &open->ledger.sites[i];
        rc_training_seat_roll(&open->seats[i], &service->sites[i], side, &open->days[i], user, course,
                              open->moment.at);
        open->user_before[i] = side->user;
        open->course_before[i] = side->course;
    }
    return true;
}

static bool save_course(struct rc_service *service, const struct rc_training_ledger_open *open, int index)
{
    const struct rc_training_site *side = &open->ledger.sites[index];
    const struct rc_training_total *before = &open->course_before[index];
    if (side->course.ms == before->ms && side->course.next_ms == before->next_ms)
        return true;
    return rc_batch_check(service, rc_store_training_save_course(
                                       service->store, service->sites[index].number, &open->user,
                                       &open->course, &side->day, &side->next, &side->course,
                                       side->terms.course_limit_ms, side->next_terms.course_limit_ms));
}

/* What this site has of the heartbeat itself, whatever came of it. */
static bool note_heard(struct rc_service *service, struct rc_site *site, const struct rc_id *session,
                       bool refused)
{
    struct rc_training_ledger_open *open = &service->training.open;
    struct rc_training_day *day = &open->days[site->index];
    const struct rc_training_site *side = &open->ledger.sites[site->index];
    int64_t added_ms = side->user.ms - open->user_before[site->index].ms;
    day->heartbeats++;
    day->refused += refused;
    day->last_heartbeat_at = open->moment.at;
    open->seats[site->index].changed = true;
    return rc_batch_check(service, rc_store_training_heard(service->store, site->number, &open->user, session,
                                                           &open->course, side->day.date, open->moment,
                                                           added_ms, &day->session_count));
}

/* The session that was heard is written with what was heard of it (T-6), and not with the next flush. */
static bool flush_session(struct rc_service *service, struct rc_site *site, const struct rc_beat *beat)
{
    struct rc_session_row row;
    return !rc_engine_take_session(site->engine, &beat->employee, &beat->session, &row) ||
           rc_batch_check(service, rc_store_flush_session(service->store, site->number, &row));
}

static bool save(struct rc_service *service, struct rc_site *site, const struct rc_event *event, bool refused)
{
    struct rc_training_ledger_open *open = &service->training.open;
    static const struct rc_id nobody;
    if (!refused &&
        !rc_batch_check(service, rc_store_training_save_user(service->store, &open->user, &open->course,
                                                             open->moment, &open->ledger)))
        return false;
    for (int i = 0; i < service->site_count; i++) {
        const struct rc_id *session = i == site->index ? &event->beat.session : &nobody;
        if (!save_course(service, open, i) || !rc_training_seat_keep(service, &open->seats[i], &open->user,
                                                                     session, open->moment.at, event->at))
            return false;
    }
    return flush_session(service, site, &event->beat);
}

/* ---- the audit row ---- */

static struct rc_training_share share_of(const struct rc_service *service, int index)
{
    const struct rc_training_ledger_open *open = &service->training.open;
    const struct rc_training_site *side = &open->ledger.sites[index];
    const struct rc_training_total *user = &open->user_before[index], *course = &open->course_before[index];
    struct rc_training_share share = {
        .site = service->sites[index].name,
        .user = {side->user.ms - user->ms, side->user.next_ms - user->next_ms},
        .course = {side->course.ms - course->ms, side->course.next_ms - course->next_ms}};
    memcpy(share.date, side->day.date, sizeof share.date);
    memcpy(share.next_date, side->next.date, sizeof share.next_date);
    return share;
}

static bool write_row(struct rc_service *service, const struct rc_site *site, const struct rc_event *event,
                      const char *word)
{
    struct rc_training_share shares[RC_TRAINING_SITES_MAX];
    char detail[RC_TRAINING_DETAIL_MAX];
    uint32_t count = 1;
    shares[0] = share_of(service, site->index);
    for (int i = 0; i < service->site_count; i++)
        if (i != site->index)
            shares[count++] = share_of(service, i);
    size_t length =
        rc_encode_training_detail(&service->training.open.course, shares, count, detail, sizeof detail);
    assert(length > 0);
    return rc_training_audit(service, site, "SESSION_HEARTBEAT", &event->beat.employee, &event->beat.session,
                             word, (struct rc_text){detail, length}, event->at);
}

/* ---- the answer (T-7) ---- */

static void explain(const struct rc_training_site *side, enum rc_training_result result,
                    char out[MESSAGE_MAX])
{
    const char *word = verdicts[result].word;
    switch (result) {
    case RC_TRAINING_REACHED:
    case RC_TRAINING_LOCKED:
        snprintf(out, MESSAGE_MAX, "%s: the %" PRId64 " minutes of training of %s are done", word,
                 side->terms.limit_ms / MINUTE_MS, side->day.date);
        return;
    case RC_TRAINING_COURSE_REACHED:
    case RC_TRAINING_COURSE_LOCKED:
        snprintf(out, MESSAGE_MAX, "%s: the %" PRId64 " minutes of this course of %s are done", word,
                 side->terms.course_limit_ms / MINUTE_MS, side->day.date);
        return;
    default:
        snprintf(out, MESSAGE_MAX, "%s: a break of %" PRId64 " minutes is due after %" PRId64 " of training",
                 word, side->terms.break_ms / MINUTE_MS, side->terms.break_after_ms / MINUTE_MS);
        return;
    }
}

static struct rc_training_answer answer_of(const struct rc_training_site *side,
                                           const struct rc_training_verdict *verdict)
{
    bool of_course =
        verdict->result == RC_TRAINING_COURSE_REACHED || verdict->result == RC_TRAINING_COURSE_LOCKED;
    int64_t limit_ms = of_course ? side->terms.course_limit_ms : side->terms.limit_ms;
    struct rc_training_answer answer = {
        .code = verdicts[verdict->result].code,
        .minutes = rc_training_minutes(of_course ? side->course.ms : side->user.ms, limit_ms),
        .locked_until_at = verdict->locked_until_at};
    answer.remaining_minutes = limit_ms / MINUTE_MS - answer.minutes;
    memcpy(answer.date, side->day.date, sizeof answer.date);
    return answer;
}

static bool send_answer(struct rc_service *service, struct rc_site *site,
                        const struct rc_training_answer *answer, const struct rc_reply_to *to, size_t count)
{
    char payload[RC_ENCODED_MAX];
    size_t length = rc_encode_training_answer(answer, payload, sizeof payload);
    assert(length > 0);
    for (size_t i = 0; i < count; i++)
        if (!rc_batch_publish(service, site, to[i].topic, (struct rc_text){payload, length},
                              (struct rc_text){to[i].correlation, to[i].correlation_length}, false))
            return false;
    return true;
}

/* ---- a heartbeat ---- */

static void judge(struct rc_service *service, struct rc_site *site, const struct rc_event *event,
                  const struct rc_id *course, const struct rc_reply_to *to, size_t count)
{
    struct rc_training_ledger_open *open = &service->training.open;
    const struct rc_training_site *side = &open->ledger.sites[site->index];
    char message[MESSAGE_MAX];
    if (!rc_batch_begin(service) || !rc_training_open(service, &event->beat.employee, course, event->now))
        return;
    bool is_new_day = open->days[site->index].heartbeats == 0;
    struct rc_training_verdict verdict =
        rc_training_judge(&open->ledger, (uint32_t)site->index, event->now, open->moment.at);
    bool refused = verdicts[verdict.result].refused;
    struct rc_training_answer answer = answer_of(side, &verdict);
    explain(side, verdict.result, message);
    answer.message = message;
    answer.is_new_day = is_new_day;
    answer.server_at = event->at;
    if (note_heard(service, site, &event->beat.session, refused) && save(service, site, event, refused) &&
        write_row(service, site, event, verdicts[verdict.result].word) &&
        send_answer(service, site, &answer, to, count))
        site->tally.trained[verdicts[verdict.result].outcome]++;
    rc_batch_received(service, site, event->now);
}

static void refuse(struct rc_service *service, struct rc_site *site, const struct rc_reply_to *to,
                   size_t count, enum rc_trained outcome)
{
    rc_metrics_add(service->metrics, RC_M_TRAINED, site->index, (int)outcome, 1);
    for (size_t i = 0; i < count; i++) {
        if (outcome == RC_TRAINED_RATE_LIMITED)
            rc_batch_refuse_training(site, &to[i], RC_RATE_LIMITED,
                                     "more than 120 training heartbeats of this session in a minute");
        else
            rc_batch_uncounted(site, &to[i]);
    }
}

void rc_training_take(struct rc_service *service, struct rc_site *site, const struct rc_event *event,
                      const struct rc_id *course, const struct rc_reply_to *to, size_t count)
{
    const struct rc_beat *beat = &event->beat;
    assert(count >= 1 && count <= RC_ANSWERS_MAX);
    if (!rc_training_rate_take(site->training.rate, &beat->employee, &beat->session, event->now)) {
        rc_batch_step(service, site, event, NULL, NULL); /* too many, but somebody is there (T-8) */
        refuse(service, site, to, count, RC_TRAINED_RATE_LIMITED);
        return;
    }
    if (!service->batch.store_ok || service->training.state == RC_TRAINING_UNOPENED) {
        rc_batch_step(service, site, event, NULL, NULL); /* evidence all the same (T-8) */
        refuse(service, site, to, count, RC_TRAINED_UNAVAILABLE);
        return;
    }
    for (size_t i = 0; i < count; i++)
        rc_batch_await_training(service, site, &to[i]);
    if (rc_batch_step(service, site, event, NULL, NULL))
        judge(service, site, event, course, to, count);
}
