/*
 * policy.h: the settings that the rules of presence and punches depend on. Filled by daemon/config from the
 * table of settings, read by the engine. A plain value; the engine keeps a copy.
 */
#ifndef RC_CORE_POLICY_H
#define RC_CORE_POLICY_H

#include "core/types.h"

struct rc_policy {
    int64_t interval_ms[RC_CLASS_COUNT]; /* P-1: heartbeats of a session that announces nothing */
    int64_t
        interval_ms_max[RC_CLASS_COUNT]; /* P-1: the most that a session may announce; more is cut to this */
    int64_t interval_ms_min;             /* P-1: the least; less is raised to this */
    int64_t grace_ms[RC_CLASS_COUNT];    /* P-1: RC_NONE means: the session's interval */
    int64_t confirm_ms;                  /* P-2: least time that a lost session gets to come back */
    int64_t echo_ms;                     /* P-2: a heartbeat so soon after a leave may be older than it */
    int64_t sleep_ms_max;                /* P-3 */
    int64_t reconnect_ms;                /* P-6: protection after a start or reconnect */
    int64_t protection_ms_max;           /* P-6: ends it after so much connected silence */
    int64_t hold_ms;                     /* P-8: how long a hold lasts */
    int64_t hold_min;                    /* P-8: fewest overdue that open a hold */
    double hold_share;                   /* P-8: least share of the watched */
    int64_t resume_ms;                   /* P-9: since the AUTO_OUT's `at` */
    int64_t resume_detected_ms;          /* P-9: but no less than this since it was detected */
    int64_t resume_outage_ms;            /* P-9: where the cause was an outage */
    bool auto_in[RC_CLASS_COUNT];        /* P-10 */
    int64_t missed_out_ms;               /* P-11 */
    int64_t trust_ms;                    /* P-13: a punch older than this when sent is late */
    int64_t future_ms;                   /* P-13: a deviceAt this far ahead still counts as now */
    int64_t late_ms_max;                 /* P-13: older is held */
    int64_t max_shift_ms;                /* P-1, P-13: the shift limit */
    int64_t forget_ms;                   /* P-18: a session is forgotten so long after its deadline */
    int64_t maintenance_ms_max;          /* P-19 */
};

/* rc_policy_default returns the contract's numbers. */
struct rc_policy rc_policy_default(void);

#endif
