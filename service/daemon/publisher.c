#include "daemon/publisher.h"

#include "daemon/directory.h"
#include "daemon/training_day.h"
#include "wire/encode.h"
#include "wire/topic.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* One message that waits in memory: texts follow the struct. */
struct rc_direct {
    struct rc_direct *next;
    struct rc_text topic, payload, correlation;
    uint8_t qos;
    bool retain;
    size_t bytes;
};

struct rc_profile {
    struct rc_id employee, group;
    char *name;
    size_t name_length;
};

void rc_publisher_init(struct rc_publisher *publisher, int site, const struct rc_id *name,
                       const struct rc_engine *engine)
{
    memset(publisher, 0, sizeof *publisher);
    publisher->site = site;
    publisher->name = *name;
    publisher->engine = engine;
    publisher->phase = RC_REPUBLISH_DONE;
}

static void drop_profiles(struct rc_publisher *publisher)
{
    for (size_t i = 0; i < publisher->profile_count; i++)
        free(publisher->profiles[i].name);
    free(publisher->profiles);
    publisher->profiles = NULL;
    publisher->profile_count = publisher->profile_next = 0;
}

static void drop_direct(struct rc_publisher *publisher)
{
    while (publisher->first) {
        struct rc_direct *message = publisher->first;
        publisher->first = message->next;
        free(message);
    }
    publisher->last = NULL;
    publisher->direct_bytes = 0;
}

void rc_publisher_fini(struct rc_publisher *publisher)
{
    drop_direct(publisher);
    drop_profiles(publisher);
}

void rc_publisher_up(struct rc_publisher *publisher, int64_t now)
{
    publisher->up = true;
    publisher->full = false;
    publisher->in_flight = 0;
    publisher->outbox_after = 0;
    publisher->outbox_waits = true;
    publisher->prune_due = true;
    drop_profiles(publisher);
    publisher->phase = RC_REPUBLISH_DONE;
    rc_publisher_again(publisher, now);
}

void rc_publisher_again(struct rc_publisher *publisher, int64_t now)
{
    if (publisher->phase != RC_REPUBLISH_DONE)
        return;
    publisher->phase = RC_REPUBLISH_EMPLOYEES;
    publisher->cursor = 0;
    publisher->paced_now = now;
}

void rc_publisher_down(struct rc_publisher *publisher)
{
    publisher->up = false;
    publisher->full = false;
    publisher->in_flight = 0;
    drop_direct(publisher);
    drop_profiles(publisher);
    publisher->phase = RC_REPUBLISH_DONE;
}

static void landed(struct rc_publisher *publisher)
{
    if (publisher->in_flight > 0)
        publisher->in_flight--;
    publisher->full = false;
}

void rc_publisher_acked(struct rc_publisher *publisher, int64_t number)
{
    landed(publisher);
    if (number >= RC_DIRECT_NUMBER)
        return;
    assert(publisher->acked_count < RC_ACKED_MAX); /* the loop sees to it: rc_publisher_forget */
    publisher->acked[publisher->acked_count++] = number;
}

void rc_publisher_refused(struct rc_publisher *publisher, int64_t number)
{
    (void)number; /* an outbox row stays where it is, and is handed over again after the next connect */
    landed(publisher);
    publisher->refused++;
}

bool rc_publisher_must_forget(const struct rc_publisher *publisher)
{
    return publisher->acked_count >= RC_ACKED_DUE || publisher->prune_due;
}

enum rc_store_result rc_publisher_forget(struct rc_publisher *publisher, struct rc_store *store)
{
    /* Mostly in the order in which they were handed over: what follows on each other goes as one. */
    for (uint32_t i = 0, next; i < publisher->acked_count; i = next) {
        for (next = i + 1; next < publisher->acked_count; next++)
            if (publisher->acked[next] != publisher->acked[next - 1] + 1)
                break;
        enum rc_store_result result =
            rc_store_outbox_done(store, publisher->acked[i], publisher->acked[next - 1]);
        if (result != RC_STORE_OK && result != RC_STORE_NOT_FOUND)
            return result;
    }
    publisher->pruned = 0;
    return publisher->prune_due ? rc_store_outbox_prune(store, publisher->site, &publisher->pruned)
                                : RC_STORE_OK;
}

