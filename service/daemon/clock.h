/*
 * clock.h: the only place where Rollcall reads a clock, and what two readings tell: the wall clock stepped
 * (P-14), the host was suspended (P-6), the loop was late (P-7). Reading is for any thread; the watch is pure
 * and belongs to the loop.
 */
#ifndef RC_DAEMON_CLOCK_H
#define RC_DAEMON_CLOCK_H

#include "core/types.h"

/* One moment on three clocks. CLOCK_MONOTONIC stands still while the host is suspended; CLOCK_BOOTTIME does
 * not. */
struct rc_reading {
    int64_t now;     /* CLOCK_BOOTTIME, ms */
    int64_t at;      /* CLOCK_REALTIME, ms since 1970 */
    int64_t mono_ms; /* CLOCK_MONOTONIC */
};

struct rc_reading rc_clock_read(void);
int64_t rc_clock_now(void);
int64_t rc_clock_at(void);
/* rc_clock_us returns CLOCK_MONOTONIC in microseconds, for measuring how long something took. */
int64_t rc_clock_us(void);

/* Text of /proc/sys/kernel/random/boot_id: 36 characters. */
#define RC_BOOT_ID_MAX 40

/* rc_clock_boot_id names this boot of the host. Where it cannot be read, it returns false and makes up a
 * random one, so that boot times kept by an earlier process are not compared with ours. */
bool rc_clock_boot_id(char out[RC_BOOT_ID_MAX]);

/* A wall clock that moves this far against boot time has been stepped (P-14): slewing moves both alike. */
#define RC_CLOCK_STEP_MS 2000
/* A loop that comes back this late was stalled (P-7). */
#define RC_CLOCK_PAUSE_MS 2000
/* A suspension is longer than this; two readings of two clocks differ by less. */
#define RC_CLOCK_SUSPEND_MS 1000

/* What the loop has to know since the reading before. */
struct rc_clock_news {
    int64_t step_ms;      /* the wall clock was stepped by so much, forwards or back; 0: not by over
                             RC_CLOCK_STEP_MS */
    int64_t suspended_ms; /* the host was suspended so long; 0: no */
    int64_t pause_ms;     /* time that counts against no one (RC_EV_PAUSE), suspension included; 0: none */
};

/* The watch. Steps and suspensions that are each too small add up until they are seen. */
struct rc_clock_watch {
    int64_t step_ms_min;  /* RC_CLOCK_STEP_MS, or alerts.clock_step_ms */
    int64_t wall_offset;  /* at - now, as last accepted */
    int64_t sleep_offset; /* now - mono_ms, as last accepted */
};

/* rc_clock_watch_start begins with a reading that is taken as right. */
void rc_clock_watch_start(struct rc_clock_watch *watch, struct rc_reading first, int64_t step_ms_min);

/* rc_clock_watch_look compares; due_now is the boot time at which the loop had meant to be back at the latest
 * (its last reading + the timeout of its wait). */
struct rc_clock_news rc_clock_watch_look(struct rc_clock_watch *watch, struct rc_reading reading,
                                         int64_t due_now);

#endif
