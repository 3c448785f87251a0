/*
 * alerts.h: which alerts of one site are up, since when, and a text for people. Pure: it is told what
 * happened, with the clock readings of that moment, and says at rc_alerts_look what changed. A plain value of
 * the caller's, one thread, one a site. Rising and clearing differ (hysteresis), so that a figure near its
 * threshold does not flap:
 *
 *   auto-out-spike    rises over alerts.auto_out_spike AUTO_OUTs in a minute      clears at half of it or
 * less outage            while the engine has a hold open (P-8) link              no broker for
 * alerts.link_ms                                clears after being up as long realtime          a canary
 * took, or is out, over alerts.realtime_ms           clears when one is back within half storage COMMITs fail
 * for alerts.storage_ms                          clears when one succeeds clock-step        the wall clock
 * stepped (P-14)                               clears 10 min after the last step device-lost       while the
 * engine misses a device heartbeat-errors  too large a share of a minute's heartbeats is invalid       clears
 * at half of it or less capacity          a limit is nearly reached, or something was dropped         clears
 * 5 % below, a minute after
 */
#ifndef RC_DAEMON_ALERTS_H
#define RC_DAEMON_ALERTS_H

#include "core/effect.h"
#include "daemon/config.h"
#include "daemon/window.h"

/* Bytes of a detail with its NUL. Names that do not fit are counted instead: `and 12 more`. */
#define RC_ALERT_DETAIL_MAX 400

/* Devices that device-lost can name; those beyond are counted but not named. */
#define RC_ALERT_DEVICES_MAX 64

/* How long capacity stays up after the last drop. */
#define RC_ALERT_DROP_MS 60000

/* Bytes of why storage fails, with the NUL; longer is cut. */
#define RC_ALERT_REASON_MAX 200

/* What rc_alerts_look reports: raised, raised still but with another detail, or cleared; or again what it
 * reported before, because the batch that was to keep it failed. */
struct rc_alert_change {
    enum rc_alert kind;
    bool raised, again;
    int64_t since_at; /* when it rose */
    char detail[RC_ALERT_DETAIL_MAX];
};

struct rc_alert_state {
    bool raised;
    int64_t since_at;
    char detail[RC_ALERT_DETAIL_MAX];
};

/* What became of the last report of an alert. */
enum rc_alert_told {
    RC_ALERT_KEPT,   /* a COMMIT holds it, or there was none */
    RC_ALERT_OPEN,   /* it is in the batch that is open */
    RC_ALERT_UNKEPT, /* said while the store fails: to be reported again once it works */
    RC_ALERT_UNSAID, /* its batch failed: to be reported again at once */
};

struct rc_alert_hold {
    int64_t number;
    struct rc_id name; /* group or gateway; empty: the site */
    int64_t count;     /* how many were overdue when it opened; 0: not known (restored) */
};

struct rc_alerts {
    struct rc_alert_thresholds thresholds;
    struct rc_alert_state states[RC_ALERT_COUNT];
    enum rc_alert_told told[RC_ALERT_COUNT];
    struct rc_window auto_outs, heartbeats, invalid;
    struct rc_alert_hold holds[RC_HOLDS_MAX];
    size_t hold_count;
    struct rc_alert_hold holds_kept[RC_HOLDS_MAX]; /* as of the last commit */
    size_t hold_kept_count;
    struct rc_id devices[RC_ALERT_DEVICES_MAX];
    size_t device_count;  /* those with a name here */
    int64_t devices_lost; /* all of them */
    bool link_up;
    int64_t link_now;       /* since when it is so */
    int64_t canary_out_now; /* the oldest canary that is not back; RC_NONE: none */
    int64_t canary_lag_ms;  /* of the last that came back; RC_NONE: none since the link came up */
    bool store_failing;
    int64_t store_now; /* since when it fails */
    char store_reason[RC_ALERT_REASON_MAX];
    int64_t step_now, step_ms; /* the last step; step_ms 0: none */
    uint64_t employees, sessions, employees_max, sessions_max;
    uint64_t dropped;
    bool dropping;       /* something was dropped since the last look */
    int64_t dropped_now; /* when that was last so; RC_NONE: never */
};

/* rc_alerts_init: nothing is raised, the link is down since `now`. */
void rc_alerts_init(struct rc_alerts *alerts, const struct rc_alert_thresholds *thresholds, int64_t now);

/* What happened. Times are boot time. */
void rc_alerts_auto_out(struct rc_alerts *alerts, int64_t now);
void rc_alerts_heartbeat(struct rc_alerts *alerts, int64_t now, bool valid);
void rc_alerts_link(struct rc_alerts *alerts, int64_t now, bool up);
void rc_alerts_canary_sent(struct rc_alerts *alerts, int64_t now);
/* sent_now: as the canary carries it */
void rc_alerts_canary_back(struct rc_alerts *alerts, int64_t now, int64_t sent_now);
/* reason: why COMMIT or recovery failed; NULL: it succeeded */
void rc_alerts_storage(struct rc_alerts *alerts, int64_t now, const char *reason);
void rc_alerts_clock_step(struct rc_alerts *alerts, int64_t now, int64_t step_ms);
/* rc_alerts_capacity: what is in use of the site's limits, and how much was dropped for want of room since
 * the start. */
void rc_alerts_capacity(struct rc_alerts *alerts, int64_t now, uint64_t employees, uint64_t employees_max,
                        uint64_t sessions, uint64_t sessions_max, uint64_t dropped);
/* rc_alerts_hold: a hold is open (also: was restored) or ended. */
void rc_alerts_hold(struct rc_alerts *alerts, const struct rc_hold *hold);
/* rc_alerts_effect takes an RC_FX_ALERT of the engine: OUTAGE, DEVICE_LOST, CAPACITY. Of a CAPACITY only the
 * rising counts: this module sees for itself when there is room again. */
void rc_alerts_effect(struct rc_alerts *alerts, const struct rc_effect *effect);

/* rc_alerts_device takes a device that was lost when the process before ended. */
void rc_alerts_device(struct rc_alerts *alerts, const struct rc_id *device);

/* rc_alerts_restored ends what was restored: it is durable. The next look reports every alert as it is, since
 * nobody knows which of them the process before left up. */
void rc_alerts_restored(struct rc_alerts *alerts);

/* rc_alerts_commit and rc_alerts_undo follow the engine's: a failed COMMIT undoes holds that opened or ended
 * in its batch, and what was reported in it is reported again (P-15). What was heard of devices was heard,
 * and stays. */
void rc_alerts_commit(struct rc_alerts *alerts);
void rc_alerts_undo(struct rc_alerts *alerts);

/* rc_alerts_look writes what changed since the last look, at most one change a kind, and returns how many. It
 * is to be written in the open batch or, while the store fails, just said; rc_alerts_storage decides which.
 * Call it about once a second. A hold or device that comes or goes while its alert is up is a change of its
 * detail; figures that merely move are not. */
size_t rc_alerts_look(struct rc_alerts *alerts, int64_t now, int64_t at,
                      struct rc_alert_change out[RC_ALERT_COUNT]);

/* rc_alerts_state returns how one alert stands, as of the last look. */
const struct rc_alert_state *rc_alerts_state(const struct rc_alerts *alerts, enum rc_alert kind);

#endif
