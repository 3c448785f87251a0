#include "daemon/answer.h"

#include "core/names.h"
#include "daemon/archiving.h"
#include "daemon/paging.h"
#include "wire/encode.h"

#include <stdio.h>
#include <stdlib.h>

/* Bytes of a row of `who` without its ids: keys, punctuation, numbers of 13 digits. */
#define WHO_ROW_BYTES ((size_t)280)

void rc_answer_refusal(struct rc_site *site, const struct rc_reply_to *to, const char *request_id,
                       enum rc_code code, const char *message)
{
    size_t length;
    char *payload = rc_reply_print(rc_reply_new(request_id, code, message), &length);
    if (!payload)
        return; /* no memory: no answer, and who asked asks again */
    rc_publisher_direct(&site->publisher, to->topic, (struct rc_text){payload, length},
                        (struct rc_text){to->correlation, to->correlation_length}, 1, false);
    free(payload);
}

void rc_answer_direct(const struct rc_answering *answering, struct rc_reply *reply)
{
    const struct rc_reply_to *to = answering->to;
    size_t length;
    char *payload = rc_reply_print(reply, &length);
    if (!payload)
        return;
    rc_publisher_direct(&answering->site->publisher, to->topic, (struct rc_text){payload, length},
                        (struct rc_text){to->correlation, to->correlation_length}, 1, false);
    free(payload);
}

void rc_answer_durable(const struct rc_answering *answering, struct rc_reply *reply)
{
    const struct rc_reply_to *to = answering->to;
    size_t length;
    char *payload = rc_reply_print(reply, &length);
    if (!payload)
        return;
    rc_batch_publish(answering->service, answering->site, to->topic, (struct rc_text){payload, length},
                     (struct rc_text){to->correlation, to->correlation_length}, false);
    free(payload);
}

void rc_answer_id(struct rc_reply *reply, const char *key, const struct rc_id *id)
{
    if (id->length > 0)
        rc_reply_text(reply, key, (struct rc_text){id->text, id->length});
}

void rc_answer_integer(struct rc_reply *reply, const char *key, int64_t value)
{
    if (value != 0)
        rc_reply_integer(reply, key, value);
}

/* ---- who, status ---- */

static void add_employee(struct rc_reply *reply, const struct rc_employee_view *view, bool full)
{
    const struct rc_status *status = &view->status;
    rc_reply_row_begin(reply);
    rc_answer_id(reply, "employeeId", &view->employee);
    rc_reply_text(reply, "status", rc_text_of(status->ledger.is_in ? "IN" : "OUT"));
    rc_reply_integer(reply, "since", status->ledger.since_at);
    if (full)
        rc_reply_text(reply, "cause", rc_text_of(rc_status_cause_name(status->ledger.cause)));
    rc_reply_text(reply, "presence", rc_text_of(rc_presence_name(status->presence)));
    rc_reply_integer(reply, "sessions", status->sessions);
    rc_reply_integer(reply, "lastSeen", view->last_seen_at);
    if (view->last_session.length > 0) {
        rc_answer_id(reply, "lastSession", &view->last_session);
        rc_reply_text(reply, "lastClass", rc_text_of(rc_class_name(view->last_class)));
    }
    rc_answer_id(reply, "group", &view->group);
    if (full)
        rc_reply_integer(reply, "version", status->ledger.version);
    rc_reply_row_end(reply);
}

static void answer_who(const struct rc_answering *answering)
{
    const struct rc_request *request = answering->request;
    struct rc_employee_view view;
    struct rc_paging paging;
    if (request->cursor > UINT32_MAX) { /* to begin anew would show everybody twice, as if there were more */
        rc_answer_refusal(answering->site, answering->to, request->request_id, RC_INVALID_ARGUMENT,
                          "who: cursor is none that was given");
        return;
    }
    struct rc_reply *reply = rc_reply_new(request->request_id, RC_OK, NULL);
    uint32_t cursor = request->cursor == RC_NONE ? 0 : (uint32_t)request->cursor;
    rc_paging_begin(&paging, request->limit);
    rc_reply_integer(reply, "asOf", answering->at);
    rc_reply_list(reply, "employees");
    while (!paging.more && rc_engine_each(answering->site->engine, &cursor, &view)) {
        size_t bytes = WHO_ROW_BYTES + view.employee.length + view.group.length + view.last_session.length;
        if (view.status.ledger.is_in && rc_paging_take(&paging, bytes, cursor))
            add_employee(reply, &view, false);
    }
    if (paging.more)
        rc_reply_integer(reply, "nextCursor", paging.cursor);
    rc_answer_direct(answering, reply);
}

