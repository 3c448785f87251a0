/*
 * training_day.h: one user's training day at one site: brought to the day that it is there, written when it
 * changed, and published when what it shows changed. Decides which of these is due, and when the day has come
 * to its limit (T-3), which is one row of the audit log. Service thread, in the open transaction.
 */
#ifndef RC_DAEMON_TRAINING_DAY_H
#define RC_DAEMON_TRAINING_DAY_H

#include "core/engine.h"
#include "daemon/directory.h"
#include "daemon/training_policy.h"
#include "wire/encode_training.h"

struct rc_service;
struct rc_site;

/* A day at hand. `side` is the core's view of it, `day` the store's. */
struct rc_training_seat {
    struct rc_site *site;
    struct rc_training_site *side;
    struct rc_training_day *day;
    struct rc_training_status shown; /* as it was published last */
    bool fresh;                      /* nothing is known to have been published */
    bool changed;                    /* it is to be written */
    bool heard;                      /* something was, on the day that the store gave */
};

/* rc_training_seat_roll begins with a day as the store gave it (`side` holds its totals; day->found false:
 * the user's first at this site), and brings it to label `at`, with the terms of that day for `course`
 * (empty: none). */
void rc_training_seat_roll(struct rc_training_seat *seat, struct rc_site *site, struct rc_training_site *side,
                           struct rc_training_day *day, const struct rc_id *user, const struct rc_id *course,
                           int64_t at);

/* rc_training_seat_keep takes over what `side` has come to, writes the day if it changed, and publishes what
 * it shows if that did. session: of whoever brought it to its limit; empty: nobody. now_at: of the audit row.
 * False: the batch failed. */
bool rc_training_seat_keep(struct rc_service *service, struct rc_training_seat *seat,
                           const struct rc_id *user, const struct rc_id *session, int64_t at, int64_t now_at);

/* rc_training_shows returns what is retained of a day, by the limit in force on it. */
struct rc_training_status rc_training_shows(const struct rc_id *user, const struct rc_training_day *day,
                                            int64_t limit_ms);

/* rc_training_hides: the user was removed from the site's directory and is gone (directory.h): nothing of
 * them is retained. */
bool rc_training_hides(const struct rc_directory *directory, const struct rc_engine *engine,
                       const struct rc_id *user);

/* rc_training_retained writes the payload of emp/{employee}/training as it is to stand at a site with these
 * policies. */
size_t rc_training_retained(const struct rc_training_policies *policies,
                            const struct rc_training_current *current, char *out, size_t size);

/* rc_training_audit writes a line of the audit log; detail is JSON. False: the batch failed. */
bool rc_training_audit(struct rc_service *service, const struct rc_site *site, const char *event,
                       const struct rc_id *user, const struct rc_id *session, const char *result,
                       struct rc_text detail, int64_t at);

#endif
