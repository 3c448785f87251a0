/*
 * backlog.h: decides which messages waited in the broker while we were away, and when a message was sent. One
 * backlog for each site; a plain value of the service thread; pure.
 *
 * A backlog begins with the link's UP. The service then publishes its canary at once, and the broker, which
 * keeps one queue for each client, hands it back behind everything that had waited: when that canary is back,
 * the backlog has drained. Should it never come back (its topic refused, say), the backlog ends when nothing
 * that may have waited has come for RC_BACKLOG_MS_MAX, however long that takes: a broker may have hours of
 * punches for us, and only who knows that the queue is empty may take a message for fresh. Until then a punch
 * without a mark of its time is under review, so ending late is the safe side.
 */
#ifndef RC_DAEMON_BACKLOG_H
#define RC_DAEMON_BACKLOG_H

#include "link/inbox.h"

/* Silence of the queue that ends a backlog without the canary: six times the alert's threshold for one that
 * is late (5 s). A queue that still drains pauses for milliseconds. */
#define RC_BACKLOG_MS_MAX 30000

/* The Message Expiry that the protocol tells clients to send, in seconds (7 days). What is missing of it in
 * the message that arrives, the broker took off while it waited. */
#define RC_MESSAGE_EXPIRY_S 604800

/* A message cannot have waited longer than we were away, and this much: the broker queues for us from when it
 * last got through, 1.5 keepalives and more before we noticed. Who seems to have waited longer sent another
 * Message Expiry than the protocol says, and has no mark. */
#define RC_AWAY_SLACK_MS 60000

struct rc_backlog {
    bool draining;
    int64_t away_ms;    /* how long the link was down before */
    int64_t up_now;     /* when the link came up */
    int64_t canary_now; /* the latest canary that was sent since, 0: none */
    int64_t queued_now; /* when something last came that may have waited; at first up_now */
};

/* rc_backlog_away returns for how long at most nobody took from the broker's queue, at the first connect of a
 * process at wall time `at`. An earlier process, if there was one, last wrote its database at written_at,
 * which a running one does every few seconds; this one began at started_at. written_at RC_NONE: a new
 * database, for which nobody was away longer than this process. A wall clock that was set back in between: 0.
 */
int64_t rc_backlog_away(int64_t written_at, int64_t started_at, int64_t at);

/* rc_backlog_up begins a backlog at boot time `now`, after away_ms without a link. */
void rc_backlog_up(struct rc_backlog *backlog, int64_t now, int64_t away_ms);

/* rc_backlog_down ends it: nothing comes in any more. */
void rc_backlog_down(struct rc_backlog *backlog);

/* rc_backlog_canary_sent notes a canary that carries `now`. */
void rc_backlog_canary_sent(struct rc_backlog *backlog, int64_t now);

/* rc_backlog_canary_back takes a canary that came in. Returns true if it is one that was sent since the link
 * came up, which ends the backlog; older ones waited in the broker themselves and say nothing. */
bool rc_backlog_canary_back(struct rc_backlog *backlog, int64_t canary_now);

/* rc_backlog_drains says whether a message received at `now` is one of the backlog. */
bool rc_backlog_drains(const struct rc_backlog *backlog, int64_t now);

/* When a message was sent, in both clocks. Never later than it was received. */
struct rc_sent {
    int64_t now, at;
    bool marked; /* it rests on rc-at or on Message Expiry; else it is the time received */
};

/* rc_sent_when reads the marks of a message. verified_only: access.mode `required`, where rc-at alone is
 * believed; else, while the backlog drains, what the broker has taken off the Message Expiry says it, to the
 * second. What arrives later was not kept waiting. */
struct rc_sent rc_sent_when(const struct rc_backlog *backlog, const struct rc_inbound *entry,
                            bool verified_only);

/* rc_backlog_took notes a message that was sent as rc_sent_when says. While the backlog drains, one that was
 * sent before the link came up, or of which nobody can tell, shows that the queue is not empty yet; what is
 * received at QoS 0 is never queued. */
void rc_backlog_took(struct rc_backlog *backlog, const struct rc_inbound *entry, const struct rc_sent *sent);

#endif
