/*
 * training_user.h: what a user's heartbeats cover from now on (T-2), and how boot times of another boot are
 * told by their labels. Private to store; the store's thread.
 */
#ifndef RC_STORE_TRAINING_USER_H
#define RC_STORE_TRAINING_USER_H

#include "handle.h"
#include "store/training.h"

/* One moment by both clocks, as a row keeps it. */
struct rc_moment {
    int64_t boot, now, at;
};

/* rc_moment_here tells a boot time that was kept beside `kept` in this boot's time; never RC_NONE. */
int64_t rc_moment_here(const struct rc_store *store, const struct rc_moment *kept,
                       struct rc_training_now moment, int64_t then);

/* rc_training_user_load reads cover, course_cover (of an empty course: none) and run_*. */
enum rc_store_result rc_training_user_load(struct rc_store *store, const struct rc_id *user,
                                           const struct rc_id *course, struct rc_training_now moment,
                                           struct rc_training_ledger *ledger);

#endif
