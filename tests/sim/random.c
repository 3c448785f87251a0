#include "random.h"

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

struct sim_random sim_dice(uint64_t seed, enum sim_luck luck, int64_t who, int64_t when)
{
    uint64_t state = mix(seed + UINT64_C(0x9e3779b97f4a7c15));
    state = mix(state ^ ((uint64_t)luck + 1) * UINT64_C(0xa0761d6478bd642f));
    state = mix(state ^ ((uint64_t)who + 1) * UINT64_C(0xe7037ed1a0b428db));
    state = mix(state ^ ((uint64_t)when + 1) * UINT64_C(0x8ebc6af09c88c6e3));
    return (struct sim_random){.state = state};
}

uint64_t sim_next(struct sim_random *random)
{
    random->state += UINT64_C(0x9e3779b97f4a7c15);
    return mix(random->state);
}

int64_t sim_between(struct sim_random *random, int64_t low, int64_t high)
{
    if (high <= low)
        return low;
    return low + (int64_t)(sim_next(random) % (uint64_t)(high - low + 1));
}

bool sim_chance(struct sim_random *random, int permille)
{
    return sim_between(random, 0, 999) < permille;
}
