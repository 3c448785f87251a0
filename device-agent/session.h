/*
 * session.h: one session of the protocol on an MQTT connection of its own: CONNECT with a last will that
 * carries this connection's epoch, heartbeats, punches, leaves, receipts. Decides nothing about when: its
 * owner (tab.c) does.
 *
 * One thread owns a session and calls its functions. Paho's threads only put events into a pipe, whose
 * reading end is rc_agent_session_fd: poll it, then take the events with rc_agent_session_next. No function
 * blocks but _free.
 *
 * Paho must not have been used before a fork: make sessions in the process that is to keep them.
 */
#ifndef RC_AGENT_SESSION_H
#define RC_AGENT_SESSION_H

#include <stdbool.h>
#include <stdint.h>

/* Ids of the protocol have at most 64 characters. */
#define RC_AGENT_ID_SIZE 65

/* Bytes of a receipt or an answer, with its NUL: what the service may send is shorter. A longer one is no
 * message of ours, and is dropped. */
#define RC_AGENT_TEXT_SIZE 1025

/* How long the broker keeps a punch, progress or a leave for a service that is away: 7 days. The service
 * reads back from it how long a message has waited. */
#define RC_AGENT_EXPIRY_S 604800

struct rc_agent_session;

/* Texts are copied. */
struct rc_agent_session_options {
    const char *uri; /* tcp://host:port */
    const char *site, *employee, *session;
    const char *class;   /* browser, agent, mobile, badge, kiosk */
    int64_t interval_ms; /* announced with each heartbeat */
    int64_t epoch_last;  /* the last epoch that this session used, 0: none */
    int keepalive_s;
    bool trains; /* hears the answers to training heartbeats, too */
};

struct rc_agent_punch {
    char id[RC_AGENT_ID_SIZE];
    bool out;         /* OUT, else IN */
    int64_t made_now; /* CLOCK_BOOTTIME when it happened: gives ageMs at each try */
};

/* How far somebody is in a lesson. */
struct rc_agent_progress {
    char id[RC_AGENT_ID_SIZE];
    const char *course, *lesson;
    uint64_t step;
};

enum rc_agent_event_kind {
    RC_AGENT_UP,      /* connected, and subscribed */
    RC_AGENT_DOWN,    /* no connection, or none could be made */
    RC_AGENT_RECEIPT, /* a verdict on the punch or progress `id` */
    RC_AGENT_ANSWER,  /* to a training heartbeat: `text` */
    RC_AGENT_LEFT,    /* the broker has the leave */
};

struct rc_agent_event {
    enum rc_agent_event_kind kind;
    char id[RC_AGENT_ID_SIZE];
    char result[16];               /* recorded, duplicate, held, rejected, retry */
    char code[32];                 /* empty: none */
    char text[RC_AGENT_TEXT_SIZE]; /* of receipts and answers: the payload */
};

/* rc_agent_session_new makes a session, not yet connected; the caller's, until rc_agent_session_free. NULL:
 * no memory, or an option is no good (too long, or not a URI that Paho takes). */
struct rc_agent_session *rc_agent_session_new(const struct rc_agent_session_options *options);

/* rc_agent_session_free closes the connection with a DISCONNECT where there is one (the broker then drops the
 * last will), waiting a second for it at most, and frees. */
void rc_agent_session_free(struct rc_agent_session *session);

/* rc_agent_session_fd is readable while an event waits. */
int rc_agent_session_fd(const struct rc_agent_session *session);
bool rc_agent_session_next(struct rc_agent_session *session, struct rc_agent_event *event);

/* rc_agent_session_connect starts a CONNECT under a new epoch, max(last + 1, wall ms); UP or DOWN follows.
 * Only when not connected and not connecting. */
void rc_agent_session_connect(struct rc_agent_session *session);

/* The epoch of the last connection. */
int64_t rc_agent_session_epoch(const struct rc_agent_session *session);

/* These hand a message to Paho and return true if it took it. What is lost with the connection is the owner's
 * to send again: a punch and progress until their receipt. now: CLOCK_BOOTTIME. */
bool rc_agent_session_heartbeat(struct rc_agent_session *session);
bool rc_agent_session_punch(struct rc_agent_session *session, const struct rc_agent_punch *punch,
                            int64_t now);
bool rc_agent_session_train(struct rc_agent_session *session, const char *course);
bool rc_agent_session_progress(struct rc_agent_session *session, const struct rc_agent_progress *progress);
/* cause: closed or sleeping; LEFT follows. */
bool rc_agent_session_leave(struct rc_agent_session *session, const char *cause);

#endif
