/*
 * training.h: the rules T-1 to T-5 for one user: what a training heartbeat adds to the day, when the day (or
 * a course, or a break) locks, and what may be saved. Pure functions over values: the shell reads a user's
 * ledger from the store inside the open transaction, has a heartbeat judged, and writes back what changed;
 * nothing is kept here, so a failed COMMIT has nothing to undo, and locked is derived anew each time (T-4).
 * Any thread.
 *
 * The union (T-2) is kept as what is covered from now on: what lies behind is a number already. It is
 * measured by boot time, which no step of the wall clock touches; which day it falls on is told by the label
 * (day_clock.h):
 *
 *   now                                    midnight         now + interval
 *    │░░░░ covered ░░░░│ new │     cut      │      new      │
 *                            └ the limit                    └ cut likewise by the next day's limit
 *
 * The union is the user's, over all sites; each site splits it at its own midnights and judges it by its own
 * limit. Where a limit cuts, the heartbeat covers nothing up to midnight, for no site and no course.
 */
#ifndef RC_CORE_TRAINING_H
#define RC_CORE_TRAINING_H

#include "core/types.h"

/* "2025-12-03" */
#define RC_DATE_MAX 11

/* Disjoint pieces that the union can have from now on. Only a midnight between a cut and a rest makes a
 * second one, and other sites' zones a third; beyond, the smallest gap is taken as covered, so that it can't
 * be counted later. */
#define RC_TRAINING_SPANS_MAX 4

/* Pieces that one heartbeat can add: its two parts, each torn once by every piece that is covered. */
#define RC_TRAINING_ADDED_MAX (RC_TRAINING_SPANS_MAX + 2)

/* The longest interval that a policy may have, and so the furthest that a heartbeat covers. What is covered
 * beyond it stands there by a wall clock that was wrong before a restart, and is left out. */
#define RC_TRAINING_INTERVAL_MS_MAX 600000

/* Sites of one service that a user's ledger spans. */
#define RC_TRAINING_SITES_MAX 32

/* A calendar day of some zone: [start_at, end_at) in wall time. */
struct rc_local_day {
    char date[RC_DATE_MAX];
    int64_t start_at, end_at;
};

/* [from_now, to_now) in boot time. */
struct rc_span {
    int64_t from_now, to_now;
};

/* Sorted, disjoint. */
struct rc_cover {
    uint32_t count;
    struct rc_span spans[RC_TRAINING_SPANS_MAX];
};

/* What one site asks of a day: the policy in force on it (T-1). */
struct rc_training_terms {
    int64_t limit_ms;
    int64_t course_limit_ms; /* of the course at hand; RC_NONE: it has none of its own */
    int64_t interval_ms;
    int64_t break_ms;       /* 0: no break is asked for */
    int64_t break_after_ms; /* after so much training without a gap of break_ms */
};

/* Length of the union on two days, uncut: a site whose limit is lower than another's shows min(ms, limit). */
struct rc_training_total {
    int64_t ms, next_ms; /* on the current day, and on the one after it */
};

/* One site's side of a user's ledger. */
struct rc_training_site {
    struct rc_local_day day, next; /* the user's current day there, and the one after it */
    struct rc_training_terms terms, next_terms;
    struct rc_training_total user, course;
};

struct rc_training_ledger {
    struct rc_cover cover;        /* of the user, over all courses */
    struct rc_cover course_cover; /* of the course at hand */
    int64_t run_ms;               /* training without a gap of a break's length, so far; 0: no run */
    int64_t run_until_now;        /* where what that run covers ends */
    uint32_t site_count;
    struct rc_training_site sites[RC_TRAINING_SITES_MAX];
};

enum rc_training_result {
    RC_TRAINING_COUNTED,
    RC_TRAINING_REACHED,        /* counted, cut where the day's limit is: it locks the day */
    RC_TRAINING_COURSE_REACHED, /* counted, cut where the course's limit is: it locks the course */
    RC_TRAINING_LOCKED,         /* refused: the day was locked */
    RC_TRAINING_COURSE_LOCKED,  /* refused: the course was */
    RC_TRAINING_BREAK,          /* refused: a break is due */
    RC_TRAINING_RESULT_COUNT
};

struct rc_training_verdict {
    enum rc_training_result result;
    uint32_t added_count; /* new pieces of the user's union, in boot time */
    struct rc_span added[RC_TRAINING_ADDED_MAX];
    int64_t locked_until_at; /* the midnight, or the end of the break; RC_NONE: COUNTED */
};

/* rc_training_roll brings a site's side to the day that the label `at` is in, by `today` and `next` (the days
 * of the site's policies around `at`). A day never goes back (T-2): where `at` lies before the current day's
 * start, that day stays, and neither is taken. True: another day began; totals of the new day are what ran
 * over into it, or 0. A day of the same date is the same day, though a new zone may have moved its end.
 * Before the call site->day is empty (date "": the user has none yet) or the user's, and then site->next is
 * the day that next_ms was counted for. Terms are the caller's, of the days that stand after the call. */
bool rc_training_roll(struct rc_training_site *site, int64_t at, const struct rc_local_day *today,
                      const struct rc_local_day *next);

/* rc_training_judge judges a heartbeat received at boot time `now`, whose label is `at`, by the terms of
 * ledger->sites[judge], all sites having been rolled to `at`; and changes the ledger unless it is refused:
 * what it added to each site's days, and to its course's, is how their totals differ after. A day can come to
 * its limit without a REACHED of its own: by what ran over from the day before, or was heard at another site.
 */
struct rc_training_verdict rc_training_judge(struct rc_training_ledger *ledger, uint32_t judge, int64_t now,
                                             int64_t at);

/* rc_training_locked says whether a site's current day is locked (T-4); _course_locked, whether the course
 * is. */
bool rc_training_locked(const struct rc_training_site *site);
bool rc_training_course_locked(const struct rc_training_site *site);

/* rc_training_counted returns what counts of ms: at most the limit. */
int64_t rc_training_counted(int64_t ms, int64_t limit_ms);

/* rc_training_minutes rounds to the nearest minute; at most limit - 1 until ms reaches the limit (T-2). */
int64_t rc_training_minutes(int64_t ms, int64_t limit_ms);

/* rc_training_may_save (T-5): heard_now is when the last training heartbeat of the same course and session
 * was received, RC_NONE if there was none; over 1.5 intervals is too long ago. Locked is asked separately. */
bool rc_training_may_save(int64_t now, int64_t heard_now, int64_t interval_ms);

#endif
