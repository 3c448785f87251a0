#include "daemon/loop.h"

#include "daemon/archiving.h"
#include "daemon/intake.h"
#include "daemon/log.h"
#include "daemon/repair.h"
#include "daemon/report.h"
#include "daemon/training_turn.h"

#include <inttypes.h>
#include <stdio.h>

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ---- our own clocks ---- */

static void take_step(struct rc_loop *loop, int64_t step_ms)
{
    struct rc_service *service = loop->service;
    char detail[64];
    snprintf(detail, sizeof detail, "{\"ms\":%" PRId64 "}", step_ms);
    rc_log(RC_LOG_WARN, "clock_step", RC_F_INT("ms", step_ms));
    rc_metrics_add(service->metrics, RC_M_CLOCK_STEPS, RC_METRICS_PROCESS, 0, 1);
    for (int i = 0; i < service->site_count; i++) {
        rc_alerts_clock_step(&service->sites[i].alerts, service->reading.now, step_ms);
        rc_batch_audit(service, &service->sites[i], "CLOCK_STEP", NULL, NULL, detail);
    }
}

static void take_pause(struct rc_loop *loop, const struct rc_clock_news *news)
{
    struct rc_service *service = loop->service;
    char detail[96];
    struct rc_event event = {.kind = RC_EV_PAUSE,
                             .now = service->reading.now,
                             .at = service->reading.at,
                             .pause.pause_ms = news->pause_ms};
    snprintf(detail, sizeof detail, "{\"ms\":%" PRId64 ",\"suspendedMs\":%" PRId64 "}", news->pause_ms,
             news->suspended_ms);
    rc_log(RC_LOG_WARN, "service_gap", RC_F_INT("ms", news->pause_ms),
           RC_F_INT("suspended_ms", news->suspended_ms));
    rc_metrics_add(service->metrics, RC_M_PAUSES, RC_METRICS_PROCESS, 0, 1);
    loop->settled_now = service->reading.now + RC_SETTLE_MS;
    for (int i = 0; i < service->site_count; i++) {
        rc_batch_step(service, &service->sites[i], &event, NULL, NULL);
        rc_batch_audit(service, &service->sites[i], "SERVICE_GAP", NULL, NULL, detail);
    }
}

static void read_clocks(struct rc_loop *loop)
{
    struct rc_service *service = loop->service;
    service->reading = rc_clock_read();
    struct rc_clock_news news = rc_clock_watch_look(&loop->watch, service->reading, loop->due_now);
    if (news.pause_ms > 0)
        take_pause(loop, &news);
    if (news.step_ms != 0)
        take_step(loop, news.step_ms);
}

/* ---- the parts of a turn ---- */

/* Takes what waits now, and nothing that arrives meanwhile. */
static void drain(struct rc_service *service)
{
    struct rc_inbound entry;
    for (size_t waiting = rc_inbox_depth(service->inbox); waiting > 0; waiting--) {
        if (!rc_inbox_take(service->inbox, &entry))
            return;
        rc_intake(service, &entry);
        if (rc_batch_full(service))
            rc_batch_commit(service);
    }
}

/* When a site's engine may be let know that time has passed; INT64_MAX: it has nothing to do. */
static int64_t tick_now(const struct rc_loop *loop, const struct rc_site *site)
{
    int64_t wake_now = rc_engine_wake_now(site->engine);
    if (!loop->service->batch.store_ok || wake_now == INT64_MAX)
        return INT64_MAX;
    if (!site->ticking && wake_now < site->ticked_now + RC_TICK_MS)
        wake_now = site->ticked_now + RC_TICK_MS;
    return wake_now < loop->settled_now ? loop->settled_now : wake_now;
}

/* Never more than one transaction holds, so that when everybody falls due at once, whoever punches meanwhile
 * waits for no more than one of these, and the loop is not late (P-7). */
static void tick(struct rc_loop *loop, struct rc_site *site)
{
    struct rc_service *service = loop->service;
    struct rc_event event = {.kind = RC_EV_TICK, .now = service->reading.now, .at = service->reading.at};
    if (tick_now(loop, site) > service->reading.now)
        return;
    site->due_now = rc_engine_wake_now(site->engine);
    site->ticked_now = service->reading.now;
    site->ticking = rc_batch_tick(service, site, &event);
    site->due_now = RC_NONE;
}

/* Service time, and the sessions that changed since the last flush; in parts of store.flush_rows. */
static bool flush_site(struct rc_service *service, struct rc_site *site, uint64_t *left)
{
    struct rc_session_row row;
    int64_t t = rc_engine_service_t(site->engine, service->reading.now);
    if (t != site->saved_t) {
        if (!rc_batch_begin(service) ||
            !rc_batch_check(service, rc_store_save_t(service->store, site->number, t)))
            return false;
        site->saved_t = t;
    }
    while (*left > 0 && rc_engine_next_dirty(site->engine, &row)) {
        (*left)--;
        if (!rc_batch_begin(service) ||
            !rc_batch_check(service, rc_store_flush_session(service->store, site->number, &row)))
            return false;
    }
    return true;
}

static uint64_t sessions_tracked(const struct rc_service *service)
{
    uint64_t tracked = 0;
    for (int i = 0; i < service->site_count; i++)
        tracked += rc_engine_counts(service->sites[i].engine).tracked;
    return tracked;
}

/* A flush takes each session once at most, over as many turns as it needs; what is heard meanwhile is the
 * next one's. */
