/*
 * training_rate.h: which training heartbeats are too many: more than RC_TRAINING_RATE_MAX of one session in a
 * minute (section 2). Decides that, and what is to be written down of those refused: one line a session and
 * minute, with the count. Bounded: a session is known by 8 bytes of a keyed hash; where too many share a
 * place, the one that was silent for longest is forgotten and may begin anew. One a site; service thread;
 * memory of its own.
 *
 *     minute of a session:  begins with its first heartbeat; 120 pass; the rest is refused and counted
 */
#ifndef RC_DAEMON_TRAINING_RATE_H
#define RC_DAEMON_TRAINING_RATE_H

#include "core/types.h"

#define RC_TRAINING_RATE_MAX       120
#define RC_TRAINING_RATE_WINDOW_MS 60000

/* Sessions that are watched: twice the 100,000 concurrent students that the service is measured with. */
#define RC_TRAINING_RATE_SESSIONS 262144

/* Sessions of which refusals are counted by name at once; of those beyond, one line with their sum. */
#define RC_TRAINING_RATE_REFUSED_MAX 256

/* Heartbeats of one session that were refused in one minute of its. */
struct rc_training_refused {
    int site; /* index */
    struct rc_id user,
        session; /* empty: of several, beyond RC_TRAINING_RATE_REFUSED_MAX; site: the first's */
    int64_t count;
    int64_t written; /* how many of them the open transaction says */
    int64_t due_now; /* when its minute is over */
};

struct rc_training_rate;

/* rc_training_rate_alloc takes its memory; seed: of the hash, random. NULL: none. */
struct rc_training_rate *rc_training_rate_alloc(uint64_t seed);
void rc_training_rate_free(struct rc_training_rate *rate); /* NULL is fine */

/* rc_training_rate_take counts a heartbeat received at boot time `now`. False: it is one too many. */
bool rc_training_rate_take(struct rc_training_rate *rate, const struct rc_id *user,
                           const struct rc_id *session, int64_t now);

/* rc_training_rate_due returns the next line whose minute was over at `now` (INT64_MAX: any) and which it has
 * not returned since the last _commit or _undo, NULL: none. Borrowed until the next call; to be written down
 * in the open transaction. */
const struct rc_training_refused *rc_training_rate_due(struct rc_training_rate *rate, int64_t now);

/* rc_training_rate_commit: the lines that were returned are durable, and forgotten; _undo: they are not. */
void rc_training_rate_commit(struct rc_training_rate *rate);
void rc_training_rate_undo(struct rc_training_rate *rate);

/* rc_training_rate_wake_now returns when a line is due at the earliest; INT64_MAX: there is none. */
int64_t rc_training_rate_wake_now(const struct rc_training_rate *rate);

#endif
