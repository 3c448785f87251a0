/*
 * One session's life, as a table: what it is doing x what happens to it. The columns say what happened after
 * epochs and times were compared, so that the table alone shows the behaviour.
 */
#include "core/model.h"

#include <assert.h>

enum happening {
    H_HEARD,       /* a heartbeat, or any other message but a leave */
    H_ECHO,        /* a heartbeat so soon after a leave that it may be older than it */
    H_OLD_LEAVE,   /* a leave of a lower epoch, or sent before what was heard since */
    H_LOST_HINT,   /* `lost` without an epoch */
    H_LOST,        /* `lost` of its epoch */
    H_LOST_NEWER,  /* `lost` of a greater epoch */
    H_CLOSED_HINT, /* `closed` without an epoch */
    H_CLOSED,      /* `closed` of its epoch or a greater one */
    H_SLEEP,       /* `sleeping` */
    H_QUIET,       /* silent for 1.5 intervals */
    H_DEADLINE,    /* past its deadline */
    H_COUNT
};

enum action {
    A_IMPOSSIBLE, /* cannot happen: a programmer's error */
    A_IGNORE,
    A_COUNT,     /* ignore, and count it as ignored */
    A_EVIDENCE,  /* take the evidence, change nothing else */
    A_REFRESH,   /* set the deadline afresh, stay */
    A_REVIVE,    /* set the deadline afresh, and be live */
    A_LOSE,      /* be lost, leave the deadline alone */
    A_LOSE_PULL, /* be lost, pull the deadline in */
    A_CLOSE,
    A_CLOSE_PULL,
    A_SLEEP,
    A_SILENCE,
    A_EXPIRE,
};

/* clang-format off */
static const uint8_t table[RC_S_COUNT][H_COUNT] = {
/*               HEARD      ECHO        OLD_LEAVE LOST_HINT LOST         LOST_NEWER   CLOSED_HINT CLOSED        SLEEP    QUIET         DEADLINE */
[RC_S_LIVE]    ={A_REFRESH, A_REFRESH,  A_COUNT,  A_LOSE,   A_LOSE_PULL, A_LOSE_PULL, A_CLOSE,    A_CLOSE_PULL, A_SLEEP, A_SILENCE,    A_EXPIRE},
[RC_S_SILENT]  ={A_REVIVE,  A_REVIVE,   A_COUNT,  A_LOSE,   A_LOSE_PULL, A_LOSE_PULL, A_CLOSE,    A_CLOSE_PULL, A_SLEEP, A_IMPOSSIBLE, A_EXPIRE},
[RC_S_LOST]    ={A_REVIVE,  A_EVIDENCE, A_COUNT,  A_IGNORE, A_LOSE_PULL, A_LOSE_PULL, A_CLOSE,    A_CLOSE_PULL, A_SLEEP, A_IMPOSSIBLE, A_EXPIRE},
[RC_S_CLOSED]  ={A_REVIVE,  A_EVIDENCE, A_COUNT,  A_IGNORE, A_IGNORE,    A_LOSE_PULL, A_IGNORE,   A_CLOSE_PULL, A_SLEEP, A_IMPOSSIBLE, A_EXPIRE},
[RC_S_ASLEEP]  ={A_REVIVE,  A_EVIDENCE, A_COUNT,  A_IGNORE, A_IGNORE,    A_LOSE_PULL, A_CLOSE,    A_CLOSE_PULL, A_SLEEP, A_IMPOSSIBLE, A_EXPIRE},
[RC_S_KIOSK]   ={A_EVIDENCE,A_EVIDENCE, A_COUNT,  A_IGNORE, A_IGNORE,    A_IGNORE,    A_IGNORE,   A_IGNORE,     A_IGNORE,A_IMPOSSIBLE, A_EXPIRE},
[RC_S_EXPIRED] ={A_REVIVE,  A_EVIDENCE, A_COUNT,  A_IGNORE, A_IGNORE,    A_IGNORE,    A_IGNORE,   A_IGNORE,     A_IGNORE,A_IMPOSSIBLE, A_IMPOSSIBLE},
};
/* clang-format on */

static const enum rc_cause cause_of_end[RC_S_COUNT] = {
    [RC_S_LIVE] = RC_CAUSE_STALE,    [RC_S_SILENT] = RC_CAUSE_STALE,    [RC_S_LOST] = RC_CAUSE_LOST,
    [RC_S_CLOSED] = RC_CAUSE_CLOSED, [RC_S_ASLEEP] = RC_CAUSE_SLEEPING, [RC_S_KIOSK] = RC_CAUSE_SHIFT_LIMIT,
    [RC_S_EXPIRED] = RC_CAUSE_STALE,
};

