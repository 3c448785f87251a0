/* The link in the world: what service/link's Paho does there, with link.h's own functions. Its connection
 * breaks at once, or is found dead after 1.5 keepalives; it comes back with backoff. */
#include "service_parts.h"

#include "broker.h"
#include "check.h"
#include "daemon/backlog.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The service's keepalive is 10 s: both sides give up after 15 s at most. */
#define NOTICE_MS_MIN 10000
#define NOTICE_MS_MAX 15000
#define UPLINK_MS_MAX 3

/* ---- connecting ---- */

static void later(struct sim_world *world, int what, int64_t ms, uint32_t stamp)
{
    sim_queue_put(
        &world->queue,
        (struct sim_due){.time = world->time + ms, .kind = SIM_DUE_LINK, .who = what, .stamp = stamp});
}

static struct sim_random luck_of(const struct sim_world *world)
{
    return sim_dice(world->plan->seed, SIM_LUCK_LINK, 0, world->time);
}

struct rc_link *rc_link_open(const struct rc_link_options *options, struct rc_inbox *inbox, char error[256])
{
    (void)options;
    (void)inbox;
    (void)error;
    struct sim_world *world = sim_current;
    struct sim_random luck = luck_of(world);
    world->service->link = (struct rc_link){0};
    later(world, LINK_TRY, sim_between(&luck, 1, 50), ++world->service->connections);
    return &world->service->link;
}

uint32_t sim_service_link(const struct sim_world *world)
{
    return world->service->running ? world->service->link.connection : 0;
}

static void put(struct sim_service *service, struct rc_inbound entry)
{
    entry.now = sim_now(service->world);
    entry.at = sim_at(service->world);
    bool taken = rc_inbox_put(service->inside.inbox, &entry);
    assert(taken);
    (void)taken;
}

static void lose(struct sim_world *world)
{
    struct sim_service *service = world->service;
    if (!service->running || service->link.connection == 0)
        return;
    sim_trace(world, "the link is down");
    service->link.connection = 0;
    service->link.in_flight = 0;
    put(service, (struct rc_inbound){.kind = RC_INBOUND_DOWN});
    struct sim_random luck = luck_of(world);
    later(world, LINK_TRY, sim_between(&luck, 125, 250), ++service->connections);
}

void sim_service_link_lost(struct sim_world *world)
{
    lose(world);
}

static void try_connect(struct sim_world *world)
{
    struct sim_service *service = world->service;
    struct rc_link *link = &service->link;
    struct sim_random luck = luck_of(world);
    bool awake = world->time >= world->host.suspended_until && world->time >= world->host.stopped_until;
    if (!sim_broker_reachable(world) || world->broker.cut || !awake) {
        int64_t most = (int64_t)RC_LINK_BACKOFF_MS_MIN << (link->tries < 6 ? link->tries : 6);
        link->tries++;
        later(world, LINK_TRY,
              sim_between(&luck, most / 2, most < RC_LINK_BACKOFF_MS_MAX ? most : RC_LINK_BACKOFF_MS_MAX),
              service->connections);
        return;
    }
    sim_trace(world, "the link is up");
    link->tries = 0;
    link->connects++;
    link->connection = service->connections;
    link->up_time = world->time;
    service->canary_out = true;
    put(service, (struct rc_inbound){.kind = RC_INBOUND_UP, .session_present = true});
    sim_broker_service_connect(world, link->connection);
}

void sim_service_link_timer(struct sim_world *world, int what, uint32_t stamp)
{
    struct sim_service *service = world->service;
    if (!service->running || stamp != service->connections)
        return;
    if (what == LINK_TRY && service->link.connection == 0)
        try_connect(world);
    if (what == LINK_NOTICE && world->broker.cut)
        lose(world);
    if (what == BROKER_NOTICE && world->broker.cut)
        sim_broker_service_gone(world);
}

void sim_service_link_cut(struct sim_world *world, bool half_open)
{
    struct sim_service *service = world->service;
    if (!service->running || service->link.connection == 0)
        return;
    if (!half_open) {
        sim_broker_service_gone(world);
        lose(world);
        return;
    }
    struct sim_random luck = luck_of(world);
    later(world, LINK_NOTICE, sim_between(&luck, NOTICE_MS_MIN, NOTICE_MS_MAX), service->connections);
    later(world, BROKER_NOTICE, NOTICE_MS_MAX, service->connections);
}

void sim_service_woke(struct sim_world *world, int64_t ms, bool suspended)
{
    struct sim_service *service = world->service;
    bool together = suspended && world->plan->broker_on_host;
    if (suspended)
        service->suspended_ms += ms;
    if (together || ms < NOTICE_MS_MAX)
        return;
    sim_broker_service_gone(world); /* it has given us up long since */
    lose(world);
}

/* ---- publishing ---- */

