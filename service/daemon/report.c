#include "daemon/report.h"

#include "core/names.h"
#include "daemon/log.h"
#include "daemon/service.h"
#include "wire/encode.h"
#include "wire/topic.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)

static void direct(struct rc_site *site, const char *topic, const char *payload, size_t length, uint8_t qos,
                   bool retain)
{
    rc_publisher_direct(&site->publisher, topic, (struct rc_text){payload, length}, (struct rc_text){0}, qos,
                        retain);
}

size_t rc_report_status(const struct rc_service *service, bool online, char payload[RC_ENCODED_MAX])
{
    return rc_encode_service(online, RC_VERSION, service->started_at, payload, RC_ENCODED_MAX);
}

static void publish_status(struct rc_service *service, struct rc_site *site, bool online)
{
    char topic[RC_TOPIC_MAX], payload[RC_ENCODED_MAX];
    rc_topic_site(topic, &site->name, "service/status");
    direct(site, topic, payload, rc_report_status(service, online, payload), 1, true);
}

/* ---- canary ---- */

/* At QoS 1 while a backlog drains: whatever the broker's window, it must not overtake what is queued before
 * it. */
static void send_canary(struct rc_site *site, int64_t now)
{
    char topic[RC_TOPIC_MAX], payload[RC_ENCODED_MAX];
    rc_topic_site(topic, &site->name, "service/canary");
    size_t length = rc_encode_canary(now, payload, sizeof payload);
    direct(site, topic, payload, length, rc_backlog_drains(&site->backlog, now) ? 1 : 0, false);
    rc_backlog_canary_sent(&site->backlog, now);
    rc_alerts_canary_sent(&site->alerts, now);
}

void rc_report_canary_back(struct rc_service *service, struct rc_site *site, int64_t canary_now,
                           int64_t received_now)
{
    if (!rc_backlog_canary_back(&site->backlog, canary_now))
        return;
    rc_metrics_observe_ms(service->metrics, RC_M_REALTIME_LAG, site->index, received_now - canary_now);
    rc_alerts_canary_back(&site->alerts, received_now, canary_now);
}

static void send_canaries(struct rc_service *service)
{
    for (int i = 0; i < service->site_count; i++) {
        struct rc_site *site = &service->sites[i];
        if (site->up && !site->publisher.full)
            send_canary(site, service->reading.now);
    }
}

/* ---- alerts ---- */

static size_t encode_alert(const struct rc_site *site, enum rc_alert kind, char payload[RC_ENCODED_MAX])
{
    const struct rc_alert_state *state = rc_alerts_state(&site->alerts, kind);
    return state->raised ? rc_encode_alert(kind, state->since_at, state->detail, payload, RC_ENCODED_MAX) : 0;
}

size_t rc_report_alert(const struct rc_site *site, struct rc_text kind, char payload[RC_ENCODED_MAX])
{
    enum rc_alert known;
    return rc_alert_parse(kind, &known) ? encode_alert(site, known, payload) : 0;
}

static void publish_change(struct rc_service *service, struct rc_site *site,
                           const struct rc_alert_change *change)
{
    char topic[RC_TOPIC_MAX], payload[RC_ENCODED_MAX];
    const char *name = rc_alert_name(change->kind);
    size_t length = encode_alert(site, change->kind, payload);
    rc_topic_alert(topic, &site->name, change->kind);
    if (!change->again)
        rc_log(change->raised ? RC_LOG_WARN : RC_LOG_INFO, change->raised ? "alert_raised" : "alert_cleared",
               RC_F_ID("site", &site->name), RC_F_STR("kind", name), RC_F_STR("detail", change->detail));
    rc_metrics_set(service->metrics, RC_M_ALERTS, site->index, (int)change->kind, change->raised);
    if (!service->batch.store_ok) {
        direct(site, topic, payload, length, 1, true);
        return;
    }
    if (rc_batch_begin(service) &&
        rc_batch_check(service, rc_store_alert(service->store, site->number, name, change->raised,
                                               change->raised ? change->since_at : service->reading.at,
                                               rc_text_of(change->detail))))
        rc_batch_publish(service, site, topic, (struct rc_text){payload, length}, (struct rc_text){0}, true);
}

static void look_at_alerts(struct rc_service *service, struct rc_site *site)
{
    struct rc_alert_change changes[RC_ALERT_COUNT];
    struct rc_counts counts = rc_engine_counts(site->engine);
    int64_t now = service->reading.now;
    rc_alerts_capacity(&site->alerts, now, counts.employees, (uint64_t)service->config->limit_employees,
                       counts.tracked, (uint64_t)service->config->limit_sessions,
                       counts.dropped + site->publisher.dropped + rc_inbox_dropped(service->inbox));
    size_t count = rc_alerts_look(&site->alerts, now, service->reading.at, changes);
    for (size_t i = 0; i < count; i++)
        publish_change(service, site, &changes[i]);
}