static void add_session(const struct rc_answering *answering, struct rc_reply *reply,
                        const struct rc_session_row *row)
{
    rc_reply_row_begin(reply);
    rc_answer_id(reply, "sessionId", &row->session);
    rc_reply_text(reply, "class", rc_text_of(rc_class_name(row->class)));
    rc_reply_text(reply, "state", rc_text_of(rc_session_state_name(row->state)));
    if (row->epoch != RC_NONE)
        rc_reply_integer(reply, "epoch", row->epoch);
    rc_answer_integer(reply, "intervalMs", row->interval_ms); /* 0: the usual one of its class */
    rc_reply_integer(reply, "firstHeard", row->first_at);
    rc_reply_integer(reply, "lastHeard", row->heard_at);
    if (row->state != RC_S_KIOSK) {
        int64_t due_ms = row->deadline_t - rc_engine_service_t(answering->site->engine, answering->now);
        rc_reply_integer(reply, "dueInMs", due_ms > 0 && row->state != RC_S_EXPIRED ? due_ms : 0);
    }
    rc_reply_row_end(reply);
}

static void answer_status(const struct rc_answering *answering)
{
    const struct rc_request *request = answering->request;
    const struct rc_engine *engine = answering->site->engine;
    struct rc_employee_view view;
    struct rc_session_row row;
    uint32_t cursor = 0;
    if (request->employee.length == 0) {
        rc_answer_refusal(answering->site, answering->to, request->request_id, RC_INVALID_ARGUMENT,
                          "status: employeeId is missing");
        return;
    }
    if (!rc_engine_find(engine, &request->employee, &view)) {
        rc_answer_refusal(answering->site, answering->to, request->request_id, RC_NOT_FOUND,
                          "no such employee is known");
        return;
    }
    struct rc_reply *reply = rc_reply_new(request->request_id, RC_OK, NULL);
    rc_reply_integer(reply, "asOf", answering->at);
    rc_reply_list(reply, "employees");
    add_employee(reply, &view, true);
    rc_reply_list(reply, "sessions");
    while (rc_engine_each_session(engine, &request->employee, &cursor, &row))
        if (row.session.length > 0) /* not the evidence-only slot */
            add_session(answering, reply, &row);
    rc_answer_direct(answering, reply);
}

/* ---- orders ---- */

static void answer_sweep(const struct rc_answering *answering)
{
    /* As of when the request came in: heartbeats that wait behind it in the inbox are not overdue yet. */
    struct rc_event tick = {.kind = RC_EV_TICK, .now = answering->now, .at = answering->at};
    struct rc_outcome outcome = {0};
    uint64_t checked = rc_engine_counts(answering->site->engine).in;
    if (!rc_batch_step(answering->service, answering->site, &tick, NULL, &outcome))
        return;
    struct rc_reply *reply = rc_reply_new(answering->request->request_id, RC_OK, NULL);
    rc_reply_integer(reply, "checked", (int64_t)checked);
    rc_reply_integer(reply, "autoOut", outcome.auto_outs);
    rc_reply_integer(reply, "held", outcome.held);
    rc_answer_durable(answering, reply);
}

/* Returns what is wrong with a time until which maintenance is to last, or NULL. */
static const char *wrong_until(const struct rc_answering *answering, int64_t until_at)
{
    if (until_at != 0 && until_at <= answering->at)
        return "maintenance: until lies in the past";
    if (until_at - answering->at > rc_engine_policy(answering->site->engine)->maintenance_ms_max)
        return "maintenance: until lies too far ahead";
    return NULL;
}

