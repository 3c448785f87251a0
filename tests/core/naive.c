#include "naive.h"

#include <assert.h>
#include <string.h>

#define USER           1u
#define COURSE(number) (2u << (number))

void naive_init(struct naive *naive, const struct history *history)
{
    memset(naive->marks, 0, (size_t)naive->marked_until);
    naive->marked_until = 0;
    naive->site_count = history->site_count;
    memcpy(naive->rules, history->sites, sizeof naive->rules);
    memset(naive->sites, 0, sizeof naive->sites);
    for (uint32_t i = 0; i < STUDENT_SITES; i++)
        naive->sites[i].current = RC_NONE;
}

/* The day that a millisecond counts on: the student's current one until its midnight, then the next. */
static int day_of(const struct naive *naive, uint32_t site, int64_t label)
{
    int current = naive->sites[site].current;
    return label < naive->rules[site].calendar[current].end_at ? current : current + 1;
}

static void turn_days(struct naive *naive, int64_t at)
{
    for (uint32_t i = 0; i < naive->site_count; i++) {
        int today = 0;
        while (naive->rules[i].calendar[today].end_at <= at)
            today++;
        if (today > naive->sites[i].current)
            naive->sites[i].current = today;
    }
}

static bool day_is_full(const struct naive *naive, uint32_t site, int day)
{
    return naive->sites[site].user_ms[day] >= naive->rules[site].limit_ms[day];
}

static bool course_is_full(const struct naive *naive, uint32_t site, uint32_t course, int day)
{
    return naive->sites[site].course_ms[course][day] >= naive->rules[site].course_limit_ms[course][day];
}

/* Walks back from the last millisecond that was trained to the first break. */
static bool break_is_due(const struct naive *naive, uint32_t site, int64_t elapsed_ms)
{
    const struct rules *rules = &naive->rules[site];
    int64_t run_ms = 0, gap_ms = 0;
    if (rules->break_ms == 0 || naive->marked_until == 0 ||
        elapsed_ms >= naive->marked_until + rules->break_ms)
        return false;
    for (int64_t i = naive->marked_until - 1; i >= 0 && gap_ms < rules->break_ms; i--) {
        bool trained = naive->marks[i] & USER;
        run_ms += trained;
        gap_ms = trained ? 0 : gap_ms + 1;
    }
    return run_ms >= rules->break_after_ms;
}

static void mark_user(struct naive *naive, int64_t millisecond, int64_t label)
{
    naive->marks[millisecond] |= USER;
    if (millisecond >= naive->marked_until)
        naive->marked_until = millisecond + 1;
    for (uint32_t i = 0; i < naive->site_count; i++)
        naive->sites[i].user_ms[day_of(naive, i, label)]++;
}

static void mark_course(struct naive *naive, uint32_t course, int64_t millisecond, int64_t label)
{
    naive->marks[millisecond] |= (uint8_t)COURSE(course);
    for (uint32_t i = 0; i < naive->site_count; i++)
        naive->sites[i].course_ms[course][day_of(naive, i, label)]++;
}

/* Returns what was added to the user's milliseconds. */
static int64_t mark(struct naive *naive, const struct step *step, int64_t interval_ms)
{
    int64_t added_ms = 0;
    assert(step->elapsed_ms + interval_ms <= naive->marks_max);
    for (int64_t i = 0; i < interval_ms; i++) {
        int64_t millisecond = step->elapsed_ms + i, label = step->at + i;
        int day = day_of(naive, step->site, label);
        if (day_is_full(naive, step->site, day) || course_is_full(naive, step->site, step->course, day))
            continue;
        if (!(naive->marks[millisecond] & USER)) {
            mark_user(naive, millisecond, label);
            added_ms++;
        }
        if (!(naive->marks[millisecond] & COURSE(step->course)))
            mark_course(naive, step->course, millisecond, label);
    }
    return added_ms;
}

static struct naive_answer heartbeat(struct naive *naive, const struct step *step)
{
    turn_days(naive, step->at);
    int day = naive->sites[step->site].current;
    const struct rules *rules = &naive->rules[step->site];
    int64_t midnight_at = rules->calendar[day].end_at;
    if (day_is_full(naive, step->site, day))
        return (struct naive_answer){RC_TRAINING_LOCKED, midnight_at, 0};
    if (course_is_full(naive, step->site, step->course, day))
        return (struct naive_answer){RC_TRAINING_COURSE_LOCKED, midnight_at, 0};
    if (break_is_due(naive, step->site, step->elapsed_ms)) {
        int64_t since_ms = step->elapsed_ms - naive->marked_until;
        return (struct naive_answer){RC_TRAINING_BREAK, step->at - since_ms + rules->break_ms, 0};
    }
    int64_t added_ms = mark(naive, step, rules->interval_ms[day]);
    if (day_is_full(naive, step->site, day))
        return (struct naive_answer){RC_TRAINING_REACHED, midnight_at, added_ms};
    if (course_is_full(naive, step->site, step->course, day))
        return (struct naive_answer){RC_TRAINING_COURSE_REACHED, midnight_at, added_ms};
    return (struct naive_answer){RC_TRAINING_COUNTED, RC_NONE, added_ms};
}

struct naive_answer naive_take(struct naive *naive, const struct step *step)
{
    switch (step->kind) {
    case STEP_BEAT:
        return heartbeat(naive, step);
    case STEP_RAISE:
        naive->rules[step->site].limit_ms[step->day] = step->value;
        break;
    case STEP_RAISE_COURSE:
        naive->rules[step->site].course_limit_ms[step->course][step->day] = step->value;
        break;
    case STEP_REBOOT: /* time goes on */
        break;
    }
    return (struct naive_answer){0};
}
