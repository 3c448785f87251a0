/* Corrections (P-16): decisions on rows, on whole holds, on what others asked for, and the asking itself. */
#include "daemon/answer.h"

#include "core/names.h"
#include "daemon/paging.h"
#include "wire/encode.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of a listed ask without its ids and reasons. */
#define ASK_ROW_BYTES ((size_t)340)

/* What is to be put right: from the request, or from the ask that it accepts. */
struct correction {
    struct rc_id employee;
    enum rc_action action;
    int64_t seq; /* RC_NONE: none */
    enum rc_type type;
    int64_t at; /* RC_NONE: none */
    struct rc_text reason;
};

static void refuse(const struct rc_answering *answering, enum rc_code code, const char *message)
{
    rc_answer_durable(answering, rc_reply_new(answering->request->request_id, code, message));
}

/* ---- whose row it is ---- */

struct owner {
    int64_t seq;
    enum rc_type type;
    struct rc_id employee;
    bool found;
};

static bool take_owner(void *context, const struct rc_stored_row *stored)
{
    struct owner *owner = context;
    owner->found = stored->row.seq == owner->seq;
    owner->employee = stored->row.employee;
    return false;
}

/* Fills in the employee of row `seq`; where one is given, the row must be theirs. Answers and returns false
 * where there is no such row. */
static bool find_owner(const struct rc_answering *answering, int64_t seq, struct rc_id *employee)
{
    struct rc_service *service = answering->service;
    struct owner owner = {.seq = seq};
    struct rc_page page = {.to_at = INT64_MAX, .from_at = INT64_MIN, .after = seq - 1, .limit = 1};
    enum rc_store_result result =
        rc_store_punches(service->store, answering->site->number, &page, take_owner, &owner);
    if (!rc_batch_check(service, result))
        return false;
    if (!owner.found || (employee->length > 0 && !rc_id_equal(employee, &owner.employee))) {
        refuse(answering, RC_NOT_FOUND, "no such row in this site's log, or not of this employee");
        return false;
    }
    *employee = owner.employee;
    return true;
}

/* ---- one decision ---- */

/* What the log says of the row, and around the time that matters. False: the batch failed. */
static bool look_up(const struct rc_answering *answering, struct rc_correct *correct)
{
    struct rc_store *store = answering->service->store;
    int site = answering->site->number;
    enum rc_store_result result = RC_STORE_OK;
    int64_t around_at = correct->at;
    bool around = correct->action == RC_ACTION_ADD;
    if (correct->action != RC_ACTION_ADD) {
        result = rc_store_target(store, site, &correct->employee, correct->target_seq, &correct->target);
        around = correct->action == RC_ACTION_ACCEPT && correct->target.found && correct->target.held;
        around_at = correct->target.at;
    }
    if (result == RC_STORE_NOT_FOUND) {
        correct->target.found = false;
        result = RC_STORE_OK;
    }
    if (result == RC_STORE_OK && around)
        result = rc_store_history(store, site, &correct->employee, around_at, &correct->history);
    return rc_batch_check(answering->service, result);
}

/* Carries out one decision; *outcome says what came of it. False: the batch failed. */
static bool decide(const struct rc_answering *answering, const struct correction *correction,
                   struct rc_outcome *outcome)
{
    struct rc_service *service = answering->service;
    struct rc_event event = {.kind = RC_EV_CORRECT, .now = answering->now, .at = answering->at};
    event.correct = (struct rc_correct){.employee = correction->employee,
                                        .action = correction->action,
                                        .target_seq = correction->seq == RC_NONE ? 0 : correction->seq,
                                        .type = correction->type,
                                        .at = correction->at,
                                        .actor = answering->asker->login,
                                        .reason = correction->reason};
    char detail[512];
    *outcome = (struct rc_outcome){0};
    if (!rc_batch_begin(service) || !look_up(answering, &event.correct) ||
        !rc_batch_step(service, answering->site, &event, NULL, outcome))
        return false;
    snprintf(detail, sizeof detail,
             "{\"action\":\"%s\",\"actor\":\"%s\",\"targetSeq\":%" PRId64 ",\"seq\":%" PRId64 "}",
             rc_action_name(correction->action), answering->asker->login.text, event.correct.target_seq,
             outcome->seq);
    return rc_batch_audit(service, answering->site, "CORRECTION", &correction->employee,
                          outcome->code == RC_OK ? "OK" : rc_code_name(outcome->code), detail);
}

static struct correction requested(const struct rc_request *request)
{
    return (struct correction){.employee = request->employee,
                               .action = request->action,
                               .seq = request->seq,
                               .type = request->type,
                               .at = request->at,
                               .reason = rc_text_of(request->reason)};
}

