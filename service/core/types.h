/*
 * types.h: the words that every part of Rollcall shares: ids, classes, kinds of rows, causes, verdicts. Plain
 * values, copied freely, no ownership, any thread. Their spelling in payloads and columns is in names.h.
 *
 * Three clocks, never mixed; the suffix of a name says which:
 *   _now   milliseconds of CLOCK_BOOTTIME. Deadlines that do not care whether we were connected.
 *   _at    milliseconds since 1970 UTC. Labels of rows; never compared for a deadline.
 *   _t     milliseconds of service time: boot time less everything that counts against no one (P-6): no
 * broker, host suspended, failing COMMIT, stalled loop, maintenance. Goes on over restarts from where it was
 *          stored. Deadlines of silence and the window of P-9 are in service time.
 * Durations end in _ms.
 */
#ifndef RC_CORE_TYPES_H
#define RC_CORE_TYPES_H

#include "core/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "Not given", for any integer field for which a negative value has no meaning. */
#define RC_NONE (-1)

struct rc_id {
    uint8_t length; /* 0: no id */
    char text[RC_ID_MAX + 1];
};

struct rc_punch_id {
    uint16_t length;
    char text[RC_PUNCH_ID_MAX + 1];
};

/* Borrowed text, not NUL-terminated; data may be NULL when length is 0. Valid as long as its owner says. */
struct rc_text {
    const char *data;
    size_t length;
};

enum rc_class { RC_BROWSER, RC_AGENT, RC_MOBILE, RC_BADGE, RC_KIOSK, RC_CLASS_COUNT };

enum rc_type { RC_TYPE_NONE, RC_IN, RC_OUT, RC_AUTO_OUT, RC_RESUME, RC_CORRECTION, RC_TYPE_COUNT };

/* Why a row was written. AUTO_OUT has STALE .. MISSED_OUT. */
enum rc_cause {
    RC_CAUSE_NONE,
    RC_CAUSE_PUNCH,
    RC_CAUSE_AUTO_IN,
    RC_CAUSE_STALE,
    RC_CAUSE_LOST,
    RC_CAUSE_CLOSED,
    RC_CAUSE_SLEEPING,
    RC_CAUSE_OUTAGE,
    RC_CAUSE_SHIFT_LIMIT,
    RC_CAUSE_MISSED_OUT,
    RC_CAUSE_RESUME,
    RC_CAUSE_CORRECTION,
    RC_CAUSE_COUNT
};

/* The `cause` of a retained status: which kind of row brought it about. */
enum rc_status_cause {
    RC_STATUS_NONE,
    RC_STATUS_PUNCH,
    RC_STATUS_AUTO_OUT,
    RC_STATUS_RESUME,
    RC_STATUS_CORRECTION,
    RC_STATUS_CAUSE_COUNT
};

enum rc_presence { RC_ABSENT, RC_PRESENT, RC_SUSPECT, RC_HELD, RC_PRESENCE_COUNT };

enum rc_leave_cause { RC_LEAVE_LOST, RC_LEAVE_CLOSED, RC_LEAVE_SLEEPING, RC_LEAVE_COUNT };

/* What a device says about the clock that made its deviceAt. */
enum rc_device_clock { RC_CLOCK_UNSAID, RC_CLOCK_SYNCED, RC_CLOCK_UNSET, RC_DEVICE_CLOCK_COUNT };

enum rc_result { RC_RECORDED, RC_DUPLICATE, RC_HELD_BACK, RC_REJECTED, RC_RETRY, RC_RESULT_COUNT };

enum rc_action {
    RC_ACTION_NONE,
    RC_ACTION_ACCEPT,
    RC_ACTION_REJECT,
    RC_ACTION_ADD,
    RC_ACTION_VOID,
    RC_ACTION_RETIME,
    RC_ACTION_COUNT
};

/* Codes of receipts and answers. */
enum rc_code {
    RC_OK,
    RC_ALREADY_IN,
    RC_ALREADY_OUT,
    RC_ID_CONFLICT,
    RC_NO_IN,               /* a late OUT with no IN before it */
    RC_OVERLAP,             /* a late punch inside a period that stands */
    RC_TOO_OLD,             /* over 7 days, or a late IN older than the shift limit without its OUT */
    RC_CLOCK_DOUBTFUL,      /* the device's clock was unset, or ahead */
    RC_IN_ELSEWHERE,        /* IN at another site (P-17) */
    RC_UNAVAILABLE,         /* not durable now: send it again */
    RC_INVALID_ARGUMENT,    /* the payload breaks the protocol */
    RC_NOT_FOUND,           /* no such row, employee or ask */
    RC_FAILED_PRECONDITION, /* the row is not in a state in which this can be done */
    RC_PERMISSION_DENIED,   /* not with this role, or one's own punches */
    RC_RESOURCE_EXHAUSTED,  /* a limit of the process */
    RC_RATE_LIMITED,
    RC_CODE_COUNT
};

enum rc_alert {
    RC_ALERT_AUTO_OUT_SPIKE,
    RC_ALERT_OUTAGE,
    RC_ALERT_LINK,
    RC_ALERT_REALTIME,
    RC_ALERT_STORAGE,
    RC_ALERT_CLOCK_STEP,
    RC_ALERT_DEVICE_LOST,
    RC_ALERT_HEARTBEAT_ERRORS,
    RC_ALERT_CAPACITY,
    RC_ALERT_COUNT
};

enum rc_scope_kind { RC_SCOPE_SITE, RC_SCOPE_GROUP, RC_SCOPE_GATEWAY, RC_SCOPE_KIND_COUNT };

/* What a session is doing; the rows of the table in session.c. */
enum rc_session_state {
    RC_S_LIVE,    /* heard within 1.5 intervals */
    RC_S_SILENT,  /* live still, but silent for over 1.5 intervals (P-8) */
    RC_S_LOST,    /* its last will came (P-2) */
    RC_S_CLOSED,  /* it said that it closes (P-2) */
    RC_S_ASLEEP,  /* it said that it sleeps (P-3) */
    RC_S_KIOSK,   /* a kiosk session of the current period (P-1) */
    RC_S_EXPIRED, /* past its deadline */
    RC_S_COUNT
};

#endif
