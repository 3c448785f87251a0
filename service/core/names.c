#include "core/names.h"

#include <assert.h>
#include <string.h>

static bool text_is(struct rc_text text, const char *word)
{
    size_t length = strlen(word);
    return text.length == length && (length == 0 || memcmp(text.data, word, length) == 0);
}

/* Index of the spelling that text is, or -1. */
static int find(struct rc_text text, const char *const *words, int count)
{
    for (int i = 0; i < count; i++)
        if (text_is(text, words[i]))
            return i;
    return -1;
}

/* Two functions over one table: a value and its spelling cannot drift apart, and a value without one does not
 * compile. */
#define NAMES(word, enumeration, count, ...)                                                                 \
    static const char *const word##_words[] = {__VA_ARGS__};                                                 \
    _Static_assert(sizeof word##_words / sizeof word##_words[0] == (count), "every value has a spelling");   \
    const char *rc_##word##_name(enumeration value)                                                          \
    {                                                                                                        \
        assert((unsigned)value < (unsigned)(count));                                                         \
        return word##_words[value];                                                                          \
    }                                                                                                        \
    bool rc_##word##_parse(struct rc_text text, enumeration *out)                                            \
    {                                                                                                        \
        int found = find(text, word##_words, (int)(count));                                                  \
        if (found < 0)                                                                                       \
            return false;                                                                                    \
        *out = (enumeration)found;                                                                           \
        return true;                                                                                         \
    }

NAMES(class, enum rc_class, RC_CLASS_COUNT, [RC_BROWSER] = "browser", [RC_AGENT] = "agent",
      [RC_MOBILE] = "mobile", [RC_BADGE] = "badge", [RC_KIOSK] = "kiosk")

NAMES(type, enum rc_type, RC_TYPE_COUNT, [RC_TYPE_NONE] = "", [RC_IN] = "IN", [RC_OUT] = "OUT",
      [RC_AUTO_OUT] = "AUTO_OUT", [RC_RESUME] = "RESUME", [RC_CORRECTION] = "CORRECTION")

NAMES(
    cause, enum rc_cause,
    RC_CAUSE_COUNT, [RC_CAUSE_NONE] = "", [RC_CAUSE_PUNCH] = "punch", [RC_CAUSE_AUTO_IN] = "auto-in",
    [RC_CAUSE_STALE] = "stale", [RC_CAUSE_LOST] = "lost", [RC_CAUSE_CLOSED] = "closed",
    [RC_CAUSE_SLEEPING] = "sleeping", [RC_CAUSE_OUTAGE] = "outage", [RC_CAUSE_SHIFT_LIMIT] = "shift-limit",
    [RC_CAUSE_MISSED_OUT] = "missed-out", [RC_CAUSE_RESUME] = "resume", [RC_CAUSE_CORRECTION] = "correction")

NAMES(status_cause, enum rc_status_cause,
      RC_STATUS_CAUSE_COUNT, [RC_STATUS_NONE] = "NONE", [RC_STATUS_PUNCH] = "PUNCH",
      [RC_STATUS_AUTO_OUT] = "AUTO_OUT", [RC_STATUS_RESUME] = "RESUME", [RC_STATUS_CORRECTION] = "CORRECTION")

NAMES(presence, enum rc_presence, RC_PRESENCE_COUNT, [RC_ABSENT] = "absent", [RC_PRESENT] = "present",
      [RC_SUSPECT] = "suspect", [RC_HELD] = "held")

NAMES(
    leave_cause, enum rc_leave_cause,
    RC_LEAVE_COUNT, [RC_LEAVE_LOST] = "lost", [RC_LEAVE_CLOSED] = "closed", [RC_LEAVE_SLEEPING] = "sleeping")

NAMES(device_clock, enum rc_device_clock,
      RC_DEVICE_CLOCK_COUNT, [RC_CLOCK_UNSAID] = "", [RC_CLOCK_SYNCED] = "synced", [RC_CLOCK_UNSET] = "unset")

NAMES(result, enum rc_result, RC_RESULT_COUNT, [RC_RECORDED] = "recorded", [RC_DUPLICATE] = "duplicate",
      [RC_HELD_BACK] = "held", [RC_REJECTED] = "rejected", [RC_RETRY] = "retry")

NAMES(action, enum rc_action,
      RC_ACTION_COUNT, [RC_ACTION_NONE] = "", [RC_ACTION_ACCEPT] = "accept", [RC_ACTION_REJECT] = "reject",
      [RC_ACTION_ADD] = "add", [RC_ACTION_VOID] = "void", [RC_ACTION_RETIME] = "retime")

NAMES(code, enum rc_code, RC_CODE_COUNT, [RC_OK] = "OK", [RC_ALREADY_IN] = "ALREADY_IN",
      [RC_ALREADY_OUT] = "ALREADY_OUT", [RC_ID_CONFLICT] = "ID_CONFLICT", [RC_NO_IN] = "NO_IN",
      [RC_OVERLAP] = "OVERLAP", [RC_TOO_OLD] = "TOO_OLD", [RC_CLOCK_DOUBTFUL] = "CLOCK_DOUBTFUL",
      [RC_IN_ELSEWHERE] = "IN_ELSEWHERE", [RC_UNAVAILABLE] = "UNAVAILABLE",
      [RC_INVALID_ARGUMENT] = "INVALID_ARGUMENT", [RC_NOT_FOUND] = "NOT_FOUND",
      [RC_FAILED_PRECONDITION] = "FAILED_PRECONDITION", [RC_PERMISSION_DENIED] = "PERMISSION_DENIED",
      [RC_RESOURCE_EXHAUSTED] = "RESOURCE_EXHAUSTED", [RC_RATE_LIMITED] = "RATE_LIMITED")

NAMES(alert, enum rc_alert,
      RC_ALERT_COUNT, [RC_ALERT_AUTO_OUT_SPIKE] = "auto-out-spike", [RC_ALERT_OUTAGE] = "outage",
      [RC_ALERT_LINK] = "link", [RC_ALERT_REALTIME] = "realtime", [RC_ALERT_STORAGE] = "storage",
      [RC_ALERT_CLOCK_STEP] = "clock-step", [RC_ALERT_DEVICE_LOST] = "device-lost",
      [RC_ALERT_HEARTBEAT_ERRORS] = "heartbeat-errors", [RC_ALERT_CAPACITY] = "capacity")

NAMES(
    scope_kind, enum rc_scope_kind,
    RC_SCOPE_KIND_COUNT, [RC_SCOPE_SITE] = "site", [RC_SCOPE_GROUP] = "group", [RC_SCOPE_GATEWAY] = "gateway")

NAMES(session_state, enum rc_session_state,
      RC_S_COUNT, [RC_S_LIVE] = "live", [RC_S_SILENT] = "silent", [RC_S_LOST] = "lost",
      [RC_S_CLOSED] = "closed", [RC_S_ASLEEP] = "asleep", [RC_S_KIOSK] = "kiosk", [RC_S_EXPIRED] = "expired")

bool rc_id_set(struct rc_id *id, struct rc_text text)
{
    id->length = 0;
    id->text[0] = '\0';
    if (text.length == 0 || text.length > RC_ID_MAX)
        return false;
    for (size_t i = 0; i < text.length; i++)
        if (!rc_is_id_byte(text.data[i]))
            return false;
    memcpy(id->text, text.data, text.length);
    id->text[text.length] = '\0';
    id->length = (uint8_t)text.length;
    return true;
}

bool rc_id_equal(const struct rc_id *a, const struct rc_id *b)
{
    return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

struct rc_text rc_text_of(const char *text)
{
    return (struct rc_text){text, strlen(text)};
}
