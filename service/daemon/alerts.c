#include "daemon/alerts.h"

#include "core/names.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MINUTE_MS 60000

/* Capacity clears this far below the share at which it rises. */
#define CAPACITY_SLACK 0.05

void rc_alerts_init(struct rc_alerts *alerts, const struct rc_alert_thresholds *thresholds, int64_t now)
{
    memset(alerts, 0, sizeof *alerts);
    alerts->thresholds = *thresholds;
    rc_window_init(&alerts->auto_outs, MINUTE_MS);
    rc_window_init(&alerts->heartbeats, MINUTE_MS);
    rc_window_init(&alerts->invalid, MINUTE_MS);
    alerts->link_now = now;
    alerts->canary_out_now = RC_NONE;
    alerts->canary_lag_ms = RC_NONE;
    alerts->dropped_now = RC_NONE;
}

/* ---- what happened ---- */

void rc_alerts_auto_out(struct rc_alerts *alerts, int64_t now)
{
    rc_window_add(&alerts->auto_outs, now, 1);
}

void rc_alerts_heartbeat(struct rc_alerts *alerts, int64_t now, bool valid)
{
    rc_window_add(&alerts->heartbeats, now, 1);
    if (!valid) {
        rc_window_add(&alerts->invalid, now, 1);
    }
}

void rc_alerts_link(struct rc_alerts *alerts, int64_t now, bool up)
{
    if (alerts->link_up == up) {
        return;
    }
    alerts->link_up = up;
    alerts->link_now = now;
    /* Canaries of the connection before are lost, and that is what `link` says. */
    alerts->canary_out_now = RC_NONE;
    alerts->canary_lag_ms = RC_NONE;
}

void rc_alerts_canary_sent(struct rc_alerts *alerts, int64_t now)
{
    if (alerts->link_up && alerts->canary_out_now == RC_NONE) {
        alerts->canary_out_now = now;
    }
}

void rc_alerts_canary_back(struct rc_alerts *alerts, int64_t now, int64_t sent_now)
{
    alerts->canary_lag_ms = now > sent_now ? now - sent_now : 0;
    if (sent_now >= alerts->canary_out_now) {
        alerts->canary_out_now = RC_NONE;
    }
}

static void tell_again(struct rc_alerts *alerts, enum rc_alert_told told)
{
    for (int kind = 0; kind < RC_ALERT_COUNT; kind++) {
        if (alerts->told[kind] == told) {
            alerts->told[kind] = RC_ALERT_UNSAID;
        }
    }
}

void rc_alerts_storage(struct rc_alerts *alerts, int64_t now, const char *reason)
{
    if (reason && !alerts->store_failing) {
        alerts->store_now = now;
    }
    alerts->store_failing = reason != NULL;
    if (!reason) {
        tell_again(alerts, RC_ALERT_UNKEPT);
    }
    snprintf(alerts->store_reason, sizeof alerts->store_reason, "%s", reason ? reason : "");
}

void rc_alerts_clock_step(struct rc_alerts *alerts, int64_t now, int64_t step_ms)
{
    alerts->step_now = now;
    alerts->step_ms = step_ms;
}

void rc_alerts_capacity(struct rc_alerts *alerts, int64_t now, uint64_t employees, uint64_t employees_max,
                        uint64_t sessions, uint64_t sessions_max, uint64_t dropped)
{
    alerts->employees = employees;
    alerts->employees_max = employees_max;
    alerts->sessions = sessions;
    alerts->sessions_max = sessions_max;
    if (dropped > alerts->dropped) {
        alerts->dropped_now = now;
    }
    alerts->dropped = dropped;
}

static struct rc_alert_hold *find_hold(struct rc_alerts *alerts, int64_t number)
{
    for (size_t i = 0; i < alerts->hold_count; i++) {
        if (alerts->holds[i].number == number) {
            return &alerts->holds[i];
        }
    }
    return NULL;
}

static void hold_opened(struct rc_alerts *alerts, int64_t number, const struct rc_id *name, int64_t count)
{
    struct rc_alert_hold *hold = find_hold(alerts, number);
    if (!hold) {
        assert(alerts->hold_count < RC_HOLDS_MAX); /* the engine has no more */
        hold = &alerts->holds[alerts->hold_count++];
        *hold = (struct rc_alert_hold){.number = number, .name = *name};
    }
    hold->count = count > 0 ? count : hold->count;
}

static void hold_ended(struct rc_alerts *alerts, int64_t number)
{
    struct rc_alert_hold *hold = find_hold(alerts, number);
    if (hold) {
        size_t after = (size_t)(&alerts->holds[alerts->hold_count] - hold) - 1;
        memmove(hold, hold + 1, after * sizeof *hold);
        alerts->hold_count--;
    }
}

