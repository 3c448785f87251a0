#include "rig.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct rc_id id_of(const char *text)
{
    struct rc_id id = {0};
    if (text != NULL && text[0] != '\0') {
        bool ok = rc_id_set(&id, rc_text_of(text));
        assert(ok);
    }
    return id;
}

/* ---- the naive log: of one employee, by looking at every row ---- */

static bool mine(const struct rig *rig, size_t i, const struct rc_id *employee)
{
    return rc_id_equal(&rig->rows[i].employee, employee);
}

static const struct rc_row *correction_of(const struct rig *rig, int64_t seq, enum rc_action action)
{
    for (size_t i = rig->row_count; i > 0; i--) {
        const struct rc_row *row = &rig->rows[i - 1];
        if (row->type == RC_CORRECTION && row->target_seq == seq && row->action == action) {
            return row;
        }
    }
    return NULL;
}

static bool undone(const struct rig *rig, int64_t seq)
{
    for (size_t i = 0; i < rig->row_count; i++) {
        if (rig->rows[i].type == RC_RESUME && rig->rows[i].target_seq == seq &&
            !undone(rig, rig->rows[i].seq)) {
            return true;
        }
    }
    return correction_of(rig, seq, RC_ACTION_VOID) != NULL ||
           correction_of(rig, seq, RC_ACTION_REJECT) != NULL;
}

static bool in_effect(const struct rig *rig, const struct rc_row *row)
{
    return (!row->held || correction_of(rig, row->seq, RC_ACTION_ACCEPT) != NULL) && !undone(rig, row->seq);
}

static int64_t at_of(const struct rig *rig, const struct rc_row *row)
{
    const struct rc_row *retime = correction_of(rig, row->seq, RC_ACTION_RETIME);
    return retime != NULL ? retime->at : row->at;
}

static int64_t closes_of(const struct rig *rig, const struct rc_row *row)
{
    const struct rc_row *accept = correction_of(rig, row->seq, RC_ACTION_ACCEPT);
    return accept != NULL && accept->closes != 0 ? accept->closes : row->closes;
}

static bool decided(const struct rig *rig, int64_t seq)
{
    for (size_t i = 0; i < rig->row_count; i++) {
        const struct rc_row *row = &rig->rows[i];
        if (row->type == RC_CORRECTION && row->target_seq == seq && strcmp(row->actor.text, "service") != 0) {
            return true;
        }
    }
    return false;
}

static struct rc_period period_of(const struct rig *rig, const struct rc_row *in)
{
    struct rc_period period = {.found = true, .in_seq = in->seq, .in_at = at_of(rig, in)};
    for (size_t i = 0; i < rig->row_count; i++) {
        const struct rc_row *row = &rig->rows[i];
        bool out = row->type == RC_OUT || row->type == RC_AUTO_OUT;
        if (out && closes_of(rig, row) == in->seq && in_effect(rig, row)) {
            period.closed = true;
            period.out_seq = row->seq;
            period.out_at = at_of(rig, row);
            period.out_type = row->type;
            period.out_detected_at = row->detected_at;
            period.out_decided = decided(rig, row->seq) || row->action == RC_ACTION_ADD;
        }
        if (row->type == RC_RESUME && !undone(rig, row->seq) &&
            rig->rows[row->target_seq - 1].closes == in->seq && row->at > period.resumed_at) {
            period.resumed_at = row->at;
        }
    }
    return period;
}

static struct rc_history history_at(const struct rig *rig, const struct rc_id *employee, int64_t at)
{
    struct rc_history history = {0};
    for (size_t i = 0; i < rig->row_count; i++) {
        const struct rc_row *row = &rig->rows[i];
        if (!mine(rig, i, employee) || row->type != RC_IN || !in_effect(rig, row)) {
            continue;
        }
        struct rc_period period = period_of(rig, row);
        if (period.in_at <= at && (!history.at.found || period.in_at >= history.at.in_at)) {
            history.at = period;
        } else if (period.in_at > at && (!history.next.found || period.in_at < history.next.in_at)) {
            history.next = period;
        }
    }
    for (size_t i = 0; i < rig->row_count; i++) {
        const struct rc_row *row = &rig->rows[i];
        if (mine(rig, i, employee) && row->type == RC_OUT && row->held && !in_effect(rig, row) &&
            !undone(rig, row->seq) && row->at > at && (!history.next.found || row->at < history.next.in_at) &&
            (history.waiting_seq == 0 || row->at < history.waiting_at)) {
            history.waiting_seq = row->seq;
            history.waiting_at = row->at;
        }
    }
    return history;
}

