/*
 * training_turn.h: what training does by itself. At a site's midnight every user goes on to the new day, and
 * everybody sees it in their retained status, those too who are silent (T-4 needs no such thing: locked is
 * derived; people do). Some hundred users a turn of the loop, so that nobody waits for it: whoever sends a
 * heartbeat meanwhile is rolled on the spot. After a policy that changes today for everybody, all users' days
 * are looked at in the same manner (a sweep); and at a start, since today may have changed while the service
 * was down. Also the day's clock, policies from the settings, and the audit rows of what was too many.
 * Service thread; part of the service.
 */
#ifndef RC_DAEMON_TRAINING_TURN_H
#define RC_DAEMON_TRAINING_TURN_H

#include "daemon/training.h"

struct rc_config;

/* Users that a turn of the loop takes to their new day: some 10 ms. */
#define RC_TRAINING_TURN_USERS 256

/* A site's turn waits while so many of its messages are not acknowledged by the broker; without a broker it
 * does not wait. Twice what the link has in flight, so that it never runs dry. */
#define RC_TRAINING_TURN_OUTBOX (2 * RC_LINK_INFLIGHT)

/* How often a turn that waits for the broker looks again. */
#define RC_TRAINING_TURN_WAIT_MS 20

/* The day's clock is written down where it has drifted so far from what is kept. A step that it must see over
 * a restart has 2 s. */
#define RC_TRAINING_CLOCK_DRIFT_MS 500

/* rc_training_site_open loads the site's policies. False with one line in error; _close must be called all
 * the same. seed: random. */
bool rc_training_site_open(struct rc_site *site, struct rc_store *store, uint64_t seed,
                           char error[RC_STORE_ERROR_MAX]);
void rc_training_site_close(struct rc_site *site);

/* rc_training_look reads the day's clock by the turn's reading: once at the beginning of a turn of the loop.
 * The first time, and as long as the store could not write it, also opens training: the clock as it was kept,
 * and policies for settings that have changed. */
void rc_training_look(struct rc_service *service);

/* rc_training_tend does what is due, in the open transaction. */
void rc_training_tend(struct rc_service *service);

/* rc_training_wake_now returns when there is something to do; INT64_MAX: nothing is to come. */
int64_t rc_training_wake_now(const struct rc_service *service);

/* rc_training_sweep has all users of a site looked at; shows: and published again where no row says what was
 * published. */
void rc_training_sweep(struct rc_site *site, bool shows);

/* rc_training_stop writes down what waits for its time: before the last COMMIT. */
void rc_training_stop(struct rc_service *service);

/* rc_training_commit: the transaction is durable; rc_training_undo: it is not. */
void rc_training_commit(struct rc_service *service);
void rc_training_undo(struct rc_service *service);

/* rc_training_policy_add adds a policy to the store and the site, with its row of the audit log, and sweeps
 * where it changes today. False: the batch failed. */
bool rc_training_policy_add(struct rc_service *service, struct rc_site *site,
                            struct rc_training_policy *policy);

#endif
