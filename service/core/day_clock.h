/*
 * day_clock.h: which wall time training counts by (T-2). A wall clock that steps by more than 2 s is not
 * believed until the step has stood for 10 min: until then labels go on from where they were, by boot time.
 * So a clock that is set wrong for a moment neither ends a training day nor begins one. Pure; the shell reads
 * the clocks and keeps the state, also over restarts within one boot. One thread.
 */
#ifndef RC_CORE_DAY_CLOCK_H
#define RC_CORE_DAY_CLOCK_H

#include "core/types.h"

#define RC_DAY_CLOCK_STEP_MS   2000
#define RC_DAY_CLOCK_STANDS_MS 600000

struct rc_day_clock {
    int64_t offset_ms;       /* label - boot time, as believed */
    int64_t other_ms;        /* the offset of a step that is not believed yet */
    int64_t other_since_now; /* since when it stands; RC_NONE: there is none */
};

/* rc_day_clock_start believes the first reading. */
void rc_day_clock_start(struct rc_day_clock *clock, int64_t now, int64_t at);

/* rc_day_clock_look takes a reading and returns the label of `now`. True in *changed: the state is another
 * than before in a way that a restart would have to know (a step came, went, or was believed; not mere
 * drift). */
int64_t rc_day_clock_look(struct rc_day_clock *clock, int64_t now, int64_t at, bool *changed);

#endif
