#include "core/policy.h"

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

struct rc_policy rc_policy_default(void)
{
    return (struct rc_policy){
        /* A phone's radio and battery want a longer interval. */
        .interval_ms = {[RC_BROWSER] = 10 * SECOND_MS,
                        [RC_AGENT] = 10 * SECOND_MS,
                        [RC_MOBILE] = 20 * SECOND_MS,
                        [RC_BADGE] = 10 * SECOND_MS,
                        [RC_KIOSK] = 10 * SECOND_MS},
        /* A hidden tab's timers run once a minute; a phone asleep may be let run for many. */
        .interval_ms_max = {[RC_BROWSER] = 2 * MINUTE_MS,
                            [RC_AGENT] = MINUTE_MS,
                            [RC_MOBILE] = 20 * MINUTE_MS,
                            [RC_BADGE] = MINUTE_MS,
                            [RC_KIOSK] = MINUTE_MS},
        .interval_ms_min = SECOND_MS,
        /* Badges walk through radio shadows. */
        .grace_ms = {[RC_BROWSER] = RC_NONE,
                     [RC_AGENT] = RC_NONE,
                     [RC_MOBILE] = RC_NONE,
                     [RC_BADGE] = 2 * MINUTE_MS,
                     [RC_KIOSK] = RC_NONE},
        .confirm_ms = 10 * SECOND_MS,
        .echo_ms = SECOND_MS,
        .sleep_ms_max = 20 * MINUTE_MS,
        .reconnect_ms = 2 * MINUTE_MS,
        .protection_ms_max = 15 * MINUTE_MS,
        .hold_ms = 15 * MINUTE_MS,
        .hold_min = 5,
        .hold_share = 0.5,
        .resume_ms = 20 * MINUTE_MS,
        .resume_detected_ms = 2 * MINUTE_MS,
        .resume_outage_ms = 4 * HOUR_MS,
        .auto_in = {false},
        .missed_out_ms = 6 * HOUR_MS,
        .trust_ms = 2 * MINUTE_MS,
        .future_ms = 5 * SECOND_MS,
        .late_ms_max = 7 * DAY_MS,
        .max_shift_ms = 16 * HOUR_MS,
        .forget_ms = DAY_MS,
        .maintenance_ms_max = DAY_MS,
    };
}
