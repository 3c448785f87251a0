#include "model_parts.h"

#include "check.h"
#include "core/names.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sim_model *sim_model_new(struct sim_world *world)
{
    struct sim_model *model = calloc(1, sizeof *model);
    assert(model);
    model->world = world;
    model->store_ok = true;
    model->t_saving = RC_NONE;
    model->folded = calloc(SIM_EMPLOYEES_MAX, sizeof *model->folded);
    assert(model->folded);
    for (int i = 0; i < SIM_EMPLOYEES_MAX; i++) {
        struct person *person = &model->people[i];
        person->sure = person->maybe = person->kept =
            (struct proof){.time = LONG_AGO, .at = LONG_AGO, .t = LONG_AGO};
    }
    return model;
}

static void drop_limbo(struct sim_model *model)
{
    free(model->limbo.rows);
    free(model->limbo.verdicts);
    free(model->limbo.kiosks);
    free(model->limbo.outages);
    model->limbo = (struct limbo){0};
}

void sim_model_free(struct sim_model *model)
{
    if (!model)
        return;
    drop_limbo(model);
    free(model->sessions);
    free(model->flushed);
    free(model->flushing);
    free(model->rows);
    free(model->facts);
    free(model->folded);
    free(model->verdicts);
    free(model->kiosks);
    free(model->outages);
    free(model);
}

/* ---- the transaction ---- */

/* Of the items from number `first` on; items may be NULL where there are none. */
static void *copy_of(const void *items, int first, int count, size_t size)
{
    void *copy = malloc((size_t)count * size + 1);
    assert(copy);
    if (count > 0)
        memcpy(copy, (const char *)items + (size_t)first * size, (size_t)count * size);
    return copy;
}

void sim_model_commit_failed(struct sim_model *model)
{
    const struct mark_of_commit *was = &model->committed;
    struct limbo *limbo = &model->limbo;
    drop_limbo(model);
    limbo->is = true;
    limbo->row_count = model->row_count - was->rows;
    limbo->verdict_count = model->verdict_count - was->verdicts;
    limbo->kiosk_count = model->kiosk_count - was->kiosks;
    limbo->outage_count = model->outage_count;
    limbo->rows = copy_of(model->rows, was->rows, limbo->row_count, sizeof *limbo->rows);
    limbo->verdicts = copy_of(model->verdicts, was->verdicts, limbo->verdict_count, sizeof *limbo->verdicts);
    limbo->kiosks = copy_of(model->kiosks, was->kiosks, limbo->kiosk_count, sizeof *limbo->kiosks);
    limbo->outages = copy_of(model->outages, 0, limbo->outage_count, sizeof *limbo->outages);
    for (int i = 0; i < SIM_EMPLOYEES_MAX; i++)
        limbo->holds[i] = model->people[i].hold;
}

int sim_model_failed(const struct sim_model *model)
{
    return model->limbo.is ? model->limbo.row_count : RC_NONE;
}

static struct verdict *new_verdict(struct sim_model *model)
{
    if (model->verdict_count == model->verdict_room) {
        model->verdict_room = model->verdict_room ? 2 * model->verdict_room : 128;
        model->verdicts = realloc(model->verdicts, (size_t)model->verdict_room * sizeof *model->verdicts);
        assert(model->verdicts);
    }
    return &model->verdicts[model->verdict_count++];
}

static struct kiosk *new_kiosk(struct sim_model *model)
{
    if (model->kiosk_count == model->kiosk_room) {
        model->kiosk_room = model->kiosk_room ? 2 * model->kiosk_room : 64;
        model->kiosks = realloc(model->kiosks, (size_t)model->kiosk_room * sizeof *model->kiosks);
        assert(model->kiosks);
    }
    return &model->kiosks[model->kiosk_count++];
}

