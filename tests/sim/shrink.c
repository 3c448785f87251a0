#include "shrink.h"

#include "world.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static bool still_fails(const struct sim_plan *plan, int plant, int check)
{
    static struct sim_world world; /* too large for the stack */
    sim_run(&world, plan, plant, false);
    bool fails = world.failure.failed && world.failure.check == check;
    sim_world_free(&world);
    return fails;
}

/* Leaves out actions [from, from + length) if it fails all the same. */
static bool leave_out(struct sim_plan *plan, int from, int length, int plant, int check)
{
    size_t bytes = (size_t)plan->count * sizeof *plan->actions;
    struct sim_action *kept = malloc(bytes);
    assert(kept);
    memcpy(kept, plan->actions, bytes);
    int count = plan->count;
    memmove(&plan->actions[from], &plan->actions[from + length],
            (size_t)(count - from - length) * sizeof *plan->actions);
    plan->count = count - length;
    bool fails = still_fails(plan, plant, check);
    if (!fails) {
        memcpy(plan->actions, kept, bytes);
        plan->count = count;
    }
    free(kept);
    return fails;
}

int sim_shrink(struct sim_plan *plan, int plant, int check)
{
    int runs = 0;
    for (int length = plan->count / 2; length > 0; length = length > 1 ? (length + 1) / 2 : 0)
        for (int from = 0; from + length <= plan->count;) {
            runs++;
            if (!leave_out(plan, from, length, plant, check))
                from += length;
        }
    return runs;
}
