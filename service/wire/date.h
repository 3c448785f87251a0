/*
 * date.h: calendar dates as they are written, "2025-12-03", and as a count of days. Knows the Gregorian
 * calendar and no time zone: on which date a moment falls is for daemon/zones. Pure; any thread.
 */
#ifndef RC_WIRE_DATE_H
#define RC_WIRE_DATE_H

#include "core/training.h"

/* 0001-01-01 and 9999-12-31 in days since 1970-01-01: what four digits can write. */
#define RC_DATE_FIRST (-719162)
#define RC_DATE_LAST  2932896

/* rc_date_parse sets *days to the days since 1970-01-01 (before: negative) and returns true if text is
 * exactly one date of the calendar, else leaves it alone. */
bool rc_date_parse(struct rc_text text, int64_t *days);

/* rc_date_format writes the date; days must lie from RC_DATE_FIRST to RC_DATE_LAST. */
void rc_date_format(int64_t days, char out[RC_DATE_MAX]);

#endif
