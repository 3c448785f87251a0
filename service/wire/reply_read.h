/*
 * reply_read.h: replies of the service, read by those who asked (docs/protocol.md, requests and replies). A
 * parsed reply owns its memory until rc_reading_free; rows and texts are borrowed from it. Fields that are
 * missing or of another type than asked for are "not there": a reader must work with a newer service. One
 * thread at a time.
 */
#ifndef RC_WIRE_REPLY_READ_H
#define RC_WIRE_REPLY_READ_H

#include "core/types.h"

struct rc_reading;     /* a whole reply */
struct rc_reading_row; /* an object in it; the reply itself is one */

/* rc_reading_parse reads one JSON object with a boolean `ok` and nothing after it, rc_reading_object any JSON
 * object with nothing after it (a receipt); NULL: it is none, or no memory. The text is not needed
 * afterwards. */
struct rc_reading *rc_reading_parse(struct rc_text payload);
struct rc_reading *rc_reading_object(struct rc_text text);
void rc_reading_free(struct rc_reading *reading); /* NULL is fine */

bool rc_reading_ok(const struct rc_reading *reading);

/* rc_reading_top returns the reply as a row: code, message, nextCursor, seq, ... */
const struct rc_reading_row *rc_reading_top(const struct rc_reading *reading);

/* rc_reading_first returns the first object of the array under key, NULL if there is none; rc_reading_next
 * the one after it, NULL at the end. Elements that are no objects are left out. */
const struct rc_reading_row *rc_reading_first(const struct rc_reading *reading, const char *key);
/* rc_row_first does the same of a list within a row. */
const struct rc_reading_row *rc_row_first(const struct rc_reading_row *row, const char *key);
const struct rc_reading_row *rc_reading_next(const struct rc_reading_row *row);

/* rc_row_integer sets *out and returns true if key is there and a whole number that a double holds exactly.
 */
bool rc_row_integer(const struct rc_reading_row *row, const char *key, int64_t *out);
/* rc_row_text returns the text, or NULL. */
const char *rc_row_text(const struct rc_reading_row *row, const char *key);
/* rc_row_true says whether key is there and true. */
bool rc_row_true(const struct rc_reading_row *row, const char *key);

/* rc_row_print returns the row as JSON on one line, malloc'ed, NUL-terminated, the caller's; NULL: no memory.
 * Characters that can steer a terminal stand as \uXXXX, so that the line is safe to show. */
char *rc_row_print(const struct rc_reading_row *row);

#endif
