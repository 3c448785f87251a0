/*
 * lesson.h: what a client in training does, and when (T-5). Decides when the next training heartbeat goes
 * out, what its answer means, when to save, when the lesson stops. No clock, no I/O: the owner sends, and
 * tells what came of it. A plain value owned by its user; one thread at a time.
 *
 *     heartbeat ──▶ counted                  the lesson runs: the time until the next one is paid for
 *               ──▶ one minute remains       it saves before each heartbeat from now on: any may be the last
 *               ──▶ a limit                  it has ended
 *               ──▶ no answer, 1.5 intervals it stops; heartbeats go on, and the first that is counted lets
 * it go on, too
 */
#ifndef RC_AGENT_LESSON_H
#define RC_AGENT_LESSON_H

#include "random.h"

#include <stdbool.h>
#include <stddef.h>

enum rc_lesson_verdict {
    RC_LESSON_COUNTED,
    RC_LESSON_DAY_LIMIT,    /* ends it */
    RC_LESSON_COURSE_LIMIT, /* ends it */
    RC_LESSON_BREAK,        /* stops it: heartbeats that come too early cost nothing */
    RC_LESSON_WRONG,        /* INVALID_ARGUMENT: the same again would not do better, so this ends it */
    RC_LESSON_UNHEARD,      /* UNAVAILABLE, RATE_LIMITED, or what we do not know: as if no answer had come */
};

/* An answer, read. Integers are -1 and texts empty where they were not there. */
struct rc_lesson_answer {
    enum rc_lesson_verdict verdict;
    int64_t minutes, remaining_minutes;
    int64_t server_at, locked_until_at;
    bool new_day;
    char date[16], code[32], message[160]; /* longer ones are cut */
};

/* rc_lesson_read reads the payload of an answer; false: it is none. */
bool rc_lesson_read(const char *payload, size_t length, struct rc_lesson_answer *out);

enum rc_lesson_state {
    RC_LESSON_WAITS, /* nothing was counted yet, or nothing for too long: no time to learn in */
    RC_LESSON_RUNS,
    RC_LESSON_ENDED, /* for good: by `verdict` */
};

struct rc_lesson {
    enum rc_lesson_state state;
    enum rc_lesson_verdict verdict; /* of the last answer */
    int64_t interval_ms;
    bool saves;
    bool up; /* connected, and not asleep */
    bool last_minute;
    bool saving, saved; /* under way, and done, for the coming heartbeat */
    uint64_t save;      /* counts what is saved; the same number twice is the same progress sent again */
    int64_t beat_now, save_now, stop_now; /* when each is due */
};

/* rc_lesson_begin makes a lesson that waits; interval_ms is the service's training.interval_ms. */
void rc_lesson_begin(struct rc_lesson *lesson, int64_t interval_ms, bool saves);

/* rc_lesson_up: heartbeats can be sent; the first one is due at once. rc_lesson_down: they cannot. */
void rc_lesson_up(struct rc_lesson *lesson, int64_t now);
void rc_lesson_down(struct rc_lesson *lesson);

enum rc_lesson_step {
    RC_LESSON_NOTHING,
    RC_LESSON_SAVE, /* send progress number `save`; tell rc_lesson_saved of its receipt */
    RC_LESSON_BEAT, /* send a training heartbeat; tell rc_lesson_answered of its answer */
    RC_LESSON_STOP, /* stop showing the lesson: no answer came */
};

/* rc_lesson_step says what is to be done at now (CLOCK_BOOTTIME); ask until it is nothing. Each is returned
 * once. rc_lesson_due: when to ask again at the latest; INT64_MAX: when something has happened. */
enum rc_lesson_step rc_lesson_step(struct rc_lesson *lesson, struct rc_random *random, int64_t now);
int64_t rc_lesson_due(const struct rc_lesson *lesson);

void rc_lesson_answered(struct rc_lesson *lesson, const struct rc_lesson_answer *answer, int64_t now);

/* rc_lesson_saved: the receipt for the progress under way is there; retry: it says to send it again. */
void rc_lesson_saved(struct rc_lesson *lesson, bool retry, int64_t now);

#endif