static struct rc_target target_of(const struct rig *rig, const struct rc_id *employee, int64_t seq)
{
    struct rc_target target = {
        .previous_in_at = INT64_MIN, .previous_out_at = INT64_MIN, .next_in_at = INT64_MAX};
    if (seq < 1 || (size_t)seq > rig->row_count || !mine(rig, (size_t)seq - 1, employee)) {
        return target;
    }
    const struct rc_row *row = &rig->rows[seq - 1];
    target.found = true;
    target.seq = seq;
    target.type = row->type;
    target.at = at_of(rig, row);
    target.held = row->held;
    target.in_effect = in_effect(rig, row);
    target.rejected = undone(rig, seq);
    target.review = row->review && !decided(rig, seq);
    target.target_seq = row->target_seq;
    int64_t in_seq = row->type == RC_IN       ? seq
                     : row->type == RC_RESUME ? rig->rows[row->target_seq - 1].closes
                                              : closes_of(rig, row);
    if (row->type == RC_RESUME) {
        target.undone_at = at_of(rig, &rig->rows[row->target_seq - 1]);
    }
    if (target.in_effect && in_seq != 0 && in_effect(rig, &rig->rows[in_seq - 1])) {
        target.period = period_of(rig, &rig->rows[in_seq - 1]);
        struct rc_history after = history_at(rig, employee, target.period.in_at);
        target.next_in_at = after.next.found ? after.next.in_at : INT64_MAX;
        struct rc_history before = history_at(rig, employee, target.period.in_at - 1);
        target.previous_in_at = before.at.found ? before.at.in_at : INT64_MIN;
        target.previous_out_at = before.at.found ? before.at.out_at : INT64_MIN;
    }
    return target;
}

static struct rc_ledger ledger_of(const struct rig *rig, const struct rc_id *employee)
{
    struct rc_ledger ledger = {0};
    struct rc_period period = history_at(rig, employee, INT64_MAX - 1).at;
    for (size_t i = 0; i < rig->row_count; i++) {
        const struct rc_row *row = &rig->rows[i];
        if (!mine(rig, i, employee) || row->type == RC_CORRECTION || !in_effect(rig, row)) {
            continue;
        }
        ledger.last_seq = row->seq;
        ledger.last_at = at_of(rig, row) > ledger.last_at ? at_of(rig, row) : ledger.last_at;
    }
    if (!period.found) {
        return ledger;
    }
    ledger.in_seq = period.in_seq;
    ledger.in_at = period.in_at;
    ledger.is_in = !period.closed;
    ledger.since_at = period.closed ? period.out_at : period.in_at;
    ledger.cause = period.closed ? period.out_type == RC_AUTO_OUT ? RC_STATUS_AUTO_OUT : RC_STATUS_PUNCH
                   : period.resumed_at != 0 ? RC_STATUS_RESUME
                                            : RC_STATUS_PUNCH;
    if (period.closed) {
        const struct rc_row *out = &rig->rows[period.out_seq - 1];
        ledger.out_seq = period.out_seq;
        ledger.out_type = period.out_type;
        ledger.out_cause = out->cause;
        ledger.out_t = out->out_t;
        ledger.out_detected_t = out->out_detected_t;
        ledger.out_final = period.out_decided;
    }
    return ledger;
}

/* ---- running ---- */

static void keep(struct rig *rig, const struct rc_effect *effect);

static void reload(struct rig *rig, const struct rc_id *employee)
{
    struct rc_event event = {.kind = RC_EV_LEDGER, .now = rig->now, .at = rig->at};
    event.ledger.employee = *employee;
    event.ledger.ledger = ledger_of(rig, employee);
    size_t from = rig->out.count;
    rc_engine_step(rig->engine, &event, &rig->out);
    for (size_t i = from; i < rig->out.count; i++) {
        keep(rig, &rig->items[i]);
    }
}

