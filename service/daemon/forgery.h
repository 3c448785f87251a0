/*
 * forgery.h: on which of our own topics somebody else published, and when each is to be made right. Decides
 * how often: at once, and then a topic at most once in RC_FORGERY_REPAIR_MS, however often it is forged, so
 * that neither a flood nor another service of the same site (who takes our repair for a forgery of theirs)
 * makes it a storm. What is right, repair.h knows. Pure; a plain value of the site's, zeroed at first;
 * service thread.
 */
#ifndef RC_DAEMON_FORGERY_H
#define RC_DAEMON_FORGERY_H

#include "wire/topic.h"

/* One topic is made right at most so often. A dashboard shows a forgery for that long at most. */
#define RC_FORGERY_REPAIR_MS 1000

/* Topics that are forged within RC_FORGERY_REPAIR_MS; more is a flood. Those beyond it are not remembered,
 * but that there were some is, and then everything retained is published again. What stands of nobody stays.
 */
#define RC_FORGERIES_MAX 256

/* After a flood everything retained is published again at most so often: 100,000 employees take 50 s. */
#define RC_FORGERY_FLOOD_MS 60000

struct rc_forgery {
    char topic[RC_TOPIC_MAX]; /* NUL-terminated */
    size_t length;            /* 0: never used */
    bool due;                 /* somebody published since it was last made right */
    bool filled;              /* and not just to clear it */
    int64_t free_now;         /* from when it may be made right again, or, if not due, forgotten */
};

struct rc_forgeries {
    struct rc_forgery slots[RC_FORGERIES_MAX];
    size_t due_count;
    bool flooded;      /* some had no room */
    bool was_flood;    /* flood_now is set */
    int64_t flood_now; /* when all was last published again for that */
};

/* rc_forgeries_note takes a forgery on topic, received at `now`; filled: its payload is not empty. Text that
 * is too long for one of ours, or holds a NUL, is left out. */
void rc_forgeries_note(struct rc_forgeries *forgeries, struct rc_text topic, bool filled, int64_t now);

/* rc_forgeries_next takes the next topic that is to be made right at `now`; NULL: none. It is the caller's to
 * read until the next note. */
const struct rc_forgery *rc_forgeries_next(struct rc_forgeries *forgeries, int64_t now);

/* rc_forgeries_flood says, once, that everything retained is to be published again. */
bool rc_forgeries_flood(struct rc_forgeries *forgeries, int64_t now);

#endif
