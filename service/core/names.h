/*
 * names.h: how the words of types.h are spelled in payloads, columns and logs. Pure tables; strings are
 * static and NUL-terminated; any thread.
 *
 * rc_X_name returns the spelling; the value must be one of the enum's (assert).
 * rc_X_parse sets *out and returns true if text is exactly one spelling (case matters), else leaves it alone.
 */
#ifndef RC_CORE_NAMES_H
#define RC_CORE_NAMES_H

#include "core/types.h"

const char *rc_class_name(enum rc_class value);
const char *rc_type_name(enum rc_type value);
const char *rc_cause_name(enum rc_cause value);               /* "stale", "shift-limit", ... */
const char *rc_status_cause_name(enum rc_status_cause value); /* "NONE", "AUTO_OUT", ... */
const char *rc_presence_name(enum rc_presence value);
const char *rc_leave_cause_name(enum rc_leave_cause value);
const char *rc_device_clock_name(enum rc_device_clock value);
const char *rc_result_name(enum rc_result value); /* RC_HELD_BACK is "held" */
const char *rc_action_name(enum rc_action value);
const char *rc_code_name(enum rc_code value);
const char *rc_alert_name(enum rc_alert value);
const char *rc_scope_kind_name(enum rc_scope_kind value);
const char *rc_session_state_name(enum rc_session_state value);

bool rc_class_parse(struct rc_text text, enum rc_class *out);
bool rc_type_parse(struct rc_text text, enum rc_type *out);
bool rc_cause_parse(struct rc_text text, enum rc_cause *out);
bool rc_status_cause_parse(struct rc_text text, enum rc_status_cause *out);
bool rc_presence_parse(struct rc_text text, enum rc_presence *out);
bool rc_leave_cause_parse(struct rc_text text, enum rc_leave_cause *out);
bool rc_device_clock_parse(struct rc_text text, enum rc_device_clock *out);
bool rc_result_parse(struct rc_text text, enum rc_result *out);
bool rc_action_parse(struct rc_text text, enum rc_action *out);
bool rc_code_parse(struct rc_text text, enum rc_code *out);
bool rc_alert_parse(struct rc_text text, enum rc_alert *out);
bool rc_scope_kind_parse(struct rc_text text, enum rc_scope_kind *out);
bool rc_session_state_parse(struct rc_text text, enum rc_session_state *out);

/* rc_is_id_byte says whether a byte may stand in an id. Inline: it is asked for every byte of every topic. */
static inline bool rc_is_id_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

/* rc_id_set copies text into id and returns true if it is 1 to RC_ID_MAX bytes of [A-Za-z0-9_-]; else returns
 * false and makes id empty. */
bool rc_id_set(struct rc_id *id, struct rc_text text);

/* rc_id_equal compares by length and bytes. */
bool rc_id_equal(const struct rc_id *a, const struct rc_id *b);

/* rc_text_of borrows a NUL-terminated string. */
struct rc_text rc_text_of(const char *text);

#endif
