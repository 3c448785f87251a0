/* Taking over what the store kept. Nobody's deadline is earlier than P-6 allows: all sessions are of an older
 * generation than the engine's first. */
#include "core/model.h"

#include <string.h>

void rc_engine_restore_site(struct rc_engine *engine, const struct rc_site_row *row)
{
    engine->site.last_seq = row->last_seq;
    engine->site.last_hold = row->last_hold;
    engine->site.maintenance = row->maintenance_at != 0;
    engine->site.maintenance_at = row->maintenance_at;
    engine->t = row->t;
}

bool rc_engine_restore_hold(struct rc_engine *engine, const struct rc_hold *row)
{
    if (engine->site.open_holds == RC_HOLDS_MAX) {
        return false;
    }
    engine->site.holds[engine->site.open_holds++] = *row;
    return true;
}

bool rc_engine_restore_employee(struct rc_engine *engine, const struct rc_employee_row *row)
{
    uint32_t index = rc_employee_make(engine, &row->employee);
    if (index == RC_NIL) {
        return false;
    }
    struct employee *employee = &engine->employees[index];
    employee->record.ledger = row->ledger;
    employee->evidence = row->evidence;
    if (employee->evidence.t > engine->t) {
        employee->evidence.t = engine->t; /* statuses are written more often than service time */
    }
    employee->record.published = (struct published){
        .is_in = row->ledger.is_in,
        .cause = (uint8_t)row->ledger.cause,
        .presence = (uint8_t)row->presence,
        .sessions = row->sessions,
        .since_at = row->ledger.since_at,
    };
    if (row->group.length != 0) {
        employee->scope = rc_scope_get(engine, RC_SCOPE_GROUP, &row->group);
    }
    return true;
}

bool rc_engine_restore_session(struct rc_engine *engine, const struct rc_session_row *row)
{
    uint32_t owner = RC_NIL;
    struct rc_effects none = {0};
    if (row->employee.length != 0) {
        owner = rc_employee_find(engine, &row->employee);
        if (owner == RC_NIL || engine->employees[owner].tally.all >= RC_SESSIONS_PER_EMPLOYEE) {
            return false;
        }
    }
    uint32_t index = rc_session_make(engine, owner, &row->session, &none);
    if (index == RC_NIL) {
        return false;
    }
    struct session *session = &engine->sessions[index];
    session->class = (uint8_t)row->class;
    session->state = (uint8_t)row->state;
    session->ended_by = (uint8_t)row->ended_by;
    session->epoch = row->epoch;
    session->interval_ms = (uint32_t)row->interval_ms;
    session->heard_at = row->heard_at;
    session->heard_t = row->heard_t < engine->t ? row->heard_t : engine->t;
    session->first_at = row->first_at;
    session->deadline_t = row->deadline_t;
    session->deadline_now = row->deadline_now;
    session->heard_in_seq = row->heard_in_seq;
    if (session->class == RC_BADGE && owner != RC_NIL) {
        session->scope = rc_scope_get(engine, RC_SCOPE_GATEWAY, &session->id);
    }
    return true;
}

/* Times of another boot are taken over by the wall clock. */
static void place_session(struct rc_engine *engine, uint32_t index)
{
    struct session *session = &engine->sessions[index];
    session->heard_now = engine->now - (engine->at - session->heard_at);
    bool held = session->employee != RC_NIL && engine->employees[session->employee].record.ledger.hold != 0;
    if (held && session->state == RC_S_LIVE) {
        session->state = RC_S_SILENT; /* P-8: its row is older than the hold, which only hearing it ends */
    }
    if (session->class == RC_KIOSK && session->deadline_now == RC_NONE) {
        int64_t in_at = session->employee == RC_NIL
                            ? engine->at
                            : engine->employees[session->employee].record.ledger.in_at;
        session->deadline_now = engine->now + (in_at + engine->policy.max_shift_ms - engine->at);
    }
    if (session->state == RC_S_LIVE || session->state == RC_S_SILENT) {
        engine->counts.expected_per_ks += 1000000u / (uint64_t)rc_session_interval(engine, session);
    }
    if (session->employee == RC_NIL) {
        bool online = session->state != RC_S_EXPIRED;
        engine->counts.devices_online += online;
        engine->devices_lost += !online && rc_is_silence(session->ended_by);
    }
    rc_session_arm(engine, index);
}

static void find_due_cause(const struct rc_engine *engine, struct employee *employee)
{
    int64_t last_t = INT64_MIN;
    for (uint32_t i = employee->sessions; i != RC_NIL; i = engine->sessions[i].sibling) {
        const struct session *session = &engine->sessions[i];
        if (session->state == RC_S_EXPIRED && session->deadline_t > last_t) {
            last_t = session->deadline_t;
            employee->due_cause = session->ended_by;
        }
    }
}

/* Whom no session at all stands for was punched in by a manager, until the shift limit; else the
 * evidence-only slot listens. */
static void watch(struct rc_engine *engine, uint32_t index)
{
    struct rc_effects none = {0};
    bool nobody = engine->employees[index].tally.all == 0;
    uint32_t slot = rc_session_slot(engine, index, &none);
    if (slot == RC_NIL) {
        return; /* rc_employee_settle will try again, and convicts nobody before */
    }
    if (nobody) {
        rc_session_watch_shift(engine, slot);
    } else {
        rc_session_listen(engine, slot);
    }
}

/* IN, with no session left that silence could end: the last one is protected, or where the store knew none,
 * the evidence-only slot watches. */
static void place_employee(struct rc_engine *engine, uint32_t index)
{
    struct employee *employee = &engine->employees[index];
    rc_employee_count(engine, employee);
    find_due_cause(engine, employee);
    if (employee->record.ledger.hold != 0) {
        rc_hold_list(engine, index);
    }
    if (employee->record.ledger.is_in && rc_employee_open(employee) == 0 &&
        employee->due_cause == RC_CAUSE_NONE) {
        watch(engine, index);
    }
    rc_employee_pend(engine, index);
}

void rc_engine_restore_done(struct rc_engine *engine, int64_t now, int64_t at)
{
    engine->now = now;
    engine->at = at;
    rc_wheel_init(&engine->silence, engine->timers, engine->t);
    rc_wheel_init(&engine->shift, engine->timers, now);
    engine->generation = 1;
    engine->reconnect_now = now;
    engine->reconnect_t = engine->t;
    engine->site.maintenance_now = now + (engine->site.maintenance_at - at);
    for (uint32_t i = 0; i < engine->site.open_holds; i++) {
        struct rc_hold *hold = &engine->site.holds[i];
        if (hold->ends_now == RC_NONE) {
            hold->ends_now = now + (hold->ends_at - at);
        }
    }
    for (uint32_t i = 0; i < engine->session_used; i++) {
        if (engine->sessions[i].flags & S_USED) {
            place_session(engine, i);
        }
    }
    for (uint32_t i = 0; i < engine->employee_used; i++) {
        place_employee(engine, i);
    }
}
