/* Punches: what time they happened (P-13), whether they were seen before (P-12), and the judgement on those
 * that are not late (P-11). Late ones go on to late.c. */
#include "core/model.h"

#include <assert.h>
#include <string.h>

struct rc_punch_when rc_punch_when(const struct rc_punch *punch, const struct rc_policy *policy)
{
    struct rc_punch_when when = {.at = punch->sent_at, .held_code = RC_OK};
    if (punch->age_ms != RC_NONE) {
        when.at = punch->sent_at - punch->age_ms;
    } else if (punch->clock == RC_CLOCK_UNSET) {
        when.held_code = RC_CLOCK_DOUBTFUL;
    } else if (punch->device_at != RC_NONE && punch->clock == RC_CLOCK_SYNCED) {
        if (punch->device_at > punch->sent_at + policy->future_ms) {
            when.held_code = RC_CLOCK_DOUBTFUL;
        } else if (punch->device_at < punch->sent_at) {
            when.at = punch->device_at;
        }
    }
    if (when.at < 0 || punch->sent_at - when.at > policy->late_ms_max) {
        when.at = when.at < 0 ? 0 : when.at;
        when.held_code = RC_TOO_OLD;
    }
    when.late = when.held_code == RC_OK && punch->sent_at - when.at > policy->trust_ms;
    return when;
}

void rc_capacity_reached(struct rc_engine *engine, struct rc_effects *out)
{
    if (engine->capacity_alert) {
        return;
    }
    engine->capacity_alert = true;
    struct rc_effect *effect = rc_effect_push(out, RC_FX_ALERT);
    effect->alert.kind = RC_ALERT_CAPACITY;
    effect->alert.raised = true;
    effect->alert.since_at = engine->at;
    effect->alert.count = (int64_t)engine->counts.tracked;
}

uint32_t rc_session_for(struct rc_engine *engine, uint32_t employee, const struct rc_beat *beat,
                        struct rc_effects *out)
{
    uint32_t index = rc_session_find(engine, employee, &beat->session);
    if (index != RC_NIL) {
        return index;
    }
    index = rc_session_make(engine, employee, &beat->session, out);
    if (index == RC_NIL) {
        if (engine->named_used >= engine->limits.sessions) {
            rc_capacity_reached(engine, out);
        }
        if (employee != RC_NIL) {
            return rc_session_slot(engine, employee, out);
        }
        engine->counts.dropped++;
    }
    return index;
}

uint32_t rc_session_slot(struct rc_engine *engine, uint32_t employee, struct rc_effects *out)
{
    static const struct rc_id slot = {0};
    uint32_t index = rc_session_find(engine, employee, &slot);
    index = index != RC_NIL ? index : rc_session_make(engine, employee, &slot, out);
    if (index == RC_NIL) {
        engine->counts.dropped++;
        rc_capacity_reached(engine, out);
    }
    return index;
}

void rc_punch_receipt(struct rc_engine *engine, const struct rc_punch *punch, const struct rc_row *row,
                      enum rc_result result, enum rc_code code, const char *message, struct rc_effects *out)
{
    struct rc_receipt receipt = {
        .employee = punch->employee,
        .session = punch->session,
        .id = punch->id,
        .type = punch->type,
        .result = result,
        .recorded_at = engine->at,
        .code = code,
        .message = message,
        .remember = true,
    };
    if (row != NULL) {
        receipt.seq = row->seq;
        receipt.at = row->at;
        receipt.review = row->review;
    }
    rc_effect_push(out, RC_FX_RECEIPT)->receipt = receipt;
}

void rc_punch_recorded(struct rc_engine *engine, const struct rc_punch *punch, const struct rc_row *row,
                       struct rc_effects *out)
{
    rc_punch_receipt(engine, punch, row, RC_RECORDED, punch->in_elsewhere ? RC_IN_ELSEWHERE : RC_OK,
                     punch->in_elsewhere ? "recorded, but IN at another site" : NULL, out);
}

void rc_punch_into_row(const struct rc_punch *punch, struct rc_row *row)
{
    row->id = punch->id;
    row->session = punch->session;
    row->login = punch->login;
    row->device_at = punch->device_at;
    row->note = punch->note;
}

