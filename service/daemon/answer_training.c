/* Questions and orders about training: days, policies. */
#include "core/names.h"
#include "daemon/answer.h"
#include "daemon/paging.h"
#include "daemon/training_turn.h"
#include "wire/date.h"
#include "wire/encode.h"

#include <stdio.h>
#include <string.h>

/* Bytes of a row without its ids: keys, punctuation, numbers. */
#define DAY_ROW_BYTES    ((size_t)360)
#define POLICY_ROW_BYTES ((size_t)300)

/* Courses, and sessions, that are listed of one day: with the longest ids they take half a page. Beyond, the
 * row says that there are more. */
#define LISTED_MAX 100

/* ---- days ---- */

struct days {
    const struct rc_answering *answering;
    struct rc_reply *reply;
    struct rc_paging paging;
    struct rc_training_row last; /* the last row of the page */
    bool detailed;               /* of one employee and one day: it is added afterwards, with its lists */
};

static int64_t label(const struct rc_answering *answering)
{
    return rc_training_label(answering->service, answering->now);
}

/* The site's limit on a date, by the policy in force; what holds now, where it has no such day (any more). */
static int64_t limit_on(const struct rc_answering *answering, const char *date)
{
    struct rc_training_policies *policies = &answering->site->training.policies;
    struct rc_local_day day;
    int64_t days;
    if (!rc_date_parse(rc_text_of(date), &days) || !rc_training_policies_date(policies, days, &day))
        day = rc_training_policies_day(policies, label(answering));
    return rc_training_policies_own(policies, day.start_at)->limit_minutes;
}

/* While a lock lasts, it has an end. */
static void add_lock(const struct rc_answering *answering, struct rc_reply *reply,
                     const struct rc_training_row *row)
{
    struct rc_local_day today =
        rc_training_policies_day(&answering->site->training.policies, label(answering));
    if (!row->locked)
        return;
    rc_answer_integer(reply, "lockedAt", row->locked_at);
    if (strcmp(today.date, row->date) == 0)
        rc_reply_integer(reply, "lockedUntil", today.end_at);
}

static void add_fields(const struct days *days, const struct rc_training_row *row)
{
    struct rc_reply *reply = days->reply;
    int64_t limit = limit_on(days->answering, row->date);
    rc_answer_id(reply, "employeeId", &row->user);
    rc_reply_text(reply, "date", rc_text_of(row->date));
    rc_reply_integer(reply, "minutesCompleted", row->minutes_completed);
    rc_reply_integer(reply, "secondsCompleted", row->seconds_completed);
    rc_reply_integer(reply, "sessionCount", row->session_count);
    rc_reply_integer(reply, "heartbeats", row->heartbeats);
    rc_reply_integer(reply, "refused", row->refused);
    rc_answer_integer(reply, "lastHeartbeat", row->last_heartbeat_at);
    rc_reply_text(reply, "status", rc_text_of(row->locked ? "locked" : "active"));
    add_lock(days->answering, reply, row);
    rc_reply_integer(reply, "limitMinutes", limit);
    rc_reply_integer(reply, "remainingMinutes",
                     limit > row->minutes_completed ? limit - row->minutes_completed : 0);
}

static bool add_day(void *context, const struct rc_training_row *row)
{
    struct days *days = context;
    if (!rc_paging_take(&days->paging, DAY_ROW_BYTES + row->user.length, 0))
        return false;
    days->last = *row;
    if (days->detailed)
        return true;
    rc_reply_row_begin(days->reply);
    add_fields(days, row);
    rc_reply_row_end(days->reply);
    return true;
}

/* A list within the row of a day. */
struct list {
    struct rc_reply *reply;
    uint32_t count;
    bool more;
};

static bool has_place(struct list *list)
{
    list->more = list->count == LISTED_MAX;
    if (!list->more)
        list->count++;
    return !list->more;
}

static bool add_course(void *context, const struct rc_course_row *row)
{
    struct list *list = context;
    if (!has_place(list))
        return false;
    rc_reply_inner_row_begin(list->reply);
    rc_answer_id(list->reply, "courseId", &row->course);
    rc_reply_integer(list->reply, "secondsCompleted", row->seconds_completed);
    rc_reply_text(list->reply, "status", rc_text_of(row->locked ? "locked" : "active"));
    rc_reply_inner_row_end(list->reply);
    return true;
}

static bool add_session(void *context, const struct rc_training_session_row *row)
{
    struct list *list = context;
    if (!has_place(list))
        return false;
    rc_reply_inner_row_begin(list->reply);
    rc_answer_id(list->reply, "sessionId", &row->session);
    rc_answer_id(list->reply, "courseId", &row->course);
    rc_reply_integer(list->reply, "secondsAdded", row->seconds_added);
    rc_reply_integer(list->reply, "heartbeats", row->heartbeats);
    rc_reply_integer(list->reply, "lastHeartbeat", row->last_heartbeat_at);
    rc_reply_inner_row_end(list->reply);
    return true;
}

static enum rc_store_result add_details(const struct days *days)
{
    struct rc_store *store = days->answering->service->store;
    int site = days->answering->site->number;
    struct list courses = {.reply = days->reply}, sessions = {.reply = days->reply};
    rc_reply_row_begin(days->reply);
    add_fields(days, &days->last);
    rc_reply_inner_begin(days->reply, "courses");
    enum rc_store_result result =
        rc_store_training_courses(store, site, &days->last.user, days->last.date, add_course, &courses);
    rc_reply_inner_end(days->reply);
    rc_reply_inner_begin(days->reply, "sessions");
    if (result == RC_STORE_OK)
        result = rc_store_training_sessions(store, site, &days->last.user, days->last.date, add_session,
                                            &sessions);
    rc_reply_inner_end(days->reply);
    if (courses.more || sessions.more)
        rc_reply_bool(days->reply, "more", true);
    rc_reply_row_end(days->reply);
    return result;
}

