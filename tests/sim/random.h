/*
 * random.h: chance that is the same every time. Decides nothing; a small generator (splitmix64) that is a
 * plain value. Whoever needs chance makes a generator of their own from the seed, who they are and what time
 * it is (sim_dice), so that leaving one thing out of a run does not change the luck of all others: that is
 * what makes failing runs shrink.
 */
#ifndef RC_SIM_RANDOM_H
#define RC_SIM_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct sim_random {
    uint64_t state;
};

/* What the dice are thrown for; one name for each use, so that two uses at the same moment differ. */
enum sim_luck {
    SIM_LUCK_PLAN,
    SIM_LUCK_BEAT,
    SIM_LUCK_UPLINK,
    SIM_LUCK_DOWNLINK,
    SIM_LUCK_WILL,
    SIM_LUCK_PUNCH,
    SIM_LUCK_RECONNECT,
    SIM_LUCK_LINK,
    SIM_LUCK_BROKER,
    SIM_LUCK_SERVICE,
    SIM_LUCK_DISK,
    SIM_LUCK_ACTION,
    SIM_LUCK_PLANT,
    SIM_LUCK_LESSON,
};

/* sim_dice makes the generator of one moment: seed of the run, use, who, when. */
struct sim_random sim_dice(uint64_t seed, enum sim_luck luck, int64_t who, int64_t when);

uint64_t sim_next(struct sim_random *random);
/* sim_between returns a number from low to high, both included; low where high is below it. */
int64_t sim_between(struct sim_random *random, int64_t low, int64_t high);
/* sim_chance is true permille times in a thousand. */
bool sim_chance(struct sim_random *random, int permille);

#endif