void rc_alerts_hold(struct rc_alerts *alerts, const struct rc_hold *hold)
{
    if (hold->open) {
        hold_opened(alerts, hold->number, &hold->name, 0);
    } else {
        hold_ended(alerts, hold->number);
    }
}

static void take_outage(struct rc_alerts *alerts, const struct rc_effect *effect)
{
    if (!effect->alert.raised) {
        alerts->hold_count = 0;
    } else if (effect->alert.count > 0) {
        hold_opened(alerts, effect->alert.hold, &effect->alert.name, effect->alert.count);
    } else { /* this one ended, others are open still */
        hold_ended(alerts, effect->alert.hold);
    }
}

static void take_device(struct rc_alerts *alerts, const struct rc_effect *effect)
{
    size_t i = 0;
    while (i < alerts->device_count && !rc_id_equal(&alerts->devices[i], &effect->alert.name)) {
        i++;
    }
    alerts->devices_lost = effect->alert.count;
    if (alerts->devices_lost == 0) {
        alerts->device_count = 0;
    } else if (effect->alert.raised && i == alerts->device_count && i < RC_ALERT_DEVICES_MAX) {
        alerts->devices[alerts->device_count++] = effect->alert.name;
    } else if (!effect->alert.raised && i < alerts->device_count) {
        alerts->device_count--;
        memmove(&alerts->devices[i], &alerts->devices[i + 1],
                (alerts->device_count - i) * sizeof alerts->devices[0]);
    }
}

void rc_alerts_effect(struct rc_alerts *alerts, const struct rc_effect *effect)
{
    assert(effect->kind == RC_FX_ALERT);
    switch (effect->alert.kind) {
    case RC_ALERT_OUTAGE:
        take_outage(alerts, effect);
        break;
    case RC_ALERT_DEVICE_LOST:
        take_device(alerts, effect);
        break;
    case RC_ALERT_CAPACITY:
        alerts->dropping = alerts->dropping || effect->alert.raised;
        break;
    default:
        assert(false && "an alert that the engine does not raise");
    }
}

void rc_alerts_device(struct rc_alerts *alerts, const struct rc_id *device)
{
    struct rc_effect lost = {.kind = RC_FX_ALERT};
    lost.alert.kind = RC_ALERT_DEVICE_LOST;
    lost.alert.raised = true;
    lost.alert.name = *device;
    lost.alert.count = alerts->devices_lost + 1;
    take_device(alerts, &lost);
}

static void keep_holds(struct rc_alerts *alerts)
{
    memcpy(alerts->holds_kept, alerts->holds, alerts->hold_count * sizeof alerts->holds[0]);
    alerts->hold_kept_count = alerts->hold_count;
}

void rc_alerts_commit(struct rc_alerts *alerts)
{
    keep_holds(alerts);
    for (int kind = 0; kind < RC_ALERT_COUNT; kind++) {
        if (alerts->told[kind] == RC_ALERT_OPEN) {
            alerts->told[kind] = RC_ALERT_KEPT;
        }
    }
}

void rc_alerts_restored(struct rc_alerts *alerts)
{
    keep_holds(alerts);
    tell_again(alerts, RC_ALERT_KEPT);
}

void rc_alerts_undo(struct rc_alerts *alerts)
{
    tell_again(alerts, RC_ALERT_OPEN);
    memcpy(alerts->holds, alerts->holds_kept, alerts->hold_kept_count * sizeof alerts->holds[0]);
    alerts->hold_count = alerts->hold_kept_count;
}

/* ---- texts for people ---- */