void rc_report_again(struct rc_service *service, struct rc_site *site)
{
    char topic[RC_TOPIC_MAX], payload[RC_ENCODED_MAX];
    publish_status(service, site, true);
    for (int kind = 0; kind < RC_ALERT_COUNT; kind++) {
        size_t length = encode_alert(site, (enum rc_alert)kind, payload);
        rc_topic_alert(topic, &site->name, (enum rc_alert)kind);
        direct(site, topic, payload, length, 1, true);
    }
}

void rc_report_soon(struct rc_service *service, struct rc_site *site, enum rc_topic_ours what)
{
    if (what == RC_OURS_SUMMARY)
        site->summary_now = service->reading.now - RC_SUMMARY_REPEAT_MS; /* due although nothing changed */
    else
        service->report.metrics_now = service->reading.now;
}

void rc_report_connected(struct rc_service *service, struct rc_site *site)
{
    send_canary(site, service->reading.now);
    rc_report_again(service, site);
}

void rc_report_stopping(struct rc_service *service, struct rc_site *site)
{
    publish_status(service, site, false);
}

/* ---- the heads of the chains, once a day ---- */

static void report_head(struct rc_service *service, struct rc_site *site)
{
    uint8_t hash[32];
    int64_t seq;
    char hex[2 * sizeof hash + 1], detail[128];
    if (!rc_batch_check(service, rc_store_head(service->store, site->number, &seq, hash)))
        return;
    for (size_t i = 0; i < sizeof hash; i++)
        snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    snprintf(detail, sizeof detail, "{\"seq\":%" PRId64 ",\"hash\":\"%s\"}", seq, hex);
    rc_log(RC_LOG_INFO, "chain_head", RC_F_ID("site", &site->name), RC_F_INT("seq", seq),
           RC_F_STR("hash", hex));
    rc_batch_audit(service, site, "CHAIN_HEAD", NULL, NULL, detail);
}

static void report_heads(struct rc_service *service)
{
    int64_t day = service->reading.at / DAY_MS;
    if (day == service->report.head_day || !service->batch.store_ok)
        return;
    for (int i = 0; i < service->site_count; i++)
        report_head(service, &service->sites[i]);
    service->report.head_day = day;
}

void rc_report_durable(struct rc_service *service)
{
    if (service->reading.now < service->report.look_now)
        return;
    service->report.look_now = service->reading.now + RC_LOOK_MS;
    for (int i = 0; i < service->site_count; i++)
        look_at_alerts(service, &service->sites[i]);
    report_heads(service);
}

/* ---- summary ---- */

static bool same_summary(const struct rc_summary *a, const struct rc_summary *b)
{
    return a->in == b->in && a->out == b->out && a->present == b->present && a->suspect == b->suspect &&
           a->held == b->held && a->sessions == b->sessions && a->devices == b->devices;
}

static void publish_summary(struct rc_service *service, struct rc_site *site)
{
    char topic[RC_TOPIC_MAX], payload[RC_ENCODED_MAX];
    struct rc_counts counts = rc_engine_counts(site->engine);
    struct rc_summary summary = {.in = counts.in,
                                 .out = counts.out,
                                 .present = counts.present,
                                 .suspect = counts.suspect,
                                 .held = counts.held,
                                 .sessions = counts.sessions,
                                 .devices = counts.devices_online,
                                 .as_of_at = service->reading.at};
    bool repeat = service->reading.now - site->summary_now >= RC_SUMMARY_REPEAT_MS;
    if (!site->up || (!repeat && same_summary(&summary, &site->summary)))
        return;
    site->summary = summary;
    site->summary_now = service->reading.now;
    rc_topic_site(topic, &site->name, "summary");
    direct(site, topic, payload, rc_encode_summary(&summary, payload, sizeof payload), 0, true);
}

/* ---- metrics and the board ---- */

static void gather_site(struct rc_service *service, const struct rc_site *site)
{
    struct rc_metrics *metrics = service->metrics;
    struct rc_counts counts = rc_engine_counts(site->engine);
    int index = site->index;
    rc_metrics_set(metrics, RC_M_SESSIONS, index, 0, (int64_t)counts.sessions);
    rc_metrics_set(metrics, RC_M_EMPLOYEES, index, 0, (int64_t)counts.employees);
    rc_metrics_set(metrics, RC_M_EMPLOYEES_IN, index, 0, (int64_t)counts.in);
    rc_metrics_set(metrics, RC_M_PRESENT, index, 0, (int64_t)counts.present);
    rc_metrics_set(metrics, RC_M_SUSPECT, index, 0, (int64_t)counts.suspect);
    rc_metrics_set(metrics, RC_M_HELD, index, 0, (int64_t)counts.held);
    rc_metrics_set(metrics, RC_M_DEVICES_ONLINE, index, 0, (int64_t)counts.devices_online);
    rc_metrics_set(metrics, RC_M_LINK_UP, index, 0, site->up);
    rc_metrics_set(metrics, RC_M_LAST_SEQ, index, 0, counts.last_seq);
    rc_metrics_total(metrics, RC_M_LEAVES_IGNORED, index, 0, counts.leaves_ignored);
    rc_metrics_total(metrics, RC_M_PUBLISHED, index, 0, site->publisher.published);
    if (site->link)
        rc_metrics_total(metrics, RC_M_LINK_RECONNECTS, index, 0, rc_link_reconnects(site->link));
    rc_metrics_expect(metrics, index, service->reading.now, site->up ? counts.expected_per_ks : 0);
}

