#include "fault.h"

#include "broker.h"
#include "client.h"
#include "service.h"

#include <stdio.h>

static void later(struct sim_world *world, int index, int64_t ms)
{
    sim_queue_put(&world->queue,
                  (struct sim_due){.time = world->time + ms, .kind = SIM_DUE_ACTION_END, .who = index});
}

static void site_dark(struct sim_world *world, const struct sim_action *action)
{
    for (int i = 0; i < world->plan->clients; i++) {
        const struct sim_client_plan *plan = &world->plan->client[i];
        if (plan->kind == SIM_MANAGER)
            continue;
        bool in_group = plan->kind == SIM_PERSONAL && sim_group_of(world, plan->employee) == action->who;
        if (action->who < 0 || in_group)
            sim_client_darken(world, i, world->time + action->ms);
    }
}

static void suspend(struct sim_world *world, int index, int64_t ms)
{
    if (world->time + ms > world->plan->horizon_ms)
        ms = world->plan->horizon_ms - world->time;
    if (world->time < world->host.suspended_until)
        return;
    world->host.suspended_until = world->time + ms;
    if (world->plan->broker_on_host)
        for (int i = 0; i < world->plan->clients; i++)
            if (ms > world->plan->client[i].keepalive_ms) /* no PINGRESP: it gives the connection up */
                sim_client_connection_lost(world, i);
    later(world, index, ms);
}

static void reboot(struct sim_world *world, int index, const struct sim_action *action)
{
    sim_service_die(world, action->a ? SIM_DEATH_POWER : SIM_DEATH_REBOOT);
    if (world->plan->broker_on_host)
        sim_broker_crash(world, action->a != 0);
    later(world, index, action->ms);
}

static void stall(struct sim_world *world, int index, const struct sim_action *action)
{
    int64_t *until = action->a ? &world->host.stopped_until : &world->host.stalled_until;
    if (world->time < *until)
        return;
    *until = world->time + action->ms;
    later(world, index, action->ms);
}

static void begin_fault(struct sim_world *world, int index, const struct sim_action *action)
{
    switch (action->kind) {
    case SIM_DO_SITE_DARK:
        site_dark(world, action);
        return;
    case SIM_DO_LINK_CUT:
        world->broker.cut = true;
        sim_service_link_cut(world, action->a != 0);
        break;
    case SIM_DO_BROKER_STOP:
        sim_broker_stop(world);
        break;
    case SIM_DO_BROKER_CRASH:
        sim_broker_crash(world, action->a != 0);
        break;
    case SIM_DO_SERVICE_STOP:
        sim_service_stop(world);
        break;
    case SIM_DO_SERVICE_CRASH:
        sim_service_crash_after(world, (int)action->a, action->ms);
        return;
    case SIM_DO_SUSPEND:
        suspend(world, index, action->ms);
        return;
    case SIM_DO_STALL:
        stall(world, index, action);
        return;
    case SIM_DO_WALL_STEP:
        world->host.wall_offset += action->a;
        return;
    case SIM_DO_REBOOT:
        reboot(world, index, action);
        return;
    case SIM_DO_DISK:
        sim_service_disk(world, (enum rc_fault)action->a, (uint64_t)action->b, action->ms > 0);
        break;
    default:
        return;
    }
    later(world, index, action->ms);
}

void sim_action_begin(struct sim_world *world, int index)
{
    const struct sim_action *action = &world->plan->actions[index];
    if (action->kind < SIM_DO_SITE_DARK) {
        sim_client_do(world, action);
        return;
    }
    char line[120];
    sim_action_text(action, line, sizeof line);
    sim_trace(world, "fault begins: %s", line);
    begin_fault(world, index, action);
}

void sim_action_end(struct sim_world *world, int index)
{
    const struct sim_action *action = &world->plan->actions[index];
    sim_trace(world, "fault ends: %s", sim_action_name(action->kind));
    switch (action->kind) {
    case SIM_DO_LINK_CUT:
        world->broker.cut = false;
        break;
    case SIM_DO_BROKER_STOP:
    case SIM_DO_BROKER_CRASH:
        sim_broker_return(world);
        break;
    case SIM_DO_REBOOT:
        if (world->plan->broker_on_host)
            sim_broker_return(world);
        sim_service_start(world);
        break;
    case SIM_DO_SERVICE_STOP:
        sim_service_start(world);
        break;
    case SIM_DO_SUSPEND:
        sim_service_woke(world, action->ms, true);
        break;
    case SIM_DO_STALL:
        if (action->a)
            sim_service_woke(world, action->ms, false);
        break;
    case SIM_DO_DISK:
        sim_service_disk_heals(world);
        break;
    default:
        break;
    }
}

void sim_faults_over(struct sim_world *world)
{
    sim_trace(world, "no faults from here on");
    world->broker.cut = false;
    if (!world->broker.up)
        sim_broker_return(world);
    sim_service_disk_heals(world);
    sim_service_crash_after(world, RC_NONE, 0);
    sim_service_start(world);
    for (int i = 0; i < world->plan->clients; i++) {
        if (world->client[i].dark_until > world->time)
            sim_client_darken(world, i, world->time);
        world->client[i].dark_until = world->time;
    }
}