static void flush(struct rc_loop *loop)
{
    struct rc_service *service = loop->service;
    uint64_t rows = (uint64_t)service->config->store_flush_rows;
    bool begins = service->reading.now >= loop->flush_now;
    if (!service->batch.store_ok || (!begins && loop->flush_left == 0))
        return;
    if (begins) {
        loop->flush_now = service->reading.now + service->config->store_flush_ms;
        loop->flush_left = sessions_tracked(service);
    }
    uint64_t part = loop->flush_left < rows ? loop->flush_left : rows;
    uint64_t left = part;
    for (int i = 0; i < service->site_count; i++) {
        if (!flush_site(service, &service->sites[i], &left))
            return;
    }
    loop->flush_left = left > 0 ? 0 : loop->flush_left - part;
}

static void republish(struct rc_loop *loop)
{
    struct rc_service *service = loop->service;
    loop->republishing = false;
    if (!service->batch.store_ok)
        return;
    for (int i = 0; i < service->site_count; i++) {
        rc_repair(service, &service->sites[i]);
        loop->republishing |=
            rc_publisher_republish(&service->sites[i].publisher, service->store, service->reading.now);
    }
}

static void tend_links(struct rc_service *service)
{
    for (int i = 0; i < service->site_count; i++) {
        if (service->sites[i].link)
            rc_link_tend(service->sites[i].link, service->reading.now);
    }
}

static void turn(struct rc_loop *loop)
{
    struct rc_service *service = loop->service;
    read_clocks(loop);
    rc_batch_recover(service);
    rc_training_look(service);
    drain(service);
    for (int i = 0; i < service->site_count; i++)
        tick(loop, &service->sites[i]);
    flush(loop);
    rc_training_tend(service);
    rc_archiving_tend(service);
    rc_report_durable(service);
    rc_batch_commit(service);
    republish(loop);
    rc_report_volatile(service);
    rc_batch_pump(service);
    rc_archiving_idle(service);
    tend_links(service);
    rc_notify_tend(&service->notify, service->reading.now);
}

/* How long nothing is due. */
static int wait_ms(const struct rc_loop *loop)
{
    const struct rc_service *service = loop->service;
    int64_t wake_now = sooner(rc_report_wake_now(service), rc_notify_wake_now(&service->notify));
    for (int i = 0; i < service->site_count; i++)
        wake_now = sooner(wake_now, tick_now(loop, &service->sites[i]));
    wake_now = sooner(wake_now, sooner(rc_training_wake_now(service), rc_archiving_wake_now(service)));
    if (service->batch.store_ok)
        wake_now = loop->flush_left > 0 ? 0 : sooner(wake_now, loop->flush_now);
    if (loop->republishing)
        wake_now = sooner(wake_now, service->reading.now + RC_REPUBLISH_STEP_MS);
    int64_t wait = wake_now - rc_clock_now();
    return wait < 0 ? 0 : wait > RC_WAIT_MS_MAX ? RC_WAIT_MS_MAX : (int)wait;
}

static void wait(struct rc_loop *loop)
{
    int timeout_ms = wait_ms(loop);
    loop->due_now = loop->service->reading.now + timeout_ms;
    if (loop->service->batch.of_students)
        rc_inbox_gather(loop->service->inbox, RC_GATHER_US);
    rc_inbox_wait(loop->service->inbox, timeout_ms);
}

/* ---- the end ---- */

static bool all_idle(const struct rc_service *service)
{
    for (int i = 0; i < service->site_count; i++) {
        if (!rc_publisher_idle(&service->sites[i].publisher, service->batch.store_ok))
            return false;
    }
    return true;
}

/* Whatever came until the links were closed is written and answered; answers that could not go out any more
 * are in the outbox, for the next start. */
static void publish_rest(struct rc_loop *loop)
{
    struct rc_service *service = loop->service;
    int64_t until_now = service->reading.now + RC_STOP_MS;
    for (int i = 0; i < service->site_count; i++)
        rc_report_stopping(service, &service->sites[i]);
    do {
        service->reading = rc_clock_read();
        drain(service);
        rc_batch_commit(service);
        if (all_idle(service))
            break;
        tend_links(service);
        rc_inbox_wait(service->inbox, RC_WAIT_MS_MAX);
    } while (service->reading.now < until_now);
}

static void flush_all(struct rc_service *service)
{
    for (int i = 0; i < service->site_count; i++) {
        struct rc_site *site = &service->sites[i];
        uint64_t left = rc_engine_counts(site->engine).tracked;
        if (!flush_site(service, site, &left))
            return;
        rc_batch_audit(service, site, "SERVICE_STOP", NULL, NULL, "");
    }
}

static bool stop_cleanly(struct rc_loop *loop)
{
    struct rc_service *service = loop->service;
    rc_log(RC_LOG_INFO, "stopping");
    rc_notify_stopping();
    rc_archiving_stop(service);
    drain(service);
    rc_training_stop(service);
    flush_all(service);
    rc_batch_commit(service);
    publish_rest(loop);
    for (int i = 0; i < service->site_count; i++) {
        rc_site_disconnect(&service->sites[i], RC_STOP_MS);
        rc_publisher_down(&service->sites[i].publisher);
    }
    drain(service);
    rc_batch_commit(service);
    if (service->batch.store_ok)
        rc_batch_check(service, rc_store_checkpoint(service->store));
    return service->batch.store_ok;
}

bool rc_loop_run(struct rc_service *service, struct rc_reading first, const volatile sig_atomic_t *stop)
{
    struct rc_loop loop = {.service = service, .due_now = first.now + RC_CLOCK_PAUSE_MS};
    rc_clock_watch_start(&loop.watch, first, service->config->alerts.clock_step_ms);
    while (!*stop && !service->batch.behind) {
        turn(&loop);
        wait(&loop);
    }
    return stop_cleanly(&loop);
}
