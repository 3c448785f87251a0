#include "daemon/notify.h"

#include <systemd/sd-daemon.h>

void rc_notify_init(struct rc_notify *notify, int64_t now)
{
    uint64_t watchdog_us = 0;
    notify->interval_ms = 0;
    notify->next_now = now;
    if (sd_watchdog_enabled(0, &watchdog_us) > 0) {
        notify->interval_ms = (int64_t)(watchdog_us / 2000);
    }
}

/* The results are of no use: who runs us without systemd, or with a socket that is gone, loses nothing. */
void rc_notify_ready(const char *status)
{
    (void)sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void rc_notify_stopping(void)
{
    (void)sd_notify(0, "STOPPING=1");
}

void rc_notify_tend(struct rc_notify *notify, int64_t now)
{
    if (notify->interval_ms > 0 && now >= notify->next_now) {
        (void)sd_notify(0, "WATCHDOG=1");
        notify->next_now = now + notify->interval_ms;
    }
}

int64_t rc_notify_wake_now(const struct rc_notify *notify)
{
    return notify->interval_ms > 0 ? notify->next_now : INT64_MAX;
}