static void answer_maintenance(const struct rc_answering *answering)
{
    struct rc_service *service = answering->service;
    struct rc_site *site = answering->site;
    const struct rc_request *request = answering->request;
    int64_t until_at = request->until_at;
    if (until_at != RC_NONE) {
        const char *wrong = wrong_until(answering, until_at);
        if (wrong) {
            rc_answer_durable(answering, rc_reply_new(request->request_id, RC_INVALID_ARGUMENT, wrong));
            return;
        }
        struct rc_event event = {.kind = RC_EV_MAINTENANCE,
                                 .now = answering->now,
                                 .at = answering->at,
                                 .maintenance.until_at = until_at};
        char detail[64];
        snprintf(detail, sizeof detail, "{\"until\":%lld}", (long long)until_at);
        if (!rc_batch_step(service, site, &event, NULL, NULL) ||
            !rc_batch_audit(service, site, "MAINTENANCE", &answering->asker->login, NULL, detail))
            return;
    }
    struct rc_reply *reply = rc_reply_new(request->request_id, RC_OK, NULL);
    rc_reply_integer(reply, "until", site->maintenance_next_at);
    rc_answer_durable(answering, reply);
}

/* ---- all of them ---- */

/* A question sees only what is durable; answered even while the store fails, if the engine alone knows. */
static void question(const struct rc_answering *answering, void (*answer)(const struct rc_answering *),
                     bool of_log)
{
    bool durable = rc_batch_commit(answering->service);
    if (!durable && of_log)
        rc_batch_unavailable(answering->site, answering->to, answering->request->request_id);
    else
        answer(answering);
}

static void order(const struct rc_answering *answering, void (*carry_out)(const struct rc_answering *))
{
    struct rc_service *service = answering->service;
    if (!service->batch.store_ok) {
        rc_batch_unavailable(answering->site, answering->to, answering->request->request_id);
        return;
    }
    rc_batch_await_request(service, answering->site, answering->to, answering->request->request_id);
    carry_out(answering);
}

static void dispatch(const struct rc_answering *answering)
{
    switch (answering->request->verb) {
    case RC_VERB_WHO:
        question(answering, answer_who, false);
        return;
    case RC_VERB_STATUS:
        question(answering, answer_status, false);
        return;
    case RC_VERB_PUNCHES:
        question(answering, rc_answer_punches, true);
        return;
    case RC_VERB_PERIODS:
        question(answering, rc_answer_periods, true);
        return;
    case RC_VERB_CORRECT:
        if (answering->request->asks)
            question(answering, rc_answer_asks, true);
        else
            order(answering, rc_answer_correct);
        return;
    case RC_VERB_SWEEP:
        order(answering, answer_sweep);
        return;
    case RC_VERB_MAINTENANCE:
        order(answering, answer_maintenance);
        return;
    case RC_VERB_EMPLOYEE:
        if (answering->request->person.action == RC_PERSON_LIST)
            question(answering, rc_answer_employees, true);
        else
            order(answering, rc_answer_employee);
        return;
    case RC_VERB_TRAINING_DAYS:
        question(answering, rc_answer_training_days, true);
        return;
    case RC_VERB_POLICY:
        if (answering->request->adds)
            order(answering, rc_answer_add_policy);
        else
            question(answering, rc_answer_policies, true);
        return;
    case RC_VERB_ARCHIVE:
        rc_archiving_ask(answering);
        return;
    case RC_VERB_UNKNOWN: /* refused by wire */
    case RC_VERB_COUNT:
        return;
    }
}

void rc_answer(struct rc_service *service, struct rc_site *site, const struct rc_asker *asker,
               struct rc_request *request, const struct rc_reply_to *to, int64_t now, int64_t at)
{
    struct rc_answering answering = {
        .service = service, .site = site, .asker = asker, .request = request, .to = to, .now = now, .at = at};
    enum rc_code code = rc_access_request(asker, request);
    if (code != RC_OK)
        rc_answer_refusal(site, to, request->request_id, code,
                          "not with this role, or not about somebody else");
    else
        dispatch(&answering);
}