static bool may_decide(const struct rc_answering *answering, const struct rc_id *employee,
                       const struct rc_id *asked_by)
{
    if (rc_access_decides(answering->asker, employee, asked_by) == RC_OK)
        return true;
    refuse(answering, RC_PERMISSION_DENIED, "nobody decides on their own punches, or on what they asked for");
    return false;
}

/* Nothing is added for somebody who never was in a strict directory; the hours of those who left can still be
 * put right. */
static bool is_unlisted(const struct rc_answering *answering, const struct correction *correction)
{
    const struct rc_directory *directory = &answering->site->directory;
    return correction->action == RC_ACTION_ADD && directory->strict &&
           rc_directory_find(directory, &correction->employee) == RC_UNLISTED;
}

static void answer_outcome(const struct rc_answering *answering, int64_t ask,
                           const struct rc_outcome *outcome)
{
    if (outcome->code != RC_OK) {
        refuse(answering, outcome->code, outcome->message);
        return;
    }
    struct rc_reply *reply = rc_reply_new(answering->request->request_id, RC_OK, NULL);
    if (ask != RC_NONE)
        rc_reply_integer(reply, "askId", ask);
    rc_answer_integer(reply, "seq", outcome->seq);
    rc_answer_durable(answering, reply);
}

static void decide_row(const struct rc_answering *answering)
{
    struct correction correction = requested(answering->request);
    struct rc_outcome outcome;
    if (correction.seq != RC_NONE && !find_owner(answering, correction.seq, &correction.employee))
        return;
    if (is_unlisted(answering, &correction)) {
        refuse(answering, RC_NOT_FOUND, "the directory has no such employee");
        return;
    }
    if (may_decide(answering, &correction.employee, &(struct rc_id){0}) &&
        decide(answering, &correction, &outcome))
        answer_outcome(answering, RC_NONE, &outcome);
}

/* ---- a whole hold ---- */

struct held_rows {
    struct owner *items;
    size_t count, capacity;
    bool out_of_memory;
};

static bool take_held(void *context, const struct rc_stored_row *stored)
{
    struct held_rows *rows = context;
    if (rows->count == rows->capacity) {
        size_t capacity = rows->capacity ? 2 * rows->capacity : 64;
        struct owner *grown = realloc(rows->items, capacity * sizeof *grown);
        if (!grown) {
            rows->out_of_memory = true;
            return false;
        }
        rows->items = grown;
        rows->capacity = capacity;
    }
    rows->items[rows->count++] =
        (struct owner){.seq = stored->row.seq, .type = stored->row.type, .employee = stored->row.employee};
    return true;
}

/* Why a row of a hold is left as it is, or RC_OK. An AUTO_OUT is no claim of anybody's that could be turned
 * down: to reject a hold is to turn down the RESUMEs that came of it. */
static struct rc_outcome left_out(const struct rc_answering *answering, const struct owner *row)
{
    struct rc_outcome why = {.code = rc_access_decides(answering->asker, &row->employee, &(struct rc_id){0}),
                             .message = "nobody decides on their own punches"};
    if (why.code == RC_OK && answering->request->action == RC_ACTION_REJECT && row->type == RC_AUTO_OUT)
        why = (struct rc_outcome){.code = RC_FAILED_PRECONDITION,
                                  .message = "an AUTO_OUT is never rejected: retime it, or accept the hold"};
    return why;
}

/* Decides each row for itself, but those that are left out. False: the batch failed. */
static bool decide_each(const struct rc_answering *answering, const struct held_rows *rows, int64_t *decided,
                        struct rc_outcome *last)
{
    struct rc_outcome refused = {0}, done = {0};
    for (size_t i = 0; i < rows->count; i++) {
        struct rc_outcome outcome = left_out(answering, &rows->items[i]);
        struct correction correction = requested(answering->request);
        correction.employee = rows->items[i].employee;
        correction.seq = rows->items[i].seq;
        if (outcome.code == RC_OK && !decide(answering, &correction, &outcome))
            return false;
        if (outcome.code == RC_OK) {
            done = outcome;
            (*decided)++;
        } else {
            refused = outcome;
        }
    }
    *last = *decided > 0 ? done : refused;
    return true;
}

