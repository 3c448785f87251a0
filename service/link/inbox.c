#include "link/inbox.h"

#include "link/ring.h"
#include "link/wake.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Parts of the ring that stay free: of QoS 0 messages a quarter, so that a flood of heartbeats cannot keep a
 * punch out; of all messages a sixteenth, so that neither can keep out what the link has to say of itself (1
 * MiB of acknowledgements is 16,000 of them). */
#define SPARE_OF_QOS0     4
#define SPARE_OF_MESSAGES 16

/* An entry in the ring, followed by topic, payload, response topic, correlation data, login and role. */
struct entry {
    uint8_t kind, qos, flags, login_length;
    uint8_t role_length;
    uint16_t topic_length, response_length, correlation_length;
    int32_t site;
    uint32_t payload_length;
    int64_t now, at;
    int64_t expiry_or_number; /* of a message; of an acknowledgement */
    int64_t rc_at;
};

enum { FLAG_RETAINED = 1, FLAG_DUPLICATE = 2, FLAG_SESSION_PRESENT = 4, FLAG_VERIFIED = 8 };

struct rc_inbox {
    struct rc_ring *ring;
    pthread_mutex_t putting;
    struct rc_wake something; /* the taker sleeps on it */
    struct rc_wake room;      /* a putter sleeps on it */
    atomic_uint_fast64_t put; /* raised under `putting` */
    atomic_uint_fast64_t taken;
    atomic_uint_fast64_t dropped;
    int64_t waited_us; /* the taker's: when it last waited, and how many it had taken by then */
    uint64_t waited_taken;
    int gather_us; /* the taker's, for its next wait */
};

struct rc_inbox *rc_inbox_alloc(size_t bytes)
{
    struct rc_inbox *inbox = calloc(1, sizeof *inbox);
    if (inbox == NULL)
        return NULL;
    inbox->ring = rc_ring_alloc(bytes);
    if (inbox->ring == NULL)
        goto no_ring;
    if (!rc_wake_init(&inbox->something))
        goto no_something;
    if (!rc_wake_init(&inbox->room))
        goto no_room;
    pthread_mutex_init(&inbox->putting, NULL);
    return inbox;
no_room:
    rc_wake_fini(&inbox->something);
no_something:
    rc_ring_free(inbox->ring);
no_ring:
    free(inbox);
    return NULL;
}

void rc_inbox_free(struct rc_inbox *inbox)
{
    if (inbox == NULL)
        return;
    pthread_mutex_destroy(&inbox->putting);
    rc_wake_fini(&inbox->room);
    rc_wake_fini(&inbox->something);
    rc_ring_free(inbox->ring);
    free(inbox);
}

static size_t packed_size(const struct rc_inbound *from)
{
    return sizeof(struct entry) + from->topic.length + from->payload.length + from->response_topic.length +
           from->correlation.length + from->login.length + strlen(from->role);
}

static char *append(char *to, const char *bytes, size_t length)
{
    if (length > 0)
        memcpy(to, bytes, length);
    return to + length;
}

static void pack(const struct rc_inbound *from, struct entry *to)
{
    size_t role_length = strlen(from->role);
    bool answers = from->kind == RC_INBOUND_ACKED || from->kind == RC_INBOUND_REFUSED;
    *to = (struct entry){
        .kind = (uint8_t)from->kind,
        .qos = from->qos,
        .flags = (uint8_t)((from->retained ? FLAG_RETAINED : 0) | (from->duplicate ? FLAG_DUPLICATE : 0) |
                           (from->session_present ? FLAG_SESSION_PRESENT : 0) |
                           (from->verified ? FLAG_VERIFIED : 0)),
        .login_length = from->login.length,
        .role_length = (uint8_t)role_length,
        .topic_length = (uint16_t)from->topic.length,
        .response_length = (uint16_t)from->response_topic.length,
        .correlation_length = (uint16_t)from->correlation.length,
        .site = from->site,
        .payload_length = (uint32_t)from->payload.length,
        .now = from->now,
        .at = from->at,
        .expiry_or_number = answers ? from->number : from->expiry_s,
        .rc_at = from->rc_at,
    };
    char *bytes = (char *)(to + 1);
    bytes = append(bytes, from->topic.data, from->topic.length);
    bytes = append(bytes, from->payload.data, from->payload.length);
    bytes = append(bytes, from->response_topic.data, from->response_topic.length);
    bytes = append(bytes, from->correlation.data, from->correlation.length);
    bytes = append(bytes, from->login.text, from->login.length);
    append(bytes, from->role, role_length);
}

static struct rc_text borrow(const char **bytes, size_t length)
{
    struct rc_text text = {.data = length > 0 ? *bytes : NULL, .length = length};
    *bytes += length;
    return text;
}

