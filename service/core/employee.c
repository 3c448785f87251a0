/* One employee: the sum of their sessions, and their ledger. */
#include "core/model.h"

#include <assert.h>
#include <string.h>

/* Later by boot time where both are of this boot. Else by service time, which only grows, but stands still
 * while punches wait for us: those are compared by their labels. */
static bool is_later(const struct rc_evidence *evidence, const struct moment *moment)
{
    if (evidence->at != 0 && evidence->now >= 0 && moment->now >= 0) {
        return moment->now >= evidence->now;
    }
    return evidence->at == 0 || moment->t >= evidence->t || moment->at >= evidence->at;
}

void rc_employee_evidence(struct employee *employee, struct moment moment)
{
    struct rc_evidence *evidence = &employee->evidence;
    if (is_later(evidence, &moment)) {
        int64_t t = moment.t > evidence->t ? moment.t : evidence->t;
        *evidence =
            (struct rc_evidence){.at = moment.at, .now = moment.now < 0 ? RC_NONE : moment.now, .t = t};
    }
}

struct record *rc_employee_record(struct rc_engine *engine, uint32_t index)
{
    struct employee *employee = &engine->employees[index];
    if (employee->image_batch != engine->batch) {
        assert(engine->image_count < engine->limits.images);
        engine->images[engine->image_count++] = (struct image){.employee = index, .record = employee->record};
        employee->image_batch = engine->batch;
    }
    return &employee->record;
}

static void push_back(struct rc_engine *engine, struct list *list, uint32_t index, uint8_t flag)
{
    struct employee *employee = &engine->employees[index];
    employee->flags |= flag;
    employee->pending_next = RC_NIL;
    if (list->first == RC_NIL) {
        list->first = index;
    } else {
        engine->employees[list->last].pending_next = index;
    }
    list->last = index;
}

void rc_employee_pend(struct rc_engine *engine, uint32_t index)
{
    if (!(engine->employees[index].flags & (E_PENDING | E_WAITING))) {
        push_back(engine, &engine->pending, index, E_PENDING);
    }
}

static void wait_for_better(struct rc_engine *engine, uint32_t index)
{
    if (!(engine->employees[index].flags & (E_PENDING | E_WAITING))) {
        push_back(engine, &engine->waiting, index, E_WAITING);
    }
}

static uint32_t pop_front(struct rc_engine *engine, struct list *list, uint8_t flag)
{
    uint32_t index = list->first;
    if (index != RC_NIL) {
        list->first = engine->employees[index].pending_next;
        engine->employees[index].flags &= (uint8_t)~flag;
    }
    return index;
}

void rc_employee_all_waiting(struct rc_engine *engine)
{
    uint32_t index;
    while ((index = pop_front(engine, &engine->waiting, E_WAITING)) != RC_NIL) {
        rc_employee_pend(engine, index);
    }
}

bool rc_employee_pending(struct rc_engine *engine, struct rc_effects *out)
{
    while (engine->store_ok && !rc_list_empty(&engine->pending)) {
        if (out->capacity - out->count < RC_EFFECTS_PER_EMPLOYEE || !rc_engine_room(engine)) {
            return true;
        }
        rc_employee_settle(engine, pop_front(engine, &engine->pending, E_PENDING), out);
    }
    return false;
}

void rc_employee_count(struct rc_engine *engine, struct employee *employee)
{
    struct tally tally = {0};
    for (uint32_t i = employee->sessions; i != RC_NIL; i = engine->sessions[i].sibling) {
        if (engine->sessions[i].class == RC_KIOSK) {
            rc_session_settle_kiosk(engine, i);
        }
        tally.all++;
        switch ((enum rc_session_state)engine->sessions[i].state) {
        case RC_S_LIVE:
            tally.live++;
            break;
        case RC_S_SILENT:
            tally.silent++;
            break;
        case RC_S_LOST:
            tally.lost++;
            break;
        case RC_S_CLOSED:
            tally.closed++;
            break;
        case RC_S_ASLEEP:
            tally.asleep++;
            break;
        case RC_S_KIOSK:
            tally.kiosk++;
            break;
        case RC_S_EXPIRED:
        case RC_S_COUNT:
            break;
        }
    }
    employee->tally = tally;
}

