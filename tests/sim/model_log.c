#include "model_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- rows, and what later ones made of them (P-5, P-16) ---- */

const struct entry *model_entry(const struct sim_model *model, int64_t seq)
{
    assert(seq > 0 && seq <= model->row_count);
    return &model->rows[seq - 1];
}

static bool undone_by_resume(const struct sim_model *model, int64_t seq)
{
    for (int i = model->row_count - 1; i >= 0; i--)
        if (model->rows[i].row.type == RC_RESUME && model->rows[i].row.target_seq == seq &&
            model->facts[i].in_effect)
            return true;
    return false;
}

static void correct(struct sim_model *model, const struct rc_row *row)
{
    struct fact *fact = &model->facts[row->target_seq - 1];
    switch (row->action) {
    case RC_ACTION_ACCEPT:
        fact->in_effect = true;
        if (row->closes > 0)
            fact->closes = row->closes;
        break;
    case RC_ACTION_REJECT:
    case RC_ACTION_VOID:
        fact->in_effect = false;
        break;
    case RC_ACTION_RETIME:
        fact->at = row->at;
        break;
    default:
        break;
    }
    if (strcmp(row->actor.text, "service") != 0)
        fact->decided = true;
}

static int by_start(const void *a, const void *b)
{
    const struct sim_period *x = a, *y = b;
    if (x->in_at != y->in_at)
        return x->in_at < y->in_at ? -1 : 1;
    return x->in_seq < y->in_seq ? -1 : 1;
}

static void close_periods(struct sim_model *model, struct folded *folded)
{
    for (int i = 0; i < model->row_count; i++) {
        const struct rc_row *row = &model->rows[i].row;
        const struct fact *fact = &model->facts[i];
        for (int k = 0; k < folded->count; k++) {
            struct sim_period *period = &folded->period[k];
            bool doubtful = row->review && !fact->decided;
            if (!fact->in_effect || row->type == RC_IN || row->type == RC_CORRECTION)
                continue;
            if (row->type == RC_RESUME) {
                if (model->facts[row->target_seq - 1].closes == period->in_seq) {
                    folded->resumed_at[k] = fact->at;
                    period->review = period->review || doubtful;
                }
            } else if (fact->closes == period->in_seq) {
                period->out_seq = row->seq;
                period->out_at = fact->at;
                period->out_type = row->type;
                period->review = period->review || doubtful;
            }
        }
    }
}

static void fold(struct sim_model *model, int employee)
{
    struct folded *folded = &model->folded[employee];
    folded->count = 0;
    folded->last_at = folded->top_at = LONG_AGO;
    folded->last_seq = 0;
    for (int i = 0; i < model->row_count; i++) {
        const struct rc_row *row = &model->rows[i].row;
        const struct fact *fact = &model->facts[i];
        if (model->rows[i].employee != employee || !fact->in_effect || row->type == RC_CORRECTION)
            continue;
        folded->last_at = fact->at;
        folded->last_seq = row->seq;
        if (fact->at > folded->top_at)
            folded->top_at = fact->at;
        if (row->type != RC_IN)
            continue;
        assert(folded->count < PERIODS_MAX);
        folded->resumed_at[folded->count] = LONG_AGO;
        folded->period[folded->count++] = (struct sim_period){.employee = employee,
                                                              .in_seq = row->seq,
                                                              .in_at = fact->at,
                                                              .review = row->review && !fact->decided};
    }
    qsort(folded->period, (size_t)folded->count, sizeof folded->period[0], by_start);
    close_periods(model, folded);
    folded->is_in = folded->count > 0 && folded->period[folded->count - 1].out_seq == 0;
}

static void fold_all(struct sim_model *model)
{
    for (int i = 0; i < model->row_count; i++) {
        const struct rc_row *row = &model->rows[i].row;
        model->facts[i] = (struct fact){.in_effect = !row->held, .at = row->at, .closes = row->closes};
        if (row->type == RC_CORRECTION)
            correct(model, row);
    }
    for (int i = 0; i < model->row_count; i++)
        if (model->rows[i].row.type == RC_AUTO_OUT && undone_by_resume(model, model->rows[i].row.seq))
            model->facts[i].in_effect = false;
    for (int i = 0; i < model->world->plan->employees; i++)
        fold(model, i);
    model->folded_yet = true;
}

const struct folded *model_fold(struct sim_model *model, int employee)
{
    if (!model->folded_yet)
        fold_all(model);
    return &model->folded[employee];
}

