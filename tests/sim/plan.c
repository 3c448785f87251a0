#include "plan.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

/* What the generator carries about. */
struct maker {
    struct sim_plan *plan;
    struct sim_random luck;
    bool slow;
    int kiosks[2], gateways[2];
    int incident_ms;                                      /* mean time between two incidents of a person */
    int first[SIM_EMPLOYEES_MAX], own[SIM_EMPLOYEES_MAX]; /* an employee's clients: from first, so many */
};

static const char *const names[SIM_ACTION_KIND_COUNT] = {
    [SIM_DO_OPEN] = "open",
    [SIM_DO_CLOSE] = "close",
    [SIM_DO_SLEEP] = "sleep",
    [SIM_DO_DARK] = "dark",
    [SIM_DO_HIDE] = "hide",
    [SIM_DO_PUNCH] = "punch",
    [SIM_DO_REPEAT] = "repeat",
    [SIM_DO_STALE_LEAVE] = "stale-leave",
    [SIM_DO_BARE_LEAVE] = "bare-leave",
    [SIM_DO_OLD_BEAT] = "old-beat",
    [SIM_DO_JUNK] = "junk",
    [SIM_DO_ENTER] = "enter",
    [SIM_DO_EXIT] = "exit",
    [SIM_DO_CORRECT] = "correct",
    [SIM_DO_MAINTENANCE] = "maintenance",
    [SIM_DO_TRAIN] = "train",
    [SIM_DO_LESSON] = "lesson",
    [SIM_DO_SITE_DARK] = "site-dark",
    [SIM_DO_LINK_CUT] = "link-cut",
    [SIM_DO_BROKER_STOP] = "broker-stop",
    [SIM_DO_BROKER_CRASH] = "broker-crash",
    [SIM_DO_SERVICE_STOP] = "service-stop",
    [SIM_DO_SERVICE_CRASH] = "service-crash",
    [SIM_DO_SUSPEND] = "suspend",
    [SIM_DO_STALL] = "stall",
    [SIM_DO_WALL_STEP] = "wall-step",
    [SIM_DO_REBOOT] = "reboot",
    [SIM_DO_DISK] = "disk",
};

const char *sim_action_name(enum sim_action_kind kind)
{
    return names[kind];
}

void sim_action_text(const struct sim_action *action, char *out, size_t size)
{
    snprintf(out, size, "%10.3f s  %s who=%d a=%lld b=%lld ms=%lld", (double)action->time / 1000.0,
             names[action->kind], action->who, (long long)action->a, (long long)action->b,
             (long long)action->ms);
}

static void add(struct maker *maker, struct sim_action action)
{
    struct sim_plan *plan = maker->plan;
    if (action.time < 0 || action.time > plan->horizon_ms)
        return;
    if (plan->count == plan->room) {
        plan->room = plan->room ? 2 * plan->room : 256;
        plan->actions = realloc(plan->actions, (size_t)plan->room * sizeof *plan->actions);
        assert(plan->actions);
    }
    plan->actions[plan->count++] = action;
}

static int64_t some(struct maker *maker, int64_t low, int64_t high)
{
    return sim_between(&maker->luck, low, high);
}

static bool maybe(struct maker *maker, int permille)
{
    return sim_chance(&maker->luck, permille);
}

/* Mostly short, sometimes long: every order of magnitude between low and high is equally likely. */
static int64_t spread(struct maker *maker, int64_t low, int64_t high)
{
    int64_t top = low;
    while (top < high && maybe(maker, 600))
        top *= 2;
    return some(maker, low, top < high ? top : high);
}

/* ---- who there is ---- */

static int add_client(struct maker *maker, struct sim_client_plan client)
{
    struct sim_plan *plan = maker->plan;
    assert(plan->clients < SIM_CLIENTS_MAX);
    client.keepalive_ms = some(maker, 10, 60) * SECOND;
    if (maybe(maker, 150))
        client.clock_offset_ms = some(maker, -3 * DAY, 3 * DAY);
    plan->client[plan->clients] = client;
    return plan->clients++;
}

static struct sim_client_plan personal(struct maker *maker, int employee, bool slow)
{
    struct sim_client_plan client = {.kind = SIM_PERSONAL, .employee = employee, .class = RC_BROWSER};
    int64_t kind = some(maker, 0, 9);
    if (kind >= 8)
        client.class = RC_AGENT;
    else if (kind >= 5)
        client.class = RC_MOBILE;
    client.interval_ms = client.class == RC_MOBILE ? 20 * SECOND : 10 * SECOND;
    if (slow || maybe(maker, 200)) {
        int64_t most = client.class == RC_MOBILE ? 20 * MINUTE : MINUTE;
        client.announces = true;
        client.interval_ms = slow ? some(maker, MINUTE / 2, most) : spread(maker, 8 * SECOND, most);
    }
    return client;
}