static void keep(struct rig *rig, const struct rc_effect *effect)
{
    switch (effect->kind) {
    case RC_FX_ROW:
        assert(effect->row.seq == (int64_t)rig->row_count + 1);
        rig->rows[rig->row_count++] = effect->row;
        break;
    case RC_FX_RECEIPT:
        rig->receipt = effect->receipt;
        break;
    case RC_FX_STATUS:
        rig->statuses[rig->status_count++ % RIG_SENT] = effect->status;
        break;
    case RC_FX_HOLD:
        rig->hold = effect->hold;
        rig->hold_count++;
        break;
    case RC_FX_ALERT:
        rig->alerts[effect->alert.kind][effect->alert.raised]++;
        break;
    case RC_FX_DEVICE:
        rig->device = effect->device;
        rig->devices_said++;
        break;
    case RC_FX_FORGET:
        rig->forgotten++;
        break;
    case RC_FX_SESSION:
        rig->announced = effect->session;
        rig->announced_count++;
        break;
    case RC_FX_RELOAD:
        reload(rig, &effect->reload.employee);
        break;
    case RC_FX_ANSWER:
        rig->answer = effect->answer.code;
        rig->answer_message = effect->answer.message;
        break;
    case RC_FX_MAINTENANCE:
    case RC_EFFECT_KIND_COUNT:
        break;
    }
}

static bool step_once(struct rig *rig, const struct rc_event *event)
{
    rig->out = (struct rc_effects){.items = rig->items, .capacity = sizeof rig->items / sizeof rig->items[0]};
    bool more = rc_engine_step(rig->engine, event, &rig->out);
    if (rig->failing) {
        rc_engine_undo(rig->engine);
        return false;
    }
    size_t count = rig->out.count;
    for (size_t i = 0; i < count; i++) {
        keep(rig, &rig->items[i]);
    }
    rc_engine_commit(rig->engine);
    return more;
}

void rig_step(struct rig *rig, struct rc_event *event)
{
    event->now = rig->now;
    event->at = rig->at;
    if (event->kind == RC_EV_PUNCH && rc_punch_looks_back(rig->engine, &event->punch)) {
        event->punch.history =
            history_at(rig, &event->punch.employee, rc_punch_when(&event->punch, &rig->policy).at);
    }
    while (step_once(rig, event)) {
    }
}

static void tick(struct rig *rig)
{
    struct rc_event event = {.kind = RC_EV_TICK};
    rig_step(rig, &event);
}

void rig_wait(struct rig *rig, int64_t ms)
{
    int64_t end_now = rig->now + ms;
    while (rig->now < end_now) {
        int64_t wake_now = rc_engine_wake_now(rig->engine);
        wake_now = wake_now <= rig->now ? rig->now + 1 : wake_now;
        wake_now = wake_now > end_now ? end_now : wake_now;
        rig->at += wake_now - rig->now;
        rig->now = wake_now;
        tick(rig);
    }
}

void rig_link(struct rig *rig, bool up)
{
    struct rc_event event = {.kind = RC_EV_LINK};
    event.link.up = up;
    rig_step(rig, &event);
    tick(rig);
}

static void boot(struct rig *rig)
{
    rig->memory = calloc(1, rc_engine_bytes(&rig->limits));
    assert(rig->memory != NULL);
    rig->engine = rc_engine_init(rig->memory, &rig->limits, &rig->policy);
}

struct rig *rig_up_with(const struct rc_engine_limits *limits, const struct rc_policy *policy)
{
    struct rig *rig = calloc(1, sizeof *rig);
    assert(rig != NULL);
    rig->limits = *limits;
    rig->policy = *policy;
    rig->now = 1000000;
    rig->at = INT64_C(1764770400000);
    boot(rig);
    rc_engine_restore_done(rig->engine, rig->now, rig->at);
    rig_link(rig, true);
    return rig;
}

struct rig *rig_up(void)
{
    struct rc_engine_limits limits = {
        .employees = 600, .sessions = 2000, .scopes = 64, .images = 64, .seed = 7};
    struct rc_policy policy = rc_policy_default();
    return rig_up_with(&limits, &policy);
}

