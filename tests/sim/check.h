/*
 * check.h: what must hold whatever happens, checked from outside: what is said against what is durable, the
 * store against the model, a fresh engine against the living one, retained topics against the store, and that
 * nobody is punched out for what was not theirs (design.md, the ten checks; the model does 3, 4, 6 and 10).
 * Owned by the world.
 */
#ifndef RC_SIM_CHECK_H
#define RC_SIM_CHECK_H

#include "model.h"

struct sim_check;
struct sim_check *sim_check_new(struct sim_world *world);
void sim_check_free(struct sim_check *check);

/* What hooks.c and link.c tell. */
void sim_check_step(struct sim_world *world, const struct sim_heard *heard, const struct rc_event *event,
                    const struct rc_effect *effects, size_t count);
void sim_check_applied(struct sim_world *world, const struct rc_effect *effect);
void sim_check_committed(struct sim_world *world);
void sim_check_undone(struct sim_world *world);
/* sim_check_commit_failed, before the undo: nobody knows whether it is on the disk. */
void sim_check_commit_failed(struct sim_world *world);
/* sim_check_opened: a starting service has opened its store and written nothing yet. */
void sim_check_opened(struct sim_world *world);
/* sim_check_started: the service has restored itself from the store. */
void sim_check_started(struct sim_world *world);
/* sim_check_said: the service hands a publication to its link. */
void sim_check_said(struct sim_world *world, const struct sim_parcel *parcel);
/* sim_check_subscriber: the broker has it, and so have its subscribers. */
void sim_check_subscriber(struct sim_world *world, const struct sim_parcel *parcel);
/* sim_check_auto_out: check 5, with what only the simulator knows: whose devices were well. */
void sim_check_auto_out(struct sim_world *world, int employee, const struct rc_row *row);
/* sim_check_end: everything has had time to settle. */
void sim_check_end(struct sim_world *world);

/* sim_check_some_row: a committed row, rather a late one, for a manager to look at; NULL: none yet. */
const struct rc_row *sim_check_some_row(const struct sim_world *world, struct sim_random *luck);

#endif