bool rc_punch_late_review(const struct rc_punch *punch, struct rc_punch_when when)
{
    bool late = when.late || when.held_code == RC_TOO_OLD;
    return punch->unmarked || (late && !punch->from_device);
}

void rc_punch_hold_back(struct rc_engine *engine, uint32_t employee, const struct rc_punch *punch,
                        struct rc_punch_when when, enum rc_code code, const char *message,
                        struct rc_effects *out)
{
    struct rc_row *row = rc_row_push(engine, employee, punch->type, RC_CAUSE_PUNCH, when.at, out);
    rc_punch_into_row(punch, row);
    row->held = true;
    row->review = code != RC_CLOCK_DOUBTFUL && rc_punch_late_review(punch, when);
    rc_punch_receipt(engine, punch, row, RC_HELD_BACK, code, message, out);
}

/* P-12: the id was seen before. */
static void answer_again(const struct rc_punch *punch, struct rc_effects *out)
{
    const struct rc_verdict *prior = &punch->prior;
    struct rc_receipt receipt = {
        .employee = punch->employee,
        .session = punch->session,
        .id = punch->id,
        .type = prior->type,
        .result = RC_DUPLICATE,
        .first = prior->result,
        .seq = prior->seq,
        .at = prior->at,
        .recorded_at = prior->recorded_at,
        .review = prior->review,
        .code = prior->code,
        .message = prior->message,
        .has_hash = prior->has_hash,
    };
    memcpy(receipt.hash, prior->hash, sizeof receipt.hash);
    if (prior->type != punch->type) {
        receipt = (struct rc_receipt){
            .employee = punch->employee,
            .session = punch->session,
            .id = punch->id,
            .type = punch->type,
            .result = RC_REJECTED,
            .recorded_at = prior->recorded_at,
            .code = RC_ID_CONFLICT,
            .message = "this id was used for a punch of another type",
        };
    }
    rc_effect_push(out, RC_FX_RECEIPT)->receipt = receipt;
}

/* How long before the punch the employee was last evident: by boot time where both ends are of this boot
 * (P-14). */
static int64_t unseen_ms(const struct rc_engine *engine, const struct employee *employee, int64_t at)
{
    const struct rc_evidence *evidence = &employee->evidence;
    int64_t punched_now = engine->now - (engine->at - at);
    int64_t unseen = evidence->now != RC_NONE ? punched_now - evidence->now : at - evidence->at;
    int64_t in_ms =
        at - employee->record.ledger.in_at; /* an IN that somebody added is evidence of nothing else */
    return unseen < in_ms ? unseen : in_ms;
}

static void open_period(struct rc_ledger *ledger, const struct rc_row *row)
{
    *ledger = (struct rc_ledger){
        .is_in = true,
        .cause = RC_STATUS_PUNCH,
        .since_at = row->at,
        .in_seq = row->seq,
        .in_at = row->at,
        .last_seq = row->seq,
        .last_at = row->at,
        .version = ledger->version,
    };
}

static void judge_in(struct rc_engine *engine, uint32_t index, const struct rc_punch *punch, int64_t at,
                     bool kiosk, struct rc_effects *out)
{
    struct employee *employee = &engine->employees[index];
    if (employee->record.ledger.is_in && kiosk &&
        unseen_ms(engine, employee, at) >= engine->policy.missed_out_ms) {
        rc_employee_auto_out(engine, index, RC_CAUSE_MISSED_OUT, out); /* P-11: they forgot to punch out */
    }
    if (employee->record.ledger.is_in) {
        rc_punch_receipt(engine, punch, NULL, RC_REJECTED, RC_ALREADY_IN, "already IN", out);
        return;
    }
    bool review = punch->unmarked || punch->in_elsewhere;
    at = rc_row_label(employee, at, &review);
    struct rc_row *row = rc_row_push(engine, index, RC_IN, RC_CAUSE_PUNCH, at, out);
    rc_punch_into_row(punch, row);
    row->review = review;
    open_period(&rc_employee_record(engine, index)->ledger, row);
    employee->due_cause = RC_CAUSE_NONE;
    rc_punch_recorded(engine, punch, row, out);
}

