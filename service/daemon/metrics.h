/*
 * metrics.h: the figures of section 7: counters, gauges and latencies, one set a site and one of the process,
 * with their names, and their text for Prometheus and for service/metrics. The service thread owns it and is
 * the only one that calls anything here; the HTTP thread gets a rendered copy by board.h.
 *
 * Latencies go into log-linear buckets (16 to each power of two, so a quantile is right to 1/32), of
 * microseconds, in two halves of RC_METRICS_HALF_MS each: quantiles speak of the last 5 to 10 minutes, count
 * and sum of all time.
 */
#ifndef RC_DAEMON_METRICS_H
#define RC_DAEMON_METRICS_H

#include "core/types.h"

/* Site -1: figures of the whole process. */
#define RC_METRICS_PROCESS (-1)

/* How long one half of a quantile's window lasts. */
#define RC_METRICS_HALF_MS 300000

/* Label values of one metric at most (rc_refusal has the most); more is a programmer's error. */
#define RC_METRICS_LABELS_MAX 24

/* Bytes of service/metrics of one site, with room to spare: 40 figures of 60 bytes. */
#define RC_METRICS_JSON_MAX 8192

enum rc_metric {
    /* counters of a site */
    RC_M_HEARTBEATS_RECEIVED,
    RC_M_HEARTBEATS_INVALID,
    RC_M_HEARTBEATS_RATE_LIMITED,
    RC_M_PUNCHES,  /* label: enum rc_type of the row recorded */
    RC_M_RECEIPTS, /* label: enum rc_result */
    RC_M_REFUSED,  /* label: enum rc_refusal (wire/decode.h) */
    RC_M_TRAINED,  /* label: enum rc_trained */
    RC_M_PROGRESS, /* label: enum rc_result */
    RC_M_REQUESTS,
    RC_M_LINK_RECONNECTS,
    RC_M_PUBLISHED,
    RC_M_LEAVES_IGNORED,
    /* gauges of a site */
    RC_M_HEARTBEAT_SUCCESS, /* computed by rc_metrics_tick */
    RC_M_AUTO_OUTS_MINUTE,  /* computed */
    RC_M_AUTO_OUTS_HOUR,    /* computed */
    RC_M_SESSIONS,
    RC_M_EMPLOYEES,
    RC_M_EMPLOYEES_IN,
    RC_M_PRESENT,
    RC_M_SUSPECT,
    RC_M_HELD,
    RC_M_DEVICES_ONLINE,
    RC_M_LINK_UP,
    RC_M_ALERTS, /* label: enum rc_alert; 1 while raised */
    RC_M_LAST_SEQ,
    /* of the process */
    RC_M_DROPPED,        /* counter; label: enum rc_drop */
    RC_M_COMMITS,        /* counter */
    RC_M_COMMITS_FAILED, /* counter */
    RC_M_CLOCK_STEPS,    /* counter */
    RC_M_PAUSES,         /* counter */
    RC_M_LOG_LOST,       /* counter */
    RC_M_INBOX_DEPTH,
    RC_M_OUTBOX_DEPTH,
    RC_M_RESIDENT_BYTES,
    RC_M_STORE_UP,
    RC_M_STARTED_AT,
    /* latencies of a site */
    RC_M_DETECTION_ERROR, /* deadline to decision */
    RC_M_STALENESS,       /* detectedAt - at */
    RC_M_PUBLISH_LAG,     /* received to published */
    RC_M_REALTIME_LAG,    /* the canary */
    RC_M_COMMIT,          /* latency of the process */
    RC_METRIC_COUNT
};

/* What came of a training heartbeat. */
enum rc_trained {
    RC_TRAINED_COUNTED,
    RC_TRAINED_DAILY_LIMIT,
    RC_TRAINED_COURSE_LIMIT,
    RC_TRAINED_BREAK,
    RC_TRAINED_RATE_LIMITED,
    RC_TRAINED_UNAVAILABLE,
    RC_TRAINED_COUNT
};
const char *rc_trained_name(enum rc_trained trained);

/* Where something received was lost for want of room. */
enum rc_drop { RC_DROP_INBOX, RC_DROP_ENGINE, RC_DROP_ANSWER, RC_DROP_COUNT };
const char *rc_drop_name(enum rc_drop drop);

struct rc_metrics;

/* rc_metrics_alloc makes a registry for these sites (names are copied) at boot time `now`; NULL: no memory.
 */
struct rc_metrics *rc_metrics_alloc(const struct rc_id *sites, int site_count, int64_t now);
void rc_metrics_free(struct rc_metrics *metrics);

/* In all of these `site` is the index of alloc, or RC_METRICS_PROCESS for figures of the process; label is 0
 * where the metric has none. Asking for what the metric is not is a programmer's error. */

/* rc_metrics_add counts n more; rc_metrics_total sets a counter that someone else keeps (never lower than it
 * was). */
void rc_metrics_add(struct rc_metrics *metrics, enum rc_metric metric, int site, int label, uint64_t n);
void rc_metrics_total(struct rc_metrics *metrics, enum rc_metric metric, int site, int label, uint64_t total);
/* rc_metrics_set sets a gauge. */
void rc_metrics_set(struct rc_metrics *metrics, enum rc_metric metric, int site, int label, int64_t value);
/* rc_metrics_observe_us counts one latency in microseconds, _ms in milliseconds; less than 0 counts as 0. */
void rc_metrics_observe_us(struct rc_metrics *metrics, enum rc_metric metric, int site, int64_t us);
void rc_metrics_observe_ms(struct rc_metrics *metrics, enum rc_metric metric, int site, int64_t ms);

/* rc_metrics_auto_out counts one AUTO_OUT recorded at boot time `now` for the last minute and hour. */
void rc_metrics_auto_out(struct rc_metrics *metrics, int site, int64_t now);

/* rc_metrics_expect says how many heartbeats live sessions should send in 1,000 s from now on (rc_counts);
 * call it at least every few seconds, the success ratio of the last minute rests on it. */
void rc_metrics_expect(struct rc_metrics *metrics, int site, int64_t now, uint64_t expected_per_ks);

/* rc_metrics_tick brings what is computed up to date; call it before rendering. */
void rc_metrics_tick(struct rc_metrics *metrics, int64_t now);

/* rc_metrics_value returns a counter or gauge as it stands. */
double rc_metrics_value(const struct rc_metrics *metrics, enum rc_metric metric, int site, int label);
/* rc_metrics_quantile_ms returns the p-quantile (0 < p < 1) of a latency's window in ms; 0 where nothing was
 * seen. */
double rc_metrics_quantile_ms(const struct rc_metrics *metrics, enum rc_metric metric, int site, double p);

/* rc_metrics_prometheus renders everything (text format 0.0.4) into a malloc'ed NUL-terminated text that is
 * the caller's; NULL: no memory. */
char *rc_metrics_prometheus(const struct rc_metrics *metrics, size_t *length);

/* rc_metrics_json renders one site's and the process's figures as the JSON of service/metrics: the names of
 * Prometheus,
 * {"asOf", "rollcall_sessions": 12, "rollcall_punches_total": {"IN": 3, ...}, "rollcall_commit_ms": {"p50",
 * "p99", "count", "sum"}, ...}. Numbers and fixed names only. Returns the length, 0 if it did not fit. */
size_t rc_metrics_json(const struct rc_metrics *metrics, int site, int64_t at, char *out, size_t size);

/* rc_metrics_resident_bytes reads this process's resident memory from /proc; 0: unknown. */
int64_t rc_metrics_resident_bytes(void);

#endif