static void add_clients(struct maker *maker, bool slow)
{
    struct sim_plan *plan = maker->plan;
    for (int i = 0; i < plan->employees; i++) {
        maker->first[i] = plan->clients;
        maker->own[i] = (int)some(maker, 1, 4);
        for (int k = 0; k < maker->own[i]; k++)
            add_client(maker, personal(maker, i, slow));
    }
    for (int k = 0; k < 2; k++) {
        maker->kiosks[k] = add_client(
            maker, (struct sim_client_plan){
                       .kind = SIM_KIOSK, .employee = -1, .class = RC_KIOSK, .interval_ms = 10 * SECOND});
        maker->gateways[k] = add_client(
            maker, (struct sim_client_plan){
                       .kind = SIM_GATEWAY, .employee = -1, .class = RC_BADGE, .interval_ms = 10 * SECOND});
        if (slow)
            plan->client[maker->kiosks[k]].interval_ms = plan->client[maker->gateways[k]].interval_ms =
                MINUTE;
        plan->client[maker->kiosks[k]].announces = plan->client[maker->gateways[k]].announces = slow;
    }
    plan->manager = add_client(
        maker, (struct sim_client_plan){.kind = SIM_MANAGER, .employee = -1, .interval_ms = 10 * MINUTE});
}

/* ---- what people do ---- */

static void incident_closing(struct maker *maker, int client, int64_t time)
{
    int64_t away = spread(maker, 2 * SECOND, 2 * HOUR);
    if (maybe(maker, 250)) {
        int64_t ms = maybe(maker, 300) ? RC_NONE : some(maker, MINUTE, 30 * MINUTE);
        add(maker, (struct sim_action){.time = time, .kind = SIM_DO_SLEEP, .who = client, .a = ms});
    } else {
        int64_t how = some(maker, 0, SIM_CLOSE_COUNT - 1);
        add(maker, (struct sim_action){.time = time, .kind = SIM_DO_CLOSE, .who = client, .a = how});
    }
    if (maybe(maker, 850))
        add(maker, (struct sim_action){.time = time + away, .kind = SIM_DO_OPEN, .who = client});
}

static void incident_odd(struct maker *maker, int employee, int client, int64_t time)
{
    struct sim_action action = {.time = time, .who = client, .b = employee};
    switch (some(maker, 0, 6)) {
    case 0:
        action.kind = SIM_DO_REPEAT;
        action.a = maybe(maker, 300);
        break;
    case 1:
        action.kind = SIM_DO_STALE_LEAVE;
        action.a = some(maker, 0, RC_LEAVE_COUNT - 1);
        break;
    case 2:
        action.kind = SIM_DO_BARE_LEAVE;
        action.a = some(maker, 0, RC_LEAVE_CLOSED);
        break;
    case 3:
        action.kind = SIM_DO_OLD_BEAT;
        break;
    case 4:
        action.kind = SIM_DO_JUNK;
        action.a = some(maker, 0, 63);
        break;
    case 5:
        action.kind = SIM_DO_TRAIN;
        action.a = action.time % SIM_COURSES;
        break;
    default:
        action.kind = SIM_DO_HIDE;
        action.a = maybe(maker, 500) ? MINUTE : 10 * SECOND;
    }
    add(maker, action);
}

static void pause_between(struct maker *maker, int employee, int client, int64_t time)
{
    int64_t away = spread(maker, 20 * SECOND, HOUR);
    add(maker,
        (struct sim_action){.time = time, .kind = SIM_DO_PUNCH, .who = client, .a = RC_OUT, .b = employee});
    if (maybe(maker, 900))
        add(maker, (struct sim_action){
                       .time = time + away, .kind = SIM_DO_PUNCH, .who = client, .a = RC_IN, .b = employee});
}

/* Pressed while nothing passes: they come late, with how long ago. */
static void incident_off_line(struct maker *maker, int employee, int client, int64_t time)
{
    int64_t ms = spread(maker, 20 * SECOND, 3 * HOUR);
    add(maker, (struct sim_action){.time = time, .kind = SIM_DO_DARK, .who = client, .ms = ms});
    bool in = false;
    for (int64_t at = time + some(maker, SECOND, ms); at < time + ms;
         at += spread(maker, 10 * SECOND, HOUR)) {
        add(maker,
            (struct sim_action){
                .time = at, .kind = SIM_DO_PUNCH, .who = client, .a = in ? RC_IN : RC_OUT, .b = employee});
        in = !in;
    }
}

