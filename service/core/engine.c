#include "core/model.h"

#include <assert.h>
#include <string.h>

/* The parts of the caller's memory, laid out one after the other. */
struct layout {
    size_t images, sessions, timers, session_heads, employees, employee_heads, scopes, scope_heads, total;
};

static uint32_t buckets_for(uint64_t records)
{
    uint32_t buckets = 64;
    while (buckets < records && buckets < (UINT32_C(1) << 31)) {
        buckets *= 2;
    }
    return buckets;
}

static size_t take(size_t *total, size_t count, size_t size)
{
    size_t at = *total;
    *total = (at + count * size + 63) & ~(size_t)63;
    return at;
}

static uint64_t session_records(const struct rc_engine_limits *limits)
{
    return (uint64_t)limits->sessions +
           limits->employees; /* an evidence-only slot for each employee (P-18) */
}

static struct layout lay_out(const struct rc_engine_limits *limits)
{
    struct layout layout = {0};
    size_t total = 0;
    take(&total, 1, sizeof(struct rc_engine));
    layout.images = take(&total, limits->images, sizeof(struct image));
    layout.sessions = take(&total, session_records(limits), sizeof(struct session));
    layout.timers = take(&total, session_records(limits), sizeof(struct rc_timer));
    layout.session_heads = take(&total, buckets_for(2 * (uint64_t)limits->sessions), sizeof(uint32_t));
    layout.employees = take(&total, limits->employees, sizeof(struct employee));
    layout.employee_heads = take(&total, buckets_for(2 * (uint64_t)limits->employees), sizeof(uint32_t));
    layout.scopes = take(&total, limits->scopes, sizeof(struct scope));
    layout.scope_heads = take(&total, buckets_for(limits->scopes), sizeof(uint32_t));
    layout.total = total;
    return layout;
}

size_t rc_engine_bytes(const struct rc_engine_limits *limits)
{
    return lay_out(limits).total;
}

static uint32_t *heads(char *base, size_t at, uint32_t buckets)
{
    uint32_t *list = (uint32_t *)(void *)(base + at);
    memset(list, 0xff, buckets * sizeof *list); /* RC_NIL */
    return list;
}

struct rc_engine *rc_engine_init(void *memory, const struct rc_engine_limits *limits,
                                 const struct rc_policy *policy)
{
    struct layout layout = lay_out(limits);
    char *base = memory;
    struct rc_engine *engine = memory;
    memset(engine, 0, sizeof *engine);
    engine->limits = *limits;
    engine->policy = *policy;
    engine->images = (struct image *)(void *)(base + layout.images);
    engine->sessions = (struct session *)(void *)(base + layout.sessions);
    engine->timers = (struct rc_timer *)(void *)(base + layout.timers);
    engine->employees = (struct employee *)(void *)(base + layout.employees);
    engine->scopes = (struct scope *)(void *)(base + layout.scopes);
    engine->session_heads = heads(base, layout.session_heads, buckets_for(2 * (uint64_t)limits->sessions));
    engine->employee_heads = heads(base, layout.employee_heads, buckets_for(2 * (uint64_t)limits->employees));
    engine->scope_heads = heads(base, layout.scope_heads, buckets_for(limits->scopes));
    engine->session_mask = buckets_for(2 * (uint64_t)limits->sessions) - 1;
    engine->employee_mask = buckets_for(2 * (uint64_t)limits->employees) - 1;
    engine->scope_mask = buckets_for(limits->scopes) - 1;
    engine->session_free = engine->devices = engine->reloading = RC_NIL;
    struct list empty = {RC_NIL, RC_NIL};
    engine->pending = engine->waiting = engine->held = engine->dirty = engine->taken = empty;
    engine->batch = 1;
    engine->site_image.last_seq = RC_NONE;
    engine->store_ok = true;
    engine->everybody.kind = RC_SCOPE_SITE;
    return engine;
}

void rc_engine_set_policy(struct rc_engine *engine, const struct rc_policy *policy)
{
    engine->policy = *policy;
}

