/*
 * publish.c: publications on their way to the broker, each settled once. The service thread claims a slot and
 * puts the publication into a ring; the link's thread hands it to Paho; Paho's callback frees the slot and
 * puts ACKED or REFUSED into the inbox. No allocation of ours a message.
 */
#include "link/client.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* What a callback knows its publication by, in place of a pointer, so that one that comes late, for a slot
 * that has been given to another since, is recognised:   ticket (45 bits) | qos (1) | slot (10) | link (8).
 */
#define SLOT_SHIFT   8
#define QOS_SHIFT    18
#define TICKET_SHIFT 19
static_assert(RC_LINKS_MAX == 1 << SLOT_SHIFT, "a link's index fits its place in the context");
static_assert(RC_LINK_INFLIGHT == 1 << (QOS_SHIFT - SLOT_SHIFT),
              "a slot's index fits its place in the context");
static_assert(sizeof(void *) == 8, "a context holds 64 bits");

static _Atomic(struct rc_link *) links[RC_LINKS_MAX];

/* In the ring, followed by topic and NUL, correlation data, payload. */
struct block {
    uint64_t ticket;
    uint16_t slot, correlation_length;
    uint32_t payload_length;
    uint32_t topic_length;
    uint8_t qos;
    bool retain;
};

/* Bytes of a PUBLISH beside topic, correlation data and payload: header, lengths, packet and property
 * identifiers. */
#define PACKET_OVERHEAD 32

bool rc_link_register(struct rc_link *link)
{
    for (unsigned i = 0; i < RC_LINKS_MAX; i++) {
        struct rc_link *nobody = NULL;
        if (atomic_compare_exchange_strong(&links[i], &nobody, link)) {
            link->index = i;
            return true;
        }
    }
    return false;
}

void rc_link_unregister(struct rc_link *link)
{
    atomic_store(&links[link->index], NULL);
}

/* Frees the slot if it is still the ticket's; whoever succeeds has the duty to tell of it. */
static bool release(struct rc_link *link, struct rc_slot *slot, uint64_t ticket)
{
    if (!atomic_compare_exchange_strong(&slot->ticket, &ticket, 0))
        return false;
    if (atomic_fetch_sub(&link->in_flight, 1) == 1) {
        pthread_mutex_lock(&link->lock);
        pthread_cond_broadcast(&link->changed);
        pthread_mutex_unlock(&link->lock);
    }
    return true;
}

static void settle_slot(struct rc_link *link, struct rc_slot *slot, uint64_t ticket,
                        enum rc_inbound_kind kind)
{
    int64_t number = atomic_load_explicit(&slot->number, memory_order_relaxed);
    if (release(link, slot, ticket) && number != 0)
        rc_link_put(link, kind, number, false);
}

void rc_link_refuse_all(struct rc_link *link)
{
    for (size_t i = 0; i < RC_LINK_INFLIGHT; i++) {
        uint64_t ticket = atomic_load(&link->slots[i].ticket);
        if (ticket != 0)
            settle_slot(link, &link->slots[i], ticket, RC_INBOUND_REFUSED);
    }
}

/* ---- the service thread ---- */

static struct rc_slot *find_slot(struct rc_link *link)
{
    if (atomic_load(&link->in_flight) >= atomic_load_explicit(&link->window, memory_order_relaxed))
        return NULL;
    /* They are mostly freed in the order in which they were claimed. */
    for (unsigned i = 0; i < RC_LINK_INFLIGHT; i++) {
        struct rc_slot *slot = &link->slots[link->next_slot];
        link->next_slot = (link->next_slot + 1) % RC_LINK_INFLIGHT;
        if (atomic_load(&slot->ticket) == 0)
            return slot;
    }
    return NULL;
}

static void fill_block(struct block *block, const struct rc_publication *from, unsigned slot, uint64_t ticket)
{
    *block = (struct block){
        .ticket = ticket,
        .slot = (uint16_t)slot,
        .correlation_length = (uint16_t)from->correlation.length,
        .payload_length = (uint32_t)from->payload.length,
        .topic_length = (uint32_t)from->topic.length,
        .qos = from->qos,
        .retain = from->retain,
    };
    char *bytes = (char *)(block + 1);
    memcpy(bytes, from->topic.data, from->topic.length);
    bytes += from->topic.length;
    *bytes++ = '\0';
    if (from->correlation.length > 0)
        memcpy(bytes, from->correlation.data, from->correlation.length);
    bytes += from->correlation.length;
    if (from->payload.length > 0)
        memcpy(bytes, from->payload.data, from->payload.length);
}

enum rc_link_result rc_link_publish(struct rc_link *link, const struct rc_publication *publication)
{
    assert(publication->qos <= 1 && publication->topic.length > 0);
    assert(publication->topic.length <= UINT16_MAX && publication->correlation.length <= UINT16_MAX);
    uint64_t session = atomic_load(&link->sessions);
    if (!atomic_load(&link->up))
        return RC_LINK_DOWN;
    size_t size = sizeof(struct block) + publication->topic.length + 1 + publication->correlation.length +
                  publication->payload.length;
    struct rc_slot *slot = find_slot(link);
    struct block *block = slot != NULL ? rc_ring_reserve(link->out, size, 0) : NULL;
    if (block == NULL)
        return RC_LINK_FULL;
    uint64_t ticket = ++link->next_ticket;
    atomic_fetch_add(&link->in_flight, 1);
    atomic_store_explicit(&slot->number, publication->number, memory_order_relaxed);
    atomic_store(&slot->ticket, ticket);
    /* If the connection was lost since we looked, its rc_link_refuse_all may have been here before us. */
    if (!atomic_load(&link->up) || atomic_load(&link->sessions) != session)
        return release(link, slot, ticket) ? RC_LINK_DOWN : RC_LINK_OK;
    fill_block(block, publication, (unsigned)(slot - link->slots), ticket);
    rc_ring_commit(link->out);
    rc_wake_nudge(&link->work);
    return RC_LINK_OK;
}