static void incident(struct maker *maker, int employee, int client, int64_t time)
{
    bool own = maker->plan->client[client].kind == SIM_PERSONAL;
    int other = maker->first[employee] + (int)some(maker, 0, maker->own[employee] - 1);
    switch (some(maker, 0, 11)) {
    case 10:
    case 11:
        incident_off_line(maker, employee, client, time);
        break;
    case 0:
    case 1:
    case 2:
        incident_closing(maker, own ? client : other, time);
        break;
    case 3:
    case 4:
        add(maker, (struct sim_action){.time = time,
                                       .kind = SIM_DO_DARK,
                                       .who = own ? client : other,
                                       .ms = spread(maker, 3 * SECOND, 3 * HOUR)});
        break;
    case 5:
        pause_between(maker, employee, client, time);
        break;
    case 6: /* the thumb that presses again */
        add(maker, (struct sim_action){.time = time,
                                       .kind = SIM_DO_PUNCH,
                                       .who = maybe(maker, 500) ? client : other,
                                       .a = maybe(maker, 700) ? RC_IN : RC_OUT,
                                       .b = employee});
        break;
    case 7:
        add(maker, (struct sim_action){.time = time, .kind = SIM_DO_OPEN, .who = other});
        break;
    default:
        incident_odd(maker, employee, own ? client : other, time);
    }
}

/* One shift: from a first punch (or none) to a last one (or none). True: they pressed IN at a kiosk, and
 * forget all about it until the next time. */
static bool add_shift(struct maker *maker, int employee, int64_t start, int64_t end)
{
    int client = maker->first[employee];
    bool kiosk = maybe(maker, maker->slow ? 500 : 200);
    if (kiosk)
        client = maker->kiosks[some(maker, 0, 1)];
    else
        add(maker, (struct sim_action){
                       .time = start - some(maker, 0, 3 * MINUTE), .kind = SIM_DO_OPEN, .who = client});
    int gateway = maybe(maker, 250) ? maker->gateways[some(maker, 0, 1)] : -1;
    if (gateway >= 0)
        add(maker, (struct sim_action){.time = start - some(maker, 0, 2 * MINUTE),
                                       .kind = SIM_DO_ENTER,
                                       .who = gateway,
                                       .b = employee});
    add(maker,
        (struct sim_action){.time = start, .kind = SIM_DO_PUNCH, .who = client, .a = RC_IN, .b = employee});
    if (kiosk && gateway < 0 && maybe(maker, maker->slow ? 600 : 200))
        return true;
    for (int64_t time = start + spread(maker, SECOND, maker->incident_ms); time < end;
         time += some(maker, SECOND, 2 * maker->incident_ms))
        incident(maker, employee, client, time);
    if (maybe(maker, 750))
        add(maker, (struct sim_action){
                       .time = end, .kind = SIM_DO_PUNCH, .who = client, .a = RC_OUT, .b = employee});
    int64_t leave = end + spread(maker, SECOND, 30 * MINUTE);
    if (gateway >= 0)
        add(maker, (struct sim_action){.time = leave, .kind = SIM_DO_EXIT, .who = gateway, .b = employee});
    for (int k = 0; k < maker->own[employee]; k++)
        if (maybe(maker, 900))
            add(maker, (struct sim_action){.time = leave,
                                           .kind = SIM_DO_CLOSE,
                                           .who = maker->first[employee] + k,
                                           .a = some(maker, 0, SIM_CLOSE_COUNT - 1)});
    return false;
}

static void add_days(struct maker *maker, int64_t shift_ms_max, int64_t gap_ms_max)
{
    struct sim_plan *plan = maker->plan;
    for (int i = 0; i < plan->employees; i++) {
        int64_t time = some(maker, MINUTE, 20 * MINUTE);
        while (time < plan->horizon_ms) {
            int64_t end = time + some(maker, shift_ms_max / 5, shift_ms_max);
            bool forgotten = add_shift(maker, i, time, end);
            time = end + spread(maker, MINUTE, gap_ms_max);
            if (forgotten && maker->slow)
                time = end + some(maker, HOUR, 20 * HOUR);
        }
    }
}

