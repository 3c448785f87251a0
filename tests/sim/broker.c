#include "broker.h"

#include "check.h"
#include "client.h"
#include "service.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Mosquitto closes after 1.5 keepalives, and looks every few seconds. */
#define SILENCE_SLACK_MS 5000
/* Between broker and service on one network. */
#define DOWNLINK_MS_MAX 4
#define RETRANSMIT_MS   1000

void sim_broker_start(struct sim_world *world)
{
    world->broker.up = true;
}

static void forget_will(struct sim_peer *peer)
{
    free(peer->will);
    peer->will = NULL;
}

static void forget_queue(struct sim_broker *broker)
{
    for (size_t i = 0; i < broker->queued; i++)
        free(broker->queue[i]);
    broker->queued = broker->inflight = 0;
}

static void forget_retained(struct sim_broker *broker)
{
    for (size_t i = 0; i < broker->retained_count; i++) {
        free(broker->retained[i].topic);
        free(broker->retained[i].payload);
    }
    broker->retained_count = 0;
}

void sim_broker_free(struct sim_world *world)
{
    struct sim_broker *broker = &world->broker;
    for (int i = 0; i < SIM_CLIENTS_MAX; i++)
        forget_will(&broker->peer[i]);
    forget_queue(broker);
    forget_retained(broker);
    free(broker->queue);
    free(broker->retained);
}

static bool frozen(const struct sim_world *world)
{
    return world->plan->broker_on_host && world->time < world->host.suspended_until;
}

bool sim_broker_reachable(const struct sim_world *world)
{
    return world->broker.up && !frozen(world);
}

/* ---- towards the service ---- */

static int64_t downlink(struct sim_world *world)
{
    struct sim_random luck =
        sim_dice(world->plan->seed, SIM_LUCK_DOWNLINK, (int64_t)world->broker.queued, world->time);
    int64_t arrival = world->time + sim_between(&luck, 0, DOWNLINK_MS_MAX);
    if (arrival < world->broker.downlink_time)
        arrival = world->broker.downlink_time;
    world->broker.downlink_time = arrival;
    return arrival;
}

static void send_down(struct sim_world *world, struct sim_parcel *parcel)
{
    sim_queue_put(&world->queue, (struct sim_due){.time = downlink(world),
                                                  .kind = SIM_DUE_AT_SERVICE,
                                                  .stamp = world->broker.service_connection,
                                                  .what = parcel});
}

static void pump(struct sim_world *world)
{
    struct sim_broker *broker = &world->broker;
    if (!broker->up || !broker->service_connected)
        return;
    while (broker->inflight < broker->queued) {
        broker->inflight++;
        send_down(world, NULL); /* stands for the first in flight that has not arrived */
    }
}

static void enqueue(struct sim_world *world, struct sim_parcel *parcel)
{
    struct sim_broker *broker = &world->broker;
    if (broker->queued == broker->queue_room) {
        broker->queue_room = broker->queue_room ? 2 * broker->queue_room : 64;
        broker->queue = realloc(broker->queue, broker->queue_room * sizeof *broker->queue);
        assert(broker->queue);
    }
    broker->queue[broker->queued++] = parcel;
    pump(world);
}

static void route(struct sim_world *world, struct sim_parcel *parcel)
{
    parcel->broker_time = world->time;
    parcel->broker_at = sim_at(world);
    bool fleeting = parcel->qos == 0 || parcel->words.say == SIM_SAY_HEARTBEAT ||
                    parcel->words.say == SIM_SAY_TRAINING || parcel->words.say == SIM_SAY_DEVICE_HEARTBEAT;
    if (!fleeting)
        enqueue(world, parcel);
    else if (world->broker.service_connected)
        send_down(world, parcel);
    else
        free(parcel);
}

static struct sim_parcel *take_first(struct sim_broker *broker)
{
    assert(broker->inflight > 0 && broker->queued > 0);
    struct sim_parcel *parcel = broker->queue[0];
    memmove(broker->queue, broker->queue + 1, --broker->queued * sizeof *broker->queue);
    broker->inflight--;
    return parcel;
}

static struct sim_parcel *copy_of(const struct sim_parcel *parcel)
{
    size_t size = sizeof *parcel + parcel->topic_length + parcel->payload_length + 2;
    struct sim_parcel *copy = malloc(size);
    assert(copy);
    memcpy(copy, parcel, size);
    copy->payload = copy->bytes + copy->topic_length + 1;
    return copy;
}

/* A packet that gets no answer is sent again, as long as the connection is thought to stand, and none
 * overtakes it. True: this one has to wait; parcel is kept. */