void sim_model_found_failed(struct sim_model *model)
{
    struct limbo limbo = model->limbo;
    model->limbo = (struct limbo){0};
    for (int i = 0; i < limbo.row_count; i++) {
        model_add_row(model, &limbo.rows[i].row, limbo.rows[i].time);
        model->rows[model->row_count - 1] = limbo.rows[i];
    }
    for (int i = 0; i < limbo.verdict_count; i++) {
        struct verdict *verdict = new_verdict(model);
        *verdict = limbo.verdicts[i];
        verdict->maybe = limbo.row_count == 0; /* only rows show that it was written */
    }
    for (int i = 0; i < limbo.kiosk_count; i++)
        *new_kiosk(model) = limbo.kiosks[i];
    if (limbo.row_count > 0) {
        free(model->outages);
        model->outages = limbo.outages;
        model->outage_count = model->outage_room = limbo.outage_count;
        limbo.outages = NULL;
        for (int i = 0; i < SIM_EMPLOYEES_MAX; i++)
            model->people[i].hold = limbo.holds[i];
    }
    free(limbo.rows);
    free(limbo.verdicts);
    free(limbo.kiosks);
    free(limbo.outages);
    sim_model_commit(model);
}

void sim_model_commit(struct sim_model *model)
{
    drop_limbo(model);
    model->committed.rows = model->row_count;
    model->committed.verdicts = model->verdict_count;
    model->committed.kiosks = model->kiosk_count;
    model->committed.outages = model->outage_count;
    for (int i = 0; i < model->outage_count; i++)
        model->outages[i].ended_durably = model->outages[i].ended_time != RC_NONE;
    for (int i = 0; i < SIM_EMPLOYEES_MAX; i++) {
        model->committed.holds[i] = model->people[i].hold;
        if (model->person_flushing[i])
            model->people[i].kept = model->people[i].sure;
        model->person_flushing[i] = false;
    }
    for (int i = 0; i < model->session_count; i++) {
        if (model->flushing[i])
            model->flushed[i] = model->sessions[i];
        model->flushing[i] = false;
    }
    if (model->t_saving != RC_NONE)
        model->t_saved = model->t_saving;
    model->t_saving = RC_NONE;
}

void sim_model_undo(struct sim_model *model)
{
    model->row_count = model->committed.rows;
    model->verdict_count = model->committed.verdicts;
    model->kiosk_count = model->committed.kiosks;
    model->outage_count = model->committed.outages;
    for (int i = 0; i < model->outage_count; i++)
        if (!model->outages[i].ended_durably)
            model->outages[i].ended_time = RC_NONE;
    for (int i = 0; i < SIM_EMPLOYEES_MAX; i++) {
        model->people[i].hold = model->committed.holds[i];
        model->people[i].was_in = false;
        model->person_flushing[i] = false;
    }
    for (int i = 0; i < model->session_count; i++)
        model->flushing[i] = false;
    model->t_saving = RC_NONE;
    model->folded_yet = false;
}

void sim_model_flushing(struct sim_model *model, int employee, int client)
{
    for (int i = 0; i < model->session_count; i++)
        if (model->sessions[i].employee == employee && model->sessions[i].client == client)
            model->flushing[i] = true;
    if (employee >= 0)
        model->person_flushing[employee] = true;
}

void sim_model_saving_t(struct sim_model *model, int64_t old_ms)
{
    bool runs = model->connected && model->store_ok && !model->maintained;
    model->t_saving = model->t + (runs ? model->world->time - model->time : 0) - old_ms;
}

static void restart_session(struct sim_model *model, int index, int64_t lag_ms)
{
    struct session *live = &model->sessions[index];
    const struct session *kept = &model->flushed[index];
    bool changed = memcmp(live, kept, sizeof *live) != 0;
    if (changed) {
        live->deadline.low =
            kept->deadline.low < live->deadline.low ? kept->deadline.low : live->deadline.low;
        live->deadline.high =
            kept->deadline.high > live->deadline.high ? kept->deadline.high : live->deadline.high;
        live->heard_t.low = kept->heard_t.low < live->heard_t.low ? kept->heard_t.low : live->heard_t.low;
        live->heard_time.low =
            kept->heard_time.low < live->heard_time.low ? kept->heard_time.low : live->heard_time.low;
        live->epoch.low = kept->epoch.low < live->epoch.low ? kept->epoch.low : live->epoch.low;
        live->marks |= kept->marks;
        live->may_resume = true;
    }
    live->deadline.high += lag_ms;
    live->heard_t.high += lag_ms;
    model->flushed[index] = *live;
}

