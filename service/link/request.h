/*
 * request.h: one client that asks a service over MQTT 5 and waits for the answer: connect, subscribe to a
 * reply topic that nobody else uses, publish, wait, and so on for the next question. Decides nothing; asks
 * each question once and never again, since the service may have carried out what was not answered. Nothing
 * here reconnects.
 *
 * One thread owns a requester; every function blocks, for the given timeout at most. Paho's own thread runs
 * the callbacks. Not for the service, which has link.h.
 */
#ifndef RC_LINK_REQUEST_H
#define RC_LINK_REQUEST_H

#include "core/types.h"

/* Bytes of one line that says what went wrong. */
#define RC_REQUEST_ERROR_MAX 320

/* The longest reply topic: the protocol's longest topic with room to spare. */
#define RC_REQUEST_TOPIC_MAX 512

struct rc_requester;

struct rc_requester_options {
    const char *uri;       /* tcp:// or mqtt://, ssl:// or mqtts://, ws://, wss:// */
    const char *client_id; /* must be this client's alone */
    const char *username;
    struct rc_text password; /* empty: none */
    const char *ca_file;     /* NULL: the system's authorities; only for ssl:// and wss:// */
    const char *reply_topic; /* must be this client's alone, so that every message on it is an answer to us */
    int timeout_ms;          /* for connecting, and again for subscribing */
};

enum rc_request_result {
    RC_REQUEST_OK,
    RC_REQUEST_NO_CONNECTION, /* never connected, or the connection broke */
    RC_REQUEST_REFUSED,       /* the broker did not let us in, subscribe or publish */
    RC_REQUEST_NO_ANSWER,     /* sent, but not answered in time: may have been carried out */
    RC_REQUEST_USAGE /* the options make no sense to the library: an address of an unknown kind, ... */
};

/* rc_requester_open connects and subscribes. On success *out is the caller's, who closes it with
 * rc_requester_close; else *out is NULL and error holds one line. Options are not needed afterwards. */
enum rc_request_result rc_requester_open(const struct rc_requester_options *options,
                                         struct rc_requester **out, char error[RC_REQUEST_ERROR_MAX]);

/* rc_requester_ask publishes payload on topic (NUL-terminated) with the reply topic and correlation data (1
 * to 64 bytes, different for each question), and waits timeout_ms for the answer that carries the same. The
 * broker drops the question when that time is over, so that it is not carried out behind the back of a caller
 * who has given up. On success *answer is malloc'ed and NUL-terminated, the caller's, *length its length;
 * else *answer is NULL and error holds one line. */
enum rc_request_result rc_requester_ask(struct rc_requester *requester, const char *topic,
                                        struct rc_text payload, struct rc_text correlation, int timeout_ms,
                                        char **answer, size_t *length, char error[RC_REQUEST_ERROR_MAX]);

/* rc_requester_close disconnects and frees; NULL is fine. */
void rc_requester_close(struct rc_requester *requester);

#endif
