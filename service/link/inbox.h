/*
 * inbox.h: the bounded queue between the links' threads and the service thread. Decides nothing; it keeps
 * order, bounds memory, and counts what it had to drop. Any thread puts (Paho has two that run callbacks,
 * each link one of its own; they take turns under a mutex), one thread takes, without a lock. A put makes no
 * system call while the taker is awake.
 *
 *   put ──▶ [ header | bytes ][ header | bytes ] ... ──▶ take        a ring of bytes (ring.h)
 */
#ifndef RC_LINK_INBOX_H
#define RC_LINK_INBOX_H

#include "core/types.h"

/* Bytes that wait at most: at 150 bytes a heartbeat, half a second of the most that one broker delivers
 * (200,000 a second). When it is full, put waits a little (RC_INBOX_WAIT_MS, far below keepalive / 4), then
 * drops and counts: who sent a punch has no receipt and sends it again. */
#define RC_INBOX_BYTES   (16u * 1024u * 1024u)
#define RC_INBOX_WAIT_MS 2000

/* A taker that is faster than a flood would sleep after each entry, and to wake it costs more than the entry.
 * So where more than RC_INBOX_BUSY_PER_MS entries a millisecond came since its last wait, a wait lingers
 * first, RC_INBOX_LINGER_US, and lets some gather: half a millisecond later in a burst, and not at all below
 * it. */
#define RC_INBOX_BUSY_PER_MS 2
#define RC_INBOX_LINGER_US   500

enum rc_inbound_kind {
    RC_INBOUND_MESSAGE,
    RC_INBOUND_UP,      /* connected and subscribed; session_present says whether the broker knew us */
    RC_INBOUND_DOWN,    /* payload: why, one line for people */
    RC_INBOUND_ACKED,   /* the broker acknowledged publication `number` */
    RC_INBOUND_REFUSED, /* publication `number` failed; it is to be published again after the next UP */
};

/* One entry; topic, payload, ... are borrowed from the ring until the next take. */
struct rc_inbound {
    enum rc_inbound_kind kind;
    int site;
    int64_t now, at; /* when the callback ran */
    bool retained, duplicate, session_present;
    uint8_t qos;
    int64_t expiry_s;   /* what was left of the Message Expiry, RC_NONE: none given */
    int64_t rc_at;      /* RC_NONE: none that verifies */
    bool verified;      /* rc-mac is valid; login and role can be believed */
    struct rc_id login; /* of a verified message, else empty */
    char role[16];
    int64_t number; /* ACKED, REFUSED */
    struct rc_text topic, payload, response_topic, correlation;
};

struct rc_inbox;
struct rc_inbox *rc_inbox_alloc(size_t bytes); /* NULL: no memory */
void rc_inbox_free(struct rc_inbox *inbox);

/* rc_inbox_put copies the entry in; may wait up to RC_INBOX_WAIT_MS; false: dropped and counted. Messages of
 * QoS 0 are dropped without waiting while the ring is over three quarters full, others wait from fifteen
 * sixteenths on; what is no message may fill it, so that a flood does not hide a DOWN or an ACKED. Any
 * thread. */
bool rc_inbox_put(struct rc_inbox *inbox, const struct rc_inbound *entry);

/* rc_inbox_take fills *out with the next entry, or returns false if there is none; either way the texts of
 * the entry before are gone. Consumer's thread. */
bool rc_inbox_take(struct rc_inbox *inbox, struct rc_inbound *out);

/* rc_inbox_wait sleeps until something waits, rc_inbox_wake was called (also before), or timeout_ms passed;
 * now and then for no reason at all. Consumer's thread. */
void rc_inbox_wait(struct rc_inbox *inbox, int timeout_ms);
/* rc_inbox_gather lets the next wait begin with so long a lingering (below a second), whatever comes
 * meanwhile but rc_inbox_wake: for a taker to whom an entry alone costs more than one among others.
 * Consumer's thread. */
void rc_inbox_gather(struct rc_inbox *inbox, int linger_us);
/* rc_inbox_wake ends a wait; async-signal-safe, any thread. */
void rc_inbox_wake(struct rc_inbox *inbox);

/* Any thread. */
size_t rc_inbox_depth(const struct rc_inbox *inbox);     /* entries that wait */
uint64_t rc_inbox_dropped(const struct rc_inbox *inbox); /* since alloc */

#endif