int64_t rc_session_interval(const struct rc_engine *engine, const struct session *session)
{
    return session->interval_ms != 0 ? session->interval_ms : engine->policy.interval_ms[session->class];
}

/* P-1: silence that a session is allowed. */
int64_t rc_session_threshold(const struct rc_engine *engine, const struct session *session)
{
    int64_t interval_ms = rc_session_interval(engine, session);
    int64_t grace_ms = engine->policy.grace_ms[session->class];
    return 2 * interval_ms + (grace_ms == RC_NONE ? interval_ms : grace_ms);
}

static bool is_protected(const struct rc_engine *engine, const struct session *session)
{
    return session->generation != engine->generation;
}

/* P-6: who was not heard since the last start or reconnect gets time to come back, but not for ever: 15 min
 * of silence while we were connected end it. */
int64_t rc_session_deadline_t(const struct rc_engine *engine, const struct session *session, bool *by_outage)
{
    *by_outage = false;
    if (!is_protected(engine, session)) {
        return session->deadline_t;
    }
    int64_t allowed_ms = rc_session_threshold(engine, session);
    if (allowed_ms < engine->policy.reconnect_ms) {
        allowed_ms = engine->policy.reconnect_ms;
    }
    int64_t protected_t = engine->reconnect_t + allowed_ms;
    int64_t end_t = session->heard_t + engine->policy.protection_ms_max;
    bool ends = end_t < protected_t;
    protected_t = ends ? end_t : protected_t;
    if (protected_t <= session->deadline_t) {
        return session->deadline_t;
    }
    *by_outage = ends;
    return protected_t;
}

static int64_t quiet_t(const struct rc_engine *engine, const struct session *session)
{
    int64_t interval_ms = rc_session_interval(engine, session);
    return session->heard_t + interval_ms + interval_ms / 2;
}

void rc_session_arm(struct rc_engine *engine, uint32_t index)
{
    const struct session *session = &engine->sessions[index];
    bool by_outage;
    if (session->state == RC_S_KIOSK) {
        rc_wheel_set(&engine->shift, index, session->deadline_now);
        return;
    }
    int64_t fire_t = rc_session_deadline_t(engine, session, &by_outage);
    if (session->state == RC_S_EXPIRED) {
        fire_t = session->deadline_t + engine->policy.forget_ms;
    } else if (session->state == RC_S_LIVE && quiet_t(engine, session) < fire_t) {
        fire_t = quiet_t(engine, session);
    }
    rc_wheel_set(&engine->silence, index, fire_t);
}

/* How many heartbeats the live sessions should send goes along with each change. */
static void expect(struct rc_engine *engine, const struct session *session, bool add)
{
    if (session->state == RC_S_LIVE || session->state == RC_S_SILENT) {
        uint64_t per_ks = 1000000u / (uint64_t)rc_session_interval(engine, session);
        engine->counts.expected_per_ks += add ? per_ks : (uint64_t)0 - per_ks;
    }
}

/* The timers of kiosk sessions are in the other wheel. */
static void set_state(struct rc_engine *engine, uint32_t index, enum rc_session_state state)
{
    struct session *session = &engine->sessions[index];
    if ((session->state == RC_S_KIOSK) != (state == RC_S_KIOSK)) {
        rc_wheel_stop(session->state == RC_S_KIOSK ? &engine->shift : &engine->silence, index);
    }
    expect(engine, session, false);
    session->state = (uint8_t)state;
    expect(engine, session, true);
    rc_session_arm(engine, index);
    rc_mark_dirty(engine, index);
}

static void pull_in(struct rc_engine *engine, struct session *session)
{
    if (is_protected(engine, session)) {
        return; /* P-6 outranks P-2: suspect only */
    }
    int64_t interval_ms = rc_session_interval(engine, session);
    int64_t confirm_ms = interval_ms + interval_ms / 2;
    if (confirm_ms < engine->policy.confirm_ms) {
        confirm_ms = engine->policy.confirm_ms;
    }
    if (engine->t + confirm_ms < session->deadline_t) {
        session->deadline_t = engine->t + confirm_ms;
    }
}

