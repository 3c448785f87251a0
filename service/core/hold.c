/* P-8: when many fall silent together, it is the network, not the people. */
#include "core/model.h"

#include "core/names.h"

#include <string.h>

bool rc_hold_is_open(const struct rc_engine *engine, int64_t number)
{
    for (uint32_t i = 0; i < engine->site.open_holds; i++) {
        if (engine->site.holds[i].number == number) {
            return true;
        }
    }
    return false;
}

static void add(struct scope *scope, bool was, bool is, bool overdue)
{
    uint32_t *count = overdue ? &scope->overdue : &scope->watched;
    *count += (uint32_t)is - (uint32_t)was;
}

/* Applies a change of the two flags of one bearer (employee or badge session) to one scope. */
static void apply(struct scope *scope, uint8_t *flags, uint8_t watched_bit, uint8_t overdue_bit, bool watched,
                  bool overdue)
{
    add(scope, (*flags & watched_bit) != 0, watched, false);
    add(scope, (*flags & overdue_bit) != 0, overdue, true);
    *flags &= (uint8_t) ~(watched_bit | overdue_bit);
    *flags |= (uint8_t)((watched ? watched_bit : 0) | (overdue ? overdue_bit : 0));
}

void rc_hold_count(struct rc_engine *engine, uint32_t index)
{
    struct employee *employee = &engine->employees[index];
    const struct tally *tally = &employee->tally;
    const struct rc_ledger *ledger = &employee->record.ledger;
    bool none_open = rc_employee_open(employee) == 0;
    /* Who outlived a hold is in no count until heard again. */
    bool spent = ledger->hold != 0 && !rc_hold_is_open(engine, ledger->hold);
    bool watched = ledger->is_in && tally->kiosk == 0 && tally->asleep == 0 && !spent;
    bool overdue = watched && tally->live == 0 &&
                   (tally->silent + tally->lost > 0 || (none_open && rc_is_silence(employee->due_cause)));
    for (uint32_t i = employee->sessions; i != RC_NIL; i = engine->sessions[i].sibling) {
        struct session *session = &engine->sessions[i];
        if (session->scope != RC_NIL) {
            bool carries = session->state != RC_S_EXPIRED || none_open;
            apply(&engine->scopes[session->scope], &session->flags, S_COUNT_WATCHED, S_COUNT_OVERDUE,
                  watched && carries, overdue && carries);
        }
    }
    if (employee->scope != RC_NIL) {
        uint8_t same = employee->flags;
        apply(&engine->scopes[employee->scope], &same, E_COUNT_WATCHED, E_COUNT_OVERDUE, watched, overdue);
    }
    apply(&engine->everybody, &employee->flags, E_COUNT_WATCHED, E_COUNT_OVERDUE, watched, overdue);
}

static bool covers(const struct rc_engine *engine, const struct rc_hold *hold,
                   const struct employee *employee)
{
    switch (hold->scope) {
    case RC_SCOPE_SITE:
        return true;
    case RC_SCOPE_GROUP:
        return employee->scope != RC_NIL && rc_id_equal(&engine->scopes[employee->scope].name, &hold->name);
    default:
        for (uint32_t i = employee->sessions; i != RC_NIL; i = engine->sessions[i].sibling) {
            if (engine->sessions[i].scope != RC_NIL && rc_id_equal(&engine->sessions[i].id, &hold->name)) {
                return true;
            }
        }
        return false;
    }
}

static bool is_mass(const struct rc_engine *engine, const struct scope *scope)
{
    return scope->overdue >= engine->policy.hold_min &&
           (double)scope->overdue >= engine->policy.hold_share * (double)scope->watched;
}