/* ---- Paho's threads ---- */

static void let_go(struct rc_link *link)
{
    if (atomic_fetch_sub(&link->held, 1) <= 1) {
        atomic_store(&link->settling, false);
        rc_wake_nudge(&link->work);
    }
}

void rc_link_settle(struct rc_link *link)
{
    /* In this order, since the link's thread may let go of the last one just now. */
    atomic_store(&link->settling, true);
    if (atomic_load(&link->held) <= 0)
        atomic_store(&link->settling, false);
}

static void on_settled(void *context, enum rc_inbound_kind kind)
{
    uint64_t bits = (uint64_t)(uintptr_t)context;
    uint64_t ticket = bits >> TICKET_SHIFT;
    struct rc_link *link = atomic_load(&links[bits % RC_LINKS_MAX]);
    assert(link != NULL);
    if ((bits >> QOS_SHIFT & 1) != 0 && ticket >= atomic_load(&link->held_from))
        let_go(link);
    settle_slot(link, &link->slots[bits >> SLOT_SHIFT & (RC_LINK_INFLIGHT - 1)], ticket, kind);
}

static void on_success(void *context, MQTTAsync_successData5 *data)
{
    (void)data;
    on_settled(context, RC_INBOUND_ACKED);
}

static void on_failure(void *context, MQTTAsync_failureData5 *data)
{
    (void)data;
    on_settled(context, RC_INBOUND_REFUSED);
}

/* ---- the link's thread ---- */

void rc_link_forget_held(struct rc_link *link)
{
    /* A callback that comes at this very moment may take one too many from `held`; it is put right at the
     * next loss. */
    atomic_store(&link->held_from, link->handed + 1);
    atomic_store(&link->held, 0);
    atomic_store(&link->settling, false);
}

static bool is_sendable(const struct rc_link *link, const struct block *block)
{
    size_t size =
        PACKET_OVERHEAD + (size_t)block->topic_length + block->correlation_length + block->payload_length;
    return size <= atomic_load_explicit(&link->packet_max, memory_order_relaxed);
}

static int give_to_paho(struct rc_link *link, const struct block *block)
{
    const char *topic = (const char *)(block + 1);
    const char *correlation = topic + block->topic_length + 1;
    const char *payload = correlation + block->correlation_length;
    uint64_t bits = block->ticket << TICKET_SHIFT | (uint64_t)block->qos << QOS_SHIFT |
                    (uint64_t)block->slot << SLOT_SHIFT | link->index;
    MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
    response.onSuccess5 = on_success;
    response.onFailure5 = on_failure;
    response.context = (void *)(uintptr_t)bits;
    if (block->correlation_length > 0) {
        MQTTProperty property = {.identifier = MQTTPROPERTY_CODE_CORRELATION_DATA};
        property.value.data.data = (char *)(uintptr_t)correlation;
        property.value.data.len = block->correlation_length;
        if (MQTTProperties_add(&response.properties, &property) != 0)
            return MQTTASYNC_FAILURE;
    }
    int rc = MQTTAsync_send(link->client, topic, (int)block->payload_length, payload, block->qos,
                            block->retain, &response);
    MQTTProperties_free(&response.properties);
    return rc;
}

static void hand_over(struct rc_link *link, const struct block *block)
{
    struct rc_slot *slot = &link->slots[block->slot];
    if (atomic_load(&slot->ticket) != block->ticket)
        return; /* refused while it waited here */
    if (block->qos > 0)
        atomic_fetch_add(&link->held, 1);
    link->handed = block->ticket;
    int rc = is_sendable(link, block) ? give_to_paho(link, block) : MQTTASYNC_BAD_UTF8_STRING;
    if (rc == MQTTASYNC_SUCCESS)
        return;
    if (block->qos > 0)
        let_go(link);
    if (rc == MQTTASYNC_BAD_UTF8_STRING) {
        atomic_fetch_add(&link->unsendable, 1);
        settle_slot(link, slot, block->ticket, RC_INBOUND_ACKED);
    } else if (rc != MQTTASYNC_DISCONNECTED) {
        /* Its window and its memory are larger than ours: it is broken. The loss refuses all. */
        char why[RC_LINK_WHY_MAX];
        snprintf(why, sizeof why, "Paho takes no publication, code %d", rc);
        rc_link_fail(link, why);
    }
}

bool rc_link_may_hand_over(struct rc_link *link)
{
    /* What still waits when the link is down has been refused, and is only to be cleared away. */
    return !rc_ring_is_empty(link->out) && (!atomic_load(&link->settling) || !atomic_load(&link->up));
}

void rc_link_hand_over(struct rc_link *link)
{
    size_t size;
    while (rc_link_may_hand_over(link))
        hand_over(link, rc_ring_take(link->out, &size));
    rc_ring_give_back(link->out);
}
