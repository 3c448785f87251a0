#include "core/model.h"

#include "core/hash.h"
#include "core/names.h"

#include <assert.h>
#include <string.h>

static bool same_id(const struct rc_id *a, const struct rc_id *b)
{
    return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

uint32_t rc_employee_find(const struct rc_engine *engine, const struct rc_id *id)
{
    uint32_t index = engine->employee_heads[rc_hash_id(engine->limits.seed, id) & engine->employee_mask];
    while (index != RC_NIL && !same_id(&engine->employees[index].id, id)) {
        index = engine->employees[index].chain;
    }
    return index;
}

uint32_t rc_employee_make(struct rc_engine *engine, const struct rc_id *id)
{
    if (engine->employee_used == engine->limits.employees) {
        return RC_NIL;
    }
    uint32_t index = engine->employee_used++;
    struct employee *employee = &engine->employees[index];
    memset(employee, 0, sizeof *employee);
    employee->id = *id;
    employee->sessions = employee->pending_next = employee->held_next = employee->scope = RC_NIL;
    employee->record.ledger.since_at = engine->at;
    employee->record.published.since_at = engine->at;
    employee->record.published.presence = RC_ABSENT;
    uint32_t *head = &engine->employee_heads[rc_hash_id(engine->limits.seed, id) & engine->employee_mask];
    employee->chain = *head;
    *head = index;
    engine->counts.employees++;
    return index;
}

/* The id under which an employee's sessions are hashed; devices are sessions of nobody. */
static const struct rc_id *owner_id(const struct rc_engine *engine, uint32_t employee)
{
    static const struct rc_id nobody = {0};
    return employee == RC_NIL ? &nobody : &engine->employees[employee].id;
}

static uint32_t *session_head(const struct rc_engine *engine, const struct rc_id *employee,
                              const struct rc_id *id)
{
    return &engine->session_heads[rc_hash_id(rc_hash_id(engine->limits.seed, employee), id) &
                                  engine->session_mask];
}

uint32_t rc_session_lookup(const struct rc_engine *engine, const struct rc_id *employee,
                           const struct rc_id *id)
{
    uint32_t index = *session_head(engine, employee, id);
    while (index != RC_NIL && (!same_id(&engine->sessions[index].id, id) ||
                               !same_id(owner_id(engine, engine->sessions[index].employee), employee))) {
        index = engine->sessions[index].chain;
    }
    return index;
}

uint32_t rc_session_find(const struct rc_engine *engine, uint32_t employee, const struct rc_id *id)
{
    return rc_session_lookup(engine, owner_id(engine, employee), id);
}

/* P-18: which session of the employee gives way to a new one: the longest past its deadline, else the longest
 * silent, a kiosk or sleeping one within its deadline never. */
static uint32_t victim(const struct rc_engine *engine, const struct employee *employee)
{
    uint32_t best = RC_NIL;
    for (uint32_t i = employee->sessions; i != RC_NIL; i = engine->sessions[i].sibling) {
        const struct session *session = &engine->sessions[i];
        if (session->state == RC_S_KIOSK || session->state == RC_S_ASLEEP || (session->flags & S_SLOT)) {
            continue;
        }
        const struct session *than = best == RC_NIL ? NULL : &engine->sessions[best];
        bool expired = session->state == RC_S_EXPIRED;
        bool than_expired = than != NULL && than->state == RC_S_EXPIRED;
        if (than == NULL || (expired && !than_expired) ||
            (expired == than_expired &&
             (expired ? session->deadline_t < than->deadline_t : session->heard_t < than->heard_t))) {
            best = i;
        }
    }
    return best;
}

uint32_t rc_session_make(struct rc_engine *engine, uint32_t employee, const struct rc_id *id,
                         struct rc_effects *out)
{
    bool slot = id->length == 0;
    struct employee *owner = employee == RC_NIL ? NULL : &engine->employees[employee];
    if (!slot && engine->named_used == engine->limits.sessions) {
        return RC_NIL;
    }
    if (owner != NULL && !slot && owner->tally.all >= RC_SESSIONS_PER_EMPLOYEE) {
        uint32_t old = victim(engine, owner);
        if (old == RC_NIL) {
            return RC_NIL;
        }
        rc_session_forget(engine, old, out);
    }
    uint32_t index = engine->session_free;
    if (index != RC_NIL) {
        engine->session_free = engine->sessions[index].chain;
    } else if (engine->session_used < engine->limits.sessions + engine->limits.employees) {
        index = engine->session_used++;
    } else {
        return RC_NIL; /* only while forgotten ones wait for the flush to let go of them */
    }
    struct session *session = &engine->sessions[index];
    memset(session, 0, sizeof *session);
    session->id = *id;
    session->flags = (uint8_t)(S_USED | (slot ? S_SLOT : 0));
    session->state = RC_S_EXPIRED;
    session->employee = employee;
    session->epoch = RC_NONE;
    session->leave_now = INT64_MIN;
    session->heard_now = INT64_MIN;
    session->first_at = engine->at;
    session->scope = session->dirty_next = session->dirty_previous = RC_NIL;
    uint32_t *siblings = owner != NULL ? &owner->sessions : &engine->devices;
    session->sibling = *siblings;
    *siblings = index;
    uint32_t *head = session_head(engine, owner_id(engine, employee), id);
    session->chain = *head;
    *head = index;
    if (owner != NULL) {
        owner->tally.all = (uint8_t)(owner->tally.all + 1);
    }
    engine->named_used += !slot;
    engine->counts.tracked++;
    engine->counts.devices += owner == NULL;
    return index;
}

static void unlink_from(uint32_t *link, const struct rc_engine *engine, uint32_t index, bool sibling)
{
    while (*link != index) {
        assert(*link != RC_NIL);
        struct session *session = &engine->sessions[*link];
        link = sibling ? &session->sibling : &session->chain;
    }
    *link = sibling ? engine->sessions[index].sibling : engine->sessions[index].chain;
}

static void uncount(struct rc_engine *engine, struct session *session)
{
    if (session->scope == RC_NIL) {
        return;
    }
    engine->scopes[session->scope].watched -= (session->flags & S_COUNT_WATCHED) != 0;
    engine->scopes[session->scope].overdue -= (session->flags & S_COUNT_OVERDUE) != 0;
    session->scope = RC_NIL;
}

void rc_session_drop(struct rc_engine *engine, uint32_t index)
{
    struct session *session = &engine->sessions[index];
    struct employee *owner = session->employee == RC_NIL ? NULL : &engine->employees[session->employee];
    rc_wheel_stop(session->state == RC_S_KIOSK ? &engine->shift : &engine->silence, index);
    uncount(engine, session);
    unlink_from(session_head(engine, owner_id(engine, session->employee), &session->id), engine, index,
                false);
    unlink_from(owner != NULL ? &owner->sessions : &engine->devices, engine, index, true);
    if (owner != NULL) {
        owner->tally.all = (uint8_t)(owner->tally.all - 1);
    }
    engine->named_used -= !(session->flags & S_SLOT);
    engine->counts.tracked--;
    engine->counts.devices -= owner == NULL;
    engine->devices_said = 0; /* the list that it walks has changed */
    if (session->flags & (S_DIRTY | S_TAKEN)) {
        session->flags |= S_DEAD;
    } else {
        rc_session_free(engine, index);
    }
}

void rc_session_free(struct rc_engine *engine, uint32_t index)
{
    struct session *session = &engine->sessions[index];
    session->flags = 0;
    session->chain = engine->session_free;
    engine->session_free = index;
}

uint32_t rc_scope_get(struct rc_engine *engine, enum rc_scope_kind kind, const struct rc_id *name)
{
    uint64_t hash = rc_hash_id(rc_hash_mix(engine->limits.seed, (uint64_t)kind), name);
    uint32_t *head = &engine->scope_heads[hash & engine->scope_mask];
    for (uint32_t i = *head; i != RC_NIL; i = engine->scopes[i].chain) {
        if (engine->scopes[i].kind == kind && same_id(&engine->scopes[i].name, name)) {
            return i;
        }
    }
    if (engine->scope_used == engine->limits.scopes) {
        return RC_NIL;
    }
    uint32_t index = engine->scope_used++;
    engine->scopes[index] = (struct scope){.name = *name, .kind = (uint8_t)kind, .chain = *head};
    *head = index;
    return index;
}
