/*
 * loop.h: the service thread: waits, drains the inbox, lets time pass, commits, publishes. Decides when each
 * of these happens, and what the service's own lateness means (P-6, P-7):
 *
 *   ┌▶ read the clocks; was I late? then PAUSE before anything else
 *   │  how much waits in the inbox? take that much, no more: that is the past
 *   │  TICK, as of when that was asked: nobody is convicted whose heartbeat waits behind it
 *   │  flush, alerts; COMMIT; publish
 *   └─ wait until something arrives or is due
 */
#ifndef RC_DAEMON_LOOP_H
#define RC_DAEMON_LOOP_H

#include "daemon/service.h"

#include <signal.h>

/* TICKs of one site are at least this far apart: a burst of deadlines is decided in one transaction, and 20
 * ms are nothing against the second in which an AUTO_OUT must be decided. */
#define RC_TICK_MS 20

/* After a pause the first TICK waits this long: what our own stopped threads had not taken from the network
 * yet arrives before anybody's deadline is looked at (P-7). */
#define RC_SETTLE_MS 1000

/* The longest wait: the link wants to be tended that often. */
#define RC_WAIT_MS_MAX 100

/* How often republishing after a connect goes on; 20 messages at its pace. */
#define RC_REPUBLISH_STEP_MS 10

/* How long a stopping service goes on publishing what it has committed. */
#define RC_STOP_MS 3000

/* A COMMIT costs as much as several training heartbeats. So after a batch in which none but students waited,
 * the next turn lets that much time pass first: at one heartbeat a minute nobody notices, below a hundred
 * batches a second next to nothing arrives in it, and of 1,700 heartbeats a second eight share a COMMIT. A
 * punch that falls into it is that much later, too, but not the one after it: then somebody else has waited.
 */
#define RC_GATHER_US 5000

struct rc_loop {
    struct rc_service *service;
    struct rc_clock_watch watch;
    int64_t due_now;     /* when this turn was to begin at the latest */
    int64_t settled_now; /* no TICK before */
    int64_t flush_now;   /* when the next flush begins */
    uint64_t flush_left; /* sessions that this one may still take */
    bool republishing;
};

/* rc_loop_run runs until *stop is set (by a signal handler, which also calls rc_inbox_wake) or the log turns
 * out to be ahead of the engine (RC_STORE_AHEAD), then stops cleanly: drains, commits, publishes for
 * RC_STOP_MS at most, leaves the broker, flushes everything. The links are open when it is called, and closed
 * when it returns. False: the store failed while stopping, so that not all is flushed. */
bool rc_loop_run(struct rc_service *service, struct rc_reading first, const volatile sig_atomic_t *stop);

#endif