static void judge_out(struct rc_engine *engine, uint32_t index, const struct rc_punch *punch, int64_t at,
                      struct rc_effects *out)
{
    struct employee *employee = &engine->employees[index];
    struct rc_ledger *ledger = &rc_employee_record(engine, index)->ledger;
    if (!ledger->is_in) {
        rc_punch_receipt(engine, punch, NULL, RC_REJECTED, RC_ALREADY_OUT, "already OUT", out);
        if (ledger->out_type == RC_AUTO_OUT && !ledger->out_final) {
            ledger->out_final = true; /* they say themselves that they are OUT: no heartbeat resumes that */
            rc_employee_emit_status(engine, index, out);
        }
        return;
    }
    bool review = punch->unmarked;
    at = rc_row_label(employee, at, &review);
    struct rc_row *row = rc_row_push(engine, index, RC_OUT, RC_CAUSE_PUNCH, at, out);
    rc_punch_into_row(punch, row);
    row->review = review;
    row->closes = ledger->in_seq;
    *ledger = (struct rc_ledger){
        .cause = RC_STATUS_PUNCH,
        .since_at = at,
        .in_seq = ledger->in_seq,
        .in_at = ledger->in_at,
        .last_seq = row->seq,
        .last_at = at,
        .out_seq = row->seq,
        .out_type = RC_OUT,
        .out_cause = RC_CAUSE_PUNCH,
        .version = ledger->version,
    };
    rc_punch_receipt(engine, punch, row, RC_RECORDED, RC_OK, NULL, out);
}

bool rc_punch_looks_back(const struct rc_engine *engine, const struct rc_punch *punch)
{
    if (punch->prior.found) {
        return false;
    }
    if (rc_punch_when(punch, &engine->policy).late) {
        return true;
    }
    uint32_t index = rc_employee_find(engine, &punch->employee);
    return punch->type == RC_OUT && index != RC_NIL &&
           engine->employees[index].record.ledger.out_type == RC_AUTO_OUT;
}

/* P-13: it was sent before the AUTO_OUT was decided, and waited in the broker while we were away, or crossed
 * with it on the way: the state at receipt is not what the person saw. */
static bool was_overtaken(const struct rc_punch *punch)
{
    const struct rc_period *period = &punch->history.at;
    return punch->type == RC_OUT && period->found && period->closed && period->out_type == RC_AUTO_OUT &&
           !period->out_decided && punch->sent_at < period->out_detected_at;
}

static void judge(struct rc_engine *engine, uint32_t index, const struct rc_punch *punch,
                  struct rc_punch_when when, bool kiosk, struct rc_effects *out)
{
    if (punch->prior.found) {
        answer_again(punch, out);
    } else if (when.held_code != RC_OK) {
        rc_punch_hold_back(
            engine, index, punch, when, when.held_code,
            when.held_code == RC_TOO_OLD ? "over 7 days old" : "the device's clock cannot be believed", out);
    } else if (when.late || (!engine->employees[index].record.ledger.is_in && was_overtaken(punch))) {
        rc_late_step(engine, index, punch, when, out);
    } else if (punch->type == RC_IN) {
        judge_in(engine, index, punch, when.at, kiosk, out);
    } else {
        judge_out(engine, index, punch, when.at, out);
    }
}

/* A class that was announced sticks; a device that says none is a kiosk: gateways punch for nobody. */
static bool is_kiosk(const struct rc_engine *engine, uint32_t employee, const struct rc_punch *punch)
{
    if (punch->has_class) {
        return punch->class == RC_KIOSK;
    }
    uint32_t known = rc_session_find(engine, employee, &punch->session);
    if (known != RC_NIL) {
        return engine->sessions[known].class == RC_KIOSK;
    }
    return punch->from_device || rc_engine_is_device(engine, &punch->session);
}

static void refuse(struct rc_engine *engine, const struct rc_punch *punch, struct rc_effects *out)
{
    engine->counts.dropped++;
    rc_capacity_reached(engine, out);
    rc_punch_receipt(engine, punch, NULL, RC_RETRY, RC_UNAVAILABLE,
                     "the service has no room for another employee", out);
    out->items[out->count - 1].receipt.remember = false;
}

