#include "random.h"

#include <assert.h>

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

struct rc_random rc_random_of(uint64_t seed, uint64_t stream)
{
    return (struct rc_random){mix(seed) ^ mix(~stream)};
}

uint64_t rc_random_next(struct rc_random *random)
{
    random->state += 0x9e3779b97f4a7c15u;
    return mix(random->state);
}

int64_t rc_random_between(struct rc_random *random, int64_t low, int64_t high)
{
    assert(low <= high);
    return low + (int64_t)(rc_random_next(random) % (uint64_t)(high - low + 1));
}
