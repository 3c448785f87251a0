/*
 * zones.h: the days of a time zone, as data: which date a moment falls on there, and when that day began and
 * ends. Reads the host's zone data by GLib, which refuses a name that it does not know (libc takes UTC for
 * it). Decides what a day is where clocks do odd things at midnight:
 *
 *     a day begins at the first moment at which its date, or a later one, stands on the wall, and ends where
 *     the next begins
 *
 * So days follow one another without gaps and their dates only grow: where 00:00 does not exist, the day
 * begins at the first moment that does; where clocks go back over midnight, the day that has begun stays; a
 * date that a country skipped is no day. An open zone is the caller's; one thread at a time, since it keeps
 * the days that it last answered.
 */
#ifndef RC_DAEMON_ZONES_H
#define RC_DAEMON_ZONES_H

#include "core/training.h"

struct rc_zone;

/* rc_zone_open returns NULL if no zone of that name is installed, or there is no memory. */
struct rc_zone *rc_zone_open(const char *name);
void rc_zone_close(struct rc_zone *zone); /* NULL is fine */

/* rc_zone_name returns the name that it was opened by. */
const char *rc_zone_name(const struct rc_zone *zone);

/* rc_zone_day finds the day that holds the moment `at`. Moments that four digits of a year cannot write count
 * as the first or last that they can. A moment of the same day as in the last call, or of the next, costs
 * nothing. */
struct rc_local_day rc_zone_day(struct rc_zone *zone, int64_t at);

/* rc_zone_date finds the day of a date (days since 1970-01-01, RC_DATE_FIRST to RC_DATE_LAST). False: the
 * zone never had that date; *out is then the day after. */
bool rc_zone_date(struct rc_zone *zone, int64_t days, struct rc_local_day *out);

#endif
