/*
 * rate.h: how many heartbeats of one sender are taken. A token bucket for each session (a device is a session
 * of nobody), filled with limits.heartbeats_per_s; what finds it empty is excess, and is to be dropped. The
 * heartbeats within the limit have counted, so nobody looks silent for sending too many, and nobody else
 * loses anything. Pure; a plain value of the site's; service thread.
 *
 *   key of the session ──▶ one slot of RC_RATE_SLOTS ──▶ { key, empty until }
 *
 * A slot belongs to the sender that used it last, once its bucket is full again; whoever finds it taken by
 * another one, who is busy, is not limited: the table forgets, and never confuses.
 */
#ifndef RC_DAEMON_RATE_H
#define RC_DAEMON_RATE_H

#include "core/types.h"

/* Senders that are followed at once, 1 MiB a site. Within the limit a bucket is full again after 1 / limit
 * seconds, so at 100,000 sessions that beat every 10 s and 20 a second some 500 slots are busy. */
#define RC_RATE_SLOTS 65536

/* What the bucket holds, in seconds of the limit: heartbeats come in one go when a network or this process
 * stood still. */
#define RC_RATE_BURST_S 10

/* Excess is logged at most so often, with its count. */
#define RC_RATE_LOG_MS 10000

struct rc_rate_slot {
    uint64_t key;     /* 0: never used */
    int64_t taken_us; /* boot time at which the bucket is full again; full is taken_us <= now */
};

struct rc_rate {
    struct rc_rate_slot *slots; /* NULL: no limit */
    uint64_t seed;
    int64_t interval_us; /* 1 / limit */
    uint64_t unsaid;     /* dropped since the last line */
    bool said;           /* there was one, at said_now */
    int64_t said_now;
};

/* rc_rate_init: per_s 0 is no limit. False: no memory. */
bool rc_rate_init(struct rc_rate *rate, int64_t per_s, uint64_t seed);
void rc_rate_fini(struct rc_rate *rate);

/* rc_rate_take says whether a heartbeat received at boot time `now` is within its sender's limit. employee
 * empty: a device's. */
bool rc_rate_take(struct rc_rate *rate, const struct rc_id *employee, const struct rc_id *session,
                  int64_t now);

/* rc_rate_report counts one that was not, and returns how many a line in the log is to tell of; 0: none is
 * due. */
uint64_t rc_rate_report(struct rc_rate *rate, int64_t now);

#endif