enum rc_link_result rc_link_publish(struct rc_link *link, const struct rc_publication *publication)
{
    struct sim_world *world = sim_current;
    sim_boundary();
    if (link->connection == 0)
        return RC_LINK_DOWN;
    if (publication->number != 0 && link->in_flight >= RC_LINK_INFLIGHT)
        return RC_LINK_FULL;
    char topic[400];
    assert(publication->topic.length < sizeof topic);
    memcpy(topic, publication->topic.data, publication->topic.length);
    topic[publication->topic.length] = '\0';
    struct sim_words words = {.say = strstr(topic, "/service/canary") ? SIM_SAY_CANARY : SIM_SAY_JUNK};
    struct sim_parcel *parcel =
        sim_parcel_make(&words, topic, publication->payload.length > 0 ? publication->payload.data : "",
                        publication->payload.length);
    parcel->number = publication->number;
    parcel->qos = publication->qos;
    parcel->retain = publication->retain;
    parcel->connection = link->connection;
    link->in_flight += publication->number != 0;
    sim_check_said(world, parcel);
    struct sim_random luck = luck_of(world);
    int64_t arrival = world->time + sim_between(&luck, 0, UPLINK_MS_MAX);
    if (arrival < world->broker.uplink_time)
        arrival = world->broker.uplink_time;
    world->broker.uplink_time = arrival;
    sim_queue_put(&world->queue,
                  (struct sim_due){.time = arrival, .kind = SIM_DUE_PUBLISHED, .what = parcel});
    return RC_LINK_OK;
}

void rc_link_tend(struct rc_link *link, int64_t now)
{
    (void)link;
    (void)now;
}

uint64_t rc_link_reconnects(const struct rc_link *link)
{
    return link->connects;
}

void rc_link_close(struct rc_link *link, int timeout_ms)
{
    (void)timeout_ms;
    link->connection = 0;
    sim_broker_service_gone(sim_current);
}

/* ---- receiving ---- */

static struct waiting *push(struct sim_service *service)
{
    if (service->waiting_first + service->waiting_count == service->waiting_room) {
        if (service->waiting_first > 0)
            memmove(service->waiting, service->waiting + service->waiting_first,
                    service->waiting_count * sizeof *service->waiting);
        service->waiting_first = 0;
        if (2 * service->waiting_count >= service->waiting_room) {
            service->waiting_room = service->waiting_room ? 2 * service->waiting_room : 64;
            service->waiting = realloc(service->waiting, service->waiting_room * sizeof *service->waiting);
            assert(service->waiting);
        }
    }
    return &service->waiting[service->waiting_first + service->waiting_count++];
}

/* Who signed, as the broker's plugin says (section 6). */
static void sign(const struct sim_world *world, const struct sim_parcel *parcel, struct rc_inbound *entry)
{
    bool fleeting = parcel->words.say == SIM_SAY_HEARTBEAT || parcel->words.say == SIM_SAY_TRAINING ||
                    parcel->words.say == SIM_SAY_DEVICE_HEARTBEAT;
    if (parcel->will || fleeting)
        return;
    entry->verified = true;
    entry->rc_at = parcel->broker_at;
    const char *role = "service";
    if (parcel->words.say != SIM_SAY_CANARY) {
        static const char *const roles[] = {"employee", "kiosk", "kiosk", "manager"};
        enum sim_client_kind kind = world->plan->client[parcel->client].kind;
        role = roles[kind];
        if (kind == SIM_PERSONAL)
            sim_employee_id(world->plan->client[parcel->client].employee, &entry->login);
        else
            sim_client_id(world, parcel->client, &entry->login);
    }
    snprintf(entry->role, sizeof entry->role, "%s", role);
}

/* When it was sent, by the contract's section 2, and whether that is known at all. */
static void date(const struct sim_world *world, const struct sim_parcel *parcel,
                 const struct rc_inbound *entry, struct waiting *waiting)
{
    const struct sim_service *service = world->service;
    bool waited = parcel->broker_time < service->link.up_time;
    int64_t at = sim_at(world), age = 0;
    waiting->words = parcel->words;
    if (entry->rc_at != RC_NONE)
        age = at - entry->rc_at;
    else if (entry->expiry_s != RC_NONE && service->canary_out)
        age = (RC_MESSAGE_EXPIRY_S - entry->expiry_s) * 1000;
    else if (entry->expiry_s == RC_NONE && service->canary_out)
        waiting->unmarked = waited ? 1 : -1;
    if (age < 0)
        age = 0;
    waiting->sent_time = world->time - age;
    waiting->sent_at = at - age;
}

static void receive_message(struct sim_world *world, struct sim_parcel *parcel)
{
    struct sim_service *service = world->service;
    struct rc_inbound entry = {.kind = RC_INBOUND_MESSAGE,
                               .retained = parcel->retain && parcel->client >= 0 &&
                                           parcel->words.say != SIM_SAY_CANARY,
                               .duplicate = parcel->duplicate,
                               .qos = parcel->qos,
                               .expiry_s = RC_NONE,
                               .rc_at = RC_NONE,
                               .topic = {parcel->bytes, parcel->topic_length},
                               .payload = {parcel->payload, parcel->payload_length}};
    if (world->plan->marks == SIM_MARKS_RC_AT)
        sign(world, parcel, &entry);
    if (world->plan->marks == SIM_MARKS_EXPIRY && parcel->words.say != SIM_SAY_CANARY)
        entry.expiry_s = RC_MESSAGE_EXPIRY_S - (world->time - parcel->broker_time) / 1000;
    struct waiting *waiting = push(service);
    *waiting = (struct waiting){0};
    date(world, parcel, &entry, waiting);
    if (parcel->words.say == SIM_SAY_CANARY && parcel->connection == service->link.connection)
        service->canary_out = false;
    put(service, entry);
}

void sim_service_receive(struct sim_world *world, struct sim_parcel *parcel)
{
    struct sim_service *service = world->service;
    if (parcel->topic_length > 0) {
        receive_message(world, parcel);
    } else if (parcel->number != 0) {
        service->link.in_flight--;
        put(service, (struct rc_inbound){.kind = RC_INBOUND_ACKED, .number = parcel->number});
    }
    free(parcel);
}
