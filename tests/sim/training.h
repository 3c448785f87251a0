/*
 * training.h: checks 7 to 9 for training: every heartbeat that is judged, every row that is written of it,
 * every answer and every total that the store holds is what the naive model (student.h) has; nobody is told
 * anything that is not durable; a day never has more than its limit; and which wall clock days go by. Owned
 * by the world's checks.
 */
#ifndef RC_SIM_TRAINING_H
#define RC_SIM_TRAINING_H

#include "world.h"

#include "core/event.h"
#include "core/training.h"
#include "store/store.h"

#include <cjson/cJSON.h>

struct sim_training;
struct sim_training *sim_training_new(struct sim_world *world);
void sim_training_free(struct sim_training *training);

/* ---- what hooks.c sees ---- */

/* sim_training_heard: a training heartbeat reaches the engine; _judged: so it was judged. */
void sim_training_heard(struct sim_world *world, const struct rc_event *event);
void sim_training_judged(struct sim_world *world, const struct rc_training_ledger *ledger,
                         const struct rc_training_verdict *verdict, int64_t now, int64_t label);
/* sim_training_clock: the day's clock was read, and says `label`. _clock_saving: it is written down. */
void sim_training_clock(struct sim_world *world, int64_t now, int64_t at, int64_t label);
void sim_training_clock_saving(struct sim_world *world);
/* sim_training_audited: a row of audit_logs was written. */
void sim_training_audited(struct sim_world *world, const struct rc_audit *audit);

/* ---- what check.c passes on; see check.h ---- */

void sim_training_committed(struct sim_world *world);
void sim_training_undone(struct sim_world *world);
void sim_training_commit_failed(struct sim_world *world);
/* written: what else a failed commit held is there: 1, 0, or RC_NONE where it held nothing else. */
void sim_training_opened(struct sim_world *world, int written);
void sim_training_started(struct sim_world *world);
/* sim_training_said: the service publishes an answer to a training heartbeat. */
void sim_training_said(struct sim_world *world, const char *topic, const cJSON *json);
void sim_training_end(struct sim_world *world);

#endif
