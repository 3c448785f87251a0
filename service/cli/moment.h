/*
 * moment.h: times as people write and read them. Decides what `today` or `08:00` means in a zone; refuses
 * what means two moments or none, since people's hours depend on it. Reads no clock: the caller says what
 * time it is. Zone data are GLib's. A zone is the caller's; any thread, if each has a zone of its own.
 */
#ifndef RC_CLI_MOMENT_H
#define RC_CLI_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

/* 2025-12-03T08:00:00-05:00, or a plain number where the year has more than four digits. */
#define RC_MOMENT_TEXT_MAX  32
#define RC_MOMENT_ERROR_MAX 192

struct rc_moment_zone;

/* rc_moment_zone_open finds a zone by its name (Europe/Berlin, UTC, +05:30); NULL names the system's. NULL is
 * returned for a name that is none. The caller closes it. */
struct rc_moment_zone *rc_moment_zone_open(const char *name);
void rc_moment_zone_close(struct rc_moment_zone *zone); /* NULL is fine */

/*
 * rc_moment_parse reads a moment and sets *out to it, ms since 1970 UTC; false, with one line in error, if
 * text is none: 1764760000000                       ms since 1970, 12 to 15 digits now  today  yesterday
 * tomorrow     the last three: the first moment of that day in the zone -2h  -1d12h  +30m from now; w, d (24
 * h), h, m, s 2025-12-03                          the first moment of that day 2025-12-03T08:00[:00[.250]] in
 * the zone; a space may stand for the T 2025-12-03T08:00Z, ...-05:00        anywhere 08:00[:00] today A time
 * of day that the zone's clocks skip or pass twice is refused; with an offset it is clear.
 */
bool rc_moment_parse(const struct rc_moment_zone *zone, int64_t now_at, const char *text, int64_t *out,
                     char error[RC_MOMENT_ERROR_MAX]);

/* rc_moment_parse_duration reads 90s, 2h, 1h30m, 1d as milliseconds, more than none; false, with a line in
 * error. */
bool rc_moment_parse_duration(const char *text, int64_t *out_ms, char error[RC_MOMENT_ERROR_MAX]);

/* rc_moment_print writes a moment as ISO 8601 with the zone's offset, to the second. */
void rc_moment_print(const struct rc_moment_zone *zone, int64_t at, char out[RC_MOMENT_TEXT_MAX]);

/* rc_moment_print_duration writes h:mm:ss. */
void rc_moment_print_duration(int64_t duration_ms, char out[RC_MOMENT_TEXT_MAX]);

#endif
