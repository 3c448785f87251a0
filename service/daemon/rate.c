#include "daemon/rate.h"

#include "core/hash.h"

#include <stdlib.h>

bool rc_rate_init(struct rc_rate *rate, int64_t per_s, uint64_t seed)
{
    *rate = (struct rc_rate){.seed = seed};
    if (per_s == 0)
        return true;
    rate->interval_us = 1000000 / per_s;
    rate->slots = calloc(RC_RATE_SLOTS, sizeof *rate->slots);
    return rate->slots != NULL;
}

void rc_rate_fini(struct rc_rate *rate)
{
    free(rate->slots);
    rate->slots = NULL;
}

bool rc_rate_take(struct rc_rate *rate, const struct rc_id *employee, const struct rc_id *session,
                  int64_t now)
{
    if (!rate->slots)
        return true;
    uint64_t key = rc_hash_id(rc_hash_id(rate->seed, employee), session) | 1; /* never 0 */
    struct rc_rate_slot *slot = &rate->slots[(key >> 1) % RC_RATE_SLOTS];
    int64_t now_us = now * 1000;
    if (slot->taken_us < now_us || slot->key == 0) {
        slot->key = key;
        slot->taken_us = now_us;
    }
    if (slot->key != key)
        return true;
    if (slot->taken_us + rate->interval_us - now_us > RC_RATE_BURST_S * INT64_C(1000000))
        return false;
    slot->taken_us += rate->interval_us;
    return true;
}

uint64_t rc_rate_report(struct rc_rate *rate, int64_t now)
{
    rate->unsaid++;
    if (rate->said && now - rate->said_now < RC_RATE_LOG_MS)
        return 0;
    uint64_t count = rate->unsaid;
    rate->unsaid = 0;
    rate->said = true;
    rate->said_now = now;
    return count;
}