const struct fact *model_fact(struct sim_model *model, int64_t seq)
{
    if (!model->folded_yet)
        fold_all(model);
    return &model->facts[seq - 1];
}

void model_add_row(struct sim_model *model, const struct rc_row *row, int64_t time)
{
    if (model->row_count == model->row_room) {
        model->row_room = model->row_room ? 2 * model->row_room : 256;
        model->rows = realloc(model->rows, (size_t)model->row_room * sizeof *model->rows);
        model->facts = realloc(model->facts, (size_t)model->row_room * sizeof *model->facts);
        assert(model->rows && model->facts);
    }
    struct entry *entry = &model->rows[model->row_count++];
    *entry = (struct entry){.row = *row, .employee = sim_employee_index(&row->employee), .time = time};
    entry->row.reason = entry->row.note = (struct rc_text){0}; /* borrowed */
    model->folded_yet = false;
}

/* ---- the judge of punches ---- */

/* P-13: when a punch happened, and whether that can be believed. */
struct when model_when(const struct sim_heard *heard)
{
    const struct sim_words *words = heard->words;
    struct when when = {.at = heard->sent_at, .time = heard->sent_time};
    int64_t age = 0;
    if (words->age_ms != RC_NONE) {
        age = words->age_ms;
    } else if (words->device_at != RC_NONE) {
        age = heard->sent_at - words->device_at;
        when.doubtful = words->clock != RC_CLOCK_SYNCED || age < -FUTURE_MS;
        if (age < 0)
            age = 0;
    }
    if (age > LATE_MS_MAX)
        when.doubtful = true;
    when.at -= age;
    when.time -= age;
    when.late = age > TRUST_MS;
    return when;
}

static struct range exactly(int64_t value)
{
    return (struct range){value, value};
}

static struct wanted_row *want_row(struct wanted *want, enum rc_type type, enum rc_cause cause, int64_t at)
{
    struct wanted_row *row = &want->row[want->rows++];
    *row = (struct wanted_row){
        .type = type, .cause = cause, .at = exactly(at), .closes = RC_NONE, .target = RC_NONE, .review = 0};
    return row;
}

static void answer(struct wanted *want, enum rc_result result, enum rc_code code)
{
    want->receipt = true;
    want->result = result;
    want->code = code;
}

static void hold_back(struct wanted *want, const struct sim_heard *heard, const struct when *when,
                      enum rc_code code)
{
    struct wanted_row *row = want_row(want, heard->words->type, RC_CAUSE_PUNCH, when->at);
    row->held = true;
    row->review = -1;
    if (when->doubtful)
        row->at = (struct range){LONG_AGO, NEVER_ENDS};
    answer(want, RC_HELD_BACK, code);
}

void model_clamp(struct wanted_row *row, const struct folded *folded)
{
    if (folded->count == 0 && folded->last_seq == 0)
        return;
    int64_t low = folded->last_at < folded->top_at ? folded->last_at : folded->top_at;
    int64_t high = folded->last_at < folded->top_at ? folded->top_at : folded->last_at;
    if (row->at.low >= high)
        return;
    bool sure = row->at.high < low;
    row->at.low = row->at.low > low ? row->at.low : low;
    row->at.high = row->at.high > high ? row->at.high : high;
    row->review = sure || row->review == 1 ? 1 : -1;
}