const struct rc_policy *rc_engine_policy(const struct rc_engine *engine)
{
    return &engine->policy;
}

/* ---- what came from clients ---- */

static uint32_t employee_for(struct rc_engine *engine, const struct rc_id *id, struct rc_effects *out)
{
    uint32_t index = rc_employee_find(engine, id);
    if (index == RC_NIL) {
        index = rc_employee_make(engine, id);
    }
    if (index == RC_NIL) {
        engine->counts.dropped++;
        rc_capacity_reached(engine, out);
    }
    return index;
}

/* The session of a heartbeat that is the first we hear of it. */
static uint32_t first_beat(struct rc_engine *engine, const struct rc_beat *beat, struct rc_effects *out)
{
    uint32_t employee = RC_NIL;
    if (beat->employee.length != 0) {
        employee = employee_for(engine, &beat->employee, out);
        if (employee == RC_NIL) {
            return RC_NIL;
        }
        if (beat->has_class && beat->class == RC_KIOSK) { /* P-1: a kiosk's session begins with an IN */
            rc_employee_evidence(&engine->employees[employee],
                                 (struct moment){.at = engine->at, .now = engine->now, .t = engine->t});
            return RC_NIL;
        }
    }
    return rc_session_for(engine, employee, beat, out);
}

static void step_beat(struct rc_engine *engine, const struct rc_event *event, struct rc_effects *out)
{
    const struct rc_beat *beat = &event->beat;
    uint32_t session = rc_session_lookup(engine, &beat->employee, &beat->session);
    if (session == RC_NIL) {
        session = first_beat(engine, beat, out);
    }
    if (session == RC_NIL) {
        return;
    }
    struct heard heard = {
        .beat = beat,
        .evidence = {.at = engine->at, .now = engine->now, .t = engine->t},
        .is_evidence = event->kind != RC_EV_PROGRESS,
        .is_heartbeat = event->kind != RC_EV_PROGRESS,
        .sent_now = engine->now,
    };
    rc_session_heard(engine, session, &heard, out);
}

static void step_leave(struct rc_engine *engine, const struct rc_event *event, struct rc_effects *out)
{
    const struct rc_leave *leave = &event->leave;
    uint32_t employee = RC_NIL;
    if (leave->employee.length != 0) {
        employee = rc_employee_find(engine, &leave->employee);
        if (employee == RC_NIL) {
            engine->counts.leaves_ignored++;
            return;
        }
    }
    uint32_t session = rc_session_find(engine, employee, &leave->session);
    if (session == RC_NIL) {
        engine->counts.leaves_ignored++;
        return;
    }
    rc_session_leave(engine, session, leave, out);
}

/* ---- what the log says, after rows that the engine did not follow itself ---- */

/* P-1: somebody who is IN without any session (a manager added the IN) is there until the shift limit, or
 * until one is heard. */
static void watch_shift(struct rc_engine *engine, uint32_t index, struct rc_effects *out)
{
    uint32_t slot = rc_session_slot(engine, index, out);
    if (slot != RC_NIL) {
        rc_session_watch_shift(engine, slot);
    }
}