uint64_t rc_publisher_forgotten(struct rc_publisher *publisher)
{
    uint64_t count = publisher->acked_count + publisher->pruned;
    publisher->acked_count = 0;
    publisher->pruned = 0;
    publisher->prune_due = false;
    return count;
}

static struct rc_text copy_text(char **at, struct rc_text text)
{
    struct rc_text copy = {.data = *at, .length = text.length};
    if (text.length > 0)
        memcpy(*at, text.data, text.length);
    *at += text.length;
    return copy;
}

void rc_publisher_direct(struct rc_publisher *publisher, const char *topic, struct rc_text payload,
                         struct rc_text correlation, uint8_t qos, bool retain)
{
    struct rc_text name = {.data = topic, .length = strlen(topic)};
    size_t bytes = sizeof(struct rc_direct) + name.length + payload.length + correlation.length;
    struct rc_direct *message = NULL;
    if (publisher->up && publisher->direct_bytes + bytes <= RC_DIRECT_BYTES_MAX)
        message = malloc(bytes);
    if (!message) {
        publisher->dropped++;
        return;
    }
    char *at = (char *)(message + 1);
    *message = (struct rc_direct){.qos = qos, .retain = retain, .bytes = bytes};
    message->topic = copy_text(&at, name);
    message->payload = copy_text(&at, payload);
    message->correlation = copy_text(&at, correlation);
    if (publisher->last)
        publisher->last->next = message;
    else
        publisher->first = message;
    publisher->last = message;
    publisher->direct_bytes += bytes;
}

void rc_publisher_committed(struct rc_publisher *publisher)
{
    publisher->outbox_waits = true;
}

/* Returns true if the link took it. */
static bool hand_over(struct rc_publisher *publisher, const struct rc_publication *publication)
{
    switch (rc_link_publish(publisher->link, publication)) {
    case RC_LINK_OK:
        if (publication->number != 0)
            publisher->in_flight++;
        publisher->published++;
        return true;
    case RC_LINK_FULL:
        publisher->full = true;
        return false;
    case RC_LINK_DOWN: /* the link's DOWN is on its way through the inbox */
        publisher->full = true;
        return false;
    }
    return false;
}

void rc_publisher_pump_direct(struct rc_publisher *publisher)
{
    publisher->full = false; /* what nobody acknowledges (QoS 0) makes room without a word */
    while (publisher->up && publisher->first && !publisher->full) {
        struct rc_direct *message = publisher->first;
        struct rc_publication publication = {.topic = message->topic,
                                             .payload = message->payload,
                                             .correlation = message->correlation,
                                             .qos = message->qos,
                                             .retain = message->retain,
                                             .number = message->qos > 0 ? RC_DIRECT_NUMBER : 0};
        if (!hand_over(publisher, &publication))
            return;
        publisher->first = message->next;
        if (!publisher->first)
            publisher->last = NULL;
        publisher->direct_bytes -= message->bytes;
        free(message);
    }
}

static bool pump_row(void *context, int site, const struct rc_outgoing *message)
{
    struct rc_publisher *publisher = context;
    if (site == publisher->site) {
        struct rc_publication publication = {.topic = message->topic,
                                             .payload = message->payload,
                                             .correlation = message->correlation,
                                             .qos = message->qos,
                                             .retain = message->retain,
                                             .number = message->number};
        if (!hand_over(publisher, &publication))
            return false;
    }
    publisher->outbox_after = message->number;
    return true;
}

enum rc_store_result rc_publisher_pump(struct rc_publisher *publisher, struct rc_store *store)
{
    if (!publisher->up)
        return RC_STORE_OK;
    rc_publisher_pump_direct(publisher);
    if (publisher->full || !publisher->outbox_waits || publisher->prune_due)
        return RC_STORE_OK;
    enum rc_store_result result = rc_store_outbox_each(store, publisher->outbox_after, pump_row, publisher);
    if (result == RC_STORE_OK && !publisher->full)
        publisher->outbox_waits = false;
    return result;
}

