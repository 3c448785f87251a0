#include "life.h"

#include <assert.h>

#define MINUTES   RC_UNIT_MINUTES
#define INTERVALS RC_UNIT_INTERVALS

/* A spell of plain work, which ends every script. */
#define WORK MINUTES, 15, 40

static const struct rc_happening START = {
    "morning", 0, 2, {{RC_ACT_OPEN, MINUTES, 0, 3}, {RC_ACT_IN, MINUTES, 3, 20}}};

/*
 * A session is stale after 3 intervals of silence. So pauses below 25 tenths of an interval stay unnoticed,
 * and those above 45 end with an AUTO_OUT, whatever the jitter. Who then comes back with the same session is
 * resumed; with a new one they have to punch.
 */
static const struct rc_happening LIFE[] = {
    {"reload", 18, 2, {{RC_ACT_CLOSE, INTERVALS, 1, 5}, {RC_ACT_REOPEN, WORK}}},
    {"tidy", 8, 1, {{RC_ACT_CLOSE_ONE, WORK}}},
    {"crash", 12, 2, {{RC_ACT_CRASH, INTERVALS, 1, 5}, {RC_ACT_REOPEN, WORK}}},
    {"blink", 12, 2, {{RC_ACT_FREEZE, INTERVALS, 12, 18}, {RC_ACT_THAW, WORK}}},
    {"wander", 9, 2, {{RC_ACT_FREEZE, INTERVALS, 50, 80}, {RC_ACT_THAW, WORK}}},
    {"restore", 7, 2, {{RC_ACT_CRASH, INTERVALS, 50, 80}, {RC_ACT_REOPEN, WORK}}},
    {"power",
     6,
     4,
     {{RC_ACT_FREEZE, INTERVALS, 45, 60},
      {RC_ACT_CRASH, MINUTES, 5, 20},
      {RC_ACT_OPEN, INTERVALS, 2, 5},
      {RC_ACT_IN, WORK}}},
    {"forget", 5, 3, {{RC_ACT_CLOSE, MINUTES, 20, 40}, {RC_ACT_OPEN, INTERVALS, 2, 5}, {RC_ACT_IN, WORK}}},
    {"doze",
     6,
     3,
     {{RC_ACT_SLEEP, INTERVALS, 0, 0}, {RC_ACT_FREEZE, INTERVALS, 40, 60}, {RC_ACT_THAW, WORK}}},
    {"lunch", 15, 2, {{RC_ACT_OUT, MINUTES, 10, 30}, {RC_ACT_IN, WORK}}},
    {"home",
     10,
     4,
     {{RC_ACT_OUT, INTERVALS, 1, 5},
      {RC_ACT_CLOSE, MINUTES, 15, 40},
      {RC_ACT_OPEN, INTERVALS, 2, 5},
      {RC_ACT_IN, WORK}}},
};
#define LIFE_COUNT (sizeof LIFE / sizeof LIFE[0])

struct rc_pace rc_pace_of(double speed)
{
    assert(speed > 0);
    struct rc_pace pace = {(int64_t)(60000.0 / speed), (int64_t)(10000.0 / speed)};
    if (pace.minute_ms < 1)
        pace.minute_ms = 1;
    if (pace.interval_ms < RC_PACE_INTERVAL_MS_MIN)
        pace.interval_ms = RC_PACE_INTERVAL_MS_MIN;
    return pace;
}

const struct rc_happening *rc_life_start(void)
{
    return &START;
}

const struct rc_happening *rc_life_next(struct rc_random *random)
{
    int sum = 0;
    for (size_t i = 0; i < LIFE_COUNT; i++)
        sum += LIFE[i].weight;
    int64_t drawn = rc_random_between(random, 0, sum - 1);
    size_t i = 0;
    while (drawn >= LIFE[i].weight)
        drawn -= LIFE[i++].weight;
    assert(i < LIFE_COUNT);
    return &LIFE[i];
}

int64_t rc_life_pause(const struct rc_step *step, const struct rc_pace *pace, struct rc_random *random)
{
    int64_t unit_ms = step->unit == MINUTES ? pace->minute_ms : pace->interval_ms / 10;
    return rc_random_between(random, step->low * unit_ms, step->high * unit_ms);
}

const struct rc_happening *rc_life_table(size_t *count)
{
    *count = LIFE_COUNT;
    return LIFE;
}

const char *rc_act_name(enum rc_act act)
{
    static const char *const names[RC_ACT_COUNT] = {"open",      "reopen", "in",    "out",    "close",
                                                    "close-one", "crash",  "sleep", "freeze", "thaw"};
    assert(act < RC_ACT_COUNT);
    return names[act];
}