void sim_model_restart(struct sim_model *model)
{
    sim_model_undo(model);
    if (model->t < model->t_saved)
        model->t = model->t_saved; /* it was kept later than anything happened */
    int64_t lag_ms = model->t - model->t_saved;
    model->lag_ms += lag_ms;
    for (int i = 0; i < model->session_count; i++)
        restart_session(model, i, lag_ms);
    for (int i = 0; i < SIM_EMPLOYEES_MAX; i++) {
        struct person *person = &model->people[i];
        if (person->kept.time < person->sure.time)
            person->sure = person->kept; /* what came after may be lost, and may not */
    }
    if (model->maintained) /* a boot time is not kept over a reboot: by the label */
        model->maintenance_time = model->world->time + model->maintenance_at - sim_at(model->world);
    model->connected = false;
    model->store_ok = true;
    model->running_since = model->world->time;
}

/* ---- for checks ---- */

int sim_model_rows(const struct sim_model *model)
{
    return model->row_count;
}

const struct rc_row *sim_model_row(const struct sim_model *model, int index)
{
    return &model->rows[index].row;
}

int sim_model_committed(const struct sim_model *model)
{
    return model->committed.rows;
}

int sim_model_periods(struct sim_model *model, int employee, struct sim_period *out, int room)
{
    const struct folded *folded = model_fold(model, employee);
    for (int i = 0; i < folded->count && i < room; i++)
        out[i] = folded->period[i];
    return folded->count;
}

/* ---- rows against what was wanted ---- */

static const char *row_text(const struct rc_row *row, char out[200])
{
    snprintf(out, 200, "row %lld %s %s of %s at %lld%s%s closes %lld target %lld hold %lld",
             (long long)row->seq, rc_type_name(row->type), rc_cause_name(row->cause), row->employee.text,
             (long long)row->at, row->held ? " held" : "", row->review ? " review" : "",
             (long long)row->closes, (long long)row->target_seq, (long long)row->hold);
    return out;
}

/* Check 3: INs and OUTs alternate, and no period ends before it begins. */
static void check_fold(struct sim_model *model, int employee)
{
    const struct folded *folded = model_fold(model, employee);
    for (int i = 0; i < folded->count; i++) {
        const struct sim_period *period = &folded->period[i];
        bool last = i + 1 == folded->count;
        if (period->out_seq == 0 && !last)
            sim_fail(model->world, 3, "e%d: IN %lld is open, and is not the last", employee,
                     (long long)period->in_seq);
        else if (period->out_seq > 0 && period->out_at < period->in_at)
            sim_fail(model->world, 3, "e%d: IN %lld ends before it begins", employee,
                     (long long)period->in_seq);
        else if (!last && period->out_at > folded->period[i + 1].in_at)
            sim_fail(model->world, 3, "e%d: IN %lld overlaps the next", employee, (long long)period->in_seq);
    }
}

static void check_person(struct sim_model *model, int employee)
{
    struct person *person = &model->people[employee];
    bool is_in = model_fold(model, employee)->is_in;
    if (is_in && !person->was_in)
        person->opened_t = model->t;
    person->was_in = is_in;
    check_fold(model, employee);
}

/* An OUT of any kind closes an IN in effect that nothing else in effect closes. */
static void check_closes(struct sim_model *model, const struct rc_row *row)
{
    if (row->held || (row->type != RC_OUT && row->type != RC_AUTO_OUT))
        return;
    bool known = row->closes > 0 && row->closes < row->seq;
    if (!known || model_entry(model, row->closes)->row.type != RC_IN ||
        !model_fact(model, row->closes)->in_effect) {
        sim_fail(model->world, 3, "row %lld closes no IN in effect", (long long)row->seq);
        return;
    }
    for (int64_t seq = 1; seq < row->seq; seq++) {
        enum rc_type type = model_entry(model, seq)->row.type;
        if ((type == RC_OUT || type == RC_AUTO_OUT) && model_fact(model, seq)->in_effect &&
            model_fact(model, seq)->closes == row->closes)
            sim_fail(model->world, 3, "rows %lld and %lld both close IN %lld", (long long)seq,
                     (long long)row->seq, (long long)row->closes);
    }
}

