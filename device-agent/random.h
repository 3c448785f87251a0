/*
 * random.h: a small generator of pseudo-random numbers, so that a simulated life can be told again from its
 * seed. SplitMix64 (Steele, Lea, Flood 2014). Not for secrets. A plain value owned by its user; one thread at
 * a time.
 */
#ifndef RC_AGENT_RANDOM_H
#define RC_AGENT_RANDOM_H

#include <stdint.h>

struct rc_random {
    uint64_t state;
};

/* rc_random_of makes a generator from a seed and a stream number; different streams of a seed look unrelated.
 */
struct rc_random rc_random_of(uint64_t seed, uint64_t stream);

/* rc_random_next returns 64 fresh bits. */
uint64_t rc_random_next(struct rc_random *random);

/* rc_random_between returns a number in [low, high]; low <= high. The bias of the modulo is below 2^-40 for
 * the spans of time that are drawn here. */
int64_t rc_random_between(struct rc_random *random, int64_t low, int64_t high);

#endif
