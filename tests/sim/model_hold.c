#include "model_parts.h"

#include "core/names.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Mass silence (P-8), counted person by person each time. Where a crash left two possibilities, `sure` counts
 * those who certainly are overdue and `maybe` those who may be. */

struct count {
    int watched_sure, watched_maybe, overdue_sure, overdue_maybe;
};

struct look {
    bool watched_sure, watched_maybe, overdue_sure, overdue_maybe;
};

static bool kiosk_holds(struct sim_model *model, int employee)
{
    struct range shift;
    unsigned causes;
    model_due(model, employee, &shift, &causes);
    return shift.high > LONG_AGO;
}

/* When a session began to be missed: its will, or 1.5 intervals after it was heard last. */
static int64_t fell_silent(const struct session *session, bool latest)
{
    int64_t heard = latest ? session->heard_t.high : session->heard_t.low;
    return heard + model_interval(session) * 3 / 2;
}

static struct look look_at(struct sim_model *model, int employee)
{
    struct look look = {0};
    if (!model_fold(model, employee)->is_in)
        return look;
    bool asleep_sure = false, asleep_maybe = false, missed_sure = false, missed_maybe = false;
    bool live_sure = false, live_maybe = false;
    for (int i = 0; i < model->session_count; i++) {
        const struct session *session = &model->sessions[i];
        bool capped;
        if (session->employee != employee)
            continue;
        struct range deadline = model_deadline(model, session, &capped);
        bool past_sure = deadline.high <= model->t, past_maybe = deadline.low <= model->t;
        bool silent_sure = model->t > fell_silent(session, true),
             silent_maybe = model->t >= fell_silent(session, false);
        unsigned marks = session->marks;
        asleep_maybe = asleep_maybe || ((marks & MARK_ASLEEP) && !past_sure);
        asleep_sure = asleep_sure || (marks == MARK_ASLEEP && !past_maybe);
        missed_maybe =
            missed_maybe || (marks & MARK_LOST) || ((marks & (MARK_LIVE | MARK_ASLEEP)) && silent_maybe);
        missed_sure =
            missed_sure || (!past_maybe && (marks == MARK_LOST || (marks == MARK_LIVE && silent_sure)));
        live_maybe = live_maybe || ((marks & MARK_LIVE) && !silent_sure);
        live_sure = live_sure || (marks == MARK_LIVE && !silent_maybe);
    }
    bool kiosk = kiosk_holds(model, employee);
    look.watched_maybe = !asleep_sure && (!kiosk || true);
    look.watched_sure = !asleep_maybe && !kiosk;
    look.overdue_maybe = look.watched_maybe && missed_maybe && !live_sure;
    look.overdue_sure = look.watched_sure && missed_sure && !live_maybe;
    return look;
}

/* Whether an employee has (or may have) a session that carries this gateway's id. */
static bool carries(const struct sim_model *model, int employee, int client)
{
    for (int i = 0; i < model->session_count; i++)
        if (model->sessions[i].employee == employee && model->sessions[i].client == client)
            return true;
    return false;
}

static bool in_scope(const struct sim_model *model, int employee, const struct rc_hold *hold)
{
    switch (hold->scope) {
    case RC_SCOPE_SITE:
        return true;
    case RC_SCOPE_GATEWAY:
        return carries(model, employee, sim_client_index(&hold->name));
    default:
        return false; /* the plan has no directory */
    }
}

static struct count count_scope(struct sim_model *model, const struct rc_hold *hold)
{
    struct count count = {0};
    for (int i = 0; i < model->world->plan->employees; i++) {
        if (!in_scope(model, i, hold))
            continue;
        struct look look = look_at(model, i);
        count.watched_sure += look.watched_sure;
        count.watched_maybe += look.watched_maybe;
        count.overdue_sure += look.overdue_sure;
        count.overdue_maybe += look.overdue_maybe;
    }
    return count;
}

static struct outage *find(struct sim_model *model, int64_t number)
{
    for (int i = 0; i < model->outage_count; i++)
        if (model->outages[i].hold.number == number)
            return &model->outages[i];
    return NULL;
}

