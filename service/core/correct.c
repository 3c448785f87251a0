/* P-16: what a person decides, always by new rows. The log around what they decide on comes with the event;
 * what the decision makes of the ledger is read back from the rows. */
#include "core/model.h"

#include "core/names.h"

struct decision {
    struct rc_engine *engine;
    uint32_t employee;
    const struct rc_correct *correct;
    struct rc_effects *out;
    int64_t seq; /* of the row that says so now */
};

static void answer(struct decision *decision, enum rc_code code, const char *message)
{
    struct rc_effect *effect = rc_effect_push(decision->out, RC_FX_ANSWER);
    effect->answer.code = code;
    effect->answer.message = message;
    effect->answer.seq = decision->seq;
}

static struct rc_row *signed_row(struct decision *decision, enum rc_type type, int64_t at,
                                 enum rc_action action)
{
    struct rc_row *row =
        rc_row_push(decision->engine, decision->employee, type, RC_CAUSE_CORRECTION, at, decision->out);
    row->action = action;
    row->actor = decision->correct->actor;
    row->reason = decision->correct->reason;
    return row;
}

static struct rc_row *on_target(struct decision *decision, enum rc_action action, int64_t target_seq,
                                int64_t at)
{
    struct rc_row *row = signed_row(decision, RC_CORRECTION, at, action);
    row->target_seq = target_seq;
    return row;
}

static void done(struct decision *decision)
{
    rc_employee_reload(decision->engine, decision->employee, decision->out);
    answer(decision, RC_OK, NULL);
}

static bool is_in(enum rc_type type)
{
    return type == RC_IN;
}

static bool is_out(enum rc_type type)
{
    return type == RC_OUT || type == RC_AUTO_OUT;
}

/* Whether an OUT at that place in the log can be in effect; if an undecided AUTO_OUT stands there, it gives
 * way. */
static const char *make_way_for_out(struct decision *decision)
{
    const struct rc_period *period = &decision->correct->history.at;
    if (!period->found) {
        return "no IN before it";
    }
    if (!period->closed) {
        return NULL;
    }
    if (period->out_type != RC_AUTO_OUT || period->out_decided) {
        return "the period before it is closed: retime its OUT instead";
    }
    on_target(decision, RC_ACTION_VOID, period->out_seq, decision->engine->at);
    return NULL;
}

static const char *no_room_for_in(const struct rc_history *history, int64_t at)
{
    if (history->at.found && history->at.in_at == at) {
        return "an IN of that very time stands";
    }
    if (history->at.found && (!history->at.closed || at < history->at.out_at)) {
        return "inside a period that stands";
    }
    return NULL;
}

/* An IN before another IN needs an OUT: the one that waits for it, or one at its own time. */
static void close_in(struct decision *decision, int64_t in_seq, int64_t at)
{
    const struct rc_history *history = &decision->correct->history;
    int64_t waiting_seq = rc_late_waiting(decision->engine, history, at);
    if (waiting_seq != 0) {
        on_target(decision, RC_ACTION_ACCEPT, waiting_seq, decision->engine->at)->closes = in_seq;
    } else if (history->next.found) {
        struct rc_row *row = rc_row_push(decision->engine, decision->employee, RC_AUTO_OUT,
                                         RC_CAUSE_MISSED_OUT, at, decision->out);
        row->last_evidence_at = at;
        row->detected_at = decision->engine->at;
        row->closes = in_seq;
        row->review = true;
    }
}

static void accept_held(struct decision *decision)
{
    const struct rc_target *target = &decision->correct->target;
    const char *obstacle = is_in(target->type) ? no_room_for_in(&decision->correct->history, target->at)
                                               : make_way_for_out(decision);
    if (obstacle != NULL) {
        answer(decision, RC_FAILED_PRECONDITION, obstacle);
        return;
    }
    struct rc_row *row = on_target(decision, RC_ACTION_ACCEPT, target->seq, decision->engine->at);
    decision->seq = row->seq;
    if (is_in(target->type)) {
        close_in(decision, target->seq, target->at);
    } else {
        row->closes = decision->correct->history.at.in_seq;
    }
    done(decision);
}