static void step_ledger(struct rc_engine *engine, const struct rc_event *event, struct rc_effects *out)
{
    uint32_t index = rc_employee_find(engine, &event->ledger.employee);
    assert(index != RC_NIL);
    engine->reloading = RC_NIL;
    struct employee *employee = &engine->employees[index];
    struct rc_ledger *ledger = &rc_employee_record(engine, index)->ledger;
    struct rc_ledger before = *ledger;
    *ledger = event->ledger.ledger;
    ledger->version = before.version;
    ledger->hold = ledger->is_in && before.is_in && ledger->in_seq == before.in_seq ? before.hold : 0;
    if (!ledger->is_in && ledger->last_seq == 0) {
        ledger->since_at = before.since_at;
    }
    bool moved = ledger->in_seq == before.in_seq && ledger->in_at != before.in_at;
    for (uint32_t i = employee->sessions; i != RC_NIL; i = engine->sessions[i].sibling) {
        struct session *session = &engine->sessions[i];
        if (session->class == RC_KIOSK && moved && session->heard_in_seq == ledger->in_seq) {
            session->deadline_now += ledger->in_at - before.in_at;
            rc_mark_dirty(engine, i);
            if (session->state == RC_S_KIOSK) {
                rc_session_arm(engine, i);
            }
        } else if (session->class != RC_KIOSK && session->state != RC_S_EXPIRED && ledger->is_in) {
            session->heard_in_seq = ledger->in_seq;
        }
    }
    if (ledger->is_in && ledger->in_seq != before.in_seq) {
        employee->due_cause = RC_CAUSE_NONE;
    }
    rc_employee_count(engine, employee);
    if (ledger->is_in && rc_employee_open(employee) == 0 && ledger->in_seq != before.in_seq) {
        watch_shift(engine, index, out);
    }
    int64_t version = ledger->version;
    rc_employee_settle(engine, index, out);
    if (ledger->version == version) {
        rc_employee_emit_status(engine, index, out); /* what is not shown has changed: it is to be kept */
    }
}

static void step_directory(struct rc_engine *engine, const struct rc_event *event, struct rc_effects *out)
{
    uint32_t index = event->directory.removed ? rc_employee_find(engine, &event->directory.employee)
                                              : employee_for(engine, &event->directory.employee, out);
    if (index == RC_NIL) {
        return;
    }
    struct employee *employee = &engine->employees[index];
    if (employee->scope != RC_NIL) {
        struct scope *old = &engine->scopes[employee->scope];
        old->watched -= (employee->flags & E_COUNT_WATCHED) != 0;
        old->overdue -= (employee->flags & E_COUNT_OVERDUE) != 0;
        employee->scope = RC_NIL;
    }
    if (!event->directory.removed && event->directory.group.length != 0) {
        employee->scope = rc_scope_get(engine, RC_SCOPE_GROUP, &event->directory.group);
        if (employee->scope != RC_NIL) {
            struct scope *scope = &engine->scopes[employee->scope];
            scope->watched += (employee->flags & E_COUNT_WATCHED) != 0;
            scope->overdue += (employee->flags & E_COUNT_OVERDUE) != 0;
        }
    }
    rc_employee_settle(engine, index, out);
}

/* ---- our own absences ---- */

static void step_link(struct rc_engine *engine, bool up)
{
    bool was = engine->connected;
    engine->connected = up;
    if (up && !was) {
        rc_time_protect_all(engine);
    }
}

static void step_maintenance(struct rc_engine *engine, int64_t until_at, struct rc_effects *out)
{
    rc_site_touch(engine);
    int64_t left_ms = until_at - engine->at;
    bool was = engine->site.maintenance;
    if (left_ms > engine->policy.maintenance_ms_max) {
        left_ms = engine->policy.maintenance_ms_max;
    }
    engine->site.maintenance = until_at != 0 && left_ms > 0;
    engine->site.maintenance_now = engine->now + left_ms;
    engine->site.maintenance_at = engine->site.maintenance ? engine->at + left_ms : 0;
    if (was && !engine->site.maintenance) {
        rc_time_protect_all(engine);
    }
    rc_effect_push(out, RC_FX_MAINTENANCE)->maintenance.until_at = engine->site.maintenance_at;
}

/* ---- time passes ---- */

static bool fire(struct rc_engine *engine, struct rc_wheel *wheel, int64_t until, struct rc_effects *out)
{
    for (;;) {
        if (out->capacity - out->count < RC_EFFECTS_PER_EMPLOYEE || !rc_engine_room(engine)) {
            return true;
        }
        uint32_t index = rc_wheel_fire(wheel, until);
        if (index == RC_NIL) {
            return false;
        }
        rc_session_fire(engine, index, out);
    }
}

