/*
 * student.h: what students ought to have: a naive reading of the training rules (T-1 to T-4, T-6), written
 * from the contract alone. Keeps every heartbeat that was judged, and nothing else: whatever is asked, it
 * goes through all of them again, from the first. So a transaction that fails is a list that becomes shorter.
 * Days are those of New York in the autumn of 2025, by hand. Owned by the checks (training.c).
 */
#ifndef RC_SIM_STUDENT_H
#define RC_SIM_STUDENT_H

#include "world.h"

#include "core/training.h"

#define SIM_TRAINING_INTERVAL_MS INT64_C(60000)

/* One heartbeat, and what came of it. */
struct sim_lesson {
    int employee, client, course;
    int64_t time, at; /* true time; wall clock */
    int64_t label;    /* what the day's clock said */
    int boots;        /* of which boot */
    int day;          /* the student's, on which it was received */
    bool is_new_day;  /* the first that was received on it */
    enum rc_training_result result;
    struct {
        int64_t from, to;           /* what it covers of this day and of the next, in true time */
        int64_t user_ms, course_ms; /* what was new of that */
    } part[2];
    int64_t minutes, remaining; /* then */
    bool answered;
};

struct sim_students;
struct sim_students *sim_students_new(struct sim_world *world);
void sim_students_free(struct sim_students *students);

/* ---- days ---- */

#define SIM_DAYS 40
/* sim_day_start returns the midnight at which a day begins; sim_day_of, the day of a label. */
int64_t sim_day_start(int day);
int sim_day_of(int64_t label);
/* sim_day_date writes "2025-11-02". */
void sim_day_date(int day, char out[RC_DATE_MAX]);
/* sim_day_parse returns RC_NONE for a date that is none of them. */
int sim_day_parse(const char *date);

/* ---- heartbeats ---- */

/* sim_students_judge decides what comes of *heard, of which employee .. day are given. */
const struct sim_lesson *sim_students_judge(struct sim_students *students, const struct sim_lesson *heard);

/* The open transaction. found_failed: what a failed commit held was written all the same. */
void sim_students_commit(struct sim_students *students);
void sim_students_undo(struct sim_students *students);
void sim_students_commit_failed(struct sim_students *students);
void sim_students_found_failed(struct sim_students *students);

/* ---- questions ---- */

/* All heartbeats in order; those from `committed` on are of the open transaction. */
int sim_students_count(const struct sim_students *students);
int sim_students_committed(const struct sim_students *students);
struct sim_lesson *sim_students_lesson(struct sim_students *students, int index);
/* sim_students_failed returns those of a commit that failed; NULL: none. */
const struct sim_lesson *sim_students_failed(const struct sim_students *students, int *count);

struct sim_tally {
    int64_t ms, course_ms[SIM_COURSES];
    int heartbeats, refused, sessions;
};
struct sim_tally sim_students_tally(const struct sim_students *students, int employee, int day);

int64_t sim_students_limit_ms(const struct sim_students *students);
/* sim_students_minutes rounds as the contract says (T-2). */
int64_t sim_students_minutes(const struct sim_students *students, int64_t ms);

#endif
