/*
 * backoff.h: how long a client waits before it connects again: soon at first, then slower, with jitter, so
 * that a broker that comes back is not run over. A plain value owned by its user; one thread at a time.
 */
#ifndef RC_AGENT_BACKOFF_H
#define RC_AGENT_BACKOFF_H

#include "random.h"

struct rc_backoff {
    int64_t next_ms; /* 0: as new */
};

/* rc_backoff_take returns the pause before the next try, in milliseconds. */
int64_t rc_backoff_take(struct rc_backoff *backoff, struct rc_random *random);

/* rc_backoff_reset: a try was successful. */
void rc_backoff_reset(struct rc_backoff *backoff);

#endif
