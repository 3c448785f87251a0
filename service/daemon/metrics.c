#include "daemon/metrics.h"

#include "core/names.h"
#include "daemon/window.h"
#include "wire/decode.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the table ---- */

enum kind { COUNTER, GAUGE, LATENCY };
enum scope { OF_SITE, OF_PROCESS };

typedef const char *label_fn(int value);

static const char *type_label(int value)
{
    return rc_type_name((enum rc_type)value);
}

static const char *result_label(int value)
{
    return rc_result_name((enum rc_result)value);
}

static const char *trained_label(int value)
{
    return rc_trained_name((enum rc_trained)value);
}

static const char *refusal_label(int value)
{
    return rc_refusal_name((enum rc_refusal)value);
}

static const char *alert_label(int value)
{
    return rc_alert_name((enum rc_alert)value);
}

const char *rc_trained_name(enum rc_trained trained)
{
    static const char *const names[RC_TRAINED_COUNT] = {
        [RC_TRAINED_COUNTED] = "counted",           [RC_TRAINED_DAILY_LIMIT] = "daily-limit",
        [RC_TRAINED_COURSE_LIMIT] = "course-limit", [RC_TRAINED_BREAK] = "break",
        [RC_TRAINED_RATE_LIMITED] = "rate-limited", [RC_TRAINED_UNAVAILABLE] = "unavailable",
    };
    assert((unsigned)trained < RC_TRAINED_COUNT);
    return names[trained];
}

const char *rc_drop_name(enum rc_drop drop)
{
    static const char *const names[RC_DROP_COUNT] = {
        [RC_DROP_INBOX] = "inbox",
        [RC_DROP_ENGINE] = "engine",
        [RC_DROP_ANSWER] = "answer",
    };
    assert((unsigned)drop < RC_DROP_COUNT);
    return names[drop];
}

static const char *drop_label(int value)
{
    return rc_drop_name((enum rc_drop)value);
}

/* The label of a metric: its name, and its values label_name(first) .. label_name(count - 1). */
struct labels {
    const char *name;
    label_fn *value_name;
    int first, count;
};

static const struct labels types = {"type", type_label, RC_IN, RC_TYPE_COUNT};
static const struct labels results = {"result", result_label, 0, RC_RESULT_COUNT};
static const struct labels trained_results = {"result", trained_label, 0, RC_TRAINED_COUNT};
static const struct labels refusals = {"reason", refusal_label, RC_REFUSAL_NONE + 1, RC_REFUSAL_COUNT};
static const struct labels alerts = {"kind", alert_label, 0, RC_ALERT_COUNT};
static const struct labels drops = {"reason", drop_label, 0, RC_DROP_COUNT};

static_assert(RC_TYPE_COUNT <= RC_METRICS_LABELS_MAX && RC_REFUSAL_COUNT <= RC_METRICS_LABELS_MAX &&
                  RC_ALERT_COUNT <= RC_METRICS_LABELS_MAX,
              "a set has a place for each value of a label");

