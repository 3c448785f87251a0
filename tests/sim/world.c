#include "world.h"

#include "broker.h"
#include "check.h"
#include "client.h"
#include "core/names.h"
#include "fault.h"
#include "model.h"
#include "service.h"
#include "training.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a: the same trace gives the same number. */
#define TRACE_SEED  UINT64_C(0xcbf29ce484222325)
#define TRACE_PRIME UINT64_C(0x100000001b3)

void sim_fail(struct sim_world *world, int check, const char *format, ...)
{
    if (world->failure.failed)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(world->failure.text, sizeof world->failure.text, format, arguments);
    va_end(arguments);
    world->failure.failed = true;
    world->failure.check = check;
    world->failure.time = world->time;
    world->failure.step = world->steps;
    sim_trace(world, "FAILED check %d: %s", check, world->failure.text);
}

void sim_trace(struct sim_world *world, const char *format, ...)
{
    char line[SIM_TEXT_MAX];
    int length = snprintf(line, sizeof line, "%.3f ", (double)world->time / 1000.0);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line + length, sizeof line - (size_t)length, format, arguments);
    va_end(arguments);
    for (const char *c = line; *c; c++)
        world->trace_hash = (world->trace_hash ^ (uint8_t)*c) * TRACE_PRIME;
    world->trace_hash = (world->trace_hash ^ '\n') * TRACE_PRIME;
    world->trace_lines++;
    if (world->tracing)
        puts(line);
}

void sim_trace_beat(struct sim_world *world, int employee, int client)
{
    uint64_t beat = (uint64_t)world->time * 65536 + (uint64_t)(employee + 1) * 256 + (uint64_t)client;
    world->trace_hash = (world->trace_hash ^ beat) * TRACE_PRIME;
    world->trace_lines++;
    if (world->tracing)
        printf("%.3f heartbeat of e%d by client %d\n", (double)world->time / 1000.0, employee, client);
}

int64_t sim_now(const struct sim_world *world)
{
    return world->time - world->host.boot_time;
}

int64_t sim_at(const struct sim_world *world)
{
    return SIM_WALL_START + world->time + world->host.wall_offset;
}

bool sim_faulty(const struct sim_world *world)
{
    return !world->calm;
}

static void make_id(struct rc_id *out, const char *format, int number)
{
    *out = (struct rc_id){0};
    int length = snprintf(out->text, sizeof out->text, format, number);
    out->length = (uint8_t)length;
}

void sim_employee_id(int employee, struct rc_id *out)
{
    make_id(out, "e%d", employee);
}

void sim_client_id(const struct sim_world *world, int client, struct rc_id *out)
{
    static const char *const formats[SIM_CLIENT_KIND_COUNT] = {"s%d", "gw-%d", "kiosk-%d", "m%d"};
    make_id(out, formats[world->plan->client[client].kind], client);
}

void sim_group_id(int group, struct rc_id *out)
{
    make_id(out, "group-%d", group);
}

int sim_group_of(const struct sim_world *world, int employee)
{
    return employee % world->plan->groups;
}

static int number_after(const struct rc_id *id, const char *prefix)
{
    size_t length = strlen(prefix);
    if (id->length <= length || memcmp(id->text, prefix, length) != 0)
        return -1;
    return (int)strtol(id->text + length, NULL, 10);
}

int sim_employee_index(const struct rc_id *id)
{
    return number_after(id, "e");
}

int sim_client_index(const struct rc_id *id)
{
    static const char *const prefixes[] = {"s", "gw-", "kiosk-", "m"};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        int index = number_after(id, prefixes[i]);
        if (index >= 0)
            return index;
    }
    return -1;
}

