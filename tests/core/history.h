/*
 * history.h: one user's training, made up from a seed: sites with calendars, limits and breaks, and what
 * happens one after the other. Decides nothing about right or wrong; the ledger and the naive model live
 * through the same history. Most histories are small, with days of some hundred milliseconds and intervals of
 * a few, so that every border is met often; one in HISTORY_REAL_ONE_IN has real days, minutes and zones.
 */
#ifndef RC_TESTS_CORE_HISTORY_H
#define RC_TESTS_CORE_HISTORY_H

#include "student.h"

#include <stdio.h>

#define HISTORY_REAL_ONE_IN 500

#define HISTORY_STEPS_MAX 40

/* Milliseconds that a history may last: small ones, real ones. */
#define HISTORY_SMALL_MS 4096
#define HISTORY_REAL_MS  (75 * INT64_C(60000))

#define HISTORY_NO_LIMIT (INT64_C(1) << 40)

/* What a site asks for, by day. */
struct rules {
    const struct rc_local_day *calendar;
    int64_t interval_ms[STUDENT_DAYS], limit_ms[STUDENT_DAYS];
    int64_t course_limit_ms[STUDENT_COURSES][STUDENT_DAYS]; /* HISTORY_NO_LIMIT: none */
    int64_t break_ms, break_after_ms; /* 0: no breaks; else the same length everywhere */
};

enum step_kind {
    STEP_BEAT,
    STEP_RAISE,        /* the limit of the site's day becomes value */
    STEP_RAISE_COURSE, /* the course's */
    STEP_REBOOT,
};

struct step {
    enum step_kind kind;
    int64_t elapsed_ms; /* since the history began, by no clock that anybody can set */
    int64_t at;         /* the label then */
    uint32_t site, course;
    int day;
    int64_t value;
};

struct history {
    uint64_t seed;
    bool real;
    uint32_t site_count;
    struct rules sites[STUDENT_SITES];
    struct rc_local_day made[STUDENT_SITES][STUDENT_DAYS]; /* calendars of small histories */
    int step_count;
    struct step steps[HISTORY_STEPS_MAX];
};

/* history_make: the same seed makes the same history. Calendars point into it. */
void history_make(struct history *history, uint64_t seed);

void history_print_rules(const struct history *history, FILE *out);
void history_print_step(const struct step *step, FILE *out);

#endif