static const struct entry {
    enum kind kind;
    enum scope scope;
    const char *name, *help;
    const struct labels *labels; /* NULL: none */
} entries[RC_METRIC_COUNT] = {
    [RC_M_HEARTBEATS_RECEIVED] = {COUNTER, OF_SITE, "rollcall_heartbeats_received_total",
                                  "Heartbeats of employees' sessions that were understood.", NULL},
    [RC_M_HEARTBEATS_INVALID] = {COUNTER, OF_SITE, "rollcall_heartbeats_invalid_total",
                                 "Heartbeats that broke the protocol and changed nothing.", NULL},
    [RC_M_HEARTBEATS_RATE_LIMITED] = {COUNTER, OF_SITE, "rollcall_heartbeats_rate_limited_total",
                                      "Heartbeats refused because their session sends too many.", NULL},
    [RC_M_PUNCHES] = {COUNTER, OF_SITE, "rollcall_punches_total", "Rows of the log, by type.", &types},
    [RC_M_RECEIPTS] = {COUNTER, OF_SITE, "rollcall_receipts_total", "Verdicts on punches, by result.",
                       &results},
    [RC_M_REFUSED] = {COUNTER, OF_SITE, "rollcall_refused_total", "Messages that changed nothing, by reason.",
                      &refusals},
    [RC_M_TRAINED] = {COUNTER, OF_SITE, "rollcall_training_heartbeats_total",
                      "Training heartbeats, by what came of them (T-7).", &trained_results},
    [RC_M_PROGRESS] = {COUNTER, OF_SITE, "rollcall_progress_total", "Verdicts on course progress, by result.",
                       &results},
    [RC_M_REQUESTS] = {COUNTER, OF_SITE, "rollcall_requests_total",
                       "Questions and orders that were answered.", NULL},
    [RC_M_LINK_RECONNECTS] = {COUNTER, OF_SITE, "rollcall_link_reconnects_total",
                              "Connections to the broker after the first.", NULL},
    [RC_M_PUBLISHED] = {COUNTER, OF_SITE, "rollcall_published_total", "Messages handed to the broker.", NULL},
    [RC_M_LEAVES_IGNORED] = {COUNTER, OF_SITE, "rollcall_leaves_ignored_total",
                             "Leaves older than what was heard of their session (P-2).", NULL},
    [RC_M_HEARTBEAT_SUCCESS] =
        {GAUGE, OF_SITE, "rollcall_heartbeat_success_ratio",
         "Heartbeats received in the last minute, of those expected from live sessions.", NULL},
    [RC_M_AUTO_OUTS_MINUTE] = {GAUGE, OF_SITE, "rollcall_auto_outs_last_minute",
                               "AUTO_OUTs in the last minute.", NULL},
    [RC_M_AUTO_OUTS_HOUR] = {GAUGE, OF_SITE, "rollcall_auto_outs_last_hour", "AUTO_OUTs in the last hour.",
                             NULL},
    [RC_M_SESSIONS] = {GAUGE, OF_SITE, "rollcall_sessions", "Employees' sessions not past their deadline.",
                       NULL},
    [RC_M_EMPLOYEES] = {GAUGE, OF_SITE, "rollcall_employees", "Employees that are known.", NULL},
    [RC_M_EMPLOYEES_IN] = {GAUGE, OF_SITE, "rollcall_employees_in", "Employees who are IN.", NULL},
    [RC_M_PRESENT] = {GAUGE, OF_SITE, "rollcall_present", "Employees IN and present.", NULL},
    [RC_M_SUSPECT] = {GAUGE, OF_SITE, "rollcall_suspect", "Employees IN and suspect.", NULL},
    [RC_M_HELD] = {GAUGE, OF_SITE, "rollcall_held", "Employees kept from AUTO_OUT by a hold (P-8).", NULL},
    [RC_M_DEVICES_ONLINE] = {GAUGE, OF_SITE, "rollcall_devices_online", "Kiosks and gateways that are heard.",
                             NULL},
    [RC_M_LINK_UP] = {GAUGE, OF_SITE, "rollcall_link_up", "1 while connected to the broker.", NULL},
    [RC_M_ALERTS] = {GAUGE, OF_SITE, "rollcall_alert", "1 while the alert is raised.", &alerts},
    [RC_M_LAST_SEQ] = {GAUGE, OF_SITE, "rollcall_last_seq", "Number of the log's last row.", NULL},
    [RC_M_DETECTION_ERROR] = {LATENCY, OF_SITE, "rollcall_detection_error_ms",
                              "From a deadline to the decision that it passed.", NULL},
    [RC_M_STALENESS] = {LATENCY, OF_SITE, "rollcall_staleness_ms",
                        "From the last evidence to the decision of AUTO_OUT.", NULL},
    [RC_M_PUBLISH_LAG] = {LATENCY, OF_SITE, "rollcall_publish_lag_ms",
                          "From the receipt of a message to the publication of what came of it.", NULL},
    [RC_M_REALTIME_LAG] = {LATENCY, OF_SITE, "rollcall_realtime_lag_ms",
                           "Through the broker and back: a canary of the service's own.", NULL},
    [RC_M_DROPPED] = {COUNTER, OF_PROCESS, "rollcall_dropped_total",
                      "Messages lost for want of room, by place.", &drops},
    [RC_M_COMMITS] = {COUNTER, OF_PROCESS, "rollcall_commits_total", "Transactions that became durable.",
                      NULL},
    [RC_M_COMMITS_FAILED] = {COUNTER, OF_PROCESS, "rollcall_commits_failed_total",
                             "Transactions that did not.", NULL},
    [RC_M_CLOCK_STEPS] = {COUNTER, OF_PROCESS, "rollcall_clock_steps_total",
                          "Steps of the wall clock (P-14).", NULL},
    [RC_M_PAUSES] = {COUNTER, OF_PROCESS, "rollcall_pauses_total",
                     "Stalls of the loop and suspensions (P-7).", NULL},
    [RC_M_LOG_LOST] = {COUNTER, OF_PROCESS, "rollcall_log_lines_lost_total",
                       "Log lines that were not written.", NULL},
    [RC_M_INBOX_DEPTH] = {GAUGE, OF_PROCESS, "rollcall_inbox_depth", "Messages received and not yet taken.",
                          NULL},
    [RC_M_OUTBOX_DEPTH] = {GAUGE, OF_PROCESS, "rollcall_outbox_depth",
                           "Messages durable and not yet acknowledged by the broker.", NULL},
    [RC_M_RESIDENT_BYTES] = {GAUGE, OF_PROCESS, "rollcall_resident_bytes", "Resident memory.", NULL},
    [RC_M_STORE_UP] = {GAUGE, OF_PROCESS, "rollcall_store_up", "1 while the last transaction became durable.",
                       NULL},
    [RC_M_STARTED_AT] = {GAUGE, OF_PROCESS, "rollcall_started_at_ms", "Start of the process, ms since 1970.",
                         NULL},
    [RC_M_COMMIT] = {LATENCY, OF_PROCESS, "rollcall_commit_ms", "Time that a COMMIT takes.", NULL},
};