uint32_t rc_employee_open(const struct employee *employee)
{
    const struct tally *tally = &employee->tally;
    return (uint32_t)tally->live + tally->silent + tally->lost + tally->closed + tally->asleep + tally->kiosk;
}

enum rc_presence rc_employee_presence(const struct employee *employee)
{
    const struct tally *tally = &employee->tally;
    if (employee->record.ledger.is_in && employee->record.ledger.hold != 0) {
        return RC_HELD;
    }
    if (tally->live + tally->silent + tally->kiosk > 0) {
        return RC_PRESENT; /* P-1: live until the deadline */
    }
    return tally->lost + tally->closed + tally->asleep > 0 ? RC_SUSPECT : RC_ABSENT;
}

/* P-5: the last evidence since the IN, which is that of itself; an IN that a person retimed or added is no
 * more. */
static struct rc_evidence since_in(const struct rc_engine *engine, const struct employee *employee)
{
    struct rc_evidence evidence = employee->evidence;
    int64_t in_at = employee->record.ledger.in_at;
    if (evidence.at < in_at) {
        int64_t in_t = engine->t - (engine->at - in_at);
        evidence =
            (struct rc_evidence){.at = in_at, .now = RC_NONE, .t = in_t > evidence.t ? in_t : evidence.t};
    }
    return evidence;
}

void rc_employee_auto_out(struct rc_engine *engine, uint32_t index, enum rc_cause cause,
                          struct rc_effects *out)
{
    struct employee *employee = &engine->employees[index];
    struct rc_ledger *ledger = &rc_employee_record(engine, index)->ledger;
    struct rc_evidence evidence = since_in(engine, employee);
    bool review = cause == RC_CAUSE_OUTAGE || cause == RC_CAUSE_SHIFT_LIMIT || cause == RC_CAUSE_MISSED_OUT ||
                  evidence.at == ledger->in_at; /* P-16: nothing was heard but the IN itself */
    int64_t at = rc_row_label(employee, evidence.at, &review);
    struct rc_row *row = rc_row_push(engine, index, RC_AUTO_OUT, cause, at, out);
    row->last_evidence_at = evidence.at;
    row->detected_at = engine->at;
    row->closes = ledger->in_seq;
    row->hold = ledger->hold;
    row->review = review;
    row->out_t = evidence.t;
    row->out_detected_t = engine->t;
    *ledger = (struct rc_ledger){
        .cause = RC_STATUS_AUTO_OUT,
        .since_at = at,
        .in_seq = ledger->in_seq,
        .in_at = ledger->in_at,
        .last_seq = row->seq,
        .last_at = at,
        .out_seq = row->seq,
        .out_type = RC_AUTO_OUT,
        .out_cause = cause,
        .out_t = evidence.t,
        .out_detected_t = engine->t,
        .version = ledger->version,
    };
}

/* IN, and no session has ever stood for it: silence has to begin before it can end. */
static void begin_to_listen(struct rc_engine *engine, uint32_t index, struct rc_effects *out)
{
    uint32_t slot = rc_session_slot(engine, index, out);
    if (slot == RC_NIL) {
        wait_for_better(engine, index); /* P-18: nobody is convicted for want of room */
        return;
    }
    rc_session_listen(engine, slot);
}