void rig_free(struct rig *rig)
{
    free(rig->memory);
    free(rig);
}

void rig_flush(struct rig *rig)
{
    struct rc_employee_view view;
    rig->flushed_count = 0;
    for (uint32_t cursor = 0; rc_engine_each(rig->engine, &cursor, &view);) {
        struct rc_session_row session;
        for (uint32_t at = 0; rc_engine_each_session(rig->engine, &view.employee, &at, &session);) {
            assert(rig->flushed_count < sizeof rig->flushed / sizeof rig->flushed[0]);
            session.deadline_now = RC_NONE;
            rig->flushed[rig->flushed_count++] = session;
        }
    }
}

void rig_restart(struct rig *rig, int64_t down_ms)
{
    if (rig->flushed_count == 0) {
        rig_flush(rig);
    }
    struct rc_engine *old = rig->engine;
    void *old_memory = rig->memory;
    boot(rig);
    struct rc_site_row site = {.last_seq = (int64_t)rig->row_count,
                               .last_hold = rig->hold.number,
                               .t = rc_engine_service_t(old, rig->now)};
    rc_engine_restore_site(rig->engine, &site);
    if (rig->hold.open) {
        struct rc_hold hold = rig->hold;
        hold.ends_now = RC_NONE;
        rc_engine_restore_hold(rig->engine, &hold);
    }
    struct rc_employee_view view;
    for (uint32_t cursor = 0; rc_engine_each(old, &cursor, &view);) {
        struct rc_employee_row row = {.employee = view.employee,
                                      .group = view.group,
                                      .ledger = view.status.ledger,
                                      .evidence = view.status.evidence,
                                      .presence = view.status.presence,
                                      .sessions = view.status.sessions};
        assert(rc_engine_restore_employee(rig->engine, &row));
    }
    for (size_t i = 0; i < rig->flushed_count; i++) {
        assert(rc_engine_restore_session(rig->engine, &rig->flushed[i]));
    }
    rig->flushed_count = 0;
    struct rc_session_row device;
    for (uint32_t at = 0; rc_engine_each_session(old, NULL, &at, &device);) {
        assert(rc_engine_restore_session(rig->engine, &device));
    }
    free(old_memory);
    rig->now += down_ms;
    rig->at += down_ms;
    rc_engine_restore_done(rig->engine, rig->now, rig->at);
    rig_link(rig, true);
}

/* ---- what people do ---- */

void rig_beat_with(struct rig *rig, const char *employee, const char *session, enum rc_class class,
                   int64_t epoch, int64_t interval_ms)
{
    struct rc_event event = {.kind = RC_EV_HEARTBEAT};
    event.beat = (struct rc_beat){.employee = id_of(employee),
                                  .session = id_of(session),
                                  .epoch = epoch,
                                  .interval_ms = interval_ms,
                                  .has_class = class != RC_CLASS_COUNT,
                                  .class = class};
    rig_step(rig, &event);
}

void rig_beat(struct rig *rig, const char *employee, const char *session)
{
    rig_beat_with(rig, employee, session, RC_CLASS_COUNT, RC_NONE, RC_NONE);
}

void rig_beats(struct rig *rig, const char *employee, const char *session, int64_t ms, int64_t step_ms)
{
    for (int64_t passed = 0; passed < ms; passed += step_ms) {
        rig_wait(rig, step_ms);
        rig_beat(rig, employee, session);
    }
}

static void leave(struct rig *rig, const char *employee, const char *session, enum rc_leave_cause cause,
                  int64_t epoch, int64_t sleep_ms)
{
    struct rc_event event = {.kind = RC_EV_LEAVE};
    event.leave = (struct rc_leave){.employee = id_of(employee),
                                    .session = id_of(session),
                                    .cause = cause,
                                    .epoch = epoch,
                                    .sleep_ms = sleep_ms,
                                    .sent_now = rig->now};
    rig_step(rig, &event);
}

void rig_leave(struct rig *rig, const char *employee, const char *session, enum rc_leave_cause cause,
               int64_t epoch)
{
    leave(rig, employee, session, cause, epoch, RC_NONE);
}

void rig_sleep(struct rig *rig, const char *employee, const char *session, int64_t epoch, int64_t sleep_ms)
{
    leave(rig, employee, session, RC_LEAVE_SLEEPING, epoch, sleep_ms);
}