static bool held_up(struct sim_world *world, int64_t *until, struct sim_due due)
{
    if (world->broker.cut)
        *until = world->time + RETRANSMIT_MS;
    if (world->time >= *until)
        return false;
    due.time = *until;
    sim_queue_put(&world->queue, due);
    return true;
}

void sim_broker_delivered(struct sim_world *world, uint32_t connection, struct sim_parcel *parcel)
{
    struct sim_broker *broker = &world->broker;
    bool there = broker->up && broker->service_connected && connection == broker->service_connection &&
                 sim_service_link(world) == connection;
    if (!there || (!parcel && broker->inflight == 0)) {
        free(parcel);
        return;
    }
    struct sim_due later = {.kind = SIM_DUE_AT_SERVICE, .stamp = connection, .what = parcel};
    if (held_up(world, &broker->down_until, later))
        return;
    int64_t awake = world->host.suspended_until > world->host.stopped_until ? world->host.suspended_until
                                                                            : world->host.stopped_until;
    if (world->time < awake) { /* the kernel keeps it */
        sim_queue_put(
            &world->queue,
            (struct sim_due){.time = awake, .kind = SIM_DUE_AT_SERVICE, .stamp = connection, .what = parcel});
        return;
    }
    if (!parcel) {
        parcel = take_first(broker);
        struct sim_random luck =
            sim_dice(world->plan->seed, SIM_LUCK_BROKER, (int64_t)broker->queued, world->time);
        if (sim_faulty(world) && sim_chance(&luck, 5)) { /* the PUBACK went astray */
            struct sim_parcel *again = copy_of(parcel);
            again->duplicate = true;
            sim_service_receive(world, again);
        }
    }
    sim_service_receive(world, parcel);
}

void sim_broker_service_connect(struct sim_world *world, uint32_t connection)
{
    world->broker.service_connected = true;
    world->broker.service_connection = connection;
    world->broker.inflight = 0;
    world->broker.up_until = world->broker.down_until = world->time;
    pump(world);
}

void sim_broker_service_gone(struct sim_world *world)
{
    struct sim_broker *broker = &world->broker;
    broker->service_connected = false;
    for (size_t i = 0; i < broker->inflight; i++)
        broker->queue[i]->duplicate = true;
    broker->inflight = 0;
}

/* ---- from the service ---- */

static void retain(struct sim_broker *broker, const struct sim_parcel *parcel)
{
    size_t i = 0;
    while (i < broker->retained_count && strcmp(broker->retained[i].topic, parcel->bytes) != 0)
        i++;
    if (i == broker->retained_count) {
        if (broker->retained_count == broker->retained_room) {
            broker->retained_room = broker->retained_room ? 2 * broker->retained_room : 64;
            broker->retained = realloc(broker->retained, broker->retained_room * sizeof *broker->retained);
            assert(broker->retained);
        }
        broker->retained[broker->retained_count++] = (struct sim_retained){.topic = strdup(parcel->bytes)};
    }
    free(broker->retained[i].payload);
    broker->retained[i].payload = strdup(parcel->payload);
}

const char *sim_broker_retained(const struct sim_world *world, const char *topic)
{
    const struct sim_broker *broker = &world->broker;
    for (size_t i = 0; i < broker->retained_count; i++)
        if (strcmp(broker->retained[i].topic, topic) == 0)
            return broker->retained[i].payload[0] ? broker->retained[i].payload : NULL;
    return NULL;
}

static void acknowledge(struct sim_world *world, int64_t number)
{
    struct sim_parcel *ack = sim_parcel_make(NULL, "", "", 0);
    ack->number = number;
    send_down(world, ack);
}

void sim_broker_published(struct sim_world *world, struct sim_parcel *parcel)
{
    struct sim_broker *broker = &world->broker;
    if (!broker->up || !broker->service_connected || parcel->connection != broker->service_connection) {
        free(parcel);
        return;
    }
    struct sim_due later = {.kind = SIM_DUE_PUBLISHED, .what = parcel};
    if (held_up(world, &broker->up_until, later))
        return;
    if (frozen(world)) {
        sim_queue_put(
            &world->queue,
            (struct sim_due){.time = world->host.suspended_until, .kind = SIM_DUE_PUBLISHED, .what = parcel});
        return;
    }
    sim_check_subscriber(world, parcel);
    if (parcel->retain)
        retain(broker, parcel);
    if (parcel->qos > 0)
        acknowledge(world, parcel->number);
    if (parcel->words.say == SIM_SAY_CANARY)
        send_down(world, parcel);
    else
        sim_client_send_receipt(world, parcel);
}

/* ---- wills ---- */

static struct sim_parcel *take_will(struct sim_peer *peer)
{
    struct sim_parcel *will = peer->will;
    peer->will = NULL;
    return will;
}