/* Devices' statuses are no ledgers: after a failed COMMIT all of them are simply said again. */
static bool say_devices(struct rc_engine *engine, struct rc_effects *out)
{
    uint32_t cursor = engine->devices;
    size_t skip = 0;
    while (engine->devices_changed && engine->store_ok && cursor != RC_NIL) {
        if (out->capacity - out->count < RC_EFFECTS_PER_EMPLOYEE) {
            return true;
        }
        if (skip++ >= engine->devices_said) {
            rc_session_push_device(engine, cursor, out);
            engine->devices_said++;
        }
        cursor = engine->sessions[cursor].sibling;
    }
    if (engine->store_ok) {
        engine->devices_changed = false;
        engine->devices_said = 0;
    }
    return false;
}

/* There is room again: below 95 % of each limit. */
static void ease_capacity(struct rc_engine *engine, struct rc_effects *out)
{
    bool eased = (uint64_t)engine->named_used * 20 < (uint64_t)engine->limits.sessions * 19 &&
                 engine->employee_used < engine->limits.employees;
    if (engine->capacity_alert && eased) {
        engine->capacity_alert = false;
        struct rc_effect *effect = rc_effect_push(out, RC_FX_ALERT);
        effect->alert.kind = RC_ALERT_CAPACITY;
        effect->alert.since_at = engine->at;
    }
}

static bool step_tick(struct rc_engine *engine, struct rc_effects *out)
{
    ease_capacity(engine, out);
    if (engine->site.maintenance && engine->now >= engine->site.maintenance_now && engine->store_ok) {
        step_maintenance(engine, 0, out);
    }
    rc_hold_end_due(engine, out);
    return say_devices(engine, out) || rc_employee_pending(engine, out) ||
           fire(engine, &engine->silence, engine->t, out) || fire(engine, &engine->shift, engine->now, out) ||
           rc_employee_pending(engine, out);
}

bool rc_engine_step(struct rc_engine *engine, const struct rc_event *event, struct rc_effects *out)
{
    assert(out->capacity - out->count >= RC_EFFECTS_MIN);
    if (event->kind == RC_EV_PAUSE && event->now > engine->now) {
        /* The pause itself takes no service time. */
        int64_t pause_ms = event->pause.pause_ms;
        int64_t passed_ms = event->now - engine->now;
        engine->now += pause_ms < passed_ms ? pause_ms : passed_ms;
    }
    rc_time_advance(engine, event->now, event->at);
    switch (event->kind) {
    case RC_EV_HEARTBEAT:
    case RC_EV_TRAINING:
    case RC_EV_PROGRESS:
        step_beat(engine, event, out);
        break;
    case RC_EV_LEAVE:
        step_leave(engine, event, out);
        break;
    case RC_EV_PUNCH:
        rc_punch_step(engine, event, out);
        break;
    case RC_EV_CORRECT:
        rc_correct_step(engine, event, out);
        break;
    case RC_EV_LEDGER:
        step_ledger(engine, event, out);
        break;
    case RC_EV_DIRECTORY:
        step_directory(engine, event, out);
        break;
    case RC_EV_LINK:
        step_link(engine, event->link.up);
        break;
    case RC_EV_STORE:
        engine->store_ok = event->store.ok;
        if (event->store.ok) {
            rc_employee_all_waiting(engine);
        }
        break;
    case RC_EV_MAINTENANCE:
        step_maintenance(engine, event->maintenance.until_at, out);
        break;
    case RC_EV_TICK:
        return step_tick(engine, out);
    case RC_EV_PAUSE:
        if (event->pause.pause_ms > RC_PAUSE_PROTECTS_MS) {
            rc_time_protect_all(engine);
        }
        break;
    case RC_EVENT_KIND_COUNT:
        break;
    }
    return false;
}

/* ---- batches ---- */

bool rc_engine_room(const struct rc_engine *engine)
{
    return engine->limits.images - engine->image_count >= 2;
}

static void next_batch(struct rc_engine *engine)
{
    engine->image_count = 0;
    engine->batch++;
    engine->site_image.last_seq = RC_NONE;
}

void rc_engine_commit(struct rc_engine *engine)
{
    rc_flush_committed(engine);
    next_batch(engine);
}