static struct entry *add_row(struct sim_model *model, const struct sim_heard *heard, const struct rc_row *row)
{
    char text[200];
    sim_trace(model->world, "%s", row_text(row, text));
    if (row->seq != model->row_count + 1) {
        sim_fail(model->world, 2, "row %lld follows row %d", (long long)row->seq, model->row_count);
        return NULL;
    }
    int64_t time = heard->time - (heard->at - row->at);
    if (heard->words && heard->words->say == SIM_SAY_PUNCH && row->type == heard->words->type) {
        struct when when = model_when(heard);
        if (!when.doubtful)
            time = when.time + row->at - when.at;
    }
    model_add_row(model, row, time);
    struct entry *entry = &model->rows[model->row_count - 1];
    entry->lag_ms = model->lag_ms;
    if (entry->employee < 0 || entry->employee >= model->world->plan->employees) {
        sim_fail(model->world, 1, "a row of nobody: %s", row_text(row, text));
        return NULL;
    }
    check_closes(model, row);
    return entry;
}

static bool matches(const struct wanted_row *want, const struct rc_row *row)
{
    return row->type == want->type && (want->cause == RC_CAUSE_COUNT || row->cause == want->cause) &&
           row->at >= want->at.low && row->at <= want->at.high && row->held == want->held &&
           (want->review < 0 || row->review == (want->review == 1)) &&
           (want->closes == RC_NONE || row->closes == want->closes) &&
           (want->target == RC_NONE || row->target_seq == want->target) && row->action == want->action;
}

/* What of the effects concerns the log, in order. */
struct done {
    const struct rc_row *row[64];
    int rows;
    const struct rc_receipt *receipt;
};

static void sort_effects(struct sim_model *model, const struct sim_heard *heard,
                         const struct rc_effect *effects, size_t count, struct done *done)
{
    *done = (struct done){0};
    for (size_t i = 0; i < count; i++) {
        const struct rc_effect *effect = &effects[i];
        if (effect->kind == RC_FX_ROW && done->rows < 64)
            done->row[done->rows++] = &effect->row;
        if (effect->kind == RC_FX_HOLD)
            model_see_hold(model, heard, &effect->hold);
        if (effect->kind != RC_FX_RECEIPT)
            continue;
        if (done->receipt)
            sim_fail(model->world, 1, "two receipts for one punch");
        done->receipt = &effect->receipt;
    }
}

/* ---- RESUME (P-9) ---- */

/* They pressed OUT after they had been punched out: so they are out, and mean it. */
static bool said_out(const struct sim_model *model, int employee, int64_t out_seq)
{
    for (int i = 0; i < model->verdict_count; i++) {
        const struct verdict *verdict = &model->verdicts[i];
        if (verdict->employee == employee && verdict->code == RC_ALREADY_OUT && verdict->after_seq >= out_seq)
            return true;
    }
    return false;
}

/* Whether hearing this session again resumes: 1 yes, 0 no, -1 either. */
static int resumes(struct sim_model *model, const struct sim_words *words)
{
    const struct folded *folded = model_fold(model, words->employee);
    if (words->class == RC_KIOSK || folded->is_in || folded->count == 0)
        return 0;
    const struct sim_period *period = &folded->period[folded->count - 1];
    if (period->out_type != RC_AUTO_OUT || model_fact(model, period->out_seq)->decided ||
        said_out(model, words->employee, period->out_seq))
        return 0;
    struct session *session = model_session(model, words->employee, words->client);
    bool in_it = session->in_seq == period->in_seq;
    bool maybe_in_it =
        session->may_resume || session->heard_time.high >= model_entry(model, period->in_seq)->time;
    if (!in_it && !maybe_in_it)
        return 0;
    const struct entry *out = model_entry(model, period->out_seq);
    int64_t window = out->row.cause == RC_CAUSE_OUTAGE ? RESUME_OUTAGE : RESUME_MS;
    int64_t lag = model->lag_ms - out->lag_ms;
    struct range since = {model->t - out->out_t.high - lag, model->t - out->out_t.low};
    struct range decided = {model->t - out->detected_t - lag, model->t - out->detected_t};
    bool surely_over = since.low > window && decided.low > RESUME_LEAST;
    bool surely_in = since.high <= window || decided.high <= RESUME_LEAST;
    /* an older row may have been added since, and then which one is the last? */
    bool doubtful = session->may_resume || !in_it || !model->store_ok || folded->last_seq != period->out_seq;
    return surely_over ? 0 : surely_in && !doubtful ? 1 : -1;
}

