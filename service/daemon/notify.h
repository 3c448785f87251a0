/*
 * notify.h: what systemd is told (sd_notify): ready, stopping, still alive. Without systemd (no
 * NOTIFY_SOCKET) nothing happens. The caller's plain value; the service thread's, so that a loop that hangs
 * stops feeding the watchdog.
 */
#ifndef RC_DAEMON_NOTIFY_H
#define RC_DAEMON_NOTIFY_H

#include <stdint.h>

struct rc_notify {
    int64_t interval_ms; /* half of WatchdogSec; 0: no watchdog */
    int64_t next_now;
};

/* rc_notify_init reads NOTIFY_SOCKET and WATCHDOG_USEC from the environment. */
void rc_notify_init(struct rc_notify *notify, int64_t now);
/* rc_notify_ready: engines loaded, loop running. status: one line for `systemctl status`. */
void rc_notify_ready(const char *status);
void rc_notify_stopping(void);
/* rc_notify_tend sends WATCHDOG=1 when it is due; call it at every turn of the loop. */
void rc_notify_tend(struct rc_notify *notify, int64_t now);
/* rc_notify_wake_now returns when it is due next; INT64_MAX: never. */
int64_t rc_notify_wake_now(const struct rc_notify *notify);

#endif