static void add_desk(struct maker *maker)
{
    struct sim_plan *plan = maker->plan;
    for (int k = 0; k < 2; k++) {
        add(maker, (struct sim_action){.time = SECOND, .kind = SIM_DO_OPEN, .who = maker->kiosks[k]});
        add(maker, (struct sim_action){.time = SECOND, .kind = SIM_DO_OPEN, .who = maker->gateways[k]});
        for (int64_t time = some(maker, MINUTE, 2 * HOUR); time < plan->horizon_ms;
             time += some(maker, MINUTE, 2 * HOUR)) {
            int who = maybe(maker, 500) ? maker->kiosks[k] : maker->gateways[k];
            int64_t ms = spread(maker, SECOND, maker->slow ? 30 * HOUR : 3 * HOUR);
            add(maker, (struct sim_action){.time = time, .kind = SIM_DO_DARK, .who = who, .ms = ms});
        }
    }
    add(maker, (struct sim_action){.time = SECOND, .kind = SIM_DO_OPEN, .who = plan->manager});
    for (int64_t time = some(maker, MINUTE, HOUR / 3); time < plan->horizon_ms;
         time += some(maker, MINUTE, HOUR)) {
        if (maybe(maker, 930))
            add(maker, (struct sim_action){.time = time,
                                           .kind = SIM_DO_CORRECT,
                                           .who = plan->manager,
                                           .a = (int64_t)(sim_next(&maker->luck) >> 1)});
        else
            add(maker, (struct sim_action){.time = time,
                                           .kind = SIM_DO_MAINTENANCE,
                                           .who = plan->manager,
                                           .ms = maybe(maker, 200) ? 0 : spread(maker, MINUTE, 3 * HOUR)});
    }
}

/* One lesson, or the same at two tabs, or of two courses at once. */
static void add_lesson(struct maker *maker, int employee, int64_t time, int64_t ms)
{
    static const int64_t every_ms[] = {MINUTE, MINUTE, MINUTE, MINUTE, 20 * SECOND, 3 * SECOND};
    int tabs = maybe(maker, 300) ? 2 : 1;
    int64_t course = some(maker, 0, SIM_COURSES - 1);
    for (int tab = 0; tab < tabs; tab++) {
        int client = maker->first[employee] + (int)some(maker, 0, maker->own[employee] - 1);
        int64_t begin = time + some(maker, 0, 2 * MINUTE);
        add(maker, (struct sim_action){.time = begin - SECOND, .kind = SIM_DO_OPEN, .who = client});
        add(maker, (struct sim_action){.time = begin,
                                       .kind = SIM_DO_LESSON,
                                       .who = client,
                                       .a = maybe(maker, 300) ? some(maker, 0, SIM_COURSES - 1) : course,
                                       .b = every_ms[some(maker, 0, 5)],
                                       .ms = ms});
    }
}

/* Every other employee is a student; midnight comes in the middle of it (SIM_WALL_START). */
static void add_students(struct maker *maker)
{
    struct sim_plan *plan = maker->plan;
    plan->limit_minutes = (int)some(maker, 5, 20);
    for (int i = 0; i < plan->employees; i += 2)
        for (int64_t time = some(maker, MINUTE, 15 * MINUTE); time < plan->horizon_ms;
             time += maker->slow ? some(maker, HOUR, 8 * HOUR) : some(maker, MINUTE, 20 * MINUTE)) {
            int64_t ms = spread(maker, 2 * MINUTE, 40 * MINUTE);
            add_lesson(maker, i, time, ms);
            time += ms;
        }
}

/* ---- what goes wrong ---- */

static void add_fault(struct maker *maker, int64_t time)
{
    struct sim_action action = {.time = time, .ms = spread(maker, SECOND, HOUR)};
    static const enum sim_action_kind kinds[] = {
        SIM_DO_SITE_DARK,    SIM_DO_SITE_DARK,    SIM_DO_LINK_CUT,      SIM_DO_BROKER_STOP,
        SIM_DO_BROKER_CRASH, SIM_DO_SERVICE_STOP, SIM_DO_SERVICE_CRASH, SIM_DO_SERVICE_CRASH,
        SIM_DO_SUSPEND,      SIM_DO_STALL,        SIM_DO_WALL_STEP,     SIM_DO_REBOOT,
        SIM_DO_DISK,         SIM_DO_DISK,
    };
    action.kind = kinds[some(maker, 0, sizeof kinds / sizeof *kinds - 1)];
    switch (action.kind) {
    case SIM_DO_SITE_DARK:
        action.ms = spread(maker, 10 * SECOND, HOUR);
        action.who = maybe(maker, 500) ? -1 : (int)some(maker, 0, maker->plan->groups - 1);
        break;
    case SIM_DO_SERVICE_CRASH:
        action.a = some(maker, 0, 12);
        action.ms = spread(maker, 100, 30 * MINUTE);
        break;
    case SIM_DO_STALL:
        action.ms = spread(maker, 500, 5 * MINUTE);
        action.a = maybe(maker, 500);
        break;
    case SIM_DO_WALL_STEP:
        action.a = (maybe(maker, 500) ? 1 : -1) * spread(maker, 3 * SECOND, 6 * HOUR);
        break;
    case SIM_DO_DISK:
        action.a = maybe(maker, 500);
        action.b = some(maker, 1, 40);
        action.ms = maybe(maker, 500) ? 0 : spread(maker, SECOND, 20 * MINUTE);
        break;
    default:
        action.a = maybe(maker, 500);
    }
    add(maker, action);
}

