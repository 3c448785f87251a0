/*
 * publisher.h: decides in which order and how fast one site's messages go to its link. Service thread; owned
 * by the site. Three sources, in this order:
 *
 *   direct     answers that nothing durable stands behind (`retry`, questions, refusals) and what is stale in
 * a second (summary, metrics, canary). In memory, bounded; lost with the connection. outbox     what a COMMIT
 * made true: rows, receipts, statuses. Read from the store behind the last one handed over; after a connect
 * from the first one that the broker has not acknowledged, less what was superseded meanwhile. republish
 * after a connect, every retained topic as it is now, paced. Only while the outbox is empty, so nothing newer
 * is overtaken.
 *
 * Nothing here blocks: where the link is full, the rest waits for an acknowledgement.
 */
#ifndef RC_DAEMON_PUBLISHER_H
#define RC_DAEMON_PUBLISHER_H

#include "core/engine.h"
#include "daemon/training_policy.h"
#include "link/link.h"
#include "store/store.h"

/* Bytes of direct messages that wait: some 80 pages of answers of 50 KiB. At the limit a further one is
 * dropped and counted; who asked asks again, who punched has no receipt and sends it again. */
#define RC_DIRECT_BYTES_MAX (4u * 1024u * 1024u)

/* Retained topics published again a second after a connect: 10,000 employees in 5 s, a fifth of what the
 * broker takes, so that punches get through. */
#define RC_REPUBLISH_PER_S 2000

/* Numbers of publications that have no row in the outbox begin here; the outbox's count from 1. */
#define RC_DIRECT_NUMBER (INT64_C(1) << 62)

/* Acknowledged numbers that wait for the next transaction to be deleted. At RC_ACKED_DUE one is due for them
 * alone: a twentieth of a microsecond of its fdatasync for each. While the store fails nothing more is handed
 * over, so one window of the link is all that can still be acknowledged. */
#define RC_ACKED_DUE 4096
#define RC_ACKED_MAX (RC_ACKED_DUE + RC_LINK_INFLIGHT)

enum rc_republish_phase {
    RC_REPUBLISH_EMPLOYEES,
    RC_REPUBLISH_TRAINING,
    RC_REPUBLISH_DEVICES,
    RC_REPUBLISH_PROFILES,
    RC_REPUBLISH_DONE,
};

struct rc_direct;
struct rc_directory;
struct rc_profile;

struct rc_publisher {
    int site;
    struct rc_id name;
    struct rc_link *link; /* the site's, borrowed */
    const struct rc_engine *engine;
    const struct rc_directory *directory;        /* whose statuses are none; NULL: nobody's */
    const struct rc_training_policies *policies; /* the site's, borrowed; NULL: no training is retained */
    bool up;
    bool full;            /* the link took no more, this turn; tried again at the next pump */
    uint32_t in_flight;   /* handed over since the connect and not yet acknowledged */
    int64_t outbox_after; /* number of the last one handed over since the connect */
    bool outbox_waits;    /* there may be more behind it */
    bool prune_due; /* since the connect: what is superseded is still in the outbox, and nothing goes out */
    struct rc_direct *first, *last;
    size_t direct_bytes;
    uint64_t published, dropped, refused; /* since init */
    enum rc_republish_phase phase;
    uint32_t cursor;            /* employees: of the engine; devices: how many are done */
    struct rc_id trained_after; /* the last user whose training was published again */
    int64_t paced_now;          /* up to when the pace has been used up */
    struct rc_profile *profiles;
    size_t profile_count, profile_next;
    int64_t acked[RC_ACKED_MAX];
    uint32_t acked_count;
    uint64_t pruned; /* in the open transaction */
};

void rc_publisher_init(struct rc_publisher *publisher, int site, const struct rc_id *name,
                       const struct rc_engine *engine);
void rc_publisher_fini(struct rc_publisher *publisher);

/* rc_publisher_up: the link is there. Everything not acknowledged is handed over again, then all retained
 * topics. */
void rc_publisher_up(struct rc_publisher *publisher, int64_t now);

/* rc_publisher_down: the link is gone, and with it what was in flight and the direct messages. */
void rc_publisher_down(struct rc_publisher *publisher);

/* rc_publisher_acked and _refused take the broker's word on a publication. */
void rc_publisher_acked(struct rc_publisher *publisher, int64_t number);
void rc_publisher_refused(struct rc_publisher *publisher, int64_t number);

/* rc_publisher_forget deletes from the outbox, inside the open transaction, what was acknowledged and, after
 * a connect, what was superseded: a subscriber who has seen a newer status must not be shown an older one
 * again. The list is kept until rc_publisher_forgotten says that the transaction is durable; it returns how
 * many messages that were. rc_publisher_must_forget: a transaction is due for it alone. */
bool rc_publisher_must_forget(const struct rc_publisher *publisher);
enum rc_store_result rc_publisher_forget(struct rc_publisher *publisher, struct rc_store *store);
uint64_t rc_publisher_forgotten(struct rc_publisher *publisher);

/* rc_publisher_direct queues a copy. Payload empty and retain: clears the topic. */
void rc_publisher_direct(struct rc_publisher *publisher, const char *topic, struct rc_text payload,
                         struct rc_text correlation, uint8_t qos, bool retain);

/* rc_publisher_committed: the outbox has something new. */
void rc_publisher_committed(struct rc_publisher *publisher);

/* rc_publisher_pump_direct hands over what the link takes of the direct messages. */
void rc_publisher_pump_direct(struct rc_publisher *publisher);

/* rc_publisher_pump hands over what the link takes of the direct messages and then of the outbox. No
 * transaction may be open. A failure is the store's, when it could not be read. */
enum rc_store_result rc_publisher_pump(struct rc_publisher *publisher, struct rc_store *store);

/* rc_publisher_republish goes on with the retained topics as far as the pace allows. No transaction may be
 * open, and the engine has no uncommitted changes. Returns true while there is more to do. */
bool rc_publisher_republish(struct rc_publisher *publisher, struct rc_store *store, int64_t now);

/* rc_publisher_again begins the republishing anew, unless it is under way. */
void rc_publisher_again(struct rc_publisher *publisher, int64_t now);

/* rc_publisher_caught_up: the link is up, and all that was to go out before now has been handed over to it.
 */
bool rc_publisher_caught_up(const struct rc_publisher *publisher);

/* rc_publisher_device returns what a device's retained status says of it. */
struct rc_device_status rc_publisher_device(const struct rc_session_row *row);

/* rc_publisher_idle: nothing is in flight, nothing waits that could be handed over (the outbox only if it can
 * be read), or the link is down. */
bool rc_publisher_idle(const struct rc_publisher *publisher, bool outbox_readable);

#endif