static void decide_hold(const struct rc_answering *answering)
{
    struct rc_service *service = answering->service;
    const struct rc_request *request = answering->request;
    struct held_rows rows = {0};
    struct rc_outcome last;
    int64_t decided = 0;
    enum rc_store_result result =
        rc_store_hold_rows(service->store, answering->site->number, request->hold, take_held, &rows);
    if (!rc_batch_check(service, result)) {
        free(rows.items);
        return;
    }
    if (rows.out_of_memory) {
        refuse(answering, RC_RESOURCE_EXHAUSTED, "too many rows for this process's memory");
    } else if (rows.count == 0) {
        refuse(answering, RC_NOT_FOUND, "no such hold, or nothing of it is undecided");
    } else if (decide_each(answering, &rows, &decided, &last)) {
        if (last.code != RC_OK) {
            refuse(answering, last.code, last.message);
        } else {
            struct rc_reply *reply = rc_reply_new(request->request_id, RC_OK, NULL);
            rc_reply_integer(reply, "decided", decided);
            rc_answer_integer(reply, "undecided", (int64_t)rows.count - decided);
            rc_reply_integer(reply, "seq", last.seq);
            rc_answer_durable(answering, reply);
        }
    }
    free(rows.items);
}

/* ---- asking ---- */

static void ask_for(const struct rc_answering *answering)
{
    struct rc_service *service = answering->service;
    const struct rc_request *request = answering->request;
    struct rc_ask ask = {.employee = request->employee,
                         .asked_by = answering->asker->login,
                         .asked_at = answering->at,
                         .action = request->action,
                         .target_seq = request->seq == RC_NONE ? 0 : request->seq,
                         .type = request->type,
                         .at = request->at == RC_NONE ? 0 : request->at,
                         .reason = rc_text_of(request->reason)};
    if (request->hold != RC_NONE || request->ask != RC_NONE) {
        refuse(answering, RC_INVALID_ARGUMENT, "correct: an ask names a seq, no holdId or askId");
        return;
    }
    if (request->seq != RC_NONE && !find_owner(answering, request->seq, &ask.employee))
        return;
    if (!rc_batch_begin(service) ||
        !rc_batch_check(service, rc_store_ask_add(service->store, answering->site->number, &ask)))
        return;
    struct rc_reply *reply = rc_reply_new(request->request_id, RC_OK, NULL);
    rc_reply_integer(reply, "askId", ask.number);
    rc_answer_durable(answering, reply);
}

/* An ask with a copy of its reason. */
struct kept_ask {
    struct rc_ask ask;
    bool found;
    char reason[RC_TEXT_MAX];
};

static bool keep_ask(void *context, const struct rc_ask *ask)
{
    struct kept_ask *kept = context;
    kept->ask = *ask;
    kept->found = true;
    kept->ask.reason.data = kept->reason;
    if (kept->ask.reason.length > sizeof kept->reason)
        kept->ask.reason.length = sizeof kept->reason;
    if (ask->reason.length > 0)
        memcpy(kept->reason, ask->reason.data, kept->ask.reason.length);
    return false;
}

/* Bytes of a row's reason where two people gave one. */
#define REASONS_MAX (2 * RC_TEXT_MAX + 8)

/* Why, by who asked and by who decided: both stand in the row. */
static struct rc_text both_reasons(struct rc_text asked, const char *decided, char out[REASONS_MAX])
{
    int length = snprintf(out, REASONS_MAX, "%.*s%s%s", (int)asked.length, asked.length > 0 ? asked.data : "",
                          asked.length > 0 && decided[0] != '\0' ? " / " : "", decided);
    return (struct rc_text){out, (size_t)length};
}

/* The asked-for correction is carried out. False: the batch failed. */
static bool carry_out_ask(const struct rc_answering *answering, const struct rc_ask *ask,
                          struct rc_outcome *outcome)
{
    char reasons[REASONS_MAX];
    struct correction correction = {.employee = ask->employee,
                                    .action = ask->action,
                                    .seq = ask->target_seq == 0 ? RC_NONE : ask->target_seq,
                                    .type = ask->type,
                                    .at = ask->at,
                                    .reason = both_reasons(ask->reason, answering->request->reason, reasons)};
    return decide(answering, &correction, outcome);
}

/* The decision and its reason, in the ask and, since a turned-down ask leaves no row in the log of punches,
 * in the audit log, which nobody can change. False: the batch failed. */
static bool close_ask(const struct rc_answering *answering, const struct rc_ask *open, int64_t seq)
{
    struct rc_service *service = answering->service;
    const struct rc_request *request = answering->request;
    bool accepts = request->action == RC_ACTION_ACCEPT;
    char detail[RC_ENCODED_MAX];
    struct rc_ask closed = {.number = open->number,
                            .state = accepts ? RC_ASK_ACCEPTED : RC_ASK_REJECTED,
                            .decided_by = answering->asker->login,
                            .decided_at = answering->at,
                            .result_seq = seq,
                            .decision_reason = rc_text_of(request->reason)};
    rc_encode_ask_decision(open->number, request->action, &closed.decided_by, closed.decision_reason, seq,
                           detail, sizeof detail);
    return rc_batch_begin(service) &&
           rc_batch_check(service, rc_store_ask_decide(service->store, answering->site->number, &closed)) &&
           rc_batch_audit(service, answering->site, "ASK", &open->employee, "OK", detail);
}

