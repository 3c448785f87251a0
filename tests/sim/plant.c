#include "plant.h"

#include <string.h>

#define EARLY_MS 1500
#define PAST_MS  60000

static const char *const names[SIM_PLANT_COUNT] = {
    [SIM_PLANT_NONE] = "none",
    [SIM_PLANT_EARLY] = "early-deadline",
    [SIM_PLANT_LATE] = "late-deadline",
    [SIM_PLANT_TWO_AUTO_OUTS] = "two-auto-outs",
    [SIM_PLANT_WILL_OBEYED] = "will-obeyed",
    [SIM_PLANT_STALE_EPOCH] = "stale-epoch",
    [SIM_PLANT_PUBLISH_FIRST] = "publish-first",
    [SIM_PLANT_FORGET_VERDICT] = "forget-verdict",
    [SIM_PLANT_DUPLICATE_TAKEN] = "duplicate-taken",
    [SIM_PLANT_DROP_ROW] = "drop-row",
    [SIM_PLANT_WRONG_AT] = "wrong-at",
    [SIM_PLANT_NO_RESUME] = "no-resume",
    [SIM_PLANT_NO_PAUSE] = "no-pause",
    [SIM_PLANT_NO_LINK_DOWN] = "no-link-down",
    [SIM_PLANT_FORGET_SESSIONS] = "forget-sessions",
    [SIM_PLANT_NO_REPUBLISH] = "no-republish",
    [SIM_PLANT_COMMIT_LIES] = "commit-lies",
    [SIM_PLANT_NO_UNDO] = "no-undo",
    [SIM_PLANT_NO_EVIDENCE] = "no-evidence",
    [SIM_PLANT_CLOSED_IS_OUT] = "closed-is-out",
    [SIM_PLANT_NO_RECEIPT] = "no-receipt",
    [SIM_PLANT_DAY_OUTSIDE] = "day-outside",
    [SIM_PLANT_REFUSED_COVERS] = "refused-covers",
    [SIM_PLANT_OLD_LOCK] = "old-lock",
    [SIM_PLANT_NO_TURN] = "no-turn",
    [SIM_PLANT_NO_LIMIT_ROW] = "no-limit-row",
};

const char *sim_plant_name(enum sim_plant plant)
{
    return names[plant];
}

enum sim_plant sim_plant_parse(const char *name)
{
    int plant = 0;
    while (plant < SIM_PLANT_COUNT && strcmp(names[plant], name) != 0)
        plant++;
    return (enum sim_plant)plant;
}

/* A leave becomes an OUT, as if whoever left had said so. */
static void punch_out(struct rc_event *event)
{
    struct rc_leave leave = event->leave;
    event->kind = RC_EV_PUNCH;
    event->punch = (struct rc_punch){.employee = leave.employee,
                                     .session = leave.session,
                                     .type = RC_OUT,
                                     .sent_at = event->at,
                                     .sent_now = event->now,
                                     .age_ms = RC_NONE,
                                     .device_at = RC_NONE};
    event->punch.id.length = 4;
    memcpy(event->punch.id.text, "left", 5);
}

bool sim_plant_event(const struct sim_world *world, struct rc_event *event)
{
    bool leaves = event->kind == RC_EV_LEAVE && event->leave.employee.length > 0;
    switch ((enum sim_plant)world->plant) {
    case SIM_PLANT_EARLY:
        if (event->kind == RC_EV_TICK)
            event->now += EARLY_MS;
        return true;
    case SIM_PLANT_WILL_OBEYED:
        if (leaves && event->leave.cause == RC_LEAVE_LOST)
            punch_out(event);
        return true;
    case SIM_PLANT_CLOSED_IS_OUT:
        if (leaves && event->leave.cause == RC_LEAVE_CLOSED)
            punch_out(event);
        return true;
    case SIM_PLANT_STALE_EPOCH:
        if (leaves && event->leave.epoch != RC_NONE)
            event->leave.epoch += PAST_MS;
        return true;
    case SIM_PLANT_DUPLICATE_TAKEN:
        if (event->kind == RC_EV_PUNCH)
            event->punch.prior.found = false;
        return true;
    case SIM_PLANT_NO_PAUSE:
        return event->kind != RC_EV_PAUSE;
    case SIM_PLANT_NO_LINK_DOWN:
        return event->kind != RC_EV_LINK || event->link.up;
    case SIM_PLANT_NO_EVIDENCE:
        if (event->kind == RC_EV_HEARTBEAT)
            event->at -= PAST_MS;
        return true;
    default:
        return true;
    }
}

static void change_row(const struct sim_world *world, struct rc_effects *effects, size_t i)
{
    struct rc_row *row = &effects->items[i].row;
    if (row->type != RC_AUTO_OUT)
        return;
    if (sim_planted(world, SIM_PLANT_WRONG_AT))
        row->at = row->detected_at;
    if (sim_planted(world, SIM_PLANT_TWO_AUTO_OUTS) && effects->count < effects->capacity) {
        memmove(&effects->items[i + 1], &effects->items[i], (effects->count - i) * sizeof effects->items[0]);
        effects->count++;
        effects->items[i + 1].row.seq++;
    }
}

void sim_plant_effects(const struct sim_world *world, const struct rc_event *event,
                       struct rc_effects *effects, size_t first)
{
    for (size_t i = first; i < effects->count; i++) {
        struct rc_effect *effect = &effects->items[i];
        bool resume = effect->kind == RC_FX_ROW && effect->row.type == RC_RESUME;
        if (sim_planted(world, SIM_PLANT_NO_RESUME) && resume) {
            effects->count = i;
            return;
        }
        bool receipt = effect->kind == RC_FX_RECEIPT;
        if (sim_planted(world, SIM_PLANT_NO_RECEIPT) && receipt && event->now % 7 == 0)
            effect->kind = RC_FX_ALERT;
        if (sim_planted(world, SIM_PLANT_FORGET_VERDICT) && receipt)
            effect->receipt.remember = false;
        if (effect->kind == RC_FX_ROW) {
            change_row(world, effects, i);
            if (sim_planted(world, SIM_PLANT_TWO_AUTO_OUTS) && effect->row.type == RC_AUTO_OUT)
                i++;
        }
    }
}

bool sim_plant_swallows(const struct sim_world *world, const struct rc_effect *effect)
{
    return sim_planted(world, SIM_PLANT_DROP_ROW) && effect->kind == RC_FX_ROW && effect->row.type == RC_OUT;
}