/* P-3: until it said, but from when it was sent. */
static void sleep_until(struct rc_engine *engine, struct session *session, const struct rc_leave *leave)
{
    if (is_protected(engine, session)) {
        return; /* P-6 outranks P-3 */
    }
    int64_t sleep_ms = engine->policy.sleep_ms_max;
    if (leave->sleep_ms != RC_NONE && leave->sleep_ms < sleep_ms) {
        sleep_ms = leave->sleep_ms;
    }
    session->deadline_t = engine->t - (engine->now - leave->sent_now) + sleep_ms;
}

/* A message is heard: the deadline is set afresh. A message from before our last start or reconnect proves
 * nothing about now, so it leaves the protection standing. */
static void refresh(struct rc_engine *engine, uint32_t index, const struct heard *heard)
{
    struct session *session = &engine->sessions[index];
    int64_t deadline_t = engine->t + rc_session_threshold(engine, session);
    session->heard_t = engine->t;
    session->heard_now = engine->now;
    session->heard_at = engine->at;
    session->leave_now = INT64_MIN;
    if (!(session->flags & S_SLOT) || deadline_t > session->deadline_t) {
        session->deadline_t = deadline_t;
    }
    if (heard->sent_now >= engine->reconnect_now) {
        session->generation = engine->generation;
    }
    rc_mark_dirty(engine, index);
}

static void expire(struct rc_engine *engine, uint32_t index)
{
    struct session *session = &engine->sessions[index];
    bool by_outage;
    int64_t deadline_t = rc_session_deadline_t(engine, session, &by_outage);
    bool kiosk = session->state == RC_S_KIOSK; /* P-6 moves deadlines of silence, never the shift limit */
    session->ended_by = (uint8_t)(by_outage && !kiosk ? RC_CAUSE_OUTAGE : cause_of_end[session->state]);
    session->deadline_t = kiosk ? engine->t : deadline_t;
    if (session->employee != RC_NIL) {
        engine->employees[session->employee].due_cause = session->ended_by;
    }
    set_state(engine, index, RC_S_EXPIRED);
}

static void act(struct rc_engine *engine, uint32_t index, enum happening what, const struct heard *heard,
                const struct rc_leave *leave)
{
    struct session *session = &engine->sessions[index];
    switch ((enum action)table[session->state][what]) {
    case A_IGNORE:
    case A_EVIDENCE:
        return;
    case A_COUNT:
        engine->counts.leaves_ignored++;
        return;
    case A_REFRESH:
        refresh(engine, index, heard);
        return;
    case A_REVIVE:
        refresh(engine, index, heard);
        set_state(engine, index, RC_S_LIVE);
        return;
    case A_LOSE_PULL:
        pull_in(engine, session);
        set_state(engine, index, RC_S_LOST);
        return;
    case A_LOSE:
        set_state(engine, index, RC_S_LOST);
        return;
    case A_CLOSE_PULL:
        pull_in(engine, session);
        set_state(engine, index, RC_S_CLOSED);
        return;
    case A_CLOSE:
        set_state(engine, index, RC_S_CLOSED);
        return;
    case A_SLEEP:
        sleep_until(engine, session, leave);
        set_state(engine, index, RC_S_ASLEEP);
        return;
    case A_SILENCE:
        set_state(engine, index, RC_S_SILENT);
        return;
    case A_EXPIRE:
        expire(engine, index);
        return;
    case A_IMPOSSIBLE:
        assert(false && "a session cannot meet this in its state");
    }
}

/* What a session announces sticks until it announces something else (section 2). */
static void announce(struct rc_engine *engine, struct session *session, const struct rc_beat *beat)
{
    expect(engine, session, false);
    if (beat->has_class && beat->class != session->class && session->state != RC_S_KIOSK) {
        session->class = (uint8_t)beat->class;
        session->interval_ms = 0;
    }
    if (beat->interval_ms != RC_NONE) {
        int64_t interval_ms = beat->interval_ms;
        int64_t most = engine->policy.interval_ms_max[session->class];
        interval_ms = interval_ms > most ? most : interval_ms;
        interval_ms =
            interval_ms < engine->policy.interval_ms_min ? engine->policy.interval_ms_min : interval_ms;
        session->interval_ms = (uint32_t)interval_ms;
    }
    if (session->class == RC_BADGE && session->scope == RC_NIL && session->employee != RC_NIL) {
        session->scope = rc_scope_get(engine, RC_SCOPE_GATEWAY, &session->id);
    }
    expect(engine, session, true);
}

