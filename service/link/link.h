/*
 * link.h: one site's connection to the broker: Paho's MQTTAsync over MQTT 5, reconnecting with backoff and
 * jitter, subscribing afresh at each connect, its will on service/status. Decides nothing about people.
 * Everything that comes in, acknowledgements and the link's own ups and downs included, goes through the
 * inbox, in order. Functions are for the service thread, and none but rc_link_close blocks; callbacks run on
 * Paho's two threads, and what calls into Paho on a thread of the link's own (client.h says why). The only
 * folder that includes MQTTAsync.h.
 *
 * Paho sleeps 100 ms after each second without traffic: a lone message can be that late. Whoever cares
 * publishes something small (service/canary, QoS 0, every 400 ms), which comes back and keeps it awake.
 */
#ifndef RC_LINK_LINK_H
#define RC_LINK_LINK_H

#include "link/inbox.h"

struct rc_link;

struct rc_link_options {
    int site; /* index, repeated in every inbound entry */
    struct rc_id site_name;
    const char *uri;                         /* tcp://, ssl://, ws://, wss:// */
    const char *client_id;                   /* stable: the broker keeps our session under it */
    const char *username;                    /* NULL: none */
    const char *password_file;               /* NULL: none; read at each connect */
    const char *ca_file;                     /* NULL: the system's */
    const char *certificate_file, *key_file; /* NULL: none */
    const uint8_t *mac_key;                  /* key of rc-mac, NULL: none, nothing verifies */
    size_t mac_key_length;
    struct rc_text will_topic, will_payload; /* retained, QoS 1 */
    int keepalive_s;                         /* 0: 10 */
    uint32_t session_expiry_s;               /* 0: 7 days */
    uint64_t seed;                           /* of the jitter */
};

/* RC_LINK_INFLIGHT: publications handed to Paho and not yet acknowledged; at the limit rc_link_publish says
 * FULL. Paho searches a list of them for each new one, so more costs more; a broker 50 ms away still takes
 * 20,000 a second. */
#define RC_LINK_INFLIGHT       1024
#define RC_LINK_BACKOFF_MS_MIN 250
#define RC_LINK_BACKOFF_MS_MAX 15000

/* rc_link_open makes the client and starts to connect; NULL with one line in error if the options are wrong.
 */
struct rc_link *rc_link_open(const struct rc_link_options *options, struct rc_inbox *inbox, char error[256]);

/* rc_link_tend reconnects when its time has come, and gives up what takes too long; call it at least every
 * 100 ms. The backoff runs by its `now` (boot time), the link has no clock of its own for it. */
void rc_link_tend(struct rc_link *link, int64_t now);

enum rc_link_result { RC_LINK_OK, RC_LINK_FULL, RC_LINK_DOWN };

struct rc_publication {
    struct rc_text topic, payload, correlation;
    uint8_t qos;
    bool retain;
    int64_t number; /* comes back as ACKED or REFUSED; 0: nobody asks (QoS 0) */
};
/* rc_link_publish queues a copy for Paho. After OK exactly one ACKED or REFUSED comes for a number other than
 * 0: ACKED from the broker, REFUSED from the broker or at the loss of the connection, before its DOWN. What
 * cannot be sent at all (longer than the broker takes, a topic that is no UTF-8) is ACKED and counted, for to
 * repeat it would be no use. FULL: nothing is queued; try again after an ACKED. DOWN: nothing is queued; try
 * again after the next UP. */
enum rc_link_result rc_link_publish(struct rc_link *link, const struct rc_publication *publication);

bool rc_link_is_up(const struct rc_link *link);
uint64_t rc_link_reconnects(const struct rc_link *link); /* UPs after the first */
uint64_t rc_link_unsendable(const struct rc_link *link); /* publications given up, see rc_link_publish */
/* rc_link_why says in one line why the link is, or was last, down; empty: it never was. */
#define RC_LINK_WHY_MAX 160
void rc_link_why(struct rc_link *link, char out[RC_LINK_WHY_MAX]);

/* rc_link_close waits up to timeout_ms for what is in flight, disconnects cleanly (no will), frees; NULL is
 * fine. Entries that are in the inbox stay there. */
void rc_link_close(struct rc_link *link, int timeout_ms);

/* rc_link_mac computes rc-mac: lower-case hex HMAC-SHA-256 over login \n role \n at \n topic, as
 * docs/protocol.md says. */
void rc_link_mac(const uint8_t *key, size_t key_length, struct rc_text login, struct rc_text role,
                 struct rc_text at, struct rc_text topic, char out[65]);

#endif
