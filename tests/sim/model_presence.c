#include "model_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static struct range both(struct range a, struct range b)
{
    return (struct range){least(a.low, b.low), most(a.high, b.high)};
}

static struct range exactly(int64_t value)
{
    return (struct range){value, value};
}

/* ---- sessions ---- */

static struct session *find(struct sim_model *model, int employee, int client)
{
    for (int i = 0; i < model->session_count; i++)
        if (model->sessions[i].employee == employee && model->sessions[i].client == client)
            return &model->sessions[i];
    return NULL;
}

struct session *model_session(struct sim_model *model, int employee, int client)
{
    struct session *session = find(model, employee, client);
    if (session)
        return session;
    if (model->session_count == model->session_room) {
        model->session_room = model->session_room ? 2 * model->session_room : 64;
        size_t room = (size_t)model->session_room;
        model->sessions = realloc(model->sessions, room * sizeof *model->sessions);
        model->flushed = realloc(model->flushed, room * sizeof *model->flushed);
        model->flushing = realloc(model->flushing, room * sizeof *model->flushing);
        assert(model->sessions && model->flushed && model->flushing);
    }
    int i = model->session_count++;
    struct session fresh = {.employee = employee,
                            .client = client,
                            .class = RC_BROWSER,
                            .announced = RC_NONE,
                            .epoch = {RC_NONE, RC_NONE},
                            .marks = MARK_LIVE,
                            .mark_time = LONG_AGO,
                            .heard_t = {LONG_AGO, LONG_AGO},
                            .heard_time = {LONG_AGO, LONG_AGO},
                            .deadline = {LONG_AGO, LONG_AGO},
                            .generation = -1,
                            .maybe_generation = -1};
    model->sessions[i] = fresh;
    model->flushed[i] = fresh;
    model->flushing[i] = false;
    return &model->sessions[i];
}

int64_t model_interval(const struct session *session)
{
    static const int64_t usual[RC_CLASS_COUNT] = {[RC_BROWSER] = 10 * SECOND,
                                                  [RC_AGENT] = 10 * SECOND,
                                                  [RC_MOBILE] = 20 * SECOND,
                                                  [RC_BADGE] = 10 * SECOND,
                                                  [RC_KIOSK] = 10 * SECOND};
    static const int64_t longest[RC_CLASS_COUNT] = {[RC_BROWSER] = 2 * MINUTE,
                                                    [RC_AGENT] = MINUTE,
                                                    [RC_MOBILE] = 20 * MINUTE,
                                                    [RC_BADGE] = MINUTE,
                                                    [RC_KIOSK] = MINUTE};
    if (session->announced == RC_NONE)
        return usual[session->class];
    return least(most(session->announced, SECOND), longest[session->class]);
}

/* P-1 */
int64_t model_threshold(const struct session *session)
{
    int64_t interval = model_interval(session);
    return 2 * interval + (session->class == RC_BADGE ? 120 * SECOND : interval);
}

/* Both may be true. */
static void mix(struct session *session, const struct session *other)
{
    session->epoch = both(session->epoch, other->epoch);
    session->marks |= other->marks;
    session->mark_time = most(session->mark_time, other->mark_time);
    session->heard_t = both(session->heard_t, other->heard_t);
    session->heard_time = both(session->heard_time, other->heard_time);
    session->deadline = both(session->deadline, other->deadline);
    session->generation = session->generation < other->generation ? session->generation : other->generation;
    if (other->maybe_generation > session->maybe_generation)
        session->maybe_generation = other->maybe_generation;
    session->may_resume = session->may_resume || other->may_resume || session->in_seq != other->in_seq;
}

/* ---- evidence ---- */

void model_prove(struct sim_model *model, int employee, struct proof proof, bool sure)
{
    struct person *person = &model->people[employee];
    if (proof.time >= person->maybe.time)
        person->maybe = proof;
    if (sure && proof.time >= person->sure.time)
        person->sure = proof;
}

/* ---- time ---- */

