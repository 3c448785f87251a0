/*
 * shrink.h: makes a failing plan small: leaves actions out, halves first, then one by one, as long as it
 * still fails by the same check.
 */
#ifndef RC_SIM_SHRINK_H
#define RC_SIM_SHRINK_H

#include "plan.h"

/* sim_shrink drops from *plan what is not needed for the failure `check`. Returns the number of runs that
 * took. */
int sim_shrink(struct sim_plan *plan, int plant, int check);

#endif