/* ---- latencies ---- */

/* 16 buckets to each power of two; below 16 us one each; from 2^40 us (12 days) on all in the last. */
#define SUB_BITS    4
#define SUB         (1 << SUB_BITS)
#define EXPONENTS   40
#define BUCKETS     ((EXPONENTS - SUB_BITS + 1) * SUB)
#define LATENCY_MAX ((INT64_C(1) << EXPONENTS) - 1)

struct half {
    uint32_t counts[BUCKETS];
    uint64_t count;
    int64_t max;
};

struct latency {
    struct half halves[2]; /* the current one and the one before */
    uint64_t count;
    double sum_us;
};

static unsigned bucket_of(int64_t us)
{
    if (us < SUB) {
        return (unsigned)us;
    }
    unsigned exponent = 63u - (unsigned)__builtin_clzll((unsigned long long)us);
    unsigned sub = (unsigned)(us >> (exponent - SUB_BITS)) & (SUB - 1u);
    return (exponent - SUB_BITS + 1) * SUB + sub;
}

/* The middle of a bucket. */
static double bucket_us(unsigned bucket)
{
    if (bucket < SUB) {
        return bucket;
    }
    unsigned shift = bucket / SUB - 1;
    double low = (double)((uint64_t)(SUB + bucket % SUB) << shift);
    return low + (double)((UINT64_C(1) << shift) - 1) / 2;
}

static double quantile_us(const struct latency *latency, double p)
{
    uint64_t total = latency->halves[0].count + latency->halves[1].count;
    if (total == 0) {
        return 0;
    }
    int64_t max =
        latency->halves[0].max > latency->halves[1].max ? latency->halves[0].max : latency->halves[1].max;
    /* p * total is a little too large where p is not exact: 0.07 * 1000 */
    uint64_t rank = (uint64_t)ceil(p * (double)total - 1e-6), seen = 0;
    for (unsigned i = 0; i < BUCKETS; i++) {
        seen += (uint64_t)latency->halves[0].counts[i] + latency->halves[1].counts[i];
        if (seen >= rank) {
            return fmin(bucket_us(i), (double)max);
        }
    }
    return (double)max;
}

/* ---- the registry ---- */

/* The latencies are the last of enum rc_metric. */
#define FIRST_LATENCY RC_M_DETECTION_ERROR
#define LATENCIES     (RC_METRIC_COUNT - FIRST_LATENCY)