/* P-2: within a second of a leave, a heartbeat that is not of a newer connection may have been sent before
 * it. */
static bool is_echo(const struct rc_engine *engine, const struct session *session, const struct heard *heard)
{
    return heard->is_heartbeat && heard->beat->epoch <= session->epoch && session->leave_now != INT64_MIN &&
           engine->now - session->leave_now < engine->policy.echo_ms;
}

static void device_heard(struct rc_engine *engine, uint32_t index, bool came, struct rc_effects *out);

static void end_kiosk(struct rc_engine *engine, uint32_t index)
{
    struct session *session = &engine->sessions[index];
    session->ended_by = RC_CAUSE_NONE;
    session->deadline_t = engine->t;
    set_state(engine, index, RC_S_EXPIRED);
}

/* A slot that stood for a period without sessions is heard itself, for want of room: from now on it is what
 * any session is. */
static void relieve_slot(struct rc_engine *engine, uint32_t index)
{
    struct session *session = &engine->sessions[index];
    if (session->state == RC_S_KIOSK) {
        end_kiosk(engine, index);
    }
    session->class = RC_BROWSER;
}

static void take_in(struct rc_engine *engine, uint32_t index, const struct heard *heard,
                    struct rc_effects *out)
{
    struct session *session = &engine->sessions[index];
    uint32_t owner = session->employee;
    struct employee *employee = owner == RC_NIL ? NULL : &engine->employees[owner];
    if ((session->flags & S_SLOT) && session->class == RC_KIOSK) {
        relieve_slot(engine, index);
    }
    enum rc_session_state before = session->state;
    int64_t interval_ms = rc_session_interval(engine, session);
    announce(engine, session, heard->beat);
    if (heard->is_evidence && employee != NULL) {
        rc_employee_evidence(employee, heard->evidence);
    }
    bool echo = is_echo(engine, session, heard);
    if (heard->beat->epoch > session->epoch) {
        session->epoch = heard->beat->epoch;
    }
    if (session->class == RC_KIOSK && owner != RC_NIL) {
        rc_mark_dirty(engine, index); /* P-1: only an IN starts or keeps a kiosk's session */
        return;
    }
    act(engine, index, echo ? H_ECHO : H_HEARD, heard, NULL);
    if (rc_session_interval(engine, session) < interval_ms && session->state != RC_S_KIOSK) {
        rc_session_arm(engine,
                       index); /* a timer waits for later deadlines by itself, never for earlier ones */
    }
    if (employee == NULL) {
        device_heard(engine, index, before == RC_S_EXPIRED && session->state != RC_S_EXPIRED, out);
        return;
    }
    if (echo && before != RC_S_LIVE && before != RC_S_SILENT) {
        rc_mark_dirty(engine, index);
        return;
    }
    if (!employee->record.ledger.is_in) {
        if (heard->is_heartbeat) {
            rc_employee_heard_out(engine, owner, index, heard->beat->in_elsewhere, out);
        }
    } else {
        session->heard_in_seq = employee->record.ledger.in_seq;
    }
    if (session->state != before || employee->record.ledger.hold != 0) {
        rc_employee_settle(engine, owner, out);
    }
}

/* What a session announced is not repeated by clients that say it once, so it must not wait for the next
 * flush: a crash would have them judged by what they no longer are. The slot of those that found no room
 * (P-18) is nobody's in particular. */
void rc_session_heard(struct rc_engine *engine, uint32_t index, const struct heard *heard,
                      struct rc_effects *out)
{
    const struct session *session = &engine->sessions[index];
    const struct session before = {
        .class = session->class, .interval_ms = session->interval_ms, .epoch = session->epoch};
    take_in(engine, index, heard, out);
    bool same = session->class == before.class && session->interval_ms == before.interval_ms &&
                session->epoch == before.epoch;
    if (!same && !(session->flags & S_SLOT)) {
        rc_session_row_of(engine, session, &rc_effect_push(out, RC_FX_SESSION)->session);
    }
}