/* IN, and every session is past its deadline (P-4). */
static void fall_due(struct rc_engine *engine, uint32_t index, struct rc_effects *out)
{
    struct employee *employee = &engine->employees[index];
    enum rc_cause cause = employee->due_cause;
    int64_t hold = employee->record.ledger.hold;
    bool may =
        engine->store_ok && !engine->site.maintenance && (engine->connected || cause == RC_CAUSE_SHIFT_LIMIT);
    if (!may) {
        wait_for_better(engine, index);
        return;
    }
    if (cause == RC_CAUSE_NONE) {
        begin_to_listen(engine, index, out);
        return;
    }
    if (hold != 0 && rc_hold_is_open(engine, hold)) {
        return;
    }
    if (hold == 0 && rc_is_silence(cause)) {
        hold = rc_hold_for(engine, index, out);
        if (hold != 0) {
            rc_employee_record(engine, index)->ledger.hold = hold;
            rc_hold_list(engine, index);
            return;
        }
    }
    rc_employee_auto_out(engine, index, hold != 0 ? RC_CAUSE_OUTAGE : cause, out);
}

void rc_employee_emit_status(struct rc_engine *engine, uint32_t index, struct rc_effects *out)
{
    struct employee *employee = &engine->employees[index];
    struct record *record = rc_employee_record(engine, index);
    record->published = (struct published){
        .is_in = record->ledger.is_in,
        .cause = (uint8_t)record->ledger.cause,
        .presence = (uint8_t)rc_employee_presence(employee),
        .sessions = rc_employee_open(employee),
        .since_at = record->ledger.since_at,
    };
    struct rc_effect *effect = rc_effect_push(out, RC_FX_STATUS);
    effect->status.employee = employee->id;
    effect->status.ledger = record->ledger;
    effect->status.presence = record->published.presence;
    effect->status.sessions = record->published.sessions;
    effect->status.evidence = employee->evidence;
}

bool rc_employee_has_news(const struct employee *employee)
{
    const struct published *published = &employee->record.published;
    const struct rc_ledger *ledger = &employee->record.ledger;
    return ledger->version == 0 || published->is_in != ledger->is_in || published->cause != ledger->cause ||
           published->since_at != ledger->since_at || published->presence != rc_employee_presence(employee) ||
           published->sessions != rc_employee_open(employee);
}

static void count_one(struct rc_counts *counts, const struct employee *employee, uint64_t one)
{
    if (!employee->counted) {
        return;
    }
    *(employee->counted_in ? &counts->in : &counts->out) += one;
    if (employee->counted_in) {
        counts->present += employee->counted_presence == RC_PRESENT ? one : 0;
        counts->suspect += employee->counted_presence == RC_SUSPECT ? one : 0;
        counts->held += employee->counted_presence == RC_HELD ? one : 0;
    }
    counts->sessions += one * employee->counted_open;
}

/* The site's figures go along with each change; adding the two's complement of 1 takes away. */
static void count_site(struct rc_engine *engine, struct employee *employee)
{
    count_one(&engine->counts, employee, UINT64_MAX);
    employee->counted = true;
    employee->counted_in = employee->record.ledger.is_in;
    employee->counted_presence = (uint8_t)rc_employee_presence(employee);
    employee->counted_open = (uint8_t)rc_employee_open(employee);
    count_one(&engine->counts, employee, 1);
}

void rc_employee_reload(struct rc_engine *engine, uint32_t index, struct rc_effects *out)
{
    rc_effect_push(out, RC_FX_RELOAD)->reload.employee = engine->employees[index].id;
    engine->reloading = index;
}

void rc_employee_settle(struct rc_engine *engine, uint32_t index, struct rc_effects *out)
{
    struct employee *employee = &engine->employees[index];
    if (index == engine->reloading) {
        return; /* its ledger is older than its rows until RC_EV_LEDGER */
    }
    rc_employee_count(engine, employee);
    bool due = employee->record.ledger.is_in && rc_employee_open(employee) == 0;
    if (employee->record.ledger.hold != 0 && employee->tally.live + employee->tally.kiosk > 0 &&
        engine->store_ok) {
        rc_employee_record(engine, index)->ledger.hold = 0; /* P-8: who is heard again is simply present */
    }
    rc_hold_count(engine, index);
    if (due) {
        fall_due(engine, index, out);
        rc_employee_count(engine, employee);
        rc_hold_count(engine, index);
    }
    count_site(engine, employee);
    if (!rc_employee_has_news(employee)) {
        return;
    }
    if (!engine->store_ok) {
        rc_employee_pend(engine, index);
        return;
    }
    rc_employee_record(engine, index)->ledger.version++;
    rc_employee_emit_status(engine, index, out);
}