void rc_engine_undo(struct rc_engine *engine)
{
    rc_flush_undone(engine);
    if (engine->reloading != RC_NIL) {
        uint32_t index = engine->reloading;
        engine->reloading = RC_NIL;
        rc_employee_pend(engine, index);
    }
    if (engine->site_image.last_seq != RC_NONE) {
        engine->site = engine->site_image;
    }
    for (uint32_t i = 0; i < engine->image_count; i++) {
        const struct image *image = &engine->images[i];
        struct employee *employee = &engine->employees[image->employee];
        employee->record = image->record;
        if (employee->record.ledger.hold != 0) {
            rc_hold_list(engine, image->employee);
        }
        rc_employee_pend(engine, image->employee);
    }
    engine->devices_changed = true;
    engine->devices_said = 0;
    next_batch(engine);
}

/* ---- looking in ---- */

int64_t rc_engine_wake_now(const struct rc_engine *engine)
{
    int64_t wake_now = rc_wheel_next(&engine->shift);
    int64_t silence_t = rc_wheel_next(&engine->silence);
    int64_t hold_now = rc_hold_next_now(engine);
    if (engine->store_ok && (!rc_list_empty(&engine->pending) || engine->devices_changed)) {
        return engine->now;
    }
    if (silence_t != INT64_MAX && rc_time_runs(engine)) {
        int64_t silence_now = engine->now + (silence_t - engine->t);
        wake_now = silence_now < wake_now ? silence_now : wake_now;
    }
    if (engine->store_ok) {
        wake_now = hold_now < wake_now ? hold_now : wake_now;
    }
    if (engine->site.maintenance && engine->site.maintenance_now < wake_now) {
        wake_now = engine->site.maintenance_now;
    }
    return wake_now;
}

int64_t rc_engine_service_t(const struct rc_engine *engine, int64_t now)
{
    return engine->t + (now > engine->now && rc_time_runs(engine) ? now - engine->now : 0);
}

struct rc_counts rc_engine_counts(const struct rc_engine *engine)
{
    struct rc_counts counts = engine->counts;
    counts.holds = engine->site.open_holds;
    counts.connected = engine->connected;
    counts.store_ok = engine->store_ok;
    counts.in_maintenance = engine->site.maintenance;
    counts.last_seq = engine->site.last_seq;
    return counts;
}

static void view_of(const struct rc_engine *engine, uint32_t index, struct rc_employee_view *out)
{
    const struct employee *employee = &engine->employees[index];
    memset(out, 0, sizeof *out);
    out->employee = employee->id;
    if (employee->scope != RC_NIL) {
        out->group = engine->scopes[employee->scope].name;
    }
    out->status.employee = employee->id;
    out->status.ledger = employee->record.ledger;
    out->status.presence = rc_employee_presence(employee);
    out->status.sessions = rc_employee_open(employee);
    out->status.evidence = employee->evidence;
    out->last_seen_at = employee->evidence.at;
    int64_t heard_t = INT64_MIN;
    for (uint32_t i = employee->sessions; i != RC_NIL; i = engine->sessions[i].sibling) {
        if (engine->sessions[i].heard_t > heard_t) {
            heard_t = engine->sessions[i].heard_t;
            out->last_session = engine->sessions[i].id;
            out->last_class = engine->sessions[i].class;
        }
    }
}

bool rc_engine_find(const struct rc_engine *engine, const struct rc_id *employee,
                    struct rc_employee_view *out)
{
    uint32_t index = rc_employee_find(engine, employee);
    if (index == RC_NIL) {
        return false;
    }
    view_of(engine, index, out);
    return true;
}

bool rc_engine_each(const struct rc_engine *engine, uint32_t *cursor, struct rc_employee_view *out)
{
    if (*cursor >= engine->employee_used) {
        return false;
    }
    view_of(engine, (*cursor)++, out);
    return true;
}

bool rc_engine_is_device(const struct rc_engine *engine, const struct rc_id *id)
{
    return rc_session_find(engine, RC_NIL, id) != RC_NIL;
}
