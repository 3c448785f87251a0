/*
 * fault.h: what goes wrong around people and programs: actions of a plan carried out at their time, and
 * undone when their time is over.
 */
#ifndef RC_SIM_FAULT_H
#define RC_SIM_FAULT_H

#include "world.h"

/* Events of the queue: index into the plan. */
void sim_action_begin(struct sim_world *world, int index);
void sim_action_end(struct sim_world *world, int index);

/* sim_faults_over: the plan's horizon is reached; everything is put right that is still wrong. */
void sim_faults_over(struct sim_world *world);

#endif
