/*
 * model.h: what ought to come of it: an independent, naive reading of the contract. Knows what the service
 * heard and when, hour by hour, and the rows that were written since; holds them in plain lists and goes
 * through all of them at every question. Shares no code with service/core and was written from the contract
 * alone. Predicts every verdict on a punch, every RESUME, and of every AUTO_OUT when it was due, its time and
 * its cause; where the contract leaves something open, or a crash may have taken something not yet flushed,
 * it holds both possibilities and accepts either. What it finds wrong it tells sim_fail. Owned by the world.
 *
 *   model.c           one step: what was heard, against what was done
 *   model_log.c       rows: what is in effect, periods, the judge of punches
 *   model_presence.c  sessions: deadlines, evidence, protection
 */
#ifndef RC_SIM_MODEL_H
#define RC_SIM_MODEL_H

#include "world.h"

struct sim_model;
struct sim_model *sim_model_new(struct sim_world *world);
void sim_model_free(struct sim_model *model);

/* What reached the engine. All times are true time but for labels (`at`). */
struct sim_heard {
    enum rc_event_kind kind;
    int64_t time, at;
    const struct sim_words *words; /* of a message; NULL: not one */
    int64_t sent_time, sent_at;
    int unmarked; /* nobody knows when it was sent, and it came with a backlog: 1 yes, 0 no, -1 it cannot be
                     told */
    bool up, ok;  /* LINK, STORE */
    int64_t pause_ms; /* PAUSE */
    int64_t until_at; /* MAINTENANCE */
};

/* sim_model_step compares what one event did with what it ought to have done. `more`: the tick goes on in
 * another. */
void sim_model_step(struct sim_model *model, const struct sim_heard *heard, const struct rc_effect *effects,
                    size_t count, bool more);

/* sim_model_reloaded takes what a ledger derived anew came to, in the same step. */
void sim_model_reloaded(struct sim_model *model, const struct rc_effect *effects, size_t count);

/* The transaction. */
void sim_model_commit(struct sim_model *model);
void sim_model_undo(struct sim_model *model);
/* sim_model_commit_failed, before the undo: nobody knows whether it is on the disk. Whoever died before
 * finding that out finds all of it at the next start, or nothing: sim_model_found_failed takes it as written
 * after all. */
void sim_model_commit_failed(struct sim_model *model);
void sim_model_found_failed(struct sim_model *model);
/* sim_model_failed: rows of that commit; RC_NONE: there is none that may have been written. */
int sim_model_failed(const struct sim_model *model);
/* sim_model_flushing: this session's row is in the open transaction; durable with its commit. */
void sim_model_flushing(struct sim_model *model, int employee, int client);

/* sim_model_saving_t: so is the service time of old_ms ago. */
void sim_model_saving_t(struct sim_model *model, int64_t old_ms);

/* sim_model_restart: the process is gone with all that it did not commit; another begins. */
void sim_model_restart(struct sim_model *model);

/* ---- for checks and for the manager ---- */

/* The log so far, the open transaction included. */
int sim_model_rows(const struct sim_model *model);
const struct rc_row *sim_model_row(const struct sim_model *model, int index);
/* sim_model_committed: rows that are durable. */
int sim_model_committed(const struct sim_model *model);

struct sim_period {
    int employee;
    int64_t in_seq, in_at, out_seq, out_at; /* out_seq 0: open */
    enum rc_type out_type;
    bool review;
};
/* sim_model_periods writes the periods in effect of an employee in order of time, at most `room`, and returns
 * how many there are. */
int sim_model_periods(struct sim_model *model, int employee, struct sim_period *out, int room);

#endif
