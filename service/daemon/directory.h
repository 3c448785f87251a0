/*
 * directory.h: who stands in the directory of employees, as last committed: ids, and whether they are active.
 * Decides who is served where directory.strict is on, and whose retained status is none. A copy in memory of
 * the table `employees`, one a site: read at the start, changed after the COMMIT of each `employee` order, so
 * that a heartbeat need not ask the store. Service thread; owns its memory.
 */
#ifndef RC_DAEMON_DIRECTORY_H
#define RC_DAEMON_DIRECTORY_H

#include "core/effect.h"

enum rc_listing { RC_UNLISTED, RC_INACTIVE, RC_ACTIVE };

struct rc_directory {
    bool strict; /* directory.strict */
    void *people;
    size_t inactive; /* how many of them are */
};

/* rc_directory_init makes an empty one; rc_directory_fini frees it, also one that is all zeros. */
void rc_directory_init(struct rc_directory *directory, bool strict);
void rc_directory_fini(struct rc_directory *directory);

/* rc_directory_set says that the employee is in it. */
void rc_directory_set(struct rc_directory *directory, const struct rc_id *employee, bool active);

enum rc_listing rc_directory_find(const struct rc_directory *directory, const struct rc_id *employee);

/* rc_directory_bars: strict, and this employee is not, or no longer, in the directory. Never an empty id: a
 * device. */
bool rc_directory_bars(const struct rc_directory *directory, const struct rc_id *employee);

/* rc_directory_hides: the employee was removed, and is OUT and absent: their retained topics are cleared.
 * Whoever is served all the same is shown again for as long as they are here. */
bool rc_directory_hides(const struct rc_directory *directory, const struct rc_status *status);

#endif