static void gather(struct rc_service *service)
{
    struct rc_metrics *metrics = service->metrics;
    uint64_t engine_dropped = 0, outbox_depth = 0, direct_dropped = 0;
    for (int i = 0; i < service->site_count; i++) {
        const struct rc_site *site = &service->sites[i];
        gather_site(service, site);
        engine_dropped += rc_engine_counts(site->engine).dropped;
        outbox_depth += site->outbox_depth;
        direct_dropped += site->publisher.dropped;
    }
    rc_metrics_total(metrics, RC_M_DROPPED, RC_METRICS_PROCESS, RC_DROP_INBOX,
                     rc_inbox_dropped(service->inbox));
    rc_metrics_total(metrics, RC_M_DROPPED, RC_METRICS_PROCESS, RC_DROP_ENGINE, engine_dropped);
    rc_metrics_total(metrics, RC_M_DROPPED, RC_METRICS_PROCESS, RC_DROP_ANSWER, direct_dropped);
    rc_metrics_total(metrics, RC_M_LOG_LOST, RC_METRICS_PROCESS, 0, rc_log_lost());
    rc_metrics_set(metrics, RC_M_INBOX_DEPTH, RC_METRICS_PROCESS, 0, (int64_t)rc_inbox_depth(service->inbox));
    rc_metrics_set(metrics, RC_M_OUTBOX_DEPTH, RC_METRICS_PROCESS, 0, (int64_t)outbox_depth);
    rc_metrics_set(metrics, RC_M_RESIDENT_BYTES, RC_METRICS_PROCESS, 0, rc_metrics_resident_bytes());
    rc_metrics_set(metrics, RC_M_STORE_UP, RC_METRICS_PROCESS, 0, service->batch.store_ok);
    rc_metrics_set(metrics, RC_M_STARTED_AT, RC_METRICS_PROCESS, 0, service->started_at);
    rc_metrics_tick(metrics, service->reading.now);
}

static void post_board(struct rc_service *service)
{
    char reason[RC_BOARD_REASON_MAX];
    bool well = service->batch.store_ok;
    if (!well)
        snprintf(reason, sizeof reason, "store: %.200s", service->batch.reason);
    for (int i = 0; i < service->site_count && well; i++) {
        if (!service->sites[i].up) {
            snprintf(reason, sizeof reason, "site %s is not connected to the broker",
                     service->sites[i].name.text);
            well = false;
        }
    }
    rc_board_post_health(service->board, service->reading.now, well ? NULL : reason);
    size_t length;
    char *text = rc_metrics_prometheus(service->metrics, &length);
    if (text)
        rc_board_post_metrics(service->board, text, length);
}

static void publish_metrics(struct rc_service *service)
{
    static char payload[RC_METRICS_JSON_MAX]; /* the service thread's alone */
    char topic[RC_TOPIC_MAX];
    for (int i = 0; i < service->site_count; i++) {
        struct rc_site *site = &service->sites[i];
        size_t length =
            rc_metrics_json(service->metrics, site->index, service->reading.at, payload, sizeof payload);
        rc_topic_site(topic, &site->name, "service/metrics");
        if (site->up && length > 0)
            direct(site, topic, payload, length, 0, true);
    }
}

/* Whether something is due; if so, it is due again `every_ms` later. */
static bool is_due(int64_t *due_now, int64_t now, int64_t every_ms)
{
    if (now < *due_now)
        return false;
    *due_now = now + every_ms;
    return true;
}

void rc_report_volatile(struct rc_service *service)
{
    struct rc_report *report = &service->report;
    int64_t now = service->reading.now;
    if (is_due(&report->canary_now, now, RC_CANARY_MS))
        send_canaries(service);
    if (is_due(&report->summary_now, now, RC_SUMMARY_MS)) {
        for (int i = 0; i < service->site_count; i++)
            publish_summary(service, &service->sites[i]);
        gather(service);
        post_board(service);
        rc_log_tend();
    }
    if (is_due(&report->metrics_now, now, RC_METRICS_MS))
        publish_metrics(service);
}

int64_t rc_report_wake_now(const struct rc_service *service)
{
    const struct rc_report *report = &service->report;
    int64_t wake_now = report->canary_now;
    if (report->summary_now < wake_now)
        wake_now = report->summary_now;
    return report->look_now < wake_now ? report->look_now : wake_now;
}