/* P-9: how long after an AUTO_OUT being heard still undoes it. */
static bool in_resume_window(const struct rc_engine *engine, const struct rc_ledger *ledger)
{
    const struct rc_policy *policy = &engine->policy;
    bool outage = ledger->out_cause == RC_CAUSE_OUTAGE;
    int64_t until_t = ledger->out_t + (outage ? policy->resume_outage_ms : policy->resume_ms);
    if (until_t < ledger->out_detected_t + policy->resume_detected_ms) {
        until_t = ledger->out_detected_t + policy->resume_detected_ms;
    }
    return engine->t <= until_t;
}

static bool resumes(const struct rc_engine *engine, const struct employee *employee,
                    const struct session *session)
{
    const struct rc_ledger *ledger = &employee->record.ledger;
    return ledger->out_type == RC_AUTO_OUT && !ledger->out_final && ledger->last_seq == ledger->out_seq &&
           session->class != RC_KIOSK && session->heard_in_seq == ledger->in_seq &&
           in_resume_window(engine, ledger);
}

static void resume(struct rc_engine *engine, uint32_t index, const struct session *session,
                   struct rc_effects *out)
{
    struct employee *employee = &engine->employees[index];
    struct rc_ledger *ledger = &rc_employee_record(engine, index)->ledger;
    bool review = ledger->out_cause == RC_CAUSE_OUTAGE;
    int64_t at = rc_row_label(employee, engine->at, &review);
    struct rc_row *row = rc_row_push(engine, index, RC_RESUME, RC_CAUSE_RESUME, at, out);
    row->session = session->id;
    row->target_seq = ledger->out_seq;
    row->review = review;
    *ledger = (struct rc_ledger){
        .is_in = true,
        .cause = RC_STATUS_RESUME,
        .since_at = ledger->in_at,
        .in_seq = ledger->in_seq,
        .in_at = ledger->in_at,
        .last_seq = row->seq,
        .last_at = at,
        .version = ledger->version,
    };
}

/* P-10: only where it is switched on, and only a session that is newer than the last OUT. */
static void punch_in(struct rc_engine *engine, uint32_t index, const struct session *session,
                     bool in_elsewhere, struct rc_effects *out)
{
    struct employee *employee = &engine->employees[index];
    struct rc_ledger *ledger = &rc_employee_record(engine, index)->ledger;
    bool review = in_elsewhere; /* P-17 */
    int64_t at = rc_row_label(employee, engine->at, &review);
    struct rc_row *row = rc_row_push(engine, index, RC_IN, RC_CAUSE_AUTO_IN, at, out);
    row->session = session->id;
    row->review = review;
    *ledger = (struct rc_ledger){
        .is_in = true,
        .cause = RC_STATUS_PUNCH,
        .since_at = at,
        .in_seq = row->seq,
        .in_at = at,
        .last_seq = row->seq,
        .last_at = at,
        .version = ledger->version,
    };
}

void rc_employee_heard_out(struct rc_engine *engine, uint32_t index, uint32_t session_index,
                           bool in_elsewhere, struct rc_effects *out)
{
    struct employee *employee = &engine->employees[index];
    struct session *session = &engine->sessions[session_index];
    const struct rc_ledger *ledger = &employee->record.ledger;
    if (!engine->store_ok) {
        return; /* its next heartbeat will try again */
    }
    if (resumes(engine, employee, session)) {
        resume(engine, index, session, out);
    } else if (engine->policy.auto_in[session->class] &&
               (ledger->last_seq == 0 || session->first_at > ledger->since_at)) {
        punch_in(engine, index, session, in_elsewhere, out);
    } else {
        return;
    }
    session->heard_in_seq = ledger->in_seq;
    rc_employee_settle(engine, index, out);
}