struct detail {
    char *text;
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void say(struct detail *detail, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length =
        vsnprintf(detail->text + detail->length, RC_ALERT_DETAIL_MAX - detail->length, format, arguments);
    va_end(arguments);
    detail->length += length > 0 ? (size_t)length : 0;
    if (detail->length >= RC_ALERT_DETAIL_MAX) {
        detail->length = RC_ALERT_DETAIL_MAX - 1;
    }
}

/* Bytes of one hold or one device in a list, at most, and of `; and N more` behind it. */
#define HOLD_SIZE   150
#define DEVICE_SIZE (RC_ID_MAX + 24)
#define MORE_SIZE   32

static bool has_room(const struct detail *detail, size_t size)
{
    return detail->length + size + MORE_SIZE < RC_ALERT_DETAIL_MAX;
}

static void say_auto_outs(struct rc_alerts *alerts, int64_t now, struct detail *out)
{
    say(out, "%" PRIu64 " people went AUTO_OUT within a minute; over %" PRId64 " is unusual",
        rc_window_sum(&alerts->auto_outs, now), alerts->thresholds.auto_out_spike);
}

static void say_outage(struct rc_alerts *alerts, int64_t now, struct detail *out)
{
    (void)now;
    size_t i = 0;
    for (; i < alerts->hold_count && has_room(out, HOLD_SIZE); i++) {
        const struct rc_alert_hold *hold = &alerts->holds[i];
        say(out, "%shold %" PRId64 " on %s", i ? "; " : "", hold->number,
            hold->name.length > 0 ? hold->name.text : "the site");
        if (hold->count > 0) {
            say(out, ", %" PRId64 " fell silent together", hold->count);
        }
    }
    if (i < alerts->hold_count) {
        say(out, "; and %zu more", alerts->hold_count - i);
    }
}

static void say_link(struct rc_alerts *alerts, int64_t now, struct detail *out)
{
    say(out, "no connection to the broker for %" PRId64 " s", (now - alerts->link_now) / 1000);
}

static int64_t canary_ms(const struct rc_alerts *alerts, int64_t now)
{
    int64_t out = alerts->canary_out_now == RC_NONE ? 0 : now - alerts->canary_out_now;
    return out > alerts->canary_lag_ms ? out : alerts->canary_lag_ms;
}

static void say_realtime(struct rc_alerts *alerts, int64_t now, struct detail *out)
{
    say(out, "a message through the broker and back takes %" PRId64 " ms; over %" PRId64 " is too slow",
        canary_ms(alerts, now), alerts->thresholds.realtime_ms);
}

static void say_storage(struct rc_alerts *alerts, int64_t now, struct detail *out)
{
    (void)now;
    say(out, "cannot write to the database: %s", alerts->store_reason);
}

static void say_clock_step(struct rc_alerts *alerts, int64_t now, struct detail *out)
{
    (void)now;
    int64_t size = alerts->step_ms < 0 ? -alerts->step_ms : alerts->step_ms;
    say(out, "the wall clock was set %s by %" PRId64 ".%03d s", alerts->step_ms < 0 ? "back" : "forward",
        size / 1000, (int)(size % 1000));
}

static void say_device_lost(struct rc_alerts *alerts, int64_t now, struct detail *out)
{
    (void)now;
    size_t i = 0;
    for (; i < alerts->device_count && has_room(out, DEVICE_SIZE); i++) {
        say(out, "%s%s", i ? ", " : "not heard any more: ", alerts->devices[i].text);
    }
    int64_t more = alerts->devices_lost - (int64_t)i;
    if (more > 0) {
        say(out, "%s%" PRId64 " %s", i ? ", and " : "not heard any more: ", more, i ? "more" : "devices");
    }
}

static void say_heartbeat_errors(struct rc_alerts *alerts, int64_t now, struct detail *out)
{
    say(out, "%" PRIu64 " of %" PRIu64 " heartbeats within a minute were invalid",
        rc_window_sum(&alerts->invalid, now), rc_window_sum(&alerts->heartbeats, now));
}

static void say_capacity(struct rc_alerts *alerts, int64_t now, struct detail *out)
{
    (void)now;
    say(out, "%" PRIu64 " of %" PRIu64 " employees, %" PRIu64 " of %" PRIu64 " sessions", alerts->employees,
        alerts->employees_max, alerts->sessions, alerts->sessions_max);
    if (alerts->dropped > 0) {
        say(out, "; %" PRIu64 " messages dropped for want of room since the start", alerts->dropped);
    }
}

/* ---- whether an alert is to be up; `raised`: whether it is ---- */

static bool wants_auto_outs(struct rc_alerts *alerts, int64_t now, bool raised)
{
    uint64_t count = rc_window_sum(&alerts->auto_outs, now),
             most = (uint64_t)alerts->thresholds.auto_out_spike;
    return raised ? count > most / 2 : count > most;
}

static bool wants_outage(struct rc_alerts *alerts, int64_t now, bool raised)
{
    (void)now;
    (void)raised;
    return alerts->hold_count > 0;
}

static bool wants_link(struct rc_alerts *alerts, int64_t now, bool raised)
{
    int64_t since_ms = now - alerts->link_now;
    if (raised) {
        return !alerts->link_up || since_ms < alerts->thresholds.link_ms;
    }
    return !alerts->link_up && since_ms > alerts->thresholds.link_ms;
}

static bool wants_realtime(struct rc_alerts *alerts, int64_t now, bool raised)
{
    int64_t lag_ms = canary_ms(alerts, now);
    if (raised) {
        return alerts->canary_lag_ms == RC_NONE || lag_ms > alerts->thresholds.realtime_ms / 2;
    }
    return lag_ms > alerts->thresholds.realtime_ms;
}

static bool wants_storage(struct rc_alerts *alerts, int64_t now, bool raised)
{
    return alerts->store_failing && (raised || now - alerts->store_now >= alerts->thresholds.storage_ms);
}

static bool wants_clock_step(struct rc_alerts *alerts, int64_t now, bool raised)
{
    (void)raised;
    return alerts->step_ms != 0 && now - alerts->step_now < alerts->thresholds.clock_step_clear_ms;
}

static bool wants_device_lost(struct rc_alerts *alerts, int64_t now, bool raised)
{
    (void)now;
    (void)raised;
    return alerts->devices_lost > 0;
}

static bool wants_heartbeat_errors(struct rc_alerts *alerts, int64_t now, bool raised)
{
    double all = (double)rc_window_sum(&alerts->heartbeats, now);
    double invalid = (double)rc_window_sum(&alerts->invalid, now);
    double least = (double)alerts->thresholds.heartbeat_errors_min;
    double share = alerts->thresholds.heartbeat_error_share;
    return raised ? invalid >= least / 2 && invalid > all * share / 2
                  : invalid >= least && invalid > all * share;
}

static bool wants_capacity(struct rc_alerts *alerts, int64_t now, bool raised)
{
    if (alerts->dropping) {
        alerts->dropping = false;
        alerts->dropped_now = now;
    }
    double share = alerts->thresholds.capacity_share - (raised ? CAPACITY_SLACK : 0);
    return (alerts->dropped_now != RC_NONE && now - alerts->dropped_now < RC_ALERT_DROP_MS) ||
           (double)alerts->employees > share * (double)alerts->employees_max ||
           (double)alerts->sessions > share * (double)alerts->sessions_max;
}

/* `live`: the detail follows what happens while the alert is up; the others say why it rose. */
static const struct rule {
    bool (*wants)(struct rc_alerts *alerts, int64_t now, bool raised);
    void (*say)(struct rc_alerts *alerts, int64_t now, struct detail *out);
    bool live;
} rules[RC_ALERT_COUNT] = {
    [RC_ALERT_AUTO_OUT_SPIKE] = {wants_auto_outs, say_auto_outs, false},
    [RC_ALERT_OUTAGE] = {wants_outage, say_outage, true},
    [RC_ALERT_LINK] = {wants_link, say_link, false},
    [RC_ALERT_REALTIME] = {wants_realtime, say_realtime, false},
    [RC_ALERT_STORAGE] = {wants_storage, say_storage, true},
    [RC_ALERT_CLOCK_STEP] = {wants_clock_step, say_clock_step, true},
    [RC_ALERT_DEVICE_LOST] = {wants_device_lost, say_device_lost, true},
    [RC_ALERT_HEARTBEAT_ERRORS] = {wants_heartbeat_errors, say_heartbeat_errors, false},
    [RC_ALERT_CAPACITY] = {wants_capacity, say_capacity, false},
};

/* Brings one alert up to date; true if that is a change to be told. */
static bool look(struct rc_alerts *alerts, enum rc_alert kind, int64_t now, int64_t at)
{
    struct rc_alert_state *state = &alerts->states[kind];
    const struct rule *rule = &rules[kind];
    bool was = state->raised;
    state->raised = rule->wants(alerts, now, was);
    if (!state->raised) {
        return was;
    }
    char text[RC_ALERT_DETAIL_MAX] = "";
    struct detail detail = {.text = text};
    if (!was || rule->live) {
        rule->say(alerts, now, &detail);
    }
    if (!was) {
        state->since_at = at;
    } else if (!rule->live || strcmp(text, state->detail) == 0) {
        return false;
    }
    memcpy(state->detail, text, sizeof text);
    return true;
}

size_t rc_alerts_look(struct rc_alerts *alerts, int64_t now, int64_t at,
                      struct rc_alert_change out[RC_ALERT_COUNT])
{
    size_t count = 0;
    for (int kind = 0; kind < RC_ALERT_COUNT; kind++) {
        bool changed = look(alerts, (enum rc_alert)kind, now, at);
        if (!changed && alerts->told[kind] != RC_ALERT_UNSAID) {
            continue;
        }
        const struct rc_alert_state *state = &alerts->states[kind];
        struct rc_alert_change *change = &out[count++];
        *change = (struct rc_alert_change){.kind = (enum rc_alert)kind,
                                           .raised = state->raised,
                                           .again = !changed,
                                           .since_at = state->since_at};
        memcpy(change->detail, state->detail, sizeof change->detail);
        alerts->told[kind] = alerts->store_failing ? RC_ALERT_UNKEPT : RC_ALERT_OPEN;
    }
    return count;
}

const struct rc_alert_state *rc_alerts_state(const struct rc_alerts *alerts, enum rc_alert kind)
{
    assert((unsigned)kind < RC_ALERT_COUNT);
    return &alerts->states[kind];
}