static void take_resume(struct sim_model *model, const struct sim_heard *heard, const struct rc_row *row,
                        int allowed)
{
    char text[200];
    int employee = heard->words->employee;
    const struct folded *folded = model_fold(model, employee);
    const struct sim_period *period = folded->count > 0 ? &folded->period[folded->count - 1] : NULL;
    if (allowed == 0 || !period) {
        sim_fail(model->world, 10, "nothing allows it: %s", row_text(row, text));
        return;
    }
    struct wanted_row want = {.type = RC_RESUME,
                              .cause = RC_CAUSE_RESUME,
                              .at = {heard->at, heard->at},
                              .review = model_entry(model, period->out_seq)->row.cause == RC_CAUSE_OUTAGE,
                              .closes = RC_NONE,
                              .target = period->out_seq};
    model_clamp(&want, folded);
    if (!matches(&want, row))
        sim_fail(model->world, 10, "a wrong RESUME: %s", row_text(row, text));
    model->world->seen.resumes++;
    add_row(model, heard, row);
}

/* ---- AUTO_OUT ---- */

static bool by_silence(enum rc_cause cause)
{
    return cause == RC_CAUSE_STALE || cause == RC_CAUSE_LOST;
}

static void check_moment(struct sim_model *model, const struct sim_heard *heard, int employee,
                         const struct rc_row *row)
{
    struct range shift;
    unsigned causes;
    struct range due = model_due(model, employee, &shift, &causes);
    bool kiosk = shift.high > LONG_AGO;
    if (model->t < due.low || (kiosk && heard->time < shift.low))
        sim_fail(model->world, 4, "e%d is punched out %lld ms too early", employee,
                 (long long)(model->t < due.low ? due.low - model->t : shift.low - heard->time));
    int64_t late = model->t - due.high;
    if (kiosk && heard->time - shift.high < late)
        late = heard->time - shift.high;
    if (row->hold == 0 && late > LATENESS_MS && heard->time - model->running_since > LATENESS_MS)
        sim_fail(model->world, 4, "e%d is punched out %lld ms too late", employee, (long long)late);
    if (model->maintained)
        sim_fail(model->world, 4, "e%d is punched out during maintenance", employee);
    if (row->hold == 0 && !(causes & (1u << row->cause)))
        sim_fail(model->world, 4, "e%d is punched out for %s", employee, rc_cause_name(row->cause));
}