/* Compares a leave with its session: which column of the table it is. */
static enum happening classify(const struct rc_engine *engine, const struct session *session,
                               const struct rc_leave *leave)
{
    bool newer = leave->epoch > session->epoch;
    if (leave->epoch != RC_NONE && leave->epoch < session->epoch) {
        return H_OLD_LEAVE;
    }
    /* The time sent is by the broker's clock and before the way to us, the time heard is ours: within echo_ms
     * nobody knows which came first, and a lost goodbye costs more than a doubtful one. */
    if (!newer && session->heard_now != INT64_MIN &&
        leave->sent_now < session->heard_now - engine->policy.echo_ms) {
        return H_OLD_LEAVE;
    }
    bool hint = leave->epoch == RC_NONE;
    switch (leave->cause) {
    case RC_LEAVE_LOST:
        return hint ? H_LOST_HINT : newer ? H_LOST_NEWER : H_LOST;
    case RC_LEAVE_CLOSED:
        return hint ? H_CLOSED_HINT : H_CLOSED;
    default:
        return H_SLEEP;
    }
}

void rc_session_leave(struct rc_engine *engine, uint32_t index, const struct rc_leave *leave,
                      struct rc_effects *out)
{
    struct session *session = &engine->sessions[index];
    enum rc_session_state before = session->state;
    enum happening what = classify(engine, session, leave);
    act(engine, index, what, NULL, leave);
    if (what != H_OLD_LEAVE) {
        session->leave_now = engine->now;
        if (leave->epoch > session->epoch) {
            session->epoch = leave->epoch;
        }
        rc_mark_dirty(engine, index);
    }
    if (session->employee != RC_NIL && session->state != before) {
        rc_employee_settle(engine, session->employee, out);
    }
}

void rc_session_kiosk(struct rc_engine *engine, uint32_t index, int64_t in_seq, int64_t in_at)
{
    struct session *session = &engine->sessions[index];
    session->class = RC_KIOSK;
    session->heard_t = engine->t;
    session->heard_now = engine->now;
    session->heard_at = engine->at;
    session->generation = engine->generation;
    session->heard_in_seq = in_seq;
    session->deadline_now = engine->now + (in_at + engine->policy.max_shift_ms - engine->at);
    rc_mark_dirty(engine, index);
}

void rc_session_watch_shift(struct rc_engine *engine, uint32_t index)
{
    struct session *session = &engine->sessions[index];
    struct employee *employee = &engine->employees[session->employee];
    rc_session_kiosk(engine, index, employee->record.ledger.in_seq, employee->record.ledger.in_at);
    if (session->deadline_now <= engine->now) {
        employee->due_cause = RC_CAUSE_SHIFT_LIMIT;
    }
}

void rc_session_listen(struct rc_engine *engine, uint32_t index)
{
    struct session *session = &engine->sessions[index];
    session->class = RC_BROWSER;
    session->heard_t = engine->t;
    session->heard_at = engine->employees[session->employee].evidence.at;
    session->heard_in_seq = engine->employees[session->employee].record.ledger.in_seq;
    session->generation = engine->generation;
    session->deadline_t = engine->t + rc_session_threshold(engine, session);
    set_state(engine, index, RC_S_SILENT);
}

/* A slot stands for a period of which no session is known; so no longer than until one is heard in it. */
static bool is_relieved(const struct rc_engine *engine, const struct session *session)
{
    uint32_t i = session->flags & S_SLOT ? engine->employees[session->employee].sessions : RC_NIL;
    for (; i != RC_NIL; i = engine->sessions[i].sibling) {
        const struct session *other = &engine->sessions[i];
        if (!(other->flags & S_SLOT) && other->heard_in_seq == session->heard_in_seq) {
            return true;
        }
    }
    return false;
}

/* P-1, P-16: a kiosk session is live exactly while its period is open and younger than the shift limit; so an
 * OUT of any kind, or the voiding of the IN, ends it, and undoing that OUT starts it again. */
void rc_session_settle_kiosk(struct rc_engine *engine, uint32_t index)
{
    struct session *session = &engine->sessions[index];
    const struct rc_ledger *ledger = &engine->employees[session->employee].record.ledger;
    bool current = ledger->is_in && ledger->in_seq == session->heard_in_seq && !is_relieved(engine, session);
    if (current && session->state != RC_S_KIOSK && engine->now < session->deadline_now) {
        set_state(engine, index, RC_S_KIOSK);
    } else if (!current && session->state == RC_S_KIOSK) {
        end_kiosk(engine, index);
    }
}

