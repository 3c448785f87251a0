/* Course progress (T-5): an id is judged once (P-12), and nothing is saved while locked or without training.
 */
#include "core/names.h"
#include "daemon/service.h"
#include "wire/encode.h"

#include <assert.h>
#include <string.h>

#define LOCKED_MESSAGE        "DAILY_LIMIT_REACHED: nothing is saved until the next day"
#define COURSE_LOCKED_MESSAGE "COURSE_LIMIT_REACHED: nothing of this course is saved until the next day"
#define UNHEARD_MESSAGE       "no training heartbeat of this course and session for over 1.5 intervals"
#define CONFLICT_MESSAGE      "this id was used before for another lesson"

/* What a past day came to. */
struct past_day {
    const struct rc_id *course;
    bool locked, course_locked;
};

static bool take_day(void *context, const struct rc_training_row *row)
{
    ((struct past_day *)context)->locked = row->locked;
    return false;
}

static bool take_course(void *context, const struct rc_course_row *row)
{
    struct past_day *day = context;
    if (rc_id_equal(&row->course, day->course))
        day->course_locked = row->locked;
    return true;
}

/* What was sent before midnight and waited in the broker is judged by the day on which it was sent, too: what
 * was locked then is not saved because the message comes later. */
static bool look_back(struct rc_service *service, struct rc_site *site, const struct rc_decoded *decoded,
                      int64_t sent_now, struct past_day *out)
{
    const struct rc_training_ledger_open *open = &service->training.open;
    const struct rc_id *user = &decoded->topic.employee;
    int64_t sent_at = rc_training_label(service, sent_now);
    *out = (struct past_day){.course = &decoded->course};
    if (sent_at >= open->ledger.sites[site->index].day.start_at)
        return true;
    struct rc_local_day day = rc_training_policies_day(&site->training.policies, sent_at);
    struct rc_training_page page = {.user = *user, .limit = 1};
    memcpy(page.from_date, day.date, RC_DATE_MAX);
    memcpy(page.to_date, day.date, RC_DATE_MAX);
    return rc_batch_check(service,
                          rc_store_training_days(service->store, site->number, &page, take_day, out)) &&
           rc_batch_check(service, rc_store_training_courses(service->store, site->number, user, day.date,
                                                             take_course, out));
}

/* What there is to judge by, where the id is new. */
static bool judge(struct rc_service *service, struct rc_site *site, const struct rc_decoded *decoded,
                  int64_t sent_now, struct rc_progress_verdict *verdict, const char **message)
{
    const struct rc_topic *topic = &decoded->topic;
    const struct rc_training_site *side = &service->training.open.ledger.sites[site->index];
    struct past_day past;
    int64_t heard_now;
    if (!rc_training_open(service, &topic->employee, &decoded->course, decoded->event.now) ||
        !rc_batch_check(service, rc_store_training_last(service->store, site->number, &topic->employee,
                                                        &topic->session, &decoded->course,
                                                        service->training.open.moment, &heard_now)) ||
        !look_back(service, site, decoded, sent_now, &past))
        return false;
    *message = NULL;
    verdict->result = RC_REJECTED;
    verdict->code = RC_RESOURCE_EXHAUSTED;
    if (past.locked || rc_training_locked(side)) {
        *message = LOCKED_MESSAGE;
    } else if (past.course_locked || rc_training_course_locked(side)) {
        *message = COURSE_LOCKED_MESSAGE;
    } else if (!rc_training_may_save(sent_now, heard_now, side->terms.interval_ms)) {
        verdict->code = RC_FAILED_PRECONDITION;
        *message = UNHEARD_MESSAGE;
    } else {
        verdict->result = RC_RECORDED;
        verdict->code = RC_OK;
    }
    return true;
}

/* The id was judged before (P-12): content is course and lesson. */
static void repeat(const struct rc_progress_verdict *prior, const struct rc_decoded *decoded,
                   struct rc_receipt *receipt)
{
    if (!rc_id_equal(&prior->course, &decoded->course) || !rc_id_equal(&prior->lesson, &decoded->lesson)) {
        receipt->result = RC_REJECTED;
        receipt->code = RC_ID_CONFLICT;
        receipt->message = CONFLICT_MESSAGE;
        return;
    }
    receipt->result = RC_DUPLICATE;
    receipt->first = prior->result;
    receipt->code = prior->code;
    receipt->at = receipt->recorded_at = prior->result == RC_RECORDED ? prior->at : 0;
}

static bool decide(struct rc_service *service, struct rc_site *site, const struct rc_decoded *decoded,
                   int64_t sent_now, struct rc_receipt *receipt)
{
    const struct rc_topic *topic = &decoded->topic;
    struct rc_progress_verdict verdict;
    const char *message;
    if (!rc_batch_check(service, rc_store_progress_verdict(service->store, site->number, &topic->employee,
                                                           &decoded->punch_id, &verdict)))
        return false;
    if (verdict.found) {
        repeat(&verdict, decoded, receipt);
        return true;
    }
    verdict = (struct rc_progress_verdict){
        .course = decoded->course, .lesson = decoded->lesson, .at = decoded->event.at};
    if (!judge(service, site, decoded, sent_now, &verdict, &message) ||
        !rc_batch_check(service,
                        rc_store_progress_keep(service->store, site->number, &topic->employee,
                                               &decoded->punch_id, &verdict, decoded->progress_data)))
        return false;
    receipt->result = verdict.result;
    receipt->code = verdict.code;
    receipt->message = message;
    receipt->at = receipt->recorded_at = verdict.result == RC_RECORDED ? verdict.at : 0;
    return true;
}

static void answer(struct rc_service *service, struct rc_site *site, const struct rc_receipt *receipt,
                   const struct rc_reply_to *to)
{
    char payload[RC_ENCODED_MAX];
    size_t length = rc_encode_receipt(receipt, payload, sizeof payload);
    assert(length > 0);
    if (rc_batch_publish(service, site, to->topic, (struct rc_text){payload, length},
                         (struct rc_text){to->correlation, to->correlation_length}, false))
        site->tally.progress[receipt->result]++;
}

void rc_training_take_progress(struct rc_service *service, struct rc_site *site,
                               const struct rc_decoded *decoded, int64_t sent_now,
                               const struct rc_receipt *receipt, const struct rc_reply_to *to)
{
    struct rc_receipt verdict = *receipt;
    if (!service->batch.store_ok || service->training.state == RC_TRAINING_UNOPENED) {
        rc_batch_step(service, site, &decoded->event, NULL, NULL);
        rc_metrics_add(service->metrics, RC_M_PROGRESS, site->index, RC_RETRY, 1);
        rc_batch_retry(site, to, receipt);
        return;
    }
    rc_batch_await_punch(service, site, to, receipt);
    if (rc_batch_step(service, site, &decoded->event, NULL, NULL) && rc_batch_begin(service) &&
        decide(service, site, decoded, sent_now, &verdict))
        answer(service, site, &verdict, to);
}