static int64_t open_hold(struct rc_engine *engine, const struct scope *scope, struct rc_effects *out)
{
    if (engine->site.open_holds == RC_HOLDS_MAX) {
        return 0;
    }
    rc_site_touch(engine);
    struct rc_hold *hold = &engine->site.holds[engine->site.open_holds++];
    *hold = (struct rc_hold){
        .number = ++engine->site.last_hold,
        .scope = scope->kind,
        .name = scope->name,
        .opened_at = engine->at,
        .ends_at = engine->at + engine->policy.hold_ms,
        .ends_now = engine->now + engine->policy.hold_ms,
        .open = true,
    };
    rc_effect_push(out, RC_FX_HOLD)->hold = *hold;
    struct rc_effect *effect = rc_effect_push(out, RC_FX_ALERT);
    effect->alert.kind = RC_ALERT_OUTAGE;
    effect->alert.raised = true;
    effect->alert.since_at = engine->at;
    effect->alert.hold = hold->number;
    effect->alert.name = hold->name;
    effect->alert.count = scope->overdue;
    return hold->number;
}

int64_t rc_hold_for(struct rc_engine *engine, uint32_t index, struct rc_effects *out)
{
    const struct employee *employee = &engine->employees[index];
    for (uint32_t i = 0; i < engine->site.open_holds; i++) {
        if (covers(engine, &engine->site.holds[i], employee)) {
            return engine->site.holds[i].number;
        }
    }
    if (is_mass(engine, &engine->everybody)) { /* the widest scope first */
        return open_hold(engine, &engine->everybody, out);
    }
    if (employee->scope != RC_NIL && is_mass(engine, &engine->scopes[employee->scope])) {
        return open_hold(engine, &engine->scopes[employee->scope], out);
    }
    for (uint32_t i = employee->sessions; i != RC_NIL; i = engine->sessions[i].sibling) {
        uint32_t scope = engine->sessions[i].scope;
        if (scope != RC_NIL && is_mass(engine, &engine->scopes[scope])) {
            return open_hold(engine, &engine->scopes[scope], out);
        }
    }
    return 0;
}

void rc_hold_list(struct rc_engine *engine, uint32_t index)
{
    struct employee *employee = &engine->employees[index];
    if (employee->flags & E_LISTED) {
        return;
    }
    employee->flags |= E_LISTED;
    employee->held_next = engine->held.first;
    engine->held.first = index;
}

/* Everybody whom a hold that is over still keeps is to be settled; who was heard again leaves the list. */
static void release_held(struct rc_engine *engine)
{
    uint32_t *link = &engine->held.first;
    while (*link != RC_NIL) {
        struct employee *employee = &engine->employees[*link];
        uint32_t index = *link;
        int64_t hold = employee->record.ledger.hold;
        if (hold != 0 && rc_hold_is_open(engine, hold)) {
            link = &employee->held_next;
            continue;
        }
        *link = employee->held_next;
        employee->flags &= (uint8_t)~E_LISTED;
        if (hold != 0) {
            rc_employee_pend(engine, index);
        }
    }
}

void rc_hold_end_due(struct rc_engine *engine, struct rc_effects *out)
{
    for (uint32_t i = 0; i < engine->site.open_holds;) {
        if (engine->site.holds[i].ends_now > engine->now || !engine->store_ok ||
            out->capacity - out->count < RC_EFFECTS_PER_EMPLOYEE) {
            i++;
            continue;
        }
        rc_site_touch(engine);
        struct rc_hold ended = engine->site.holds[i];
        ended.open = false;
        engine->site.holds[i] = engine->site.holds[--engine->site.open_holds];
        rc_effect_push(out, RC_FX_HOLD)->hold = ended;
        struct rc_effect *effect = rc_effect_push(out, RC_FX_ALERT);
        effect->alert.kind = RC_ALERT_OUTAGE;
        effect->alert.raised = engine->site.open_holds > 0;
        effect->alert.since_at = engine->at;
        effect->alert.hold = ended.number;
        effect->alert.name = ended.name;
        release_held(engine);
    }
}

int64_t rc_hold_next_now(const struct rc_engine *engine)
{
    int64_t next_now = INT64_MAX;
    for (uint32_t i = 0; i < engine->site.open_holds; i++) {
        if (engine->site.holds[i].ends_now < next_now) {
            next_now = engine->site.holds[i].ends_now;
        }
    }
    return next_now;
}
