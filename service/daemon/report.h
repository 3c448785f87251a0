/*
 * report.h: what the service says of itself: service/status, canary, summary, metrics, alerts, /healthz, the
 * daily heads of the chains. Decides when; the figures are metrics.h's, the alerts alerts.h's. Service
 * thread.
 */
#ifndef RC_DAEMON_REPORT_H
#define RC_DAEMON_REPORT_H

#include "wire/encode.h"
#include "wire/topic.h"

struct rc_service;
struct rc_site;

/* How often the canary is sent. Besides measuring, it keeps Paho's thread from falling asleep for 100 ms at a
 * time, as it does after a second without traffic. */
#define RC_CANARY_MS 400

/* How often the summary may be published (the contract: once a second), and how often it is although nothing
 * in it changed, so that its asOf shows that the service lives. */
#define RC_SUMMARY_MS        1000
#define RC_SUMMARY_REPEAT_MS 10000

/* How often service/metrics is published. */
#define RC_METRICS_MS 10000

/* How often alerts are looked at and the board is posted. */
#define RC_LOOK_MS 1000

struct rc_report {
    int64_t canary_now, summary_now, metrics_now, look_now; /* when each is due */
    int64_t head_day; /* days since 1970 UTC at the last look at the chains' heads; RC_NONE: never */
};

/* rc_report_connected publishes what a fresh connection needs first: status, alerts, a canary. */
void rc_report_connected(struct rc_service *service, struct rc_site *site);

/* rc_report_again publishes status and alerts as they are, because somebody may have published something
 * else. */
void rc_report_again(struct rc_service *service, struct rc_site *site);

/* rc_report_soon has the summary or the metrics published at the next opportunity. */
void rc_report_soon(struct rc_service *service, struct rc_site *site, enum rc_topic_ours what);

/* rc_report_status and _alert write the payload that stands on service/status and on alert/{kind}; 0: none
 * does. */
size_t rc_report_status(const struct rc_service *service, bool online, char payload[RC_ENCODED_MAX]);
size_t rc_report_alert(const struct rc_site *site, struct rc_text kind, char payload[RC_ENCODED_MAX]);

/* rc_report_stopping says on service/status that the service is going. */
void rc_report_stopping(struct rc_service *service, struct rc_site *site);

/* rc_report_canary_back takes our own canary as it came in at received_now. */
void rc_report_canary_back(struct rc_service *service, struct rc_site *site, int64_t canary_now,
                           int64_t received_now);

/* rc_report_durable does what belongs into the open batch: alerts that rose or cleared, the heads of the
 * chains once a day. Call it before the commit of each turn. */
void rc_report_durable(struct rc_service *service);

/* rc_report_volatile publishes what may be lost: canary, summary, metrics, and posts the board. Call it after
 * the commit of each turn. */
void rc_report_volatile(struct rc_service *service);

/* rc_report_wake_now returns when one of these is due next. */
int64_t rc_report_wake_now(const struct rc_service *service);

#endif
