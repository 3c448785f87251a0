/*
 * topic.h: the topics below rollcall/v1/{site}/, parsed and made. Pure, no allocation, any thread.
 */
#ifndef RC_WIRE_TOPIC_H
#define RC_WIRE_TOPIC_H

#include "core/types.h"

#define RC_TOPIC_PREFIX "rollcall/v1/"
/* Bytes of a topic with its NUL. The longest of ours, prefix, three ids and fixed words, has 234; a Response
 * Topic is a client's choice, and one that does not fit is not answered there. */
#define RC_TOPIC_MAX 384

enum rc_topic_kind {
    RC_TOPIC_UNKNOWN,   /* below the prefix, but no topic of the protocol */
    RC_TOPIC_FOREIGN,   /* not below the prefix */
    RC_TOPIC_BAD_ID,    /* the right shape, with an id that is none */
    RC_TOPIC_HEARTBEAT, /* from clients ... */
    RC_TOPIC_LEAVE,
    RC_TOPIC_PUNCH,
    RC_TOPIC_TRAINING,
    RC_TOPIC_PROGRESS,
    RC_TOPIC_DEVICE_HEARTBEAT,
    RC_TOPIC_DEVICE_LEAVE,
    RC_TOPIC_REQUEST,
    RC_TOPIC_CANARY, /* service/canary: what the service sends to itself */
    RC_TOPIC_OURS,   /* a topic on which only the service publishes */
    RC_TOPIC_KIND_COUNT
};

/* What the service publishes on a topic of its own that others listen to. */
enum rc_topic_ours {
    RC_OURS_NONE,   /* not OURS; or a receipt, a result, a reply: said to one, once */
    RC_OURS_STATUS, /* emp/{employee}/status ... */
    RC_OURS_EVENT,
    RC_OURS_TRAINING,
    RC_OURS_PROFILE,
    RC_OURS_DEVICE, /* dev/{session}/status */
    RC_OURS_ALERT,  /* alert/{word} */
    RC_OURS_SUMMARY,
    RC_OURS_SERVICE, /* service/status */
    RC_OURS_METRICS, /* service/metrics */
};

struct rc_topic {
    enum rc_topic_kind kind;
    enum rc_topic_ours ours;
    struct rc_id site;
    struct rc_id employee; /* HEARTBEAT .. PROGRESS; OURS where it has one */
    struct rc_id session;  /* HEARTBEAT .. PROGRESS; the device for DEVICE_*; OURS where it has one */
    struct rc_id login;    /* REQUEST */
    struct rc_text
        verb; /* REQUEST: a verb, known or not, that a reply's topic can hold; else empty; borrowed */
    struct rc_text word; /* OURS_ALERT: which; borrowed, of any bytes */
};

/* rc_topic_parse always fills *out; kind says what it is. Text need not be UTF-8, may hold NUL, may be of any
 * length. One pass; nothing is copied but the ids. An id that has no place in the kind, or is none, is empty.
 */
void rc_topic_parse(struct rc_text text, struct rc_topic *out);

/* The makers write a NUL-terminated topic to out and return its length. */
size_t rc_topic_status(char out[RC_TOPIC_MAX], const struct rc_id *site, const struct rc_id *employee);
size_t rc_topic_training(char out[RC_TOPIC_MAX], const struct rc_id *site, const struct rc_id *employee);
size_t rc_topic_event(char out[RC_TOPIC_MAX], const struct rc_id *site, const struct rc_id *employee);
size_t rc_topic_profile(char out[RC_TOPIC_MAX], const struct rc_id *site, const struct rc_id *employee);
size_t rc_topic_receipt(char out[RC_TOPIC_MAX], const struct rc_id *site, const struct rc_id *employee,
                        const struct rc_id *session);
size_t rc_topic_training_result(char out[RC_TOPIC_MAX], const struct rc_id *site,
                                const struct rc_id *employee, const struct rc_id *session);
size_t rc_topic_device_status(char out[RC_TOPIC_MAX], const struct rc_id *site, const struct rc_id *device);
size_t rc_topic_alert(char out[RC_TOPIC_MAX], const struct rc_id *site, enum rc_alert kind);
size_t rc_topic_reply(char out[RC_TOPIC_MAX], const struct rc_id *site, const struct rc_id *login,
                      struct rc_text verb);
/* name: "summary", "service/status", "service/metrics", "service/canary" */
size_t rc_topic_site(char out[RC_TOPIC_MAX], const struct rc_id *site, const char *name);
/* rc_topic_is_reply says whether a Response Topic may be answered on: it lies below reply/{login}/ (section
 * 6) or, for a sender who is not known by login (login empty), below reply/ of any id. No wildcard, no NUL,
 * UTF-8. */
bool rc_topic_is_reply(struct rc_text topic, const struct rc_id *site, const struct rc_id *login);

#endif
