/*
 * calendars.h: local days of some zones, written down by hand: what daemon/zones would say. Constants.
 */
#ifndef RC_TESTS_CORE_CALENDARS_H
#define RC_TESTS_CORE_CALENDARS_H

#include "student.h"

extern const struct rc_local_day new_york_march[STUDENT_DAYS];    /* the 9th has 23 hours */
extern const struct rc_local_day new_york_november[STUDENT_DAYS]; /* the 2nd has 25 hours */
extern const struct rc_local_day lord_howe_april[STUDENT_DAYS];   /* the 6th has 24.5 hours */
extern const struct rc_local_day lord_howe_october[STUDENT_DAYS]; /* the 5th has 23.5 hours */
extern const struct rc_local_day kathmandu[STUDENT_DAYS];         /* 5:45 ahead of UTC */
extern const struct rc_local_day st_johns[STUDENT_DAYS];          /* 3:30 behind UTC */
extern const struct rc_local_day new_york[STUDENT_DAYS];          /* 5:00 behind UTC */

#endif