/* Republishing uses half of the link's window at most; the rest is for what happens meanwhile. */
static bool has_room(const struct rc_publisher *publisher)
{
    return !publisher->full && publisher->in_flight < RC_LINK_INFLIGHT / 2;
}

/* Hands over one retained message of the republishing; false: not now. */
static bool retain(struct rc_publisher *publisher, const char *topic, const char *payload, size_t length)
{
    assert(length > 0);
    struct rc_publication publication = {.topic = {.data = topic, .length = strlen(topic)},
                                         .payload = {.data = payload, .length = length},
                                         .qos = 1,
                                         .retain = true,
                                         .number = RC_DIRECT_NUMBER};
    return hand_over(publisher, &publication);
}

static bool republish_employee(struct rc_publisher *publisher)
{
    char topic[RC_TOPIC_MAX], payload[RC_ENCODED_MAX];
    struct rc_employee_view view;
    uint32_t cursor = publisher->cursor;
    if (!rc_engine_each(publisher->engine, &cursor, &view)) {
        publisher->phase = publisher->policies ? RC_REPUBLISH_TRAINING : RC_REPUBLISH_DEVICES;
        publisher->cursor = 0;
        publisher->trained_after = (struct rc_id){0};
        return true;
    }
    rc_topic_status(topic, &publisher->name, &view.employee);
    if (publisher->directory && rc_directory_hides(publisher->directory, &view.status)) {
        publisher->cursor = cursor;
        return true;
    }
    if (!retain(publisher, topic, payload, rc_encode_status(&view.status, payload, sizeof payload)))
        return false;
    publisher->cursor = cursor;
    return true;
}

struct training_page {
    struct rc_publisher *publisher;
    int64_t allowed;
    bool stopped;
};

static bool republish_training_of(void *context, const struct rc_training_current *current)
{
    struct training_page *page = context;
    struct rc_publisher *publisher = page->publisher;
    char topic[RC_TOPIC_MAX], payload[RC_ENCODED_MAX];
    bool hidden =
        publisher->directory && rc_training_hides(publisher->directory, publisher->engine, &current->user);
    rc_topic_training(topic, &publisher->name, &current->user);
    size_t length = rc_training_retained(publisher->policies, current, payload, sizeof payload);
    page->stopped = !hidden && (!has_room(publisher) || !retain(publisher, topic, payload, length));
    if (page->stopped)
        return false;
    publisher->trained_after = current->user;
    page->allowed--;
    return true;
}

/* Read and handed over in one go: what is kept of a page for later may have become old by then. */
static void republish_training(struct rc_publisher *publisher, struct rc_store *store, int64_t *allowed)
{
    struct training_page page = {.publisher = publisher, .allowed = *allowed};
    enum rc_store_result result = rc_store_training_after(store, publisher->site, &publisher->trained_after,
                                                          (uint32_t)*allowed, republish_training_of, &page);
    *allowed = page.stopped ? 0 : page.allowed;
    if (*allowed > 0 || result != RC_STORE_OK) /* the store's failure shows with the next transaction */
        publisher->phase = RC_REPUBLISH_DEVICES;
}

struct rc_device_status rc_publisher_device(const struct rc_session_row *row)
{
    return (struct rc_device_status){.device = row->session,
                                     .online = row->state != RC_S_EXPIRED,
                                     .since_at = row->first_at,
                                     .last_seen_at = row->heard_at};
}

static bool republish_device(struct rc_publisher *publisher, const struct rc_session_row *row)
{
    char topic[RC_TOPIC_MAX], payload[RC_ENCODED_MAX];
    struct rc_device_status status = rc_publisher_device(row);
    rc_topic_device_status(topic, &publisher->name, &row->session);
    return retain(publisher, topic, payload, rc_encode_device(&status, payload, sizeof payload));
}