static void add_faults(struct maker *maker, int64_t mean_ms)
{
    for (int64_t time = some(maker, MINUTE, mean_ms); time < maker->plan->horizon_ms;
         time += some(maker, SECOND, 2 * mean_ms)) {
        add_fault(maker, time);
        if (maybe(maker, 200)) /* troubles come in pairs */
            add_fault(maker, time + spread(maker, 100, 2 * MINUTE));
    }
}

/* The router of the site, or of a part of it, loses its power (P-8). */
static void add_darkness(struct maker *maker)
{
    for (int64_t time = some(maker, 4 * MINUTE, 20 * MINUTE); time < maker->plan->horizon_ms;
         time += some(maker, 10 * MINUTE, HOUR)) {
        add(maker, (struct sim_action){.time = time,
                                       .kind = SIM_DO_SITE_DARK,
                                       .who = maybe(maker, 700) ? -1 : 0,
                                       .ms = spread(maker, 20 * SECOND, 40 * MINUTE)});
        if (maybe(maker, 300)) /* and ours dies, too, while people are held */
            add(maker, (struct sim_action){.time = time + some(maker, 30 * SECOND, 50 * SECOND),
                                           .kind = SIM_DO_SERVICE_CRASH,
                                           .a = some(maker, 0, 12),
                                           .ms = spread(maker, 100, 5 * MINUTE)});
    }
}

static int by_time(const void *a, const void *b)
{
    const struct sim_action *x = a, *y = b;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return x->who - y->who;
}

void sim_plan_make(struct sim_plan *plan, uint64_t seed)
{
    *plan = (struct sim_plan){.seed = seed};
    struct maker maker = {.plan = plan, .luck = sim_dice(seed, SIM_LUCK_PLAN, 0, 0)};
    int64_t shape = (int64_t)(seed % 10);
    bool slow = shape == 9, crowd = shape >= 6 && !slow;
    maker.slow = slow;
    plan->employees = (int)(slow ? some(&maker, 2, 5) : crowd ? some(&maker, 8, 24) : some(&maker, 3, 11));
    plan->horizon_ms = slow    ? some(&maker, DAY, 3 * DAY)
                       : crowd ? some(&maker, 20 * MINUTE, 50 * MINUTE)
                               : some(&maker, 15 * MINUTE, 100 * MINUTE);
    plan->groups = (int)some(&maker, 1, SIM_GROUPS);
    plan->marks = (enum sim_marks)some(&maker, SIM_MARKS_RC_AT, SIM_MARKS_NONE);
    plan->broker_on_host = maybe(&maker, 600);
    plan->loss_permille = maybe(&maker, 500) ? 0 : (int)spread(&maker, 1, 100);
    plan->delay_ms_max = spread(&maker, 5, 3 * SECOND);
    plan->flush_ms = some(&maker, 5 * SECOND, MINUTE);
    plan->settle_ms = 10 * MINUTE;
    maker.incident_ms = (int)(slow ? some(&maker, 20 * MINUTE, 3 * HOUR) : some(&maker, MINUTE, 15 * MINUTE));
    add_clients(&maker, slow);
    add_desk(&maker);
    add_days(&maker, slow ? 20 * HOUR : HOUR, slow ? 16 * HOUR : HOUR / 4);
    if (crowd)
        add_darkness(&maker);
    if (!maybe(&maker, 100)) /* one run in ten has only its people's own troubles */
        add_faults(&maker, slow ? some(&maker, HOUR, 8 * HOUR) : some(&maker, 3 * MINUTE, HOUR / 2));
    maker.luck = sim_dice(seed, SIM_LUCK_LESSON, 0, 0);
    add_students(&maker);
    qsort(plan->actions, (size_t)plan->count, sizeof *plan->actions, by_time);
}

void sim_plan_free(struct sim_plan *plan)
{
    free(plan->actions);
    *plan = (struct sim_plan){0};
}
