#include "daemon/forgery.h"

#include <string.h>

static bool is_topic(const struct rc_forgery *forgery, struct rc_text topic)
{
    return forgery->length == topic.length && memcmp(forgery->topic, topic.data, topic.length) == 0;
}

static bool is_free(const struct rc_forgery *forgery, int64_t now)
{
    return forgery->length == 0 || (!forgery->due && now >= forgery->free_now);
}

/* The topic's slot, or a new one for it; NULL: there is no room. */
static struct rc_forgery *slot_of(struct rc_forgeries *forgeries, struct rc_text topic, int64_t now)
{
    struct rc_forgery *room = NULL;
    for (size_t i = 0; i < RC_FORGERIES_MAX; i++) {
        struct rc_forgery *slot = &forgeries->slots[i];
        if (is_topic(slot, topic))
            return slot;
        if (!room && is_free(slot, now))
            room = slot;
    }
    if (room) {
        memcpy(room->topic, topic.data, topic.length);
        room->topic[topic.length] = '\0';
        room->length = topic.length;
        room->due = room->filled = false;
        room->free_now = now;
    }
    return room;
}

void rc_forgeries_note(struct rc_forgeries *forgeries, struct rc_text topic, bool filled, int64_t now)
{
    if (topic.length == 0 || topic.length >= RC_TOPIC_MAX || memchr(topic.data, '\0', topic.length))
        return;
    struct rc_forgery *slot = slot_of(forgeries, topic, now);
    if (!slot) {
        forgeries->flooded = true;
        return;
    }
    forgeries->due_count += !slot->due;
    slot->filled = filled || (slot->due && slot->filled);
    slot->due = true;
}

const struct rc_forgery *rc_forgeries_next(struct rc_forgeries *forgeries, int64_t now)
{
    for (size_t i = 0; forgeries->due_count > 0 && i < RC_FORGERIES_MAX; i++) {
        struct rc_forgery *slot = &forgeries->slots[i];
        if (!slot->due || now < slot->free_now)
            continue;
        slot->due = false;
        slot->free_now = now + RC_FORGERY_REPAIR_MS;
        forgeries->due_count--;
        return slot;
    }
    return NULL;
}

bool rc_forgeries_flood(struct rc_forgeries *forgeries, int64_t now)
{
    if (!forgeries->flooded || (forgeries->was_flood && now - forgeries->flood_now < RC_FORGERY_FLOOD_MS))
        return false;
    forgeries->flooded = false;
    forgeries->was_flood = true;
    forgeries->flood_now = now;
    return true;
}