/* The IN that the effects since `from` wrote, or NULL. */
static const struct rc_row *in_written(const struct rc_effects *out, size_t from)
{
    for (size_t i = out->count; i > from; i--) {
        const struct rc_effect *effect = &out->items[i - 1];
        if (effect->kind == RC_FX_ROW && effect->row.type == RC_IN && !effect->row.held) {
            return &effect->row;
        }
    }
    return NULL;
}

/* P-1: any kiosk IN of the current period, ALREADY_IN too, starts or keeps the kiosk's session. in: the row
 * that was just written, or NULL; a late one that is not the last IN is of no current period. */
static void keep_kiosk(struct rc_engine *engine, uint32_t index, const struct rc_beat *beat,
                       const struct rc_punch *punch, struct rc_punch_when when, const struct rc_row *in,
                       struct rc_effects *out)
{
    const struct rc_ledger *ledger = &engine->employees[index].record.ledger;
    const struct rc_history *history = &punch->history;
    bool last = in != NULL &&
                (!when.late || (!history->next.found && rc_late_waiting(engine, history, when.at) == 0));
    bool again = in == NULL && ledger->is_in && when.held_code == RC_OK && !punch->prior.found &&
                 (!when.late || when.at >= ledger->in_at);
    if (punch->type != RC_IN || (!last && !again)) {
        return;
    }
    int64_t in_seq = last ? in->seq : ledger->in_seq, in_at = last ? in->at : ledger->in_at;
    uint32_t session = rc_session_for(engine, index, beat, out);
    if (session != RC_NIL) {
        rc_session_kiosk(engine, session, in_seq, in_at);
    }
}

/* The punch as a sign of life of its session. */
static void hear(struct rc_engine *engine, uint32_t index, const struct rc_punch *punch,
                 struct rc_punch_when when, bool kiosk, const struct rc_row *in, struct rc_effects *out)
{
    struct rc_beat beat = {
        .employee = punch->employee,
        .session = punch->session,
        .epoch = RC_NONE,
        .interval_ms = RC_NONE,
        .has_class = punch->has_class || kiosk,
        .class = kiosk ? RC_KIOSK : punch->class,
    };
    int64_t ago_ms = engine->at - when.at > 0 ? engine->at - when.at : 0;
    struct heard heard = {
        .beat = &beat,
        .evidence = {.at = when.at, .now = engine->now - ago_ms, .t = engine->t - ago_ms},
        .is_evidence = when.held_code == RC_OK && !punch->prior.found,
        .sent_now = punch->sent_now,
    };
    if (kiosk) {
        if (heard.is_evidence) {
            rc_employee_evidence(&engine->employees[index], heard.evidence);
        }
        keep_kiosk(engine, index, &beat, punch, when, in, out);
        return;
    }
    uint32_t session = rc_session_for(engine, index, &beat, out);
    if (session != RC_NIL) {
        rc_session_heard(engine, session, &heard, out);
    }
}

/* Section 8: nothing is known, and nothing heard, of somebody who is not served; but the same id still gets
 * the same answer (P-12). */
static void turn_away(struct rc_engine *engine, const struct rc_punch *punch, struct rc_effects *out)
{
    if (punch->prior.found) {
        answer_again(punch, out);
    } else {
        rc_punch_receipt(engine, punch, NULL, RC_REJECTED, RC_NOT_FOUND, "not in the directory of employees",
                         out);
    }
}

void rc_punch_step(struct rc_engine *engine, const struct rc_event *event, struct rc_effects *out)
{
    struct rc_punch punch = event->punch;
    if (punch.stranger) {
        turn_away(engine, &punch, out);
        return;
    }
    uint32_t index = rc_employee_find(engine, &punch.employee);
    index = index != RC_NIL ? index : rc_employee_make(engine, &punch.employee);
    if (index == RC_NIL) {
        refuse(engine, &punch, out);
        return;
    }
    size_t from = out->count;
    bool kiosk = is_kiosk(engine, index, &punch);
    punch.from_device = punch.from_device || kiosk;
    struct rc_punch_when when = rc_punch_when(&punch, &engine->policy);
    judge(engine, index, &punch, when, kiosk, out);
    hear(engine, index, &punch, when, kiosk, in_written(out, from), out);
    rc_employee_settle(engine, index, out);
}