static void take_auto_out(struct sim_model *model, const struct sim_heard *heard, const struct rc_row *row)
{
    char text[200];
    int employee = sim_employee_index(&row->employee);
    const struct folded *folded = model_fold(model, employee);
    if (!folded->is_in) {
        sim_fail(model->world, 3, "nobody is IN: %s", row_text(row, text));
        return;
    }
    const struct person *person = &model->people[employee];
    const struct sim_period *period = &folded->period[folded->count - 1];
    struct wanted_row want = {
        .type = RC_AUTO_OUT, .cause = row->cause, .closes = period->in_seq, .target = RC_NONE};
    const struct proof *a = &person->sure, *b = &person->maybe;
    want.at = (struct range){a->at < b->at ? a->at : b->at, a->at > b->at ? a->at : b->at};
    int64_t in_time = model_entry(model, period->in_seq)->time;
    bool open = a->time != b->time;
    bool only_in = b->time <= in_time || a->time <= in_time;
    if (only_in)
        want.review = (open && b->time > in_time) || model_fact(model, period->in_seq)->decided ? -1 : 1;
    model_clamp(&want, folded);
    if (row->cause == RC_CAUSE_OUTAGE || row->cause == RC_CAUSE_SHIFT_LIMIT)
        want.review = 1;
    check_moment(model, heard, employee, row);
    if (!matches(&want, row))
        sim_fail(model->world, 4, "a wrong AUTO_OUT: %s; at %lld to %lld, review %d, closes %lld",
                 row_text(row, text), (long long)want.at.low, (long long)want.at.high, want.review,
                 (long long)want.closes);
    if (row->detected_at != heard->at)
        sim_fail(model->world, 4, "detectedAt is not the time of the decision: %s", row_text(row, text));
    if (row->hold > 0)
        model_check_was_held(model, heard, employee, row);
    else if (by_silence(row->cause))
        model_check_not_held(model, employee, row);
    sim_check_auto_out(model->world, employee, row);
    model->world->seen.auto_outs[row->cause]++;
    struct entry *entry = add_row(model, heard, row);
    if (!entry)
        return;
    entry->out_t = (struct range){a->t < b->t ? a->t : b->t, a->t > b->t ? a->t : b->t};
    entry->detected_t = model->t;
}

/* Everybody whose time has come is out, or held. */
static void check_nobody_overdue(struct sim_model *model)
{
    if (!model->store_ok || model->maintained)
        return;
    for (int i = 0; i < model->world->plan->employees; i++) {
        struct range shift;
        unsigned causes;
        if (!model_fold(model, i)->is_in)
            continue;
        int64_t since = model->running_since;
        if (model->people[i].hold > 0) {
            int64_t over = model_hold_over(model, model->people[i].hold);
            if (over == RC_NONE)
                continue;
            since = over > since ? over : since;
        }
        struct range due = model_due(model, i, &shift, &causes);
        bool silent = model->t > due.high + LATENESS_MS;
        bool shifted = shift.high == LONG_AGO || model->time > shift.high + LATENESS_MS;
        if (silent && shifted && model->time > since + LATENESS_MS)
            sim_fail(model->world, 4, "e%d should have been punched out %lld ms ago", i,
                     (long long)(model->t - due.high));
    }
}

static void step_tick(struct sim_model *model, const struct sim_heard *heard, const struct done *done,
                      bool more)
{
    char text[200];
    for (int i = 0; i < done->rows; i++) {
        if (done->row[i]->type == RC_AUTO_OUT)
            take_auto_out(model, heard, done->row[i]);
        else
            sim_fail(model->world, 1, "time alone wrote %s", row_text(done->row[i], text));
    }
    if (!more)
        check_nobody_overdue(model);
}

/* ---- messages ---- */

static void step_beat(struct sim_model *model, const struct sim_heard *heard, const struct done *done)
{
    char text[200];
    if (heard->words->employee < 0) {
        if (done->rows > 0)
            sim_fail(model->world, 1, "a device's heartbeat wrote %s", row_text(done->row[0], text));
        return;
    }
    int allowed = resumes(model, heard->words);
    if (done->rows > 0)
        take_resume(model, heard, done->row[0], allowed);
    else if (allowed == 1)
        sim_fail(model->world, 10, "e%d should have been resumed", heard->words->employee);
    if (done->rows > 1)
        sim_fail(model->world, 1, "a heartbeat also wrote %s", row_text(done->row[1], text));
    model_beat(model, heard);
}

static void remember(struct sim_model *model, const struct sim_words *words, const struct rc_receipt *receipt)
{
    struct verdict *verdict = new_verdict(model);
    *verdict = (struct verdict){.employee = words->employee,
                                .type = words->type,
                                .result = receipt->result,
                                .seq = receipt->seq,
                                .at = receipt->at,
                                .code = receipt->code,
                                .review = receipt->review,
                                .after_seq = model->row_count};
    memcpy(verdict->id, words->punch, sizeof verdict->id);
}