static void accept(struct decision *decision)
{
    const struct rc_target *target = &decision->correct->target;
    if (target->held && !target->in_effect && !target->rejected) {
        accept_held(decision);
    } else if (target->in_effect && (target->review || target->type == RC_AUTO_OUT)) {
        decision->seq = on_target(decision, RC_ACTION_ACCEPT, target->seq, decision->engine->at)->seq;
        done(decision);
    } else {
        answer(decision, RC_FAILED_PRECONDITION, "nothing about this row is to be decided");
    }
}

/* The RESUME counts for nothing as it is: its IN was voided, or its period ended before it. */
static bool is_moot(const struct rc_target *resume)
{
    const struct rc_period *period = &resume->period;
    bool ended_before =
        period->out_at < resume->at || (period->out_at == resume->at && period->out_seq < resume->seq);
    return !period->found || (period->closed && ended_before);
}

/* Why the AUTO_OUT that was resumed cannot stand; NULL: it can. */
static const char *no_room_for_resumed(const struct rc_target *resume)
{
    const struct rc_period *period = &resume->period;
    if (period->closed && period->out_decided) {
        return "a person has decided on the OUT that came after it: retime that one";
    }
    if (resume->undone_at < period->in_at) {
        return "its AUTO_OUT lies before the IN as that was retimed: retime the IN first, or the OUT";
    }
    return NULL;
}

/* The AUTO_OUT that was resumed stands after all, by this person's decision, and ends the period: an OUT that
 * came later in it goes. Of a RESUME that counts for nothing neither is to come back into effect. */
static void undo_resume(struct decision *decision, enum rc_action action)
{
    const struct rc_target *target = &decision->correct->target;
    int64_t now_at = decision->engine->at;
    bool moot = is_moot(target);
    const char *obstacle = moot ? NULL : no_room_for_resumed(target);
    if (obstacle != NULL) {
        answer(decision, RC_FAILED_PRECONDITION, obstacle);
        return;
    }
    decision->seq = on_target(decision, action, target->seq, now_at)->seq;
    if (!moot && target->period.closed) {
        on_target(decision, RC_ACTION_VOID, target->period.out_seq, now_at);
    }
    on_target(decision, moot ? RC_ACTION_VOID : RC_ACTION_ACCEPT, target->target_seq, now_at);
    done(decision);
}

/* Voiding an IN voids its OUT; an OUT alone never goes, or the period would be open again. */
static void void_in(struct decision *decision, enum rc_action action)
{
    const struct rc_target *target = &decision->correct->target;
    if (!target->in_effect) {
        answer(decision, RC_FAILED_PRECONDITION, "this row is not in effect");
    } else if (is_out(target->type)) {
        answer(decision, RC_FAILED_PRECONDITION, "an OUT is never voided alone: retime it, or void its IN");
    } else if (action == RC_ACTION_REJECT && !target->review) {
        answer(decision, RC_FAILED_PRECONDITION, "nothing about this row is to be decided: void it, and why");
    } else if (target->type == RC_RESUME) {
        undo_resume(decision, action);
    } else if (!is_in(target->type)) {
        answer(decision, RC_FAILED_PRECONDITION, "a CORRECTION is undone by another one");
    } else {
        decision->seq = on_target(decision, action, target->seq, decision->engine->at)->seq;
        if (target->period.closed) {
            on_target(decision, RC_ACTION_VOID, target->period.out_seq, decision->engine->at);
        }
        done(decision);
    }
}

static void reject(struct decision *decision)
{
    const struct rc_target *target = &decision->correct->target;
    if (target->held && !target->in_effect && !target->rejected) {
        decision->seq = on_target(decision, RC_ACTION_REJECT, target->seq, decision->engine->at)->seq;
        done(decision);
    } else {
        void_in(decision, RC_ACTION_REJECT);
    }
}

