#include "daemon/window.h"

#include <assert.h>
#include <string.h>

void rc_window_init(struct rc_window *window, int64_t span_ms)
{
    assert(span_ms > 0 && span_ms % RC_WINDOW_BUCKETS == 0);
    memset(window, 0, sizeof *window);
    window->bucket_ms = span_ms / RC_WINDOW_BUCKETS;
}

/* Empties the buckets that the time since the newest has made old. */
static void advance(struct rc_window *window, int64_t now)
{
    int64_t bucket = now / window->bucket_ms;
    if (bucket - window->newest >= RC_WINDOW_BUCKETS) {
        memset(window->counts, 0, sizeof window->counts);
        window->sum = 0;
        window->newest = bucket;
    }
    while (window->newest < bucket) {
        window->newest++;
        uint64_t *old = &window->counts[window->newest % RC_WINDOW_BUCKETS];
        window->sum -= *old;
        *old = 0;
    }
}

void rc_window_add(struct rc_window *window, int64_t now, uint64_t n)
{
    advance(window, now);
    window->counts[window->newest % RC_WINDOW_BUCKETS] += n;
    window->sum += n;
}

uint64_t rc_window_sum(struct rc_window *window, int64_t now)
{
    advance(window, now);
    return window->sum;
}