static void decide_ask(const struct rc_answering *answering)
{
    struct rc_service *service = answering->service;
    const struct rc_request *request = answering->request;
    struct kept_ask kept = {.found = false};
    struct rc_outcome outcome = {0};
    enum rc_store_result result =
        rc_store_ask_find(service->store, answering->site->number, request->ask, keep_ask, &kept);
    if (result != RC_STORE_NOT_FOUND && !rc_batch_check(service, result))
        return;
    if (!kept.found) {
        refuse(answering, RC_NOT_FOUND, "no such ask");
    } else if (kept.ask.state != RC_ASK_OPEN) {
        refuse(answering, RC_FAILED_PRECONDITION, "this ask has been decided");
    } else if (may_decide(answering, &kept.ask.employee, &kept.ask.asked_by)) {
        if (request->action == RC_ACTION_ACCEPT && !carry_out_ask(answering, &kept.ask, &outcome))
            return;
        if (outcome.code == RC_OK && !close_ask(answering, &kept.ask, outcome.seq))
            return;
        answer_outcome(answering, request->ask, &outcome);
    }
}

struct ask_list {
    struct rc_reply *reply;
    struct rc_paging paging;
};

static void add_decision(struct rc_reply *reply, const struct rc_ask *ask)
{
    static const char *const states[] = {
        [RC_ASK_OPEN] = "open", [RC_ASK_ACCEPTED] = "accepted", [RC_ASK_REJECTED] = "rejected"};
    rc_reply_text(reply, "state", rc_text_of(states[ask->state]));
    rc_answer_id(reply, "decidedBy", &ask->decided_by);
    rc_answer_integer(reply, "decidedAt", ask->decided_at);
    if (ask->decision_reason.length > 0)
        rc_reply_text(reply, "decisionReason", ask->decision_reason);
    rc_answer_integer(reply, "resultSeq", ask->result_seq);
}

static bool add_ask(void *context, const struct rc_ask *ask)
{
    struct ask_list *list = context;
    struct rc_reply *reply = list->reply;
    size_t bytes = ASK_ROW_BYTES + ask->employee.length + ask->asked_by.length + ask->decided_by.length +
                   rc_paging_text(ask->reason) + rc_paging_text(ask->decision_reason);
    if (!rc_paging_take(&list->paging, bytes, ask->number))
        return false;
    rc_reply_row_begin(reply);
    rc_reply_integer(reply, "askId", ask->number);
    rc_answer_id(reply, "employeeId", &ask->employee);
    rc_answer_id(reply, "askedBy", &ask->asked_by);
    rc_reply_integer(reply, "askedAt", ask->asked_at);
    rc_reply_text(reply, "action", rc_text_of(rc_action_name(ask->action)));
    rc_answer_integer(reply, "seq", ask->target_seq);
    if (ask->type != RC_TYPE_NONE)
        rc_reply_text(reply, "type", rc_text_of(rc_type_name(ask->type)));
    rc_answer_integer(reply, "at", ask->at);
    if (ask->reason.length > 0)
        rc_reply_text(reply, "reason", ask->reason);
    add_decision(reply, ask);
    rc_reply_row_end(reply);
    return true;
}

void rc_answer_asks(const struct rc_answering *answering)
{
    const struct rc_request *request = answering->request;
    struct ask_list list = {.reply = rc_reply_new(request->request_id, RC_OK, NULL)};
    rc_paging_begin(&list.paging, request->limit);
    struct rc_page page = {.employee = request->employee,
                           .to_at = INT64_MAX,
                           .after = request->cursor == RC_NONE ? 0 : request->cursor,
                           .limit = list.paging.limit + 1,
                           .undecided_only = !request->decided};
    rc_reply_list(list.reply, "asks");
    enum rc_store_result result =
        rc_store_asks(answering->service->store, answering->site->number, &page, add_ask, &list);
    if (result != RC_STORE_OK) {
        rc_reply_free(list.reply);
        rc_batch_fail(answering->service, result);
        rc_batch_unavailable(answering->site, answering->to, request->request_id);
        return;
    }
    if (list.paging.more)
        rc_reply_integer(list.reply, "nextCursor", list.paging.cursor);
    rc_answer_direct(answering, list.reply);
}

void rc_answer_correct(const struct rc_answering *answering)
{
    const struct rc_request *request = answering->request;
    if (request->ask_only)
        ask_for(answering);
    else if (request->ask != RC_NONE)
        decide_ask(answering);
    else if (request->hold != RC_NONE)
        decide_hold(answering);
    else
        decide_row(answering);
}