static bool running(const struct sim_model *model)
{
    return model->connected && model->store_ok && !model->maintained;
}

static void begin_generation(struct sim_model *model)
{
    model->generation++;
    model->generation_t = model->t;
    model->generation_time = model->time;
    model->running_since = model->time;
}

/* P-6, P-7: service time goes on only while we could have heard. */
void model_advance(struct sim_model *model, const struct sim_heard *heard)
{
    int64_t time = most(heard->time, model->time);
    int64_t passed = time - model->time;
    if (heard->kind == RC_EV_PAUSE) {
        passed = most(0, passed - heard->pause_ms);
        model->running_since = time;
    }
    if (running(model))
        model->t += passed;
    model->time = time;
    if (heard->kind == RC_EV_PAUSE && heard->pause_ms > PAUSE_PROTECTS_MS)
        begin_generation(model);
    if (model->maintained && time >= model->maintenance_time) {
        model->maintained = false;
        model->maintenance_at = 0;
        begin_generation(model);
    }
}

void model_link(struct sim_model *model, const struct sim_heard *heard)
{
    switch (heard->kind) {
    case RC_EV_LINK:
        model->connected = heard->up;
        if (heard->up)
            begin_generation(model);
        break;
    case RC_EV_STORE:
        model->store_ok = heard->ok;
        model->running_since = model->time;
        break;
    case RC_EV_MAINTENANCE:
        if (heard->until_at > heard->at) {
            model->maintained = true;
            model->maintenance_at = heard->until_at;
            model->maintenance_time = model->time + heard->until_at - heard->at;
        } else if (model->maintained) {
            model->maintained = false;
            model->maintenance_at = 0;
            begin_generation(model);
        }
        break;
    default:
        break;
    }
}

/* ---- hearing ---- */

static void take_words(struct session *session, const struct sim_words *words)
{
    if (words->class >= 0)
        session->class = (enum rc_class)words->class;
    if (words->interval_ms >= 0)
        session->announced = words->interval_ms;
    if (words->epoch > session->epoch.low)
        session->epoch.low = words->epoch;
    if (words->epoch > session->epoch.high)
        session->epoch.high = words->epoch;
}

static int64_t open_period(struct sim_model *model, int employee)
{
    const struct folded *folded = model_fold(model, employee);
    return folded->is_in ? folded->period[folded->count - 1].in_seq : 0;
}

/* P-1, P-2: any message of the session but a leave. */
void model_beat(struct sim_model *model, const struct sim_heard *heard)
{
    const struct sim_words *words = heard->words;
    struct session *session = model_session(model, words->employee, words->client);
    struct session before = *session;
    bool beats = words->say != SIM_SAY_PUNCH;
    bool lower = words->epoch != RC_NONE && words->epoch < session->epoch.high;
    bool same = words->epoch == RC_NONE || words->epoch <= session->epoch.high;
    bool left = (session->marks & ~(unsigned)MARK_LIVE) != 0;
    bool echo = beats && same && left && heard->time - session->mark_time < ECHO_MS;
    take_words(session, words);
    session->heard_t = exactly(model->t);
    session->heard_time = exactly(heard->time);
    session->deadline = exactly(model->t + model_threshold(session));
    session->marks = MARK_LIVE;
    session->may_resume = false;
    if (heard->sent_time >= model->generation_time)
        session->generation = session->maybe_generation = model->generation;
    if (echo || lower)
        mix(session, &before);
    int64_t in_seq = open_period(model, words->employee);
    if (in_seq > 0)
        session->in_seq = in_seq;
    if (beats)
        model_prove(model, words->employee, (struct proof){heard->time, heard->at, model->t}, true);
}

/* ---- leaving ---- */

