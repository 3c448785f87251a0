#include "history.h"

#include "../sim/random.h"
#include "calendars.h"

#include <inttypes.h>
#include <string.h>

/* ---- calendars ---- */

/* Days of 23, 24 and 25 short hours, and of half an hour more or less; other zones a number of quarters of an
 * hour away. */
static void make_calendar(struct sim_random *random, int64_t hour_ms, int64_t zone_ms,
                          struct rc_local_day days[STUDENT_DAYS])
{
    static const int64_t half_hours[] = {48, 48, 46, 50, 47, 49};
    int64_t start_at = 1000000 + zone_ms;
    for (int i = 0; i < STUDENT_DAYS; i++) {
        int64_t length_ms = half_hours[sim_between(random, 0, 5)] * hour_ms / 2;
        snprintf(days[i].date, sizeof days[i].date, "2025-12-%02d", i + 1);
        days[i].start_at = start_at;
        days[i].end_at = start_at += length_ms;
    }
}

static void give_calendars(struct history *history, struct sim_random *random)
{
    static const struct rc_local_day *const zones[] = {
        new_york_march, new_york_november, lord_howe_april, lord_howe_october, new_york, st_johns, kathmandu};
    const struct rc_local_day *zone = zones[sim_between(random, 0, 6)];
    bool december = zone == new_york || zone == st_johns || zone == kathmandu;
    int64_t hour_ms = sim_between(random, 2, 12);
    for (uint32_t i = 0; i < history->site_count; i++) {
        bool same = sim_chance(random, 300);
        if (history->real) {
            history->sites[i].calendar =
                december && !same ? (const struct rc_local_day *[]){new_york, st_johns, kathmandu}[i] : zone;
            continue;
        }
        history->sites[i].calendar = history->made[i];
        if (i > 0 && same) {
            memcpy(history->made[i], history->made[0], sizeof history->made[0]);
        } else {
            int64_t zone_ms = i == 0 ? 0 : sim_between(random, -48, 48) * hour_ms / 4;
            make_calendar(random, hour_ms, zone_ms, history->made[i]);
        }
    }
}

/* ---- limits ---- */

static int64_t some_limit(struct sim_random *random, int64_t interval_ms)
{
    int kind = (int)sim_between(random, 0, 9);
    return kind < 2   ? sim_between(random, 1, interval_ms)
           : kind < 8 ? sim_between(random, 1, 8 * interval_ms)
                      : HISTORY_NO_LIMIT;
}

static void give_rules(struct history *history, struct sim_random *random)
{
    int64_t unit = history->real ? 1000 : 1;
    int64_t interval_ms = (history->real && sim_chance(random, 800) ? 60 : sim_between(random, 1, 40)) * unit;
    bool steady = sim_chance(random, 700), breaks = sim_chance(random, 250),
         courses = sim_chance(random, 500);
    int64_t break_ms = sim_between(random, interval_ms, 4 * interval_ms);
    for (uint32_t i = 0; i < history->site_count; i++) {
        struct rules *rules = &history->sites[i];
        if (sim_chance(random, 300) && break_ms > 1)
            interval_ms = sim_between(random, 1, break_ms); /* a break is no shorter than any interval */
        for (int day = 0; day < STUDENT_DAYS; day++) {
            bool anew = day == 0 || !steady;
            rules->interval_ms[day] = anew && day > 0 ? sim_between(random, 1, interval_ms)
                                                      : rules->interval_ms[day > 0 ? day - 1 : 0];
            if (day == 0)
                rules->interval_ms[0] = interval_ms;
            rules->limit_ms[day] = anew ? some_limit(random, interval_ms) : rules->limit_ms[day - 1];
            for (int course = 0; course < STUDENT_COURSES; course++)
                rules->course_limit_ms[course][day] =
                    courses ? some_limit(random, interval_ms) : HISTORY_NO_LIMIT;
        }
        if (breaks && sim_chance(random, 700)) {
            rules->break_ms = break_ms;
            rules->break_after_ms = sim_between(random, 1, 6 * interval_ms);
        }
    }
}

/* ---- what happens ---- */

struct pen {
    struct history *history;
    struct sim_random random;
    int64_t elapsed_ms, offset_ms; /* label = elapsed + offset */
};

static bool is_on_calendars(const struct pen *pen, int64_t at)
{
    for (uint32_t i = 0; i < pen->history->site_count; i++) {
        const struct rc_local_day *calendar = pen->history->sites[i].calendar;
        if (at < calendar[0].start_at || at >= calendar[STUDENT_DAYS - 2].end_at)
            return false;
    }
    return true;
}

static int64_t interval_of(const struct pen *pen)
{
    return pen->history->sites[0].interval_ms[0];
}

/* To about the next midnight of some site. */
static int64_t to_midnight(struct pen *pen, int64_t about_ms)
{
    int64_t site = sim_between(&pen->random, 0, pen->history->site_count - 1);
    const struct rc_local_day *calendar = pen->history->sites[site].calendar;
    int64_t at = pen->elapsed_ms + pen->offset_ms;
    int64_t midnight_at = calendar[student_day_of(calendar, at)].end_at;
    int64_t gap_ms = midnight_at - at + sim_between(&pen->random, -about_ms, about_ms);
    return gap_ms > 0 ? gap_ms : 0;
}

static int64_t pause_ms(struct pen *pen)
{
    int64_t interval_ms = interval_of(pen), kind = sim_between(&pen->random, 0, 99);
    int64_t day_ms = pen->history->real ? 8 * interval_ms : 300;
    int64_t jitter_ms = interval_ms / 8 + 1;
    if (kind < 10)
        return 0;
    if (kind < 40)
        return sim_between(&pen->random, 0, interval_ms);
    if (kind < 55)
        return interval_ms;
    if (kind < 72)
        return interval_ms + sim_between(&pen->random, -jitter_ms, jitter_ms);
    if (kind < 82)
        return sim_between(&pen->random, 0, 4 * interval_ms);
    if (kind < 90)
        return to_midnight(pen, 1);
    if (kind < 97)
        return to_midnight(pen, interval_ms);
    return sim_between(&pen->random, 0, day_ms);
}

