/*
 * log.h: what the service tells its operators: one line an event, logfmt (`ts=... level=info event=link_up
 * site=hq`), to standard error. Decides how text from outside is made harmless, how long a line may be, and
 * when an event floods. Any thread; a line is one write(2). Nothing secret is ever handed in: fields are ids,
 * numbers, reasons, paths.
 *
 *     rc_log(RC_LOG_WARN, "punch_refused", RC_F_ID("employee", &id), RC_F_INT("waiting", n));
 */
#ifndef RC_DAEMON_LOG_H
#define RC_DAEMON_LOG_H

#include "core/types.h"

enum rc_log_level { RC_LOG_DEBUG, RC_LOG_INFO, RC_LOG_WARN, RC_LOG_ERROR, RC_LOG_LEVEL_COUNT };

/* Bytes of a line with its newline: below PIPE_BUF (4096), so that a line is never torn. A field that does
 * not fit is left out whole and the line ends in `cut=1`. */
#define RC_LOG_LINE_MAX 2048

/* Bytes of one text field before escaping; the rest is cut and marked with `...`. Longer than any id or error
 * line. */
#define RC_LOG_TEXT_MAX 512

/* Lines of one event name in one window of RC_LOG_WINDOW_MS; further ones are counted, and the count follows
 * as `suppressed=N` on the event's next line or by rc_log_tend. Errors are limited like the rest: a full disk
 * says the same thing a thousand times a second. */
#define RC_LOG_BURST     20
#define RC_LOG_WINDOW_MS 10000

/* Event names that are limited each for itself; all further ones share one allowance. The service has fewer.
 */
#define RC_LOG_EVENTS_MAX 96

enum rc_field_kind { RC_FIELD_END, RC_FIELD_TEXT, RC_FIELD_INTEGER, RC_FIELD_BOOL };

struct rc_field {
    const char *key; /* static: [a-z_]+ */
    enum rc_field_kind kind;
    int64_t integer;
    struct rc_text text;
};

/* rc_field_* make fields; text is borrowed for the call. NULL strings read as "". */
struct rc_field rc_field_string(const char *key, const char *value);
struct rc_field rc_field_text(const char *key, struct rc_text value);
struct rc_field rc_field_id(const char *key, const struct rc_id *value);
struct rc_field rc_field_integer(const char *key, int64_t value);
struct rc_field rc_field_bool(const char *key, bool value);

#define RC_F_STR(key, value)  rc_field_string(key, value)
#define RC_F_TEXT(key, value) rc_field_text(key, value)
#define RC_F_ID(key, value)   rc_field_id(key, value)
#define RC_F_INT(key, value)  rc_field_integer(key, (int64_t)(value))
#define RC_F_BOOL(key, value) rc_field_bool(key, value)

/* rc_log writes one event with any number of fields, also none. event is static text: [a-z_]+. */
#define rc_log(level, event, ...)                                                                            \
    rc_log_fields(level, event, (const struct rc_field[]){__VA_ARGS__ __VA_OPT__(, ){.kind = RC_FIELD_END}})

/* rc_log_fields is rc_log with an array that RC_FIELD_END ends. errno is left alone. */
void rc_log_fields(enum rc_log_level level, const char *event, const struct rc_field *fields);

/* rc_log_tend writes out the counts of floods that are over; call it about once a second. */
void rc_log_tend(void);

/* rc_log_set_level sets the least level that is written (default info); rc_log_set_fd where to (default 2).
 */
void rc_log_set_level(enum rc_log_level level);
void rc_log_set_fd(int fd);

/* rc_log_lost returns the lines that could not be written, since the start. */
uint64_t rc_log_lost(void);

const char *rc_log_level_name(enum rc_log_level level);
bool rc_log_level_parse(struct rc_text text, enum rc_log_level *out);

/* rc_log_format makes a line (with newline, NUL-terminated) and returns its length; suppressed 0: not
 * mentioned. Pure. */
size_t rc_log_format(char out[RC_LOG_LINE_MAX], int64_t at, enum rc_log_level level, const char *event,
                     uint64_t suppressed, const struct rc_field *fields);

/* The flood limit of one event; zero it first. Pure. */
struct rc_log_limit {
    int64_t window_now; /* when the window began */
    uint32_t lines;
    uint64_t suppressed;
};
/* rc_log_limit_take says whether a line may be written at `now`; *suppressed are those since the last one
 * written. */
bool rc_log_limit_take(struct rc_log_limit *limit, int64_t now, uint64_t *suppressed);
/* rc_log_limit_over returns and forgets the suppressed lines of a window that is over; 0: none, or it is not.
 */
uint64_t rc_log_limit_over(struct rc_log_limit *limit, int64_t now);

#endif
