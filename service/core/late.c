/* P-13: punches that come long after they happened, or after an AUTO_OUT that was decided since, judged
 * against the log around their own time. Whatever they do to the ledger is read back from the rows
 * (RC_FX_RELOAD). */
#include "core/model.h"

#include "core/names.h"

static struct rc_row *record(struct rc_engine *engine, uint32_t employee, const struct rc_punch *punch,
                             struct rc_punch_when when, struct rc_effects *out)
{
    struct rc_row *row = rc_row_push(engine, employee, punch->type, RC_CAUSE_PUNCH, when.at, out);
    rc_punch_into_row(punch, row);
    row->review = rc_punch_late_review(punch, when) || (punch->type == RC_IN && punch->in_elsewhere);
    return row;
}

/* A correction by the rules themselves, not by a person. */
static struct rc_row *correct(struct rc_engine *engine, uint32_t employee, enum rc_action action,
                              int64_t target_seq, struct rc_effects *out)
{
    struct rc_row *row = rc_row_push(engine, employee, RC_CORRECTION, RC_CAUSE_CORRECTION, engine->at, out);
    row->action = action;
    row->target_seq = target_seq;
    rc_id_set(&row->actor, rc_text_of("service"));
    return row;
}

static void late_out(struct rc_engine *engine, uint32_t employee, const struct rc_punch *punch,
                     struct rc_punch_when when, struct rc_effects *out)
{
    const struct rc_period *period = &punch->history.at;
    int64_t at = when.at;
    bool automatic = period->out_type == RC_AUTO_OUT && !period->out_decided;
    /* An OUT after an OUT has no IN before it either: it may be flushed by another kiosk, and later. */
    if (!period->found || (period->closed && !automatic && at >= period->out_at)) {
        rc_punch_hold_back(engine, employee, punch, when, RC_NO_IN, "no IN before it yet", out);
        return;
    }
    if (period->resumed_at > at) {
        rc_punch_hold_back(engine, employee, punch, when, RC_OVERLAP, "seen present after it", out);
        return;
    }
    if (period->closed && !automatic) {
        rc_punch_hold_back(engine, employee, punch, when, RC_OVERLAP, "inside a period that stands", out);
        return;
    }
    if (period->closed && at - period->in_at > engine->policy.max_shift_ms) {
        /* more likely the OUT of an IN that is still on its way than of a shift of two days */
        rc_punch_hold_back(engine, employee, punch, when, RC_NO_IN, "no IN within a shift before it yet",
                           out);
        return;
    }
    if (period->closed) {
        correct(engine, employee, RC_ACTION_VOID, period->out_seq, out);
    }
    struct rc_row *row = record(engine, employee, punch, when, out);
    row->closes = period->in_seq;
    rc_punch_receipt(engine, punch, row, RC_RECORDED, RC_OK, NULL, out);
    rc_employee_reload(engine, employee, out);
}

int64_t rc_late_waiting(const struct rc_engine *engine, const struct rc_history *history, int64_t in_at)
{
    bool within = history->waiting_at - in_at <= engine->policy.max_shift_ms;
    return history->waiting_seq != 0 && within ? history->waiting_seq : 0;
}

/* Before another IN, with no OUT of its own yet: closed at its own time, until its late OUT comes. */
static void close_at_once(struct rc_engine *engine, uint32_t employee, int64_t in_seq, int64_t at,
                          struct rc_effects *out)
{
    struct rc_row *row = rc_row_push(engine, employee, RC_AUTO_OUT, RC_CAUSE_MISSED_OUT, at, out);
    row->last_evidence_at = at;
    row->detected_at = engine->at;
    row->closes = in_seq;
    row->review = true;
}

static void late_in(struct rc_engine *engine, uint32_t employee, const struct rc_punch *punch,
                    struct rc_punch_when when, struct rc_effects *out)
{
    const struct rc_history *history = &punch->history;
    int64_t at = when.at;
    int64_t waiting_seq = rc_late_waiting(engine, history, at);
    if (history->at.found && (!history->at.closed || at < history->at.out_at)) {
        rc_punch_hold_back(engine, employee, punch, when, RC_OVERLAP, "inside a period that stands", out);
        return;
    }
    if (engine->at - at > engine->policy.max_shift_ms && waiting_seq == 0) {
        rc_punch_hold_back(engine, employee, punch, when, RC_TOO_OLD,
                           "older than the shift limit, without its OUT", out);
        return;
    }
    const struct rc_row *row = record(engine, employee, punch, when, out);
    int64_t in_seq = row->seq;
    rc_punch_recorded(engine, punch, row, out);
    if (waiting_seq != 0) {
        correct(engine, employee, RC_ACTION_ACCEPT, waiting_seq, out)->closes = in_seq;
    } else if (history->next.found) {
        close_at_once(engine, employee, in_seq, at, out);
    }
    rc_employee_reload(engine, employee, out);
}

void rc_late_step(struct rc_engine *engine, uint32_t employee, const struct rc_punch *punch,
                  struct rc_punch_when when, struct rc_effects *out)
{
    if (punch->type == RC_IN) {
        late_in(engine, employee, punch, when, out);
    } else {
        late_out(engine, employee, punch, when, out);
    }
}