static void unpack(const struct entry *from, struct rc_inbound *to)
{
    bool answers = from->kind == RC_INBOUND_ACKED || from->kind == RC_INBOUND_REFUSED;
    const char *bytes = (const char *)(from + 1);
    *to = (struct rc_inbound){
        .kind = (enum rc_inbound_kind)from->kind,
        .site = from->site,
        .now = from->now,
        .at = from->at,
        .retained = (from->flags & FLAG_RETAINED) != 0,
        .duplicate = (from->flags & FLAG_DUPLICATE) != 0,
        .session_present = (from->flags & FLAG_SESSION_PRESENT) != 0,
        .verified = (from->flags & FLAG_VERIFIED) != 0,
        .qos = from->qos,
        .expiry_s = answers ? RC_NONE : from->expiry_or_number,
        .number = answers ? from->expiry_or_number : 0,
        .rc_at = from->rc_at,
    };
    to->topic = borrow(&bytes, from->topic_length);
    to->payload = borrow(&bytes, from->payload_length);
    to->response_topic = borrow(&bytes, from->response_length);
    to->correlation = borrow(&bytes, from->correlation_length);
    to->login.length = from->login_length;
    memcpy(to->login.text, bytes, from->login_length);
    memcpy(to->role, bytes + from->login_length, from->role_length);
}

static int64_t monotonic_us(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

/* Waits until the taker has made room, RC_INBOX_WAIT_MS at most; NULL: it has not. */
static void *await_room(struct rc_inbox *inbox, size_t size, size_t spare)
{
    int64_t until = monotonic_us() + RC_INBOX_WAIT_MS * 1000;
    void *room = NULL;
    while (room == NULL) {
        rc_wake_announce(&inbox->room);
        room = rc_ring_reserve(inbox->ring, size, spare);
        int64_t left = until - monotonic_us();
        if (room != NULL || left <= 0) {
            rc_wake_stay(&inbox->room);
            break;
        }
        rc_wake_sleep(&inbox->room, (int)(left / 1000) + 1);
    }
    return room;
}

static void *find_room(struct rc_inbox *inbox, const struct rc_inbound *entry, size_t size)
{
    size_t capacity = rc_ring_capacity(inbox->ring);
    bool message = entry->kind == RC_INBOUND_MESSAGE;
    size_t spare = !message ? 0 : entry->qos == 0 ? capacity / SPARE_OF_QOS0 : capacity / SPARE_OF_MESSAGES;
    if (!rc_ring_fits(inbox->ring, size + spare))
        return NULL;
    void *room = rc_ring_reserve(inbox->ring, size, spare);
    if (room == NULL && !(message && entry->qos == 0))
        room = await_room(inbox, size, spare);
    return room;
}

/* For counters that one thread at a time raises: no locked instruction. */
static void count_one(atomic_uint_fast64_t *counter)
{
    uint64_t count = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, count + 1, memory_order_release);
}

bool rc_inbox_put(struct rc_inbox *inbox, const struct rc_inbound *entry)
{
    size_t size = packed_size(entry);
    pthread_mutex_lock(&inbox->putting);
    void *room = find_room(inbox, entry, size);
    if (room != NULL) {
        pack(entry, room);
        count_one(&inbox->put);
        rc_ring_commit(inbox->ring);
    }
    pthread_mutex_unlock(&inbox->putting);
    if (room == NULL) {
        atomic_fetch_add_explicit(&inbox->dropped, 1, memory_order_relaxed);
        return false;
    }
    rc_wake_nudge(&inbox->something);
    return true;
}

bool rc_inbox_take(struct rc_inbox *inbox, struct rc_inbound *out)
{
    size_t size;
    const struct entry *entry = rc_ring_take(inbox->ring, &size);
    rc_wake_nudge(&inbox->room);
    if (entry == NULL)
        return false;
    unpack(entry, out);
    count_one(&inbox->taken);
    return true;
}

static bool is_busy(struct rc_inbox *inbox)
{
    int64_t now_us = monotonic_us(), since_us = now_us - inbox->waited_us;
    uint64_t taken = atomic_load_explicit(&inbox->taken, memory_order_relaxed);
    uint64_t entries = taken - inbox->waited_taken;
    inbox->waited_us = now_us;
    inbox->waited_taken = taken;
    return entries * 1000 > (uint64_t)since_us * RC_INBOX_BUSY_PER_MS;
}

void rc_inbox_gather(struct rc_inbox *inbox, int linger_us)
{
    inbox->gather_us = linger_us;
}

void rc_inbox_wait(struct rc_inbox *inbox, int timeout_ms)
{
    int linger_us = is_busy(inbox) ? RC_INBOX_LINGER_US : 0;
    linger_us = inbox->gather_us > linger_us ? inbox->gather_us : linger_us;
    inbox->gather_us = 0;
    if (timeout_ms >= 0 && linger_us / 1000 >= timeout_ms)
        linger_us = timeout_ms * 1000;
    if (linger_us > 0)
        rc_wake_linger(&inbox->something, linger_us);
    rc_wake_announce(&inbox->something);
    if (rc_ring_is_empty(inbox->ring))
        rc_wake_sleep(&inbox->something, timeout_ms);
    else
        rc_wake_stay(&inbox->something);
}

void rc_inbox_wake(struct rc_inbox *inbox)
{
    rc_wake_call(&inbox->something);
}

size_t rc_inbox_depth(const struct rc_inbox *inbox)
{
    /* Taken first: what is put in between makes it too deep, never negative. */
    uint64_t taken = atomic_load_explicit(&inbox->taken, memory_order_acquire);
    return (size_t)(atomic_load_explicit(&inbox->put, memory_order_acquire) - taken);
}

uint64_t rc_inbox_dropped(const struct rc_inbox *inbox)
{
    return atomic_load_explicit(&inbox->dropped, memory_order_relaxed);
}
