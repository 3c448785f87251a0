/*
 * hash.h: the keyed hash of ids. Decides nothing; pure, any thread. In a header since each heartbeat needs it
 * a few times.
 */
#ifndef RC_CORE_HASH_H
#define RC_CORE_HASH_H

#include "core/types.h"

#include <string.h>

/* rc_hash_mix mixes 8 bytes into the hash: multiply wide, fold. Seeded, so that nobody outside can choose
 * colliding ids. */
static inline uint64_t rc_hash_mix(uint64_t hash, uint64_t word)
{
    __uint128_t product = (__uint128_t)(hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* rc_hash_id mixes an id, its length included, into the hash. */
static inline uint64_t rc_hash_id(uint64_t hash, const struct rc_id *id)
{
    const char *at = id->text;
    size_t left = id->length;
    hash = rc_hash_mix(hash, left + 1);
    for (; left >= 8; left -= 8, at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        hash = rc_hash_mix(hash, word);
    }
    uint64_t rest = 0;
    memcpy(&rest, at, left);
    return rc_hash_mix(hash, rest);
}

#endif
