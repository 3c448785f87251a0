/*
 * wake.h: how one thread sleeps until another has something for it, at no system call for the other one while
 * it is awake. An eventfd and a flag; the caller owns the storage. One thread sleeps, any number wake.
 *
 *     sleeper: rc_wake_announce;  look once more;  found ? rc_wake_stay : rc_wake_sleep
 *     waker:   make it visible (a seq_cst store);  rc_wake_nudge
 *
 * Both sides store first and look second, in the one order of seq_cst: so one of them sees the other.
 */
#ifndef RC_LINK_WAKE_H
#define RC_LINK_WAKE_H

#include <stdatomic.h>
#include <stdbool.h>

struct rc_wake {
    int fd;
    atomic_bool asleep; /* or about to be */
};

/* rc_wake_init returns false where there is no file descriptor left; then there is nothing to fini. */
bool rc_wake_init(struct rc_wake *wake);
void rc_wake_fini(struct rc_wake *wake);

/* Sleeper's thread. rc_wake_sleep returns after a nudge or a call, also one that came before it, or after
 * timeout_ms (negative: never); now and then for no reason at all. */
void rc_wake_announce(struct rc_wake *wake);
void rc_wake_stay(struct rc_wake *wake);
void rc_wake_sleep(struct rc_wake *wake, int timeout_ms);
/* rc_wake_linger waits timeout_us unless it is called; nudges do not end it, nor cost anything meanwhile. Not
 * announced. */
void rc_wake_linger(struct rc_wake *wake, int timeout_us);

/* rc_wake_nudge wakes a sleeper, and costs a load where there is none. Any thread. */
void rc_wake_nudge(struct rc_wake *wake);
/* rc_wake_call ends the present sleep or the next one. Any thread, async-signal-safe. */
void rc_wake_call(struct rc_wake *wake);

#endif