static bool recorded_at_kiosk(const struct sim_heard *heard)
{
    return heard->words->class == RC_KIOSK;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* P-11's exception: who forgot to punch out, and comes to a kiosk again. 1 yes, 0 no, -1 either. */
static int missed_out(struct sim_model *model, const struct sim_heard *heard)
{
    if (!recorded_at_kiosk(heard) || heard->words->type != RC_IN)
        return 0;
    const struct person *person = &model->people[heard->words->employee];
    const struct folded *folded = model_fold(model, heard->words->employee);
    const struct sim_period *period = &folded->period[folded->count - 1];
    int64_t in_time =
        model_entry(model, period->in_seq)->time + period->in_at - model_entry(model, period->in_seq)->row.at;
    int64_t values[] = {heard->time - later(person->sure.time, in_time),
                        heard->time - later(person->maybe.time, in_time),
                        heard->at - later(person->sure.at, period->in_at),
                        heard->at - later(person->maybe.at, period->in_at)};
    int over = 0, count = model->world->host.boots > 1 ? 4 : 2;
    for (int i = 0; i < count; i++)
        over += values[i] >= MISSED_OUT_MS;
    return over == count ? 1 : over == 0 ? 0 : -1;
}

static void judge_missed_out(const struct sim_model *model, const struct sim_heard *heard,
                             const struct folded *folded, const struct when *when, struct wanted *want)
{
    const struct person *person = &model->people[heard->words->employee];
    const struct sim_period *period = &folded->period[folded->count - 1];
    struct wanted_row *out = want_row(want, RC_AUTO_OUT, RC_CAUSE_MISSED_OUT, person->sure.at);
    if (person->maybe.at < out->at.low)
        out->at.low = person->maybe.at;
    if (person->maybe.at > out->at.high)
        out->at.high = person->maybe.at;
    model_clamp(out, folded);
    out->review = 1;
    out->closes = period->in_seq;
    struct wanted_row *in = want_row(want, RC_IN, RC_CAUSE_PUNCH, when->at);
    if (when->at < out->at.high) {
        in->at.high = out->at.high;
        in->review = -1;
    }
    answer(want, RC_RECORDED, RC_OK);
}

/* P-16: late from no device, or nobody knows when it was sent. */
static int late_review(const struct sim_heard *heard, const struct when *when)
{
    return when->late && !heard->words->from_device ? 1 : heard->unmarked;
}

static void judge_late_out(struct sim_model *model, const struct sim_heard *heard, const struct when *when,
                           struct wanted *want);

/* An AUTO_OUT that no person decided on had not been decided when this OUT was sent (docs/protocol.md). */
static bool overtaken(struct sim_model *model, const struct sim_heard *heard, const struct when *when)
{
    const struct folded *folded = model_fold(model, heard->words->employee);
    int k = folded->count - 1;
    while (k >= 0 && folded->period[k].in_at > when->at)
        k--;
    if (k < 0 || folded->period[k].out_seq == 0 || folded->period[k].out_type != RC_AUTO_OUT)
        return false;
    int64_t out_seq = folded->period[k].out_seq;
    return folded->period[folded->count - 1].out_type == RC_AUTO_OUT &&
           !model_fact(model, out_seq)->decided &&
           heard->sent_at < model_entry(model, out_seq)->row.detected_at;
}

static void judge_fresh(struct sim_model *model, const struct sim_heard *heard, const struct when *when,
                        bool is_in, struct wanted *want, struct wanted *also)
{
    const struct folded *folded = model_fold(model, heard->words->employee);
    enum rc_type type = heard->words->type;
    if (is_in && type == RC_IN) {
        int missed = missed_out(model, heard);
        if (missed != 0)
            judge_missed_out(model, heard, folded, when, missed == 1 ? want : also);
        if (missed != 1)
            answer(want, RC_REJECTED, RC_ALREADY_IN);
        return;
    }
    if (!is_in && type == RC_OUT && overtaken(model, heard, when)) {
        judge_late_out(model, heard, when, want);
        return;
    }
    if (!is_in && type == RC_OUT) {
        answer(want, RC_REJECTED, RC_ALREADY_OUT);
        return;
    }
    struct wanted_row *row = want_row(want, type, RC_CAUSE_PUNCH, when->at);
    row->review = heard->unmarked;
    model_clamp(row, folded);
    if (type == RC_OUT && folded->is_in)
        row->closes = folded->period[folded->count - 1].in_seq;
    answer(want, RC_RECORDED, RC_OK);
}

static void judge_late_out(struct sim_model *model, const struct sim_heard *heard, const struct when *when,
                           struct wanted *want)
{
    const struct folded *folded = model_fold(model, heard->words->employee);
    int k = folded->count - 1;
    while (k >= 0 && folded->period[k].in_at > when->at)
        k--;
    if (k < 0) {
        hold_back(want, heard, when, RC_NO_IN);
        return;
    }
    const struct sim_period *period = &folded->period[k];
    bool automatic = period->out_seq > 0 && period->out_type == RC_AUTO_OUT &&
                     !model_fact(model, period->out_seq)->decided;
    bool after_out = period->out_seq > 0 && !automatic && when->at > period->out_at;
    bool two_days = automatic && when->at - period->in_at > SHIFT_MS_MAX;
    if (after_out || two_days) { /* its own IN is still on the way: docs/protocol.md */
        hold_back(want, heard, when, RC_NO_IN);
        return;
    }
    if ((period->out_seq > 0 && !automatic) || folded->resumed_at[k] > when->at) {
        hold_back(want, heard, when, RC_OVERLAP);
        return;
    }
    if (automatic) {
        struct wanted_row *correction = want_row(want, RC_CORRECTION, RC_CAUSE_CORRECTION, 0);
        correction->at = (struct range){LONG_AGO, NEVER_ENDS};
        correction->cause = RC_CAUSE_COUNT;
        correction->target = period->out_seq;
        correction->action = RC_ACTION_VOID;
        correction->review = -1;
    }
    struct wanted_row *row = want_row(want, RC_OUT, RC_CAUSE_PUNCH, when->at);
    row->closes = period->in_seq;
    row->review = late_review(heard, when);
    answer(want, RC_RECORDED, RC_OK);
}

/* A held OUT without an IN that a late IN at this time would give one (P-13): its seq, 0: none. */
static int64_t waiting_out(struct sim_model *model, int employee, int64_t at, int64_t next_in_at)
{
    int64_t best = 0, best_at = next_in_at;
    for (int i = 0; i < model->row_count; i++) {
        const struct rc_row *row = &model->rows[i].row;
        const struct fact *fact = model_fact(model, row->seq);
        if (model->rows[i].employee != employee || row->type != RC_OUT || !row->held || fact->in_effect ||
            fact->decided || row->at <= at || row->at >= best_at || row->at - at > SHIFT_MS_MAX)
            continue;
        bool no_in = false;
        for (int k = 0; k < model->verdict_count; k++)
            no_in = no_in || (model->verdicts[k].seq == row->seq && model->verdicts[k].code == RC_NO_IN);
        if (no_in) {
            best = row->seq;
            best_at = row->at;
        }
    }
    return best;
}

static void judge_late_in(struct sim_model *model, const struct sim_heard *heard, const struct when *when,
                          struct wanted *want)
{
    int employee = heard->words->employee;
    const struct folded *folded = model_fold(model, employee);
    int next = 0;
    while (next < folded->count && folded->period[next].in_at <= when->at)
        next++;
    const struct sim_period *before = next > 0 ? &folded->period[next - 1] : NULL;
    bool has_next = next < folded->count;
    int64_t next_at = has_next ? folded->period[next].in_at : NEVER_ENDS;
    int64_t waiting = waiting_out(model, employee, when->at, next_at);
    bool inside = before && (before->out_seq == 0 || before->out_at > when->at);
    bool too_old = heard->sent_at - when->at > SHIFT_MS_MAX && waiting == 0;
    if (inside || too_old) {
        hold_back(want, heard, when, RC_CODE_COUNT);
        return;
    }
    struct wanted_row *in = want_row(want, RC_IN, RC_CAUSE_PUNCH, when->at);
    in->review = late_review(heard, when);
    if (waiting > 0) {
        struct wanted_row *correction = want_row(want, RC_CORRECTION, RC_CAUSE_COUNT, 0);
        correction->at = (struct range){LONG_AGO, NEVER_ENDS};
        correction->target = waiting;
        correction->action = RC_ACTION_ACCEPT;
        correction->review = -1;
    } else if (has_next) {
        struct wanted_row *out = want_row(want, RC_AUTO_OUT, RC_CAUSE_MISSED_OUT, when->at);
        out->review = 1;
    }
    answer(want, RC_RECORDED, RC_OK);
}

static const struct verdict *earlier(const struct sim_model *model, const struct sim_words *words)
{
    for (int i = 0; i < model->verdict_count; i++)
        if (model->verdicts[i].employee == words->employee &&
            strcmp(model->verdicts[i].id, words->punch) == 0)
            return &model->verdicts[i];
    return NULL;
}

void model_judge(struct sim_model *model, const struct sim_heard *heard, struct wanted *want,
                 struct wanted *also)
{
    const struct sim_words *words = heard->words;
    const struct verdict *first = earlier(model, words);
    if (first && first->maybe) {
        bool conflict = first->type != words->type;
        answer(also, conflict ? RC_REJECTED : RC_DUPLICATE, conflict ? RC_ID_CONFLICT : RC_CODE_COUNT);
        also->first = first->result;
    } else if (first) { /* P-12 */
        bool conflict = first->type != words->type;
        answer(want, conflict ? RC_REJECTED : RC_DUPLICATE, conflict ? RC_ID_CONFLICT : RC_CODE_COUNT);
        want->first = first->result;
        return;
    }
    struct when when = model_when(heard);
    if (when.doubtful)
        hold_back(want, heard, &when, RC_CODE_COUNT);
    else if (!when.late)
        judge_fresh(model, heard, &when, model_fold(model, words->employee)->is_in, want, also);
    else if (words->type == RC_OUT)
        judge_late_out(model, heard, &when, want);
    else
        judge_late_in(model, heard, &when, want);
}