struct sim_parcel *sim_parcel_make(const struct sim_words *words, const char *topic, const char *payload,
                                   size_t payload_length)
{
    size_t topic_length = strlen(topic);
    struct sim_parcel *parcel = calloc(1, sizeof *parcel + topic_length + payload_length + 2);
    assert(parcel);
    if (words)
        parcel->words = *words;
    parcel->topic_length = topic_length;
    parcel->payload_length = payload_length;
    parcel->payload = parcel->bytes + topic_length + 1;
    memcpy(parcel->bytes, topic, topic_length);
    memcpy(parcel->payload, payload, payload_length);
    return parcel;
}

static void handle(struct sim_world *world, struct sim_due *due)
{
    switch (due->kind) {
    case SIM_DUE_ACTION:
        sim_action_begin(world, due->who);
        break;
    case SIM_DUE_ACTION_END:
        sim_action_end(world, due->who);
        break;
    case SIM_DUE_CLIENT:
        sim_client_timer(world, due->who, due->stamp);
        break;
    case SIM_DUE_AT_BROKER:
        sim_broker_take(world, due->what);
        break;
    case SIM_DUE_AT_CLIENT:
        sim_client_receive(world, due->what);
        break;
    case SIM_DUE_AT_SERVICE:
        sim_broker_delivered(world, due->stamp, due->what);
        break;
    case SIM_DUE_PUBLISHED:
        sim_broker_published(world, due->what);
        break;
    case SIM_DUE_PEER_SILENT:
        sim_broker_peer_silent(world, due->who, due->stamp);
        break;
    case SIM_DUE_DISCONNECT:
        sim_broker_disconnect(world, due->who, due->stamp);
        break;
    case SIM_DUE_SOCKET_DEAD:
        sim_broker_socket_died(world, due->who, due->stamp);
        break;
    case SIM_DUE_WILL:
        sim_broker_late_will(world, due->what);
        break;
    case SIM_DUE_LINK:
        sim_service_link_timer(world, due->who, due->stamp);
        break;
    case SIM_DUE_SERVICE: /* the world looks by itself whether it is wanted */
        break;
    }
}

bool sim_world_over(const struct sim_world *world)
{
    return world->failure.failed || world->over;
}

bool sim_world_turn(struct sim_world *world, int64_t until)
{
    struct sim_due due;
    int64_t horizon = world->plan->horizon_ms, end = horizon + world->plan->settle_ms;
    bool last = until >= end;
    if (last)
        until = end;
    bool none = !sim_queue_next(&world->queue, &due) || due.time > until;
    if (!world->calm && (none ? until : due.time) > horizon) {
        world->calm = true;
        world->time = horizon;
        sim_faults_over(world); /* it may be that something is due now */
        return true;
    }
    if (none) {
        world->time = until;
        world->over = last;
        return false;
    }
    sim_queue_take(&world->queue, &due);
    assert(due.time >= world->time); /* nothing is put into the past */
    world->time = due.time;
    handle(world, &due);
    return true;
}

void sim_run(struct sim_world *world, const struct sim_plan *plan, int plant, bool tracing)
{
    *world = (struct sim_world){.plan = plan, .plant = plant, .tracing = tracing, .trace_hash = TRACE_SEED};
    world->host.boot_time = -(int64_t)(plan->seed % 1000000);
    world->host.boots = 1;
    world->model = sim_model_new(world);
    world->check = sim_check_new(world);
    world->training = sim_training_new(world);
    world->service = sim_service_new(world);
    sim_broker_start(world);
    for (int i = 0; i < plan->count; i++)
        sim_queue_put(&world->queue,
                      (struct sim_due){.time = plan->actions[i].time, .kind = SIM_DUE_ACTION, .who = i});
    sim_service_start(world);
    while (!sim_world_over(world)) {
        if (sim_service_wanted(world))
            sim_service_run(world);
        else
            sim_world_turn(world, INT64_MAX);
    }
    if (!world->failure.failed)
        sim_check_end(world);
    sim_service_release(world);
}

void sim_world_free(struct sim_world *world)
{
    sim_service_free(world->service);
    sim_check_free(world->check);
    sim_training_free(world->training);
    sim_model_free(world->model);
    sim_broker_free(world);
    sim_queue_free(&world->queue);
}
