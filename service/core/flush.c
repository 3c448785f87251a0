/* Which sessions' rows in the store are out of date. A session is in at most one of two lists: dirty (to be
 * written) or taken (written in the transaction that is still open). */
#include "core/model.h"

static void push(struct rc_engine *engine, struct list *list, uint32_t index)
{
    struct session *session = &engine->sessions[index];
    session->dirty_next = RC_NIL;
    session->dirty_previous = list->first == RC_NIL ? RC_NIL : list->last;
    if (list->first == RC_NIL) {
        list->first = index;
    } else {
        engine->sessions[list->last].dirty_next = index;
    }
    list->last = index;
}

static void take_out(struct rc_engine *engine, struct list *list, uint32_t index)
{
    const struct session *session = &engine->sessions[index];
    *(session->dirty_previous == RC_NIL ? &list->first
                                        : &engine->sessions[session->dirty_previous].dirty_next) =
        session->dirty_next;
    *(session->dirty_next == RC_NIL ? &list->last : &engine->sessions[session->dirty_next].dirty_previous) =
        session->dirty_previous;
}

static uint32_t pop(struct rc_engine *engine, struct list *list)
{
    uint32_t index = list->first;
    if (index != RC_NIL) {
        take_out(engine, list, index);
    }
    return index;
}

void rc_mark_dirty(struct rc_engine *engine, uint32_t index)
{
    struct session *session = &engine->sessions[index];
    if (session->flags & S_DIRTY) {
        return;
    }
    if (session->flags & S_TAKEN) {
        session->flags |= S_AGAIN;
        return;
    }
    session->flags |= S_DIRTY;
    push(engine, &engine->dirty, index);
}

void rc_session_row_of(const struct rc_engine *engine, const struct session *session,
                       struct rc_session_row *out)
{
    *out = (struct rc_session_row){
        .session = session->id,
        .class = session->class,
        .state = session->state,
        .ended_by = session->ended_by,
        .epoch = session->epoch,
        .interval_ms = session->interval_ms,
        .heard_at = session->heard_at,
        .heard_t = session->heard_t,
        .first_at = session->first_at,
        .deadline_t = session->deadline_t,
        .deadline_now = session->deadline_now,
        .heard_in_seq = session->heard_in_seq,
    };
    if (session->employee != RC_NIL) {
        out->employee = engine->employees[session->employee].id;
        out->evidence = engine->employees[session->employee].evidence;
    }
}

bool rc_engine_next_dirty(struct rc_engine *engine, struct rc_session_row *out)
{
    for (;;) {
        uint32_t index = pop(engine, &engine->dirty);
        if (index == RC_NIL) {
            return false;
        }
        struct session *session = &engine->sessions[index];
        session->flags &= (uint8_t)~S_DIRTY;
        if (session->flags & S_DEAD) {
            rc_session_free(engine, index);
            continue;
        }
        session->flags |= S_TAKEN;
        push(engine, &engine->taken, index);
        rc_session_row_of(engine, session, out);
        return true;
    }
}

/* The session itself, or the slot that takes the heartbeats of those for whom there was no room. */
static uint32_t find_or_slot(const struct rc_engine *engine, const struct rc_id *employee,
                             const struct rc_id *id)
{
    uint32_t index = rc_session_lookup(engine, employee, id);
    uint32_t owner = rc_employee_find(engine, employee);
    if (index != RC_NIL || owner == RC_NIL) {
        return index;
    }
    index = engine->employees[owner].sessions;
    while (index != RC_NIL && (engine->sessions[index].flags & S_SLOT) == 0) {
        index = engine->sessions[index].sibling;
    }
    return index;
}

bool rc_engine_take_session(struct rc_engine *engine, const struct rc_id *employee, const struct rc_id *id,
                            struct rc_session_row *out)
{
    uint32_t index = find_or_slot(engine, employee, id);
    if (index == RC_NIL) {
        return false;
    }
    struct session *session = &engine->sessions[index];
    if (session->flags & S_DIRTY) {
        take_out(engine, &engine->dirty, index);
        session->flags &= (uint8_t)~S_DIRTY;
    }
    if ((session->flags & S_TAKEN) == 0) {
        session->flags |= S_TAKEN;
        push(engine, &engine->taken, index);
    }
    session->flags &= (uint8_t)~S_AGAIN;
    rc_session_row_of(engine, session, out);
    return true;
}

static void release(struct rc_engine *engine, bool written)
{
    uint32_t index;
    while ((index = pop(engine, &engine->taken)) != RC_NIL) {
        struct session *session = &engine->sessions[index];
        bool again = !written || (session->flags & S_AGAIN);
        session->flags &= (uint8_t) ~(S_TAKEN | S_AGAIN);
        if (session->flags & S_DEAD) {
            rc_session_free(engine, index);
        } else if (again) {
            rc_mark_dirty(engine, index);
        }
    }
}

void rc_flush_committed(struct rc_engine *engine)
{
    release(engine, true);
}

void rc_flush_undone(struct rc_engine *engine)
{
    release(engine, false);
}

bool rc_engine_each_session(const struct rc_engine *engine, const struct rc_id *employee, uint32_t *cursor,
                            struct rc_session_row *out)
{
    uint32_t index;
    if (*cursor == 0) {
        uint32_t owner = employee == NULL ? RC_NIL : rc_employee_find(engine, employee);
        if (employee != NULL && owner == RC_NIL) {
            return false;
        }
        index = employee == NULL ? engine->devices : engine->employees[owner].sessions;
    } else {
        index = engine->sessions[*cursor - 1].sibling;
    }
    if (index == RC_NIL) {
        return false;
    }
    *cursor = index + 1;
    rc_session_row_of(engine, &engine->sessions[index], out);
    return true;
}