static void fire_will(struct sim_world *world, int client)
{
    struct sim_parcel *will = take_will(&world->broker.peer[client]);
    if (!will)
        return;
    world->seen.wills++;
    struct sim_random luck = sim_dice(world->plan->seed, SIM_LUCK_WILL, client, world->time);
    int64_t fate = sim_faulty(world) ? sim_between(&luck, 0, 99) : 99;
    sim_trace(world, "will of client %d fires (%d)", client, (int)fate);
    if (fate < 8) { /* none */
        free(will);
        return;
    }
    if (fate < 14) /* twice */
        sim_queue_put(&world->queue, (struct sim_due){.time = world->time + sim_between(&luck, 0, 60000),
                                                      .kind = SIM_DUE_WILL,
                                                      .what = copy_of(will)});
    if (fate >= 14 && fate < 22) { /* late */
        sim_queue_put(&world->queue, (struct sim_due){.time = world->time + sim_between(&luck, 100, 600000),
                                                      .kind = SIM_DUE_WILL,
                                                      .what = will});
        return;
    }
    route(world, will);
}

void sim_broker_late_will(struct sim_world *world, struct sim_parcel *parcel)
{
    if (world->broker.up)
        route(world, parcel);
    else
        free(parcel);
}

/* ---- clients ---- */

void sim_broker_connect(struct sim_world *world, int client, uint32_t connection, struct sim_parcel *will)
{
    struct sim_peer *peer = &world->broker.peer[client];
    if (peer->connected)
        fire_will(world, client);
    forget_will(peer);
    *peer = (struct sim_peer){
        .connected = true, .connection = connection, .heard_time = world->time, .will = will};
}

void sim_broker_disconnect(struct sim_world *world, int client, uint32_t connection)
{
    if (world->broker.peer[client].connection != connection)
        return;
    forget_will(&world->broker.peer[client]);
    world->broker.peer[client].connected = false;
}

void sim_broker_socket_died(struct sim_world *world, int client, uint32_t connection)
{
    struct sim_peer *peer = &world->broker.peer[client];
    if (!peer->connected || peer->connection != connection)
        return;
    peer->connected = false;
    fire_will(world, client);
}

void sim_broker_watch_silence(struct sim_world *world, int client)
{
    struct sim_peer *peer = &world->broker.peer[client];
    if (!peer->connected)
        return;
    struct sim_random luck = sim_dice(world->plan->seed, SIM_LUCK_WILL, client, ~world->time);
    int64_t patience = world->plan->client[client].keepalive_ms * 3 / 2;
    sim_queue_put(&world->queue,
                  (struct sim_due){.time = world->time + patience + sim_between(&luck, 0, SILENCE_SLACK_MS),
                                   .kind = SIM_DUE_PEER_SILENT,
                                   .who = client,
                                   .stamp = peer->connection});
}

void sim_broker_peer_silent(struct sim_world *world, int client, uint32_t connection)
{
    struct sim_peer *peer = &world->broker.peer[client];
    const struct sim_client *c = &world->client[client];
    bool alive = c->open && c->connected && c->connection == connection && world->time >= c->dark_until;
    if (!peer->connected || peer->connection != connection || alive)
        return;
    if (!sim_broker_reachable(world)) { /* its own clock stood still */
        if (world->broker.up)
            sim_broker_watch_silence(world, client);
        return;
    }
    sim_broker_socket_died(world, client, connection);
}

void sim_broker_take(struct sim_world *world, struct sim_parcel *parcel)
{
    struct sim_peer *peer = &world->broker.peer[parcel->client];
    if (!sim_broker_reachable(world) || !peer->connected || peer->connection != parcel->connection) {
        free(parcel);
        return;
    }
    peer->heard_time = world->time;
    route(world, parcel);
}

/* ---- faults ---- */

static void down(struct sim_world *world)
{
    world->broker.up = false;
    sim_broker_service_gone(world);
    sim_service_link_lost(world);
    for (int i = 0; i < world->plan->clients; i++) {
        forget_will(&world->broker.peer[i]);
        world->broker.peer[i].connected = false;
        sim_client_connection_lost(world, i);
    }
}

void sim_broker_stop(struct sim_world *world)
{
    if (!world->broker.up)
        return;
    for (int i = 0; i < world->plan->clients; i++)
        if (world->broker.peer[i].connected)
            fire_will(world, i);
    down(world);
}

void sim_broker_crash(struct sim_world *world, bool forgets_retained)
{
    down(world);
    forget_queue(&world->broker);
    if (forgets_retained)
        forget_retained(&world->broker);
}

void sim_broker_return(struct sim_world *world)
{
    world->broker.up = true;
    world->broker.up_time = world->time;
}
