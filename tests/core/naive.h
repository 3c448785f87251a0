/*
 * naive.h: the training rules a second time, as plainly as can be: a byte for every millisecond that ever
 * was, with a bit for the user and one for each course that it was counted for. Shares no thought with
 * core/training.c: it has no intervals, forgets nothing, and finds what is full, whose break is due and what
 * a day has by looking at milliseconds one at a time. One thread.
 */
#ifndef RC_TESTS_CORE_NAIVE_H
#define RC_TESTS_CORE_NAIVE_H

#include "history.h"

struct naive_site {
    int current; /* RC_NONE: none yet */
    int64_t user_ms[STUDENT_DAYS], course_ms[STUDENT_COURSES][STUDENT_DAYS];
};

struct naive {
    uint8_t *marks; /* the caller's; marks_max of them */
    int64_t marks_max, marked_until;
    uint32_t site_count;
    struct rules rules[STUDENT_SITES];
    struct naive_site sites[STUDENT_SITES];
};

struct naive_answer {
    enum rc_training_result result;
    int64_t until_at; /* RC_NONE: counted */
    int64_t added_ms; /* to the user's union */
};

/* naive_init clears what is marked of marks from an earlier use, whose naive->marked_until says how far; the
 * first time all is 0. */
void naive_init(struct naive *naive, const struct history *history);

/* naive_take lives through one step; the answer is of a heartbeat. */
struct naive_answer naive_take(struct naive *naive, const struct step *step);

#endif