static void open_hold(struct sim_model *model, const struct rc_hold *hold)
{
    struct count count = count_scope(model, hold);
    if (count.overdue_maybe < 5 || 2 * count.overdue_maybe < count.watched_sure)
        sim_fail(model->world, 4, "a hold opens on %s %s: %d of %d at most are overdue",
                 rc_scope_kind_name(hold->scope), hold->name.text, count.overdue_maybe, count.watched_sure);
    if (model->outage_count == model->outage_room) {
        model->outage_room = model->outage_room ? 2 * model->outage_room : 16;
        model->outages = realloc(model->outages, (size_t)model->outage_room * sizeof *model->outages);
        assert(model->outages);
    }
    model->outages[model->outage_count++] =
        (struct outage){.hold = *hold, .opened_time = model->time, .ended_time = RC_NONE};
    model->world->seen.holds++;
}

void model_see_hold(struct sim_model *model, const struct sim_heard *heard, const struct rc_hold *hold)
{
    (void)heard;
    sim_trace(model->world, "hold %lld on %s %s is %s", (long long)hold->number,
              rc_scope_kind_name(hold->scope), hold->name.text, hold->open ? "open" : "over");
    struct outage *outage = find(model, hold->number);
    if (hold->open) {
        if (!outage)
            open_hold(model, hold);
        return;
    }
    if (!outage)
        sim_fail(model->world, 4, "a hold ends that never began");
    else
        outage->ended_time = model->time;
}

void model_see_status(struct sim_model *model, const struct rc_status *status, bool last)
{
    int employee = sim_employee_index(&status->employee);
    struct person *person = &model->people[employee];
    const struct outage *outage = find(model, status->ledger.hold);
    if (status->ledger.hold > 0 && status->ledger.hold != person->hold) {
        if (!outage)
            sim_fail(model->world, 4, "e%d is in a hold that never began", employee);
        else if (outage->ended_time != RC_NONE)
            sim_fail(model->world, 4, "e%d falls into a hold that is over", employee);
    }
    if (status->ledger.hold > 0 && status->ledger.hold != person->hold)
        person->held_time = model->time;
    if (status->ledger.hold == 0 && person->hold > 0 && status->ledger.is_in &&
        person->heard_time < person->held_time)
        sim_fail(model->world, 4, "e%d leaves hold %lld and was not heard", employee,
                 (long long)person->hold);
    person->hold = status->ledger.hold;
    bool is_in = model_fold(model, employee)->is_in;
    if (last && is_in != status->ledger.is_in)
        sim_fail(model->world, 3, "the status of e%d says %s", employee, status->ledger.is_in ? "IN" : "OUT");
}

int64_t model_hold_over(const struct sim_model *model, int64_t hold)
{
    for (int i = 0; i < model->outage_count; i++)
        if (model->outages[i].hold.number == hold)
            return model->outages[i].ended_time;
    return RC_NONE;
}

void model_check_not_held(struct sim_model *model, int employee, const struct rc_row *row)
{
    for (int i = 0; i < model->outage_count; i++) {
        const struct outage *outage = &model->outages[i];
        if (outage->ended_time == RC_NONE && outage->hold.scope == RC_SCOPE_SITE)
            sim_fail(model->world, 4, "e%d is punched out for %s while hold %lld is open", employee,
                     rc_cause_name(row->cause), (long long)outage->hold.number);
    }
    struct rc_hold site = {.scope = RC_SCOPE_SITE};
    struct count count = count_scope(model, &site);
    if (count.overdue_sure >= 5 && 2 * count.overdue_sure >= count.watched_maybe)
        sim_fail(model->world, 4, "e%d is punched out for %s, but %d of %d are overdue", employee,
                 rc_cause_name(row->cause), count.overdue_sure, count.watched_maybe);
}

void model_check_was_held(struct sim_model *model, const struct sim_heard *heard, int employee,
                          const struct rc_row *row)
{
    const struct outage *outage = find(model, row->hold);
    (void)heard;
    if (!outage) {
        sim_fail(model->world, 4, "e%d was in a hold that never began", employee);
        return;
    }
    if (row->cause != RC_CAUSE_OUTAGE)
        sim_fail(model->world, 4, "e%d was held, and is punched out for %s", employee,
                 rc_cause_name(row->cause));
    if (model->people[employee].hold != row->hold)
        sim_fail(model->world, 4, "e%d was not in hold %lld", employee, (long long)row->hold);
    if (model->world->host.boots == 1 && model->time < outage->opened_time + HOLD_MS)
        sim_fail(model->world, 4, "e%d is punched out before their hold is over", employee);
}
