/*
 * window.h: how many in the last minute (or hour): a ring of RC_WINDOW_BUCKETS buckets. Pure, a plain value
 * of the caller's, one thread. Counts the bucket of `now` and those before it, so it covers between 59 and 60
 * sixtieths.
 */
#ifndef RC_DAEMON_WINDOW_H
#define RC_DAEMON_WINDOW_H

#include <stdint.h>

#define RC_WINDOW_BUCKETS 60

struct rc_window {
    int64_t bucket_ms; /* 1000: a minute; 60000: an hour */
    int64_t newest;    /* number of the newest bucket: now / bucket_ms */
    uint64_t sum;
    uint64_t counts[RC_WINDOW_BUCKETS];
};

/* rc_window_init makes it empty; span_ms is a multiple of RC_WINDOW_BUCKETS. */
void rc_window_init(struct rc_window *window, int64_t span_ms);
/* rc_window_add counts n at boot time `now`; a `now` before the newest counts as the newest. */
void rc_window_add(struct rc_window *window, int64_t now, uint64_t n);
/* rc_window_sum returns what was counted in the span that ends at `now`. */
uint64_t rc_window_sum(struct rc_window *window, int64_t now);

#endif