/* What an obeyed leave makes of a session (P-2, P-3). */
static void obey(const struct sim_model *model, struct session *session, const struct sim_heard *heard)
{
    const struct sim_words *words = heard->words;
    bool protected = session->maybe_generation != model->generation;
    int64_t pull = model->t + most(CONFIRM_MS, model_interval(session) * 3 / 2);
    if (words->leave == RC_LEAVE_SLEEPING) {
        int64_t sleep = words->sleep_ms == RC_NONE ? SLEEP_MS_MAX : least(words->sleep_ms, SLEEP_MS_MAX);
        session->marks = MARK_ASLEEP;
        if (!protected)
            session->deadline = exactly(model->t - (heard->time - heard->sent_time) + sleep);
    } else {
        bool closed = words->leave == RC_LEAVE_CLOSED;
        bool was_closed = words->leave == RC_LEAVE_LOST && session->marks == MARK_CLOSED;
        session->marks = closed || was_closed ? MARK_CLOSED : MARK_LOST;
        if (words->epoch != RC_NONE && !protected) {
            session->deadline.low = least(session->deadline.low, pull);
            session->deadline.high = least(session->deadline.high, pull);
        }
    }
    if (words->epoch != RC_NONE) {
        session->epoch.low = most(session->epoch.low, words->epoch);
        session->epoch.high = most(session->epoch.high, words->epoch);
    }
    session->mark_time = heard->time;
}

bool model_leave(struct sim_model *model, const struct sim_heard *heard)
{
    const struct sim_words *words = heard->words;
    struct session *session = find(model, words->employee, words->client);
    if (!session)
        return false;
    bool surely_lower = words->epoch != RC_NONE && words->epoch < session->epoch.low;
    if (surely_lower)
        return false;
    bool surely_greater = words->epoch != RC_NONE && words->epoch > session->epoch.high;
    /* within a second nobody knows which came first: two clocks and two ways */
    bool surely_old = heard->sent_time < session->heard_time.low - ECHO_MS;
    bool maybe_old = heard->sent_time < session->heard_time.high;
    if (!surely_greater && surely_old)
        return false;
    struct session before = *session;
    bool open = (words->epoch != RC_NONE && words->epoch < session->epoch.high) ||
                (!surely_greater && maybe_old) || (session->generation != session->maybe_generation);
    /* P-3: a will of a sleeper says nothing new */
    if (words->leave == RC_LEAVE_LOST && (session->marks & MARK_ASLEEP) && !surely_greater) {
        if (session->marks == MARK_ASLEEP && words->epoch != RC_NONE)
            return false;
        open = true;
    }
    obey(model, session, heard);
    if (open)
        mix(session, &before);
    if (session->generation != session->maybe_generation) /* obeyed without protection is a third way */
        session->deadline = both(session->deadline, before.deadline);
    return true;
}

/* ---- deadlines ---- */

struct range model_deadline(const struct sim_model *model, const struct session *session, bool *capped)
{
    struct range own = session->deadline;
    *capped = false;
    if (session->generation == model->generation)
        return own;
    int64_t shield = model->generation_t + most(model_threshold(session), RECONNECT_MS);
    struct range end = {least(shield, session->heard_t.low + PROTECTION_MS),
                        least(shield, session->heard_t.high + PROTECTION_MS)};
    *capped = shield >= session->heard_t.low + PROTECTION_MS && end.high > own.low;
    /* one that was past its deadline before we went may stay so: nobody waits for it */
    bool past = own.low <= model->generation_t;
    bool maybe_heard = session->maybe_generation == model->generation;
    return (struct range){past || maybe_heard ? own.low : most(own.low, end.low), most(own.high, end.high)};
}

static unsigned causes_of(const struct session *session, bool capped)
{
    unsigned causes = 0;
    if (session->marks & MARK_LIVE)
        causes |= 1u << RC_CAUSE_STALE;
    if (session->marks & MARK_LOST)
        causes |= 1u << RC_CAUSE_LOST;
    if (session->marks & MARK_CLOSED)
        causes |= 1u << RC_CAUSE_CLOSED;
    if (session->marks & MARK_ASLEEP)
        causes |= 1u << RC_CAUSE_SLEEPING;
    if (capped)
        causes |= 1u << RC_CAUSE_OUTAGE;
    return causes;
}

