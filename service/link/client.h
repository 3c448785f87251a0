/*
 * client.h: the inside of a link, shared by the modules of this folder and by nobody else: what a link is,
 * and which module may touch what. Owned by link.c.
 *
 * Threads. The service thread calls link.h. Paho's two threads run the callbacks, under Paho's one
 * process-wide lock; a callback may wait there for room in the inbox. So the service thread, who alone makes
 * that room, must never need that lock: everything that calls into Paho runs on the link's own thread, which
 * connect.c and publish.c drive. `lock` below is a leaf: nobody calls Paho or the inbox while holding it.
 *
 *   WAITING ──tend──▶ DUE ──▶ CONNECTING ──CONNACK──▶ SUBSCRIBING ──SUBACK──▶ READY
 *      ▲                          │                        │                    │
 *      └────────── failed, lost, or DROPPED (given up by us) ◀──────────────────┘
 *
 * and CLOSING from any. UP is announced at the SUBACK, or at the CONNACK already where the broker still has
 * our session and so our subscriptions: what waited for us comes right behind that CONNACK, and belongs
 * behind the UP.
 */
#ifndef RC_LINK_CLIENT_H
#define RC_LINK_CLIENT_H

#include "link/link.h"
#include "link/ring.h"
#include "link/wake.h"

#include <MQTTAsync.h>
#include <pthread.h>
#include <stdatomic.h>

/* Links of one process, one a site. Part of what a publication's callback gets to know itself by (publish.c).
 * At the limit rc_link_open fails. */
#define RC_LINKS_MAX 256

/* A connect that has come to nothing after this is given up and begun anew. Paho gives up a TCP connect after
 * RC_LINK_CONNECT_S; this is for what it does not notice. */
#define RC_LINK_CONNECT_S  10
#define RC_LINK_ATTEMPT_MS 20000

/* The backoff begins anew only after a connection that held for this long: who is cut off at once is no lucky
 * one. */
#define RC_LINK_STEADY_MS 2000

/* After a reconnect Paho sends again what it held, and new publications wait for that, so that an older
 * status never overtakes a newer one. If the broker does not answer these within this time they are
 * forgotten. */
#define RC_LINK_SETTLE_MS 5000

/* Bytes of publications that wait for the link's own thread: RC_LINK_INFLIGHT of 4 KiB. At the limit: FULL.
 */
#define RC_LINK_OUT_BYTES (4u * 1024u * 1024u)

/* Bytes of a password file; more is an error of the operator's. */
#define RC_LINK_PASSWORD_MAX 4096

enum rc_link_phase {
    RC_LINK_WAITING, /* for the time to connect */
    RC_LINK_DUE,     /* the link's thread is to connect */
    RC_LINK_CONNECTING,
    RC_LINK_SUBSCRIBING,
    RC_LINK_READY,
    RC_LINK_DROPPED, /* the link's thread is to disconnect */
    RC_LINK_CLOSING,
};

/* A publication that the service thread has handed over. ticket 0: free. Claimed by the service thread;
 * freed, by a compare-and-swap on the ticket, by whoever settles it: Paho's callback, the loss of the
 * connection, or the claimer when the connection was lost under its hands. So each is settled once. */
struct rc_slot {
    atomic_uint_fast64_t ticket;
    atomic_int_fast64_t number;
};

struct rc_link {
    /* Constant after rc_link_open. */
    int site, keepalive_s;
    unsigned index; /* among the links of the process */
    char *uri, *client_id, *username, *password_file, *ca_file, *certificate_file, *key_file, *will_topic;
    char *site_name;
    bool tls;
    uint8_t *will_payload, *mac_key;
    size_t will_length, mac_key_length;
    uint32_t session_expiry_s;
    MQTTAsync client;
    struct rc_inbox *inbox;
    pthread_t thread;
    struct rc_wake work; /* the link's thread sleeps on it */
    struct rc_ring *out; /* publications, from the service thread to the link's */

    atomic_bool up;                /* announced, and not lost since */
    atomic_uint_fast64_t sessions; /* raised at each UP */
    atomic_uint_fast64_t unsendable;
    atomic_bool closing; /* nobody takes from the inbox any more */

    pthread_mutex_t lock; /* guards the block below */
    pthread_cond_t changed;
    enum rc_link_phase phase;
    bool announced; /* an UP without its DOWN */
    bool disconnected;
    int64_t retry_now;   /* WAITING: when to connect; RC_NONE: tend has yet to choose */
    int64_t give_up_now; /* CONNECTING, SUBSCRIBING: when to drop it; RC_NONE: tend has yet to choose */
    int64_t ready_now;   /* READY: since when; RC_NONE: tend has yet to look */
    int64_t settled_now; /* READY: when `settling` is over in any case */
    int64_t backoff_ms;  /* the next one, before jitter */
    uint64_t random;
    char why[RC_LINK_WHY_MAX]; /* why the link is or was last down */

    /* Publications (publish.c). */
    struct rc_slot slots[RC_LINK_INFLIGHT];
    uint64_t next_ticket; /* service thread's */
    unsigned next_slot;   /* service thread's */
    atomic_uint in_flight;
    atomic_uint window;     /* in_flight's limit: RC_LINK_INFLIGHT or the broker's Receive Maximum, if less */
    atomic_uint packet_max; /* the broker's Maximum Packet Size */
    uint64_t handed;        /* the link's thread's: the last ticket that Paho was given */
    atomic_int held;        /* at QoS 1 with Paho, whose callback has not come yet */
    atomic_uint_fast64_t held_from; /* older tickets are forgotten: no longer in `held` */
    atomic_bool settling;           /* the link's thread hands nothing over until held is 0 */
    atomic_bool forget;             /* it has lasted too long */
};

/* connect.c */
void rc_link_prepare(struct rc_link *link);               /* once, before the link's thread begins */
void *rc_link_run(void *link);                            /* the link's thread */
void rc_link_fail(struct rc_link *link, const char *why); /* any thread: this connection is of no use */
void rc_link_is_subscribed(struct rc_link *link);         /* Paho's thread */
void rc_link_put(struct rc_link *link, enum rc_inbound_kind kind, int64_t number, bool session_present);

/* subscribe.c. Paho's thread, in the callback of the CONNACK. */
void rc_link_subscribe(struct rc_link *link);
/* Whether a message that came at QoS 0 and without a subscription's identifier is the copy of one that comes
 * with it. Paho's thread. */
bool rc_link_is_spare(const struct rc_link *link, struct rc_text topic);

/* receive.c. Paho's thread. Always returns 1: a message that is not accepted is stranded in Paho for good. */
int rc_link_receive(void *link, char *topic, int topic_length, MQTTAsync_message *message);

/* publish.c */
bool rc_link_register(struct rc_link *link); /* service thread; false: RC_LINKS_MAX are open */
void rc_link_unregister(struct rc_link *link);
bool rc_link_may_hand_over(struct rc_link *link); /* the link's thread: does something wait, and may it go? */
void rc_link_hand_over(struct rc_link *link);     /* the link's thread: all that may go */
void rc_link_forget_held(struct rc_link *link);   /* the link's thread */
void rc_link_settle(struct rc_link *link);        /* Paho's thread, at the CONNACK */
void rc_link_refuse_all(struct rc_link *link);    /* the connection is lost; any thread */

#endif