/* A walk over devices does not outlive a step of the engine, so each one begins at the first again. */
static void republish_devices(struct rc_publisher *publisher, int64_t allowed)
{
    struct rc_session_row row;
    uint32_t cursor = 0, at = 0;
    while (rc_engine_each_session(publisher->engine, NULL, &cursor, &row)) {
        if (at++ < publisher->cursor)
            continue;
        if (allowed-- == 0 || !has_room(publisher) || !republish_device(publisher, &row))
            return;
        publisher->cursor++;
    }
    publisher->phase = RC_REPUBLISH_PROFILES;
}

static bool keep_profile(void *context, const struct rc_directory_row *row)
{
    struct rc_publisher *publisher = context;
    if (!row->active)
        return true;
    /* grows by doubling, at powers of two */
    size_t count = publisher->profile_count;
    if ((count & (count - 1)) == 0) {
        struct rc_profile *grown =
            realloc(publisher->profiles, (count ? 2 * count : 1) * sizeof *publisher->profiles);
        if (!grown)
            return false;
        publisher->profiles = grown;
    }
    struct rc_profile *profile = &publisher->profiles[count];
    *profile =
        (struct rc_profile){.employee = row->employee, .group = row->group, .name_length = row->name.length};
    profile->name = malloc(row->name.length + 1);
    if (!profile->name)
        return false;
    if (row->name.length > 0)
        memcpy(profile->name, row->name.data, row->name.length);
    publisher->profile_count++;
    return true;
}

static bool republish_profile(struct rc_publisher *publisher, struct rc_store *store)
{
    if (!publisher->profiles &&
        (rc_store_directory(store, publisher->site, keep_profile, publisher) != RC_STORE_OK ||
         publisher->profile_count == 0)) {
        publisher->phase = RC_REPUBLISH_DONE;
        return true;
    }
    if (publisher->profile_next == publisher->profile_count) {
        drop_profiles(publisher);
        publisher->phase = RC_REPUBLISH_DONE;
        return true;
    }
    char topic[RC_TOPIC_MAX], payload[RC_ENCODED_MAX];
    const struct rc_profile *profile = &publisher->profiles[publisher->profile_next];
    struct rc_text name = {.data = profile->name, .length = profile->name_length};
    rc_topic_profile(topic, &publisher->name, &profile->employee);
    size_t length = rc_encode_profile(&profile->employee, name, &profile->group, payload, sizeof payload);
    if (!retain(publisher, topic, payload, length))
        return false;
    publisher->profile_next++;
    return true;
}

static void republish_some(struct rc_publisher *publisher, struct rc_store *store, int64_t allowed)
{
    while (publisher->phase == RC_REPUBLISH_EMPLOYEES && allowed-- > 0)
        if (!has_room(publisher) || !republish_employee(publisher))
            return;
    if (publisher->phase == RC_REPUBLISH_TRAINING && allowed > 0)
        republish_training(publisher, store, &allowed);
    if (publisher->phase == RC_REPUBLISH_DEVICES && allowed > 0)
        republish_devices(publisher, allowed);
    while (publisher->phase == RC_REPUBLISH_PROFILES && allowed-- > 0)
        if (!has_room(publisher) || !republish_profile(publisher, store))
            return;
}

bool rc_publisher_caught_up(const struct rc_publisher *publisher)
{
    return publisher->up && !publisher->full && !publisher->outbox_waits && !publisher->first;
}

bool rc_publisher_republish(struct rc_publisher *publisher, struct rc_store *store, int64_t now)
{
    if (!publisher->up || publisher->phase == RC_REPUBLISH_DONE)
        return false;
    if (!rc_publisher_caught_up(publisher))
        return true;
    int64_t allowed = (now - publisher->paced_now) * RC_REPUBLISH_PER_S / 1000;
    if (allowed > RC_REPUBLISH_PER_S / 10)
        allowed = RC_REPUBLISH_PER_S / 10; /* what could not be used is not made up for in one go */
    if (allowed <= 0)
        return true;
    publisher->paced_now = now;
    republish_some(publisher, store, allowed);
    return publisher->phase != RC_REPUBLISH_DONE;
}

bool rc_publisher_idle(const struct rc_publisher *publisher, bool outbox_readable)
{
    bool waits = publisher->first || (outbox_readable && publisher->outbox_waits);
    return !publisher->up || (publisher->in_flight == 0 && !waits);
}