/* P-1: a kiosk holds until 16 h after the IN, unless an OUT ended it. */
static bool holds(const struct sim_model *model, const struct kiosk *kiosk, int64_t in_seq)
{
    if (kiosk->in_seq != in_seq)
        return false;
    for (int i = 0; i < model->row_count; i++) {
        const struct rc_row *row = &model->rows[i].row;
        bool out = row->type == RC_OUT || row->type == RC_AUTO_OUT;
        if (out && !row->held && row->closes == in_seq && row->seq > kiosk->after_seq)
            return false;
    }
    return true;
}

static struct range shift_limit(struct sim_model *model, int employee)
{
    struct range shift = {NEVER_ENDS, LONG_AGO};
    const struct folded *folded = model_fold(model, employee);
    if (!folded->is_in)
        return shift;
    const struct sim_period *period = &folded->period[folded->count - 1];
    const struct entry *in = model_entry(model, period->in_seq);
    int64_t offset = SIM_WALL_START + model->world->host.wall_offset;
    /* by boot time or, over a reboot, by the labels; and of the IN as it was made, or as it was retimed */
    int64_t ends[] = {in->time, in->time + period->in_at - in->row.at, in->row.at - offset,
                      period->in_at - offset};
    struct range limit = {NEVER_ENDS, LONG_AGO};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        limit.low = least(limit.low, ends[i] + SHIFT_MS_MAX);
        limit.high = most(limit.high, ends[i] + SHIFT_MS_MAX);
    }
    bool any = false, sure = false;
    for (int i = 0; i < model->kiosk_count; i++) {
        const struct kiosk *kiosk = &model->kiosks[i];
        if (kiosk->employee == employee && holds(model, kiosk, period->in_seq)) {
            any = true;
            sure = sure || kiosk->sure;
        }
    }
    if (any)
        shift = (struct range){sure ? limit.low : LONG_AGO, limit.high};
    return shift;
}

/* The IN of the open period was neither added nor accepted by a person. */
static bool made_by_device(struct sim_model *model, int employee)
{
    const struct folded *folded = model_fold(model, employee);
    if (!folded->is_in)
        return true;
    const struct rc_row *in = &model_entry(model, folded->period[folded->count - 1].in_seq)->row;
    return in->action == RC_ACTION_NONE && !in->held;
}

/* A session was surely heard in the open period: that one says how long it lasts. */
static bool heard_in_it(struct sim_model *model, int employee)
{
    int64_t in_seq = open_period(model, employee);
    for (int i = 0; i < model->session_count; i++) {
        const struct session *session = &model->sessions[i];
        if (session->employee == employee && session->in_seq == in_seq && !session->may_resume)
            return true;
    }
    return false;
}

struct range model_due(struct sim_model *model, int employee, struct range *shift, unsigned *causes)
{
    struct range due = {LONG_AGO, LONG_AGO};
    bool any = false, capped;
    for (int i = 0; i < model->session_count; i++) {
        const struct session *session = &model->sessions[i];
        if (session->employee != employee)
            continue;
        struct range deadline = model_deadline(model, session, &capped);
        due.low = most(due.low, deadline.low);
        due.high = most(due.high, deadline.high);
        any = true;
    }
    *causes = 0;
    for (int i = 0; i < model->session_count; i++) {
        const struct session *session = &model->sessions[i];
        if (session->employee != employee)
            continue;
        struct range deadline = model_deadline(model, session, &capped);
        if (deadline.high >= due.low)
            *causes |= causes_of(session, capped);
    }
    if (!made_by_device(model, employee) && !heard_in_it(model, employee)) {
        due.high = most(due.high, model->people[employee].opened_t + GRACE_OF_ADDED_MS);
        *causes |= 1u << RC_CAUSE_SHIFT_LIMIT;
    }
    *shift = shift_limit(model, employee);
    if (shift->high > LONG_AGO)
        *causes |= 1u << RC_CAUSE_SHIFT_LIMIT;
    else if (!any)
        due.high = most(due.high, model->people[employee].opened_t + GRACE_OF_ADDED_MS);
    return due;
}
