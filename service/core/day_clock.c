#include "core/day_clock.h"

static bool near(int64_t a_ms, int64_t b_ms)
{
    return a_ms - b_ms <= RC_DAY_CLOCK_STEP_MS && b_ms - a_ms <= RC_DAY_CLOCK_STEP_MS;
}

void rc_day_clock_start(struct rc_day_clock *clock, int64_t now, int64_t at)
{
    *clock = (struct rc_day_clock){.offset_ms = at - now, .other_since_now = RC_NONE};
}

/* The reading is a step away from what is believed. True: that is news. */
static bool doubt(struct rc_day_clock *clock, int64_t now, int64_t offset_ms)
{
    bool stands = clock->other_since_now != RC_NONE && near(offset_ms, clock->other_ms);
    if (!stands) {
        clock->other_since_now = now;
    }
    clock->other_ms = offset_ms;
    if (stands && now - clock->other_since_now >= RC_DAY_CLOCK_STANDS_MS) {
        rc_day_clock_start(clock, now, now + offset_ms);
        return true;
    }
    return !stands;
}

int64_t rc_day_clock_look(struct rc_day_clock *clock, int64_t now, int64_t at, bool *changed)
{
    if (near(at - now, clock->offset_ms)) {
        *changed = clock->other_since_now != RC_NONE;
        rc_day_clock_start(clock, now, at); /* drift is followed, and a step that was taken back forgotten */
    } else {
        *changed = doubt(clock, now, at - now);
    }
    return now + clock->offset_ms;
}