/* A date as it was given, or that of the moment; empty: no bound. */
static void date_of(const struct rc_answering *answering, const char *date, int64_t at, char out[RC_DATE_MAX])
{
    struct rc_local_day day;
    if (date[0] == '\0' && at != RC_NONE) {
        day = rc_training_policies_day(&answering->site->training.policies, at);
        date = day.date;
    }
    snprintf(out, RC_DATE_MAX, "%s", date);
}

static void finish_days(struct days *days, enum rc_store_result result)
{
    const struct rc_answering *answering = days->answering;
    char cursor[RC_DATE_MAX + RC_ID_MAX + 1];
    if (result != RC_STORE_OK) {
        rc_reply_free(days->reply);
        rc_batch_fail(answering->service, result);
        rc_batch_unavailable(answering->site, answering->to, answering->request->request_id);
        return;
    }
    if (days->paging.more) {
        snprintf(cursor, sizeof cursor, "%s/%s", days->last.date, days->last.user.text);
        rc_reply_text(days->reply, "nextCursor", rc_text_of(cursor));
    }
    rc_answer_direct(answering, days->reply);
}

void rc_answer_training_days(const struct rc_answering *answering)
{
    const struct rc_request *request = answering->request;
    struct days days = {.answering = answering, .reply = rc_reply_new(request->request_id, RC_OK, NULL)};
    rc_paging_begin(&days.paging, request->limit);
    struct rc_training_page page = {
        .user = request->employee, .after_user = request->after_employee, .limit = days.paging.limit + 1};
    date_of(answering, request->from_date, request->from_at, page.from_date);
    date_of(answering, request->to_date, request->to_at, page.to_date);
    memcpy(page.after_date, request->after_date, sizeof page.after_date);
    days.detailed =
        page.user.length > 0 && page.from_date[0] != '\0' && strcmp(page.from_date, page.to_date) == 0;
    rc_reply_list(days.reply, "rows");
    enum rc_store_result result =
        rc_store_training_days(answering->service->store, answering->site->number, &page, add_day, &days);
    if (result == RC_STORE_OK && days.detailed && days.paging.count > 0)
        result = add_details(&days);
    finish_days(&days, result);
}

/* ---- policies ---- */

static void add_policy_row(struct rc_reply *reply, const struct rc_training_policy *policy)
{
    rc_reply_row_begin(reply);
    rc_reply_integer(reply, "number", policy->number);
    rc_answer_id(reply, "courseId", &policy->course);
    rc_reply_integer(reply, "from", policy->from_at);
    rc_reply_integer(reply, "limitMinutes", policy->limit_minutes);
    if (policy->course.length == 0) {
        rc_reply_integer(reply, "intervalMs", policy->interval_ms);
        rc_reply_text(reply, "zone", rc_text_of(policy->zone));
        rc_reply_integer(reply, "breakMinutes", policy->break_minutes);
        rc_reply_integer(reply, "breakAfterMinutes", policy->break_after_minutes);
    }
    rc_answer_id(reply, "actor", &policy->actor);
    rc_reply_integer(reply, "addedAt", policy->added_at);
    rc_reply_row_end(reply);
}

void rc_answer_policies(const struct rc_answering *answering)
{
    const struct rc_request *request = answering->request;
    const struct rc_training_policies *policies = &answering->site->training.policies;
    struct rc_reply *reply = rc_reply_new(request->request_id, RC_OK, NULL);
    struct rc_paging paging;
    rc_paging_begin(&paging, request->limit);
    rc_reply_list(reply, "policies");
    for (size_t i = 0; i < policies->count && !paging.more; i++) {
        const struct rc_training_policy *policy = &policies->items[i];
        size_t bytes = POLICY_ROW_BYTES + policy->course.length + policy->actor.length;
        if (policy->number > request->cursor && rc_paging_take(&paging, bytes, policy->number))
            add_policy_row(reply, policy);
    }
    if (paging.more)
        rc_reply_integer(reply, "nextCursor", paging.cursor);
    rc_answer_direct(answering, reply);
}

static struct rc_training_wish wish_of(const struct rc_answering *answering)
{
    const struct rc_request *request = answering->request;
    struct rc_training_wish wish = {.course = request->course,
                                    .limit_minutes = request->limit_minutes,
                                    .interval_ms = request->interval_ms,
                                    .break_minutes = request->break_minutes,
                                    .break_after_minutes = request->break_after_minutes};
    char date[RC_DATE_MAX];
    date_of(answering, request->from_date, request->from_at, date);
    wish.has_from = rc_date_parse(rc_text_of(date), &wish.from_days);
    snprintf(wish.zone, sizeof wish.zone, "%s", request->zone);
    return wish;
}

void rc_answer_add_policy(const struct rc_answering *answering)
{
    struct rc_service *service = answering->service;
    const struct rc_request *request = answering->request;
    struct rc_training_wish wish = wish_of(answering);
    struct rc_training_policy policy;
    const char *message;
    enum rc_code code = rc_training_policies_plan(&answering->site->training.policies, label(answering),
                                                  &wish, &policy, &message);
    if (code != RC_OK) {
        rc_answer_durable(answering, rc_reply_new(request->request_id, code, message));
        return;
    }
    policy.actor = answering->asker->login;
    if (!rc_training_policy_add(service, answering->site, &policy))
        return;
    struct rc_reply *reply = rc_reply_new(request->request_id, RC_OK, NULL);
    rc_reply_integer(reply, "number", policy.number);
    rc_reply_integer(reply, "from", policy.from_at);
    rc_answer_durable(answering, reply);
}