/* P-1: a kiosk where somebody pressed IN keeps their period. */
static void keep_kiosk(struct sim_model *model, const struct sim_heard *heard,
                       const struct rc_receipt *receipt)
{
    const struct folded *folded = model_fold(model, heard->words->employee);
    if (heard->words->class != RC_KIOSK || heard->words->type != RC_IN || !folded->is_in)
        return;
    int64_t in_seq = folded->period[folded->count - 1].in_seq;
    bool sure = (receipt->result == RC_RECORDED && receipt->seq == in_seq) || receipt->code == RC_ALREADY_IN;
    *new_kiosk(model) = (struct kiosk){.employee = heard->words->employee,
                                       .client = heard->words->client,
                                       .in_seq = in_seq,
                                       .after_seq = model->row_count,
                                       .sure = sure};
}

static bool as_wanted(const struct wanted *want, const struct done *done)
{
    const struct rc_receipt *receipt = done->receipt;
    if (done->rows != want->rows || receipt->result != want->result)
        return false;
    if (want->code != RC_CODE_COUNT && receipt->code != want->code)
        return false;
    if (want->result == RC_DUPLICATE && receipt->first != want->first)
        return false;
    for (int i = 0; i < want->rows; i++)
        if (!matches(&want->row[i], done->row[i]))
            return false;
    return true;
}

static void explain(struct sim_model *model, const struct wanted *want, const struct done *done)
{
    char text[200];
    for (int i = 0; i < want->rows; i++)
        sim_trace(model->world, "  wanted: %s %s at %lld to %lld%s review %d closes %lld target %lld",
                  rc_type_name(want->row[i].type),
                  want->row[i].cause == RC_CAUSE_COUNT ? "any" : rc_cause_name(want->row[i].cause),
                  (long long)want->row[i].at.low, (long long)want->row[i].at.high,
                  want->row[i].held ? " held" : "", want->row[i].review, (long long)want->row[i].closes,
                  (long long)want->row[i].target);
    sim_trace(model->world, "  wanted: %s %s", rc_result_name(want->result),
              want->code == RC_CODE_COUNT ? "any" : rc_code_name(want->code));
    for (int i = 0; i < done->rows; i++)
        sim_trace(model->world, "  got: %s", row_text(done->row[i], text));
    sim_trace(model->world, "  got: %s %s", rc_result_name(done->receipt->result),
              rc_code_name(done->receipt->code));
}

static void prove_punch(struct sim_model *model, const struct sim_heard *heard,
                        const struct rc_receipt *receipt)
{
    struct when when = model_when(heard);
    struct proof proof = {when.time, when.at, model->t - (heard->time - when.time)};
    bool sure = !when.doubtful && receipt->result != RC_DUPLICATE && receipt->code != RC_ID_CONFLICT;
    model_prove(model, heard->words->employee, proof, sure);
}

static void step_punch(struct sim_model *model, const struct sim_heard *heard, const struct done *done)
{
    const struct sim_words *words = heard->words;
    const struct rc_receipt *receipt = done->receipt;
    struct wanted want = {0}, also = {0};
    if (!receipt) {
        sim_fail(model->world, 1, "%s got no receipt", words->punch);
        return;
    }
    model_judge(model, heard, &want, &also);
    if (strcmp(receipt->id.text, words->punch) != 0)
        sim_fail(model->world, 1, "the receipt for %s is about %s", words->punch, receipt->id.text);
    if (!as_wanted(&want, done) && !(also.receipt && as_wanted(&also, done))) {
        explain(model, &want, done);
        sim_fail(model->world, 10, "%s of e%d was judged wrongly", words->punch, words->employee);
    }
    for (int i = 0; i < done->rows && !model->world->failure.failed; i++)
        add_row(model, heard, done->row[i]);
    if (words->class == RC_KIOSK)
        keep_kiosk(model, heard, receipt);
    else
        model_beat(model, heard);
    prove_punch(model, heard, receipt);
    if (receipt->result != RC_DUPLICATE && receipt->code != RC_ID_CONFLICT)
        remember(model, words, receipt);
    model->world->seen.punches++;
    model->world->seen.late += model_when(heard).late;
    model->world->seen.receipts[receipt->result]++;
    model->world->seen.codes[receipt->code]++;
}