/* Figures of one site, or, in the last set, of the process. */
struct set {
    struct rc_id site;
    double values[FIRST_LATENCY][RC_METRICS_LABELS_MAX];
    struct latency latencies[LATENCIES];
    struct rc_window auto_outs_minute, auto_outs_hour;
    struct rc_window received, expected; /* of the last minute; expected in millionths of a heartbeat */
    double received_seen;                /* the counter when `received` was last brought up to date */
    uint64_t expected_per_ks;
    int64_t expected_now;
};

struct rc_metrics {
    int site_count;
    int64_t half_now;  /* when the current half of the latencies began */
    struct set sets[]; /* site_count, and the process's */
};

#define MINUTE_MS 60000
#define HOUR_MS   (60 * MINUTE_MS)

struct rc_metrics *rc_metrics_alloc(const struct rc_id *sites, int site_count, int64_t now)
{
    assert(site_count >= 0);
    struct rc_metrics *metrics =
        calloc(1, sizeof *metrics + ((size_t)site_count + 1) * sizeof metrics->sets[0]);
    if (!metrics) {
        return NULL;
    }
    metrics->site_count = site_count;
    metrics->half_now = now;
    for (int i = 0; i < site_count; i++) {
        struct set *set = &metrics->sets[i];
        set->site = sites[i];
        set->expected_now = now;
        rc_window_init(&set->auto_outs_minute, MINUTE_MS);
        rc_window_init(&set->auto_outs_hour, HOUR_MS);
        rc_window_init(&set->received, MINUTE_MS);
        rc_window_init(&set->expected, MINUTE_MS);
        set->values[RC_M_HEARTBEAT_SUCCESS][0] = 1;
    }
    return metrics;
}

void rc_metrics_free(struct rc_metrics *metrics)
{
    free(metrics);
}

static const struct entry *entry_of(enum rc_metric metric)
{
    assert((unsigned)metric < RC_METRIC_COUNT);
    return &entries[metric];
}

/* The index of the set that holds this metric's figures for `site`. */
static int set_index(const struct rc_metrics *metrics, enum rc_metric metric, int site)
{
    if (entry_of(metric)->scope == OF_PROCESS) {
        assert(site == RC_METRICS_PROCESS);
        return metrics->site_count;
    }
    assert(site >= 0 && site < metrics->site_count);
    return site;
}

static double *value_of(struct rc_metrics *metrics, enum rc_metric metric, int site, int label,
                        enum kind kind)
{
    const struct entry *entry = entry_of(metric);
    assert(entry->kind == kind);
    assert(entry->labels ? label >= entry->labels->first && label < entry->labels->count : label == 0);
    return &metrics->sets[set_index(metrics, metric, site)].values[metric][label];
}

void rc_metrics_add(struct rc_metrics *metrics, enum rc_metric metric, int site, int label, uint64_t n)
{
    *value_of(metrics, metric, site, label, COUNTER) += (double)n;
}

void rc_metrics_total(struct rc_metrics *metrics, enum rc_metric metric, int site, int label, uint64_t total)
{
    double *value = value_of(metrics, metric, site, label, COUNTER);
    *value = fmax(*value, (double)total);
}

void rc_metrics_set(struct rc_metrics *metrics, enum rc_metric metric, int site, int label, int64_t value)
{
    *value_of(metrics, metric, site, label, GAUGE) = (double)value;
}

void rc_metrics_observe_us(struct rc_metrics *metrics, enum rc_metric metric, int site, int64_t us)
{
    assert(entry_of(metric)->kind == LATENCY);
    struct latency *latency =
        &metrics->sets[set_index(metrics, metric, site)].latencies[metric - FIRST_LATENCY];
    struct half *half = &latency->halves[0];
    us = us < 0 ? 0 : us > LATENCY_MAX ? LATENCY_MAX : us;
    half->counts[bucket_of(us)]++;
    half->count++;
    half->max = us > half->max ? us : half->max;
    latency->count++;
    latency->sum_us += (double)us;
}

void rc_metrics_observe_ms(struct rc_metrics *metrics, enum rc_metric metric, int site, int64_t ms)
{
    rc_metrics_observe_us(metrics, metric, site, ms > LATENCY_MAX / 1000 ? LATENCY_MAX : ms * 1000);
}