/* The wall clock drifts, or is set. */
static void set_clock(struct pen *pen)
{
    int64_t kind = sim_between(&pen->random, 0, 99);
    int64_t day_ms = pen->history->real ? INT64_C(86400000) : 300;
    int64_t by_ms = kind < 4   ? sim_between(&pen->random, -2, 2)
                    : kind < 6 ? sim_between(&pen->random, -interval_of(pen), interval_of(pen))
                    : kind < 8 ? sim_between(&pen->random, -day_ms, day_ms)
                               : 0;
    if (is_on_calendars(pen, pen->elapsed_ms + pen->offset_ms + by_ms))
        pen->offset_ms += by_ms;
}

static int64_t more(struct pen *pen, int64_t limit_ms)
{
    return limit_ms == HISTORY_NO_LIMIT ? limit_ms
                                        : limit_ms + sim_between(&pen->random, 0, 3 * interval_of(pen));
}

/* Rules as they are raised so far: `now` is a copy that the pen may change. */
static void write_step(struct pen *pen, struct rules now[], struct step *step)
{
    int64_t kind = sim_between(&pen->random, 0, 99);
    *step = (struct step){
        .kind = STEP_BEAT,
        .elapsed_ms = pen->elapsed_ms,
        .at = pen->elapsed_ms + pen->offset_ms,
        .site = (uint32_t)sim_between(&pen->random, 0, pen->history->site_count - 1),
        .course = (uint32_t)sim_between(&pen->random, 0, sim_between(&pen->random, 0, STUDENT_COURSES - 1)),
    };
    struct rules *rules = &now[step->site];
    step->day = student_day_of(rules->calendar, step->at);
    if (kind < 3) {
        step->kind = STEP_RAISE;
        step->value = rules->limit_ms[step->day] = more(pen, rules->limit_ms[step->day]);
    } else if (kind < 5) {
        int64_t *limit_ms = &rules->course_limit_ms[step->course][step->day];
        step->kind = STEP_RAISE_COURSE;
        step->value = *limit_ms = more(pen, *limit_ms);
    } else if (kind < 7) {
        step->kind = STEP_REBOOT;
        step->value = pen->elapsed_ms; /* the new boot time 0 */
    }
}

void history_make(struct history *history, uint64_t seed)
{
    struct pen pen = {.history = history, .random = {.state = seed}};
    memset(history, 0, offsetof(struct history, steps));
    history->seed = seed;
    history->real = seed % HISTORY_REAL_ONE_IN == 0;
    history->site_count =
        sim_chance(&pen.random, 600) ? 1 : (uint32_t)sim_between(&pen.random, 2, STUDENT_SITES);
    give_calendars(history, &pen.random);
    give_rules(history, &pen.random);
    struct rules rules[STUDENT_SITES];
    memcpy(rules, history->sites, sizeof rules);
    int64_t most_ms = history->real ? HISTORY_REAL_MS : HISTORY_SMALL_MS;
    const struct rc_local_day *first = &history->sites[0].calendar[2];
    int64_t before_ms = sim_between(&pen.random, 0, 6 * interval_of(&pen));
    pen.offset_ms = first->end_at - before_ms % (first->end_at - first->start_at);
    int count = (int)sim_between(&pen.random, 4, HISTORY_STEPS_MAX);
    for (int i = 0; i < count; i++) {
        set_clock(&pen);
        write_step(&pen, rules, &history->steps[i]);
        history->step_count++;
        pen.elapsed_ms += pause_ms(&pen);
        if (pen.elapsed_ms + RC_TRAINING_INTERVAL_MS_MAX / (history->real ? 1 : 1000) >= most_ms ||
            !is_on_calendars(&pen, pen.elapsed_ms + pen.offset_ms))
            return;
    }
}

/* ---- to be read ---- */

static void print_limit(int64_t limit_ms, FILE *out)
{
    if (limit_ms == HISTORY_NO_LIMIT)
        fputs(" none", out);
    else
        fprintf(out, " %" PRId64, limit_ms);
}

void history_print_rules(const struct history *history, FILE *out)
{
    for (uint32_t i = 0; i < history->site_count; i++) {
        const struct rules *rules = &history->sites[i];
        fprintf(out, "site %u: breaks of %" PRId64 " after %" PRId64 "\n", i, rules->break_ms,
                rules->break_after_ms);
        for (int day = 0; day < STUDENT_DAYS; day++) {
            fprintf(out, "  day %d [%" PRId64 ", %" PRId64 ") interval %" PRId64 " limit", day,
                    rules->calendar[day].start_at, rules->calendar[day].end_at, rules->interval_ms[day]);
            print_limit(rules->limit_ms[day], out);
            fputs(" courses", out);
            for (int course = 0; course < STUDENT_COURSES; course++)
                print_limit(rules->course_limit_ms[course][day], out);
            fputs("\n", out);
        }
    }
}

void history_print_step(const struct step *step, FILE *out)
{
    static const char *const names[] = {"heartbeat", "limit raised", "course's limit raised", "reboot"};
    fprintf(out, "%6" PRId64 " ms, label %" PRId64 ": %s, site %u course %u day %d", step->elapsed_ms,
            step->at, names[step->kind], step->site, step->course, step->day);
    if (step->kind != STEP_BEAT)
        fprintf(out, ", %" PRId64, step->value);
    fputs("\n", out);
}
