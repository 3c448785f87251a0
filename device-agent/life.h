/*
 * life.h: what happens to a simulated person, as data: a table of happenings, each a short script of acts
 * with pauses between them. Decides what comes next from a generator, and nothing else: no clock, no I/O. A
 * person's whole life follows from their generator's seed.
 */
#ifndef RC_AGENT_LIFE_H
#define RC_AGENT_LIFE_H

#include "random.h"

#include <stddef.h>

/* What a person (or bad luck) does to their tabs. */
enum rc_act {
    RC_ACT_OPEN,   /* opens tabs with new session ids */
    RC_ACT_REOPEN, /* opens the tabs of before again, same session ids: a reload, a restored browser */
    RC_ACT_IN,     /* punches, and waits for the receipt */
    RC_ACT_OUT,
    RC_ACT_CLOSE,     /* closes all tabs: each says `closed` and disconnects */
    RC_ACT_CLOSE_ONE, /* closes the second tab, if there are two */
    RC_ACT_CRASH,     /* the tabs' processes are killed: the broker sends their last wills at once */
    RC_ACT_SLEEP,     /* each tab says `sleeping`, as when a lid is closed */
    RC_ACT_FREEZE,    /* the tabs stop dead, with their connections open: no power, no network */
    RC_ACT_THAW,      /* they go on as if nothing had been */
    RC_ACT_COUNT
};

/* A pause is drawn from [low, high] of a unit. */
enum rc_unit {
    RC_UNIT_MINUTES,   /* of the simulated life: --speed 60 makes a second of each */
    RC_UNIT_INTERVALS, /* tenths of the heartbeat interval, which the thresholds of presence are made of */
};

struct rc_step {
    enum rc_act act;
    enum rc_unit unit;
    int low, high; /* the pause after the act */
};

/* The longest script in the table. */
#define RC_STEPS_MAX 4

struct rc_happening {
    const char *name;
    int weight; /* how often, against the sum of all */
    size_t count;
    struct rc_step steps[RC_STEPS_MAX];
};

/* How fast a life goes. */
struct rc_pace {
    int64_t minute_ms;   /* of real time for a minute of the life */
    int64_t interval_ms; /* between heartbeats */
};

/* The service takes 1 s at least; 2 s leaves room for a busy machine. A faster life still beats every 2 s. */
#define RC_PACE_INTERVAL_MS_MIN 2000

/* rc_pace_of returns the pace of a life `speed` times as fast as real (speed > 0). */
struct rc_pace rc_pace_of(double speed);

/* rc_life_start returns the first happening of every life: to come in the morning. */
const struct rc_happening *rc_life_start(void);

/* rc_life_next draws the next one. */
const struct rc_happening *rc_life_next(struct rc_random *random);

/* rc_life_pause draws how long a step's pause lasts, in milliseconds. */
int64_t rc_life_pause(const struct rc_step *step, const struct rc_pace *pace, struct rc_random *random);

/* The whole table, for tests. */
const struct rc_happening *rc_life_table(size_t *count);

const char *rc_act_name(enum rc_act act);

#endif