static void retime(struct decision *decision)
{
    const struct rc_target *target = &decision->correct->target;
    const struct rc_period *period = &target->period;
    int64_t at = decision->correct->at;
    int64_t least_at = is_in(target->type) ? target->previous_out_at : period->in_at;
    int64_t most_at = is_in(target->type) && period->closed ? period->out_at : target->next_in_at;
    bool beside = is_in(target->type) && (at == target->previous_in_at || at == target->next_in_at);
    if (!target->in_effect || (!is_in(target->type) && !is_out(target->type))) {
        answer(decision, RC_FAILED_PRECONDITION, "only an IN or OUT in effect can be retimed");
    } else if (at < least_at || at > most_at) {
        answer(decision, RC_FAILED_PRECONDITION,
               "the new time is not between the punches before and after it");
    } else if (beside) { /* which of the two comes first would be chance */
        answer(decision, RC_FAILED_PRECONDITION, "an IN of that very time stands");
    } else {
        decision->seq = on_target(decision, RC_ACTION_RETIME, target->seq, at)->seq;
        done(decision);
    }
}

static void add(struct decision *decision)
{
    const struct rc_correct *correct = decision->correct;
    const char *obstacle =
        is_in(correct->type) ? no_room_for_in(&correct->history, correct->at) : make_way_for_out(decision);
    if (obstacle != NULL) {
        answer(decision, RC_FAILED_PRECONDITION, obstacle);
        return;
    }
    struct rc_row *row = signed_row(decision, correct->type, correct->at, RC_ACTION_ADD);
    decision->seq = row->seq;
    if (is_in(correct->type)) {
        close_in(decision, row->seq, correct->at);
    } else {
        row->closes = correct->history.at.in_seq;
    }
    done(decision);
}

static bool names_a_row(enum rc_action action)
{
    return action != RC_ACTION_ADD;
}

void rc_correct_step(struct rc_engine *engine, const struct rc_event *event, struct rc_effects *out)
{
    const struct rc_correct *correct = &event->correct;
    struct decision decision = {.engine = engine, .correct = correct, .out = out};
    decision.employee = rc_employee_find(engine, &correct->employee);
    bool dated = correct->action == RC_ACTION_ADD || correct->action == RC_ACTION_RETIME;
    if (rc_id_equal(&correct->actor, &correct->employee)) {
        answer(&decision, RC_PERMISSION_DENIED, "nobody decides on their own punches");
        return;
    }
    if (names_a_row(correct->action) && (!correct->target.found || decision.employee == RC_NIL)) {
        answer(&decision, RC_NOT_FOUND, "no such row of this employee");
        return;
    }
    if (dated && (correct->at < 0 || correct->at > engine->at)) {
        answer(&decision, RC_INVALID_ARGUMENT, "the time is in the future");
        return;
    }
    if (correct->action == RC_ACTION_ADD && correct->type != RC_IN && correct->type != RC_OUT) {
        answer(&decision, RC_INVALID_ARGUMENT, "only an IN or an OUT can be added");
        return;
    }
    if (decision.employee == RC_NIL) {
        decision.employee = rc_employee_make(engine, &correct->employee);
    }
    if (decision.employee == RC_NIL) {
        answer(&decision, RC_RESOURCE_EXHAUSTED, "the service has no room for another employee");
        return;
    }
    switch (correct->action) {
    case RC_ACTION_ACCEPT:
        accept(&decision);
        break;
    case RC_ACTION_REJECT:
        reject(&decision);
        break;
    case RC_ACTION_ADD:
        add(&decision);
        break;
    case RC_ACTION_VOID:
        void_in(&decision, RC_ACTION_VOID);
        break;
    case RC_ACTION_RETIME:
        retime(&decision);
        break;
    default:
        answer(&decision, RC_INVALID_ARGUMENT, "no such action");
    }
}