static struct set *site_set(struct rc_metrics *metrics, int site)
{
    assert(site >= 0 && site < metrics->site_count);
    return &metrics->sets[site];
}

void rc_metrics_auto_out(struct rc_metrics *metrics, int site, int64_t now)
{
    struct set *set = site_set(metrics, site);
    rc_window_add(&set->auto_outs_minute, now, 1);
    rc_window_add(&set->auto_outs_hour, now, 1);
}

void rc_metrics_expect(struct rc_metrics *metrics, int site, int64_t now, uint64_t expected_per_ks)
{
    struct set *set = site_set(metrics, site);
    double received = set->values[RC_M_HEARTBEATS_RECEIVED][0];
    if (now > set->expected_now) {
        /* in 1,000 s, times ms: millionths */
        rc_window_add(&set->expected, now, set->expected_per_ks * (uint64_t)(now - set->expected_now));
        set->expected_now = now;
    }
    rc_window_add(&set->received, now, (uint64_t)(received - set->received_seen));
    set->received_seen = received;
    set->expected_per_ks = expected_per_ks;
}

static void tick_site(struct set *set, int64_t now)
{
    uint64_t expected = rc_window_sum(&set->expected, now);
    uint64_t received = rc_window_sum(&set->received, now);
    set->values[RC_M_HEARTBEAT_SUCCESS][0] = expected == 0 ? 1 : (double)received * 1e6 / (double)expected;
    set->values[RC_M_AUTO_OUTS_MINUTE][0] = (double)rc_window_sum(&set->auto_outs_minute, now);
    set->values[RC_M_AUTO_OUTS_HOUR][0] = (double)rc_window_sum(&set->auto_outs_hour, now);
}

void rc_metrics_tick(struct rc_metrics *metrics, int64_t now)
{
    for (int i = 0; i < metrics->site_count; i++) {
        tick_site(&metrics->sets[i], now);
    }
    if (now - metrics->half_now < RC_METRICS_HALF_MS) {
        return;
    }
    bool both = now - metrics->half_now >= 2 * (int64_t)RC_METRICS_HALF_MS;
    for (int i = 0; i <= metrics->site_count; i++) {
        for (int j = 0; j < LATENCIES; j++) {
            struct half *halves = metrics->sets[i].latencies[j].halves;
            halves[1] = both ? (struct half){0} : halves[0];
            halves[0] = (struct half){0};
        }
    }
    metrics->half_now = now;
}

double rc_metrics_value(const struct rc_metrics *metrics, enum rc_metric metric, int site, int label)
{
    assert(entry_of(metric)->kind != LATENCY && label >= 0 && label < RC_METRICS_LABELS_MAX);
    return metrics->sets[set_index(metrics, metric, site)].values[metric][label];
}

double rc_metrics_quantile_ms(const struct rc_metrics *metrics, enum rc_metric metric, int site, double p)
{
    assert(entry_of(metric)->kind == LATENCY);
    return quantile_us(&metrics->sets[set_index(metrics, metric, site)].latencies[metric - FIRST_LATENCY],
                       p) /
           1000;
}

/* ---- rendering ---- */

static void print_number(FILE *out, double value)
{
    if (value == floor(value)) {
        fprintf(out, "%.0f", value);
    } else {
        fprintf(out, "%.3f", value);
    }
}

/* One sample: name{site="..",label="value"} number */
static void print_sample(FILE *out, const char *name, const char *suffix, const struct rc_id *site,
                         const char *label, const char *label_value, double value)
{
    fprintf(out, "%s%s", name, suffix);
    if (site->length > 0 || label) {
        fputc('{', out);
        if (site->length > 0) {
            fprintf(out, "site=\"%s\"%s", site->text, label ? "," : "");
        }
        if (label) {
            fprintf(out, "%s=\"%s\"", label, label_value);
        }
        fputc('}', out);
    }
    fputc(' ', out);
    print_number(out, value);
    fputc('\n', out);
}

