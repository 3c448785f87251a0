/*
 * wheel.h: timers for millions of things: O(1) to set, to stop and to fire, a few instructions for a look
 * that finds nothing due. Decides only the order: by time, equal times in the order in which they were set or
 * moved down.
 *
 * Time is cut into digits of 6 bits. A timer stands on the level of the highest digit in which its time
 * differs from the wheel's, in the slot of that digit:
 *
 *     wheel at   ...  3 | 17 | 05        level 0: this very 64 ms, a slot is 1 ms
 *     timer at   ...  3 | 20 | 41  ───▶  level 1, slot 20; when the wheel comes to ... 3|20|00 it moves down
 * to level 0, slot 41, and fires there exactly in its millisecond
 *
 * A bitmap for each level says which slots are occupied, so the next one is found without looking at empty
 * slots. Timers are an array of the caller's, named by index; a wheel owns only its heads. Several wheels may
 * share one array as long as each timer is set in one of them at a time. No thread safety.
 */
#ifndef RC_CORE_WHEEL_H
#define RC_CORE_WHEEL_H

#include "core/types.h"

/* 10 levels of 6 bits: 2^60 ms, more than any clock will show. */
#define RC_WHEEL_LEVELS 10
#define RC_WHEEL_SLOTS  64
#define RC_NIL          UINT32_MAX

struct rc_timer {
    int64_t expires;     /* ms */
    uint32_t prev, next; /* neighbours in its slot */
    uint16_t place;      /* 1 + level * 64 + slot; 0: not set */
};

struct rc_wheel {
    struct rc_timer *timers;
    int64_t time; /* everything up to here has fired */
    uint64_t occupied[RC_WHEEL_LEVELS];
    struct {
        uint32_t first, last;
    } slots[RC_WHEEL_LEVELS][RC_WHEEL_SLOTS];
};

/* rc_wheel_init makes an empty wheel that stands at `time`. The timers array, zeroed, stays the caller's. */
void rc_wheel_init(struct rc_wheel *wheel, struct rc_timer *timers, int64_t time);

/* rc_wheel_set sets timer `index` to fire at `expires`, wherever it was set in this wheel before. A time that
 * is over already fires at the next look. */
void rc_wheel_set(struct rc_wheel *wheel, uint32_t index, int64_t expires);

/* rc_wheel_stop takes the timer out; nothing happens if it is not set. */
void rc_wheel_stop(struct rc_wheel *wheel, uint32_t index);

/* rc_wheel_fire takes out and returns one timer with expires <= now, or returns RC_NIL when there is none,
 * and the wheel then stands at now. A `now` before the wheel's time fires nothing. */
uint32_t rc_wheel_fire(struct rc_wheel *wheel, int64_t now);

/* rc_wheel_next returns the earliest time at which a look can find work: never later than the first timer,
 * sometimes earlier; INT64_MAX for an empty wheel. */
int64_t rc_wheel_next(const struct rc_wheel *wheel);

#endif