struct rc_event rig_punch_event(struct rig *rig, const char *employee, const char *session, enum rc_type type)
{
    static unsigned number;
    struct rc_event event = {.kind = RC_EV_PUNCH};
    event.punch = (struct rc_punch){.employee = id_of(employee),
                                    .session = id_of(session),
                                    .type = type,
                                    .sent_at = rig->at,
                                    .sent_now = rig->now,
                                    .age_ms = RC_NONE,
                                    .device_at = RC_NONE,
                                    .unmarked = rig->unmarked,
                                    .from_device = rig->from_device,
                                    .in_elsewhere = rig->elsewhere};
    event.punch.id.length =
        (uint16_t)snprintf(event.punch.id.text, sizeof event.punch.id.text, "p%u", ++number);
    return event;
}

void rig_punch(struct rig *rig, const char *employee, const char *session, enum rc_type type,
               enum rc_class class)
{
    struct rc_event event = rig_punch_event(rig, employee, session, type);
    event.punch.has_class = class != RC_CLASS_COUNT;
    event.punch.class = class != RC_CLASS_COUNT ? class : RC_BROWSER;
    rig_step(rig, &event);
}

void rig_late(struct rig *rig, const char *employee, const char *session, enum rc_type type, int64_t age_ms)
{
    struct rc_event event = rig_punch_event(rig, employee, session, type);
    event.punch.age_ms = age_ms;
    rig_step(rig, &event);
}

void rig_correct(struct rig *rig, const char *employee, enum rc_action action, int64_t target_seq,
                 enum rc_type type, int64_t at)
{
    struct rc_event event = {.kind = RC_EV_CORRECT};
    event.correct = (struct rc_correct){.employee = id_of(employee),
                                        .action = action,
                                        .target_seq = target_seq,
                                        .type = type,
                                        .at = at,
                                        .actor = id_of("boss"),
                                        .reason = rc_text_of("because")};
    if (action != RC_ACTION_ADD) {
        event.correct.target = target_of(rig, &event.correct.employee, target_seq);
    }
    int64_t around_at = action == RC_ACTION_ADD ? at : event.correct.target.at;
    event.correct.history = history_at(rig, &event.correct.employee, around_at);
    rig->answer = RC_CODE_COUNT;
    rig_step(rig, &event);
}

/* ---- what came of it ---- */

const struct rc_row *rig_row(const struct rig *rig, const char *employee, size_t from_end)
{
    struct rc_id id = id_of(employee);
    for (size_t i = rig->row_count; i > 0; i--) {
        if (mine(rig, i - 1, &id) && from_end-- == 0) {
            return &rig->rows[i - 1];
        }
    }
    return NULL;
}

size_t rig_count(const struct rig *rig, const char *employee, enum rc_type type)
{
    size_t count = 0;
    struct rc_id id = id_of(employee);
    for (size_t i = 0; i < rig->row_count; i++) {
        count += (employee == NULL || mine(rig, i, &id)) && rig->rows[i].type == type;
    }
    return count;
}

struct rc_employee_view rig_view(const struct rig *rig, const char *employee)
{
    struct rc_employee_view view = {0};
    struct rc_id id = id_of(employee);
    rc_engine_find(rig->engine, &id, &view);
    return view;
}

bool rig_in(const struct rig *rig, const char *employee)
{
    return rig_view(rig, employee).status.ledger.is_in;
}

enum rc_presence rig_presence(const struct rig *rig, const char *employee)
{
    return rig_view(rig, employee).status.presence;
}

bool rig_agrees(const struct rig *rig, const char *employee)
{
    struct rc_id id = id_of(employee);
    struct rc_ledger rows = ledger_of(rig, &id);
    struct rc_ledger live = rig_view(rig, employee).status.ledger;
    return rows.is_in == live.is_in && rows.in_seq == live.in_seq && rows.in_at == live.in_at &&
           rows.out_seq == live.out_seq && rows.out_type == live.out_type && rows.last_seq == live.last_seq &&
           rows.last_at == live.last_at && rows.out_t == live.out_t &&
           rows.out_detected_t == live.out_detected_t;
}
