#include "backoff.h"

#define FIRST_MS 250
#define LAST_MS  8000

int64_t rc_backoff_take(struct rc_backoff *backoff, struct rc_random *random)
{
    int64_t ms = backoff->next_ms > 0 ? backoff->next_ms : FIRST_MS;
    backoff->next_ms = ms * 2 < LAST_MS ? ms * 2 : LAST_MS;
    return rc_random_between(random, ms * 9 / 10, ms * 11 / 10);
}

void rc_backoff_reset(struct rc_backoff *backoff)
{
    backoff->next_ms = 0;
}