void rc_session_protect(struct rc_engine *engine, uint32_t index)
{
    struct session *session = &engine->sessions[index];
    static const enum rc_session_state state_before[RC_CAUSE_COUNT] = {
        [RC_CAUSE_NONE] = RC_S_SILENT, [RC_CAUSE_STALE] = RC_S_SILENT,  [RC_CAUSE_OUTAGE] = RC_S_SILENT,
        [RC_CAUSE_LOST] = RC_S_LOST,   [RC_CAUSE_CLOSED] = RC_S_CLOSED, [RC_CAUSE_SLEEPING] = RC_S_ASLEEP,
    };
    if (session->state == RC_S_EXPIRED && session->class != RC_KIOSK) {
        set_state(engine, index, state_before[session->ended_by]);
    }
}

/* A device's first_at is when it came or went last. */
void rc_session_push_device(struct rc_engine *engine, uint32_t index, struct rc_effects *out)
{
    const struct session *session = &engine->sessions[index];
    if (!engine->store_ok) {
        engine->devices_changed = true;
        return;
    }
    struct rc_effect *effect = rc_effect_push(out, RC_FX_DEVICE);
    effect->device.device = session->id;
    effect->device.online = session->state != RC_S_EXPIRED;
    effect->device.since_at = session->first_at;
    effect->device.last_seen_at = session->heard_at;
}

static void alert_device(struct rc_engine *engine, uint32_t index, bool lost, struct rc_effects *out)
{
    struct rc_effect *effect = rc_effect_push(out, RC_FX_ALERT);
    effect->alert.kind = RC_ALERT_DEVICE_LOST;
    effect->alert.raised = lost;
    effect->alert.since_at = engine->at;
    effect->alert.name = engine->sessions[index].id;
    effect->alert.count = engine->devices_lost;
}

static bool ended_lost(const struct session *session)
{
    return session->ended_by == RC_CAUSE_STALE || session->ended_by == RC_CAUSE_LOST ||
           session->ended_by == RC_CAUSE_OUTAGE;
}

static void device_heard(struct rc_engine *engine, uint32_t index, bool came, struct rc_effects *out)
{
    struct session *session = &engine->sessions[index];
    if (!came) {
        return;
    }
    if (ended_lost(session)) {
        engine->devices_lost--;
        alert_device(engine, index, false, out);
    }
    session->ended_by = RC_CAUSE_NONE;
    engine->counts.devices_online++;
    session->first_at = engine->at;
    rc_session_push_device(engine, index, out);
}

static void device_expired(struct rc_engine *engine, uint32_t index, struct rc_effects *out)
{
    engine->counts.devices_online--;
    engine->sessions[index].first_at = engine->at;
    rc_session_push_device(engine, index, out);
    if (ended_lost(&engine->sessions[index])) {
        engine->devices_lost++;
        alert_device(engine, index, true, out);
    }
}

void rc_session_forget(struct rc_engine *engine, uint32_t index, struct rc_effects *out)
{
    struct session *session = &engine->sessions[index];
    struct rc_effect *effect = rc_effect_push(out, RC_FX_FORGET);
    effect->forget.session = session->id;
    expect(engine, session, false);
    if (session->employee != RC_NIL) {
        effect->forget.employee = engine->employees[session->employee].id;
    } else if (ended_lost(session)) {
        engine->devices_lost--;
        alert_device(engine, index, false, out);
    }
    rc_session_drop(engine, index);
}

void rc_session_fire(struct rc_engine *engine, uint32_t index, struct rc_effects *out)
{
    struct session *session = &engine->sessions[index];
    bool by_outage;
    enum rc_session_state before = session->state;
    if (before == RC_S_EXPIRED) {
        if (engine->store_ok) {
            rc_session_forget(engine, index, out);
        } else {
            rc_wheel_set(&engine->silence, index, engine->t + engine->policy.reconnect_ms);
        }
        return;
    }
    if (before == RC_S_KIOSK) {
        act(engine, index, H_DEADLINE, NULL, NULL);
    } else if (engine->t >= rc_session_deadline_t(engine, session, &by_outage)) {
        act(engine, index, H_DEADLINE, NULL, NULL);
    } else if (before == RC_S_LIVE && engine->t >= quiet_t(engine, session)) {
        act(engine, index, H_QUIET, NULL, NULL);
    } else {
        rc_session_arm(engine, index); /* it was heard since the timer was set */
        return;
    }
    if (session->employee != RC_NIL) {
        rc_employee_settle(engine, session->employee, out);
    } else if (session->state == RC_S_EXPIRED) {
        device_expired(engine, index, out);
    }
}