static void step_correct(struct sim_model *model, const struct sim_heard *heard, const struct done *done)
{
    char text[200];
    for (int i = 0; i < done->rows && !model->world->failure.failed; i++) {
        const struct rc_row *row = done->row[i];
        if (row->action == RC_ACTION_NONE && row->type != RC_AUTO_OUT)
            sim_fail(model->world, 10, "a correction wrote %s", row_text(row, text));
        model->world->seen.corrections++;
        add_row(model, heard, row);
    }
}

static bool is_kind(enum sim_say say, enum rc_event_kind kind)
{
    switch (kind) {
    case RC_EV_HEARTBEAT:
        return say == SIM_SAY_HEARTBEAT || say == SIM_SAY_DEVICE_HEARTBEAT;
    case RC_EV_TRAINING:
        return say == SIM_SAY_TRAINING;
    case RC_EV_LEAVE:
        return say == SIM_SAY_LEAVE || say == SIM_SAY_DEVICE_LEAVE;
    case RC_EV_PUNCH:
        return say == SIM_SAY_PUNCH;
    case RC_EV_CORRECT:
        return say == SIM_SAY_CORRECT;
    default:
        return true;
    }
}

static void step_quiet(struct sim_model *model, const struct sim_heard *heard, const struct done *done)
{
    char text[200];
    if (done->rows > 0)
        sim_fail(model->world, heard->kind == RC_EV_LEAVE ? 6 : 1, "nothing asked for %s",
                 row_text(done->row[0], text));
}

/* Check 6: a leave of an older epoch changes nothing. */
static void step_leave(struct sim_model *model, const struct sim_heard *heard,
                       const struct rc_effect *effects, size_t count)
{
    bool nothing = !model_leave(model, heard);
    for (size_t i = 0; nothing && i < count; i++)
        if (effects[i].kind == RC_FX_STATUS)
            sim_fail(model->world, 6, "a leave that is to be ignored changes the status of e%d",
                     heard->words->employee);
}

/* One step may publish a status on its way to another. */
static bool is_last(const struct rc_effect *effects, size_t count, size_t index)
{
    for (size_t i = index + 1; i < count; i++)
        if (effects[i].kind == RC_FX_RELOAD ||
            (effects[i].kind == RC_FX_STATUS &&
             rc_id_equal(&effects[i].status.employee, &effects[index].status.employee)))
            return false;
    return true;
}

void sim_model_reloaded(struct sim_model *model, const struct rc_effect *effects, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (effects[i].kind == RC_FX_STATUS)
            model_see_status(model, &effects[i].status, is_last(effects, count, i));
}

void sim_model_step(struct sim_model *model, const struct sim_heard *heard, const struct rc_effect *effects,
                    size_t count, bool more)
{
    struct done done;
    model_advance(model, heard);
    if (heard->words && !is_kind(heard->words->say, heard->kind))
        sim_fail(model->world, 0, "a message was taken for something else");
    if (heard->words && heard->words->employee >= 0)
        model->people[heard->words->employee].heard_time = model->time;
    sort_effects(model, heard, effects, count, &done);
    switch (heard->kind) {
    case RC_EV_HEARTBEAT:
    case RC_EV_TRAINING:
        step_beat(model, heard, &done);
        break;
    case RC_EV_PUNCH:
        step_punch(model, heard, &done);
        break;
    case RC_EV_CORRECT:
        step_correct(model, heard, &done);
        break;
    case RC_EV_TICK:
        step_tick(model, heard, &done, more);
        break;
    case RC_EV_LEAVE:
        step_quiet(model, heard, &done);
        if (heard->words->employee >= 0)
            step_leave(model, heard, effects, count);
        break;
    default:
        step_quiet(model, heard, &done);
        model_link(model, heard);
        break;
    }
    for (size_t i = 0; i < count && !model->world->failure.failed; i++) {
        if (effects[i].kind == RC_FX_STATUS)
            model_see_status(model, &effects[i].status, is_last(effects, count, i));
        if (effects[i].kind == RC_FX_ROW)
            check_person(model, sim_employee_index(&effects[i].row.employee));
    }
}
