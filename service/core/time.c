/* Service time: boot time less everything that counts against no one (P-6, P-7, P-19). */
#include "core/model.h"

bool rc_time_runs(const struct rc_engine *engine)
{
    return engine->connected && engine->store_ok && !engine->site.maintenance;
}

void rc_time_advance(struct rc_engine *engine, int64_t now, int64_t at)
{
    if (now > engine->now) {
        if (rc_time_runs(engine)) {
            engine->t += now - engine->now;
        }
        engine->now = now;
    }
    engine->at = at;
}

/* The session of an employee that came to its end last. */
static uint32_t last_ended(const struct rc_engine *engine, const struct employee *employee)
{
    uint32_t best = RC_NIL;
    for (uint32_t i = employee->sessions; i != RC_NIL; i = engine->sessions[i].sibling) {
        if (engine->sessions[i].class != RC_KIOSK &&
            (best == RC_NIL || engine->sessions[i].deadline_t > engine->sessions[best].deadline_t)) {
            best = i;
        }
    }
    return best;
}

/* Who fell due but was not punched out (held, or nobody could be convicted) is protected like everybody else.
 */
static void protect(struct rc_engine *engine, uint32_t index)
{
    const struct employee *employee = &engine->employees[index];
    if (employee->record.ledger.is_in && rc_employee_open(employee) == 0 &&
        employee->due_cause != RC_CAUSE_SHIFT_LIMIT) {
        uint32_t session = last_ended(engine, employee);
        if (session != RC_NIL) {
            rc_session_protect(engine, session);
        }
    }
    rc_employee_pend(engine, index);
}

void rc_time_protect_all(struct rc_engine *engine)
{
    engine->generation++;
    engine->reconnect_now = engine->now;
    engine->reconnect_t = engine->t;
    rc_employee_all_waiting(engine);
    for (uint32_t i = engine->pending.first; i != RC_NIL; i = engine->employees[i].pending_next) {
        protect(engine, i);
    }
    for (uint32_t i = engine->held.first; i != RC_NIL; i = engine->employees[i].held_next) {
        protect(engine, i);
    }
}