static void print_samples(FILE *out, enum rc_metric metric, const struct set *set)
{
    const struct entry *entry = &entries[metric];
    if (entry->kind == LATENCY) {
        const struct latency *latency = &set->latencies[metric - FIRST_LATENCY];
        print_sample(out, entry->name, "", &set->site, "quantile", "0.5", quantile_us(latency, 0.5) / 1000);
        print_sample(out, entry->name, "", &set->site, "quantile", "0.99", quantile_us(latency, 0.99) / 1000);
        print_sample(out, entry->name, "_sum", &set->site, NULL, NULL, latency->sum_us / 1000);
        print_sample(out, entry->name, "_count", &set->site, NULL, NULL, (double)latency->count);
    } else if (entry->labels) {
        const struct labels *labels = entry->labels;
        for (int i = labels->first; i < labels->count; i++) {
            print_sample(out, entry->name, "", &set->site, labels->name, labels->value_name(i),
                         set->values[metric][i]);
        }
    } else {
        print_sample(out, entry->name, "", &set->site, NULL, NULL, set->values[metric][0]);
    }
}

char *rc_metrics_prometheus(const struct rc_metrics *metrics, size_t *length)
{
    static const char *const kinds[] = {[COUNTER] = "counter", [GAUGE] = "gauge", [LATENCY] = "summary"};
    char *text = NULL;
    FILE *out = open_memstream(&text, length);
    if (!out) {
        return NULL;
    }
    for (int metric = 0; metric < RC_METRIC_COUNT; metric++) {
        const struct entry *entry = &entries[metric];
        int first = entry->scope == OF_PROCESS ? metrics->site_count : 0;
        int end = entry->scope == OF_PROCESS ? first + 1 : metrics->site_count;
        fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", entry->name, entry->help, entry->name,
                kinds[entry->kind]);
        for (int i = first; i < end; i++) {
            print_samples(out, (enum rc_metric)metric, &metrics->sets[i]);
        }
    }
    bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) {
        free(text);
        return NULL;
    }
    return text;
}

static void print_member(FILE *out, bool *first, const char *name, double value)
{
    fprintf(out, "%s\"%s\":", *first ? "" : ",", name);
    print_number(out, value);
    *first = false;
}

static void print_json(FILE *out, enum rc_metric metric, const struct set *set)
{
    const struct entry *entry = &entries[metric];
    bool first = true;
    fprintf(out, ",\"%s\":", entry->name);
    if (entry->kind == LATENCY) {
        const struct latency *latency = &set->latencies[metric - FIRST_LATENCY];
        fputc('{', out);
        print_member(out, &first, "p50", quantile_us(latency, 0.5) / 1000);
        print_member(out, &first, "p99", quantile_us(latency, 0.99) / 1000);
        print_member(out, &first, "count", (double)latency->count);
        print_member(out, &first, "sum", latency->sum_us / 1000);
        fputc('}', out);
    } else if (entry->labels) {
        const struct labels *labels = entry->labels;
        fputc('{', out);
        for (int i = labels->first; i < labels->count; i++) {
            print_member(out, &first, labels->value_name(i), set->values[metric][i]);
        }
        fputc('}', out);
    } else {
        print_number(out, set->values[metric][0]);
    }
}

size_t rc_metrics_json(const struct rc_metrics *metrics, int site, int64_t at, char *out, size_t size)
{
    assert(site >= 0 && site < metrics->site_count);
    FILE *stream = fmemopen(out, size, "w");
    if (!stream) {
        return 0;
    }
    fprintf(stream, "{\"asOf\":%lld", (long long)at);
    for (int metric = 0; metric < RC_METRIC_COUNT; metric++) {
        int index = entries[metric].scope == OF_PROCESS ? metrics->site_count : site;
        print_json(stream, (enum rc_metric)metric, &metrics->sets[index]);
    }
    fputc('}', stream);
    long length = ftell(stream);
    bool fits = fflush(stream) == 0 && length > 0 && (size_t)length < size;
    if (fclose(stream) != 0) {
        fits = false;
    }
    return fits ? (size_t)length : 0;
}

int64_t rc_metrics_resident_bytes(void)
{
    char text[128];
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file) {
        return 0;
    }
    bool known = fgets(text, sizeof text, file) != NULL;
    fclose(file);
    /* pages: all, resident, ... */
    char *second = known ? strchr(text, ' ') : NULL;
    return second ? strtoll(second, NULL, 10) * sysconf(_SC_PAGESIZE) : 0;
}
