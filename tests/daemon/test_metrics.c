/* The figures of section 7: counting, quantiles that are right to 1/32, and both renderings. */
#include "test.h"

#include "core/names.h"
#include "daemon/metrics.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct rc_metrics *metrics;
static char *text;

static int start(void **state)
{
    (void)state;
    struct rc_id sites[2];
    rc_id_set(&sites[0], rc_text_of("hq"));
    rc_id_set(&sites[1], rc_text_of("plant-2"));
    metrics = rc_metrics_alloc(sites, 2, 0);
    return metrics ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    rc_metrics_free(metrics);
    free(text);
    text = NULL;
    return 0;
}

static void render(void)
{
    size_t length = 0;
    free(text);
    text = rc_metrics_prometheus(metrics, &length);
    assert_non_null(text);
    assert_int_equal(length, strlen(text));
}

static void assert_line(const char *line)
{
    char whole[256];
    snprintf(whole, sizeof whole, "\n%s\n", line);
    if (!strstr(text, whole)) {
        fail_msg("no line `%s` in:\n%s", line, text);
    }
}

static void counters_and_gauges_are_rendered_by_site_and_label(void **state)
{
    (void)state;
    rc_metrics_add(metrics, RC_M_HEARTBEATS_RECEIVED, 1, 0, 3);
    rc_metrics_add(metrics, RC_M_PUNCHES, 0, RC_AUTO_OUT, 2);
    rc_metrics_add(metrics, RC_M_DROPPED, RC_METRICS_PROCESS, RC_DROP_INBOX, 5);
    rc_metrics_set(metrics, RC_M_LINK_UP, 0, 0, 1);
    rc_metrics_set(metrics, RC_M_ALERTS, 1, RC_ALERT_LINK, 1);
    rc_metrics_set(metrics, RC_M_RESIDENT_BYTES, RC_METRICS_PROCESS, 0, INT64_C(123456789012));
    render();
    assert_line("# TYPE rollcall_heartbeats_received_total counter");
    assert_line("rollcall_heartbeats_received_total{site=\"hq\"} 0");
    assert_line("rollcall_heartbeats_received_total{site=\"plant-2\"} 3");
    assert_line("rollcall_punches_total{site=\"hq\",type=\"AUTO_OUT\"} 2");
    assert_line("rollcall_dropped_total{reason=\"inbox\"} 5");
    assert_line("# TYPE rollcall_link_up gauge");
    assert_line("rollcall_link_up{site=\"hq\"} 1");
    assert_line("rollcall_link_up{site=\"plant-2\"} 0");
    assert_line("rollcall_alert{site=\"plant-2\",kind=\"link\"} 1");
    assert_line("rollcall_resident_bytes 123456789012");
}

static void every_name_of_the_contract_is_there(void **state)
{
    (void)state;
    static const char *const names[] = {"rollcall_heartbeats_received_total",
                                        "rollcall_heartbeats_invalid_total",
                                        "rollcall_heartbeats_rate_limited_total",
                                        "rollcall_heartbeat_success_ratio",
                                        "rollcall_punches_total",
                                        "rollcall_auto_outs_last_hour",
                                        "rollcall_auto_outs_last_minute",
                                        "rollcall_detection_error_ms",
                                        "rollcall_staleness_ms",
                                        "rollcall_commit_ms",
                                        "rollcall_publish_lag_ms",
                                        "rollcall_realtime_lag_ms",
                                        "rollcall_sessions",
                                        "rollcall_employees_in",
                                        "rollcall_held",
                                        "rollcall_inbox_depth",
                                        "rollcall_dropped_total",
                                        "rollcall_refused_total",
                                        "rollcall_resident_bytes",
                                        "rollcall_link_up",
                                        "rollcall_link_reconnects_total"};
    render();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char line[128];
        snprintf(line, sizeof line, "# HELP %s ", names[i]);
        assert_non_null(strstr(text, line));
    }
}

/* The text format: each line is a comment of a family or a sample of it, and a family stands in one place. */
static void the_text_is_well_formed(void **state)
{
    (void)state;
    rc_metrics_observe_us(metrics, RC_M_COMMIT, RC_METRICS_PROCESS, 250);
    render();
    assert_null(strstr(text, "(null)")); /* every value of every label has a name */
    char *copy = strdup(text), *rest = copy, family[128] = "";
    for (char *line; (line = strsep(&rest, "\n")) && *line;) {
        if (strncmp(line, "# HELP ", 7) == 0) {
            size_t length = strcspn(line + 7, " ");
            assert_true(length < sizeof family);
            snprintf(family, sizeof family, "%.*s", (int)length, line + 7);
            assert_null(rest && strstr(rest, line)); /* once */
        } else if (strncmp(line, "# TYPE ", 7) == 0) {
            assert_memory_equal(line + 7, family, strlen(family));
        } else {
            assert_memory_equal(line, family, strlen(family));
            char *value = strrchr(line, ' '), *end;
            assert_non_null(value);
            assert_true(isfinite(strtod(value + 1, &end)));
            assert_int_equal(*end, '\0');
        }
    }
    free(copy);
}

static void quantiles_are_right_to_one_in_thirty_two(void **state)
{
    (void)state;
    static const int64_t scales[] = {1, 10, 1000, 1000000, INT64_C(1000000000)};
    for (size_t s = 0; s < sizeof scales / sizeof scales[0]; s++) {
        stop(NULL);
        start(NULL);
        for (int64_t i = 1; i <= 1000; i++) {
            rc_metrics_observe_us(metrics, RC_M_PUBLISH_LAG, 0, i * scales[s]);
        }
        for (int i = 1; i < 100; i++) {
            double exact = (double)i * 10 * (double)scales[s] / 1000;
            double found = rc_metrics_quantile_ms(metrics, RC_M_PUBLISH_LAG, 0, i / 100.0);
            assert_true(fabs(found - exact) <= exact / 32 + 0.0005);
        }
    }
}

static void the_ends_of_the_scale_are_counted_too(void **state)
{
    (void)state;
    assert_true(rc_metrics_quantile_ms(metrics, RC_M_STALENESS, 0, 0.99) == 0);
    rc_metrics_observe_ms(metrics, RC_M_STALENESS, 0, -5);
    assert_true(rc_metrics_quantile_ms(metrics, RC_M_STALENESS, 0, 0.99) == 0);
    rc_metrics_observe_ms(metrics, RC_M_STALENESS, 0, INT64_MAX);
    rc_metrics_observe_us(metrics, RC_M_STALENESS, 0, INT64_MAX);
    double most = rc_metrics_quantile_ms(metrics, RC_M_STALENESS, 0, 0.99);
    assert_true(most > 12.0 * 86400 * 1000 && most < 13.0 * 86400 * 1000);
}

static void one_latency_is_its_own_quantile_at_most(void **state)
{
    (void)state;
    rc_metrics_observe_us(metrics, RC_M_COMMIT, RC_METRICS_PROCESS, 1000);
    double p99 = rc_metrics_quantile_ms(metrics, RC_M_COMMIT, RC_METRICS_PROCESS, 0.99);
    assert_true(p99 <= 1 && p99 > 0.96);
}

static void quantiles_forget_after_ten_minutes_and_counts_do_not(void **state)
{
    (void)state;
    rc_metrics_observe_ms(metrics, RC_M_COMMIT, RC_METRICS_PROCESS, 500);
    rc_metrics_tick(metrics, RC_METRICS_HALF_MS);
    rc_metrics_observe_ms(metrics, RC_M_COMMIT, RC_METRICS_PROCESS, 1);
    assert_true(rc_metrics_quantile_ms(metrics, RC_M_COMMIT, RC_METRICS_PROCESS, 0.99) > 480);
    rc_metrics_tick(metrics, 2 * RC_METRICS_HALF_MS);
    assert_true(rc_metrics_quantile_ms(metrics, RC_M_COMMIT, RC_METRICS_PROCESS, 0.99) < 1.1);
    rc_metrics_tick(metrics, 10 * RC_METRICS_HALF_MS);
    assert_true(rc_metrics_quantile_ms(metrics, RC_M_COMMIT, RC_METRICS_PROCESS, 0.99) == 0);
    render();
    assert_line("rollcall_commit_ms_count 2");
    assert_line("rollcall_commit_ms_sum 501");
    assert_line("rollcall_commit_ms{quantile=\"0.99\"} 0");
}

static void auto_outs_leave_the_minute_before_the_hour(void **state)
{
    (void)state;
    for (int i = 0; i < 12; i++) {
        rc_metrics_auto_out(metrics, 1, 1000);
    }
    rc_metrics_tick(metrics, 2000);
    assert_true(rc_metrics_value(metrics, RC_M_AUTO_OUTS_MINUTE, 1, 0) == 12);
    assert_true(rc_metrics_value(metrics, RC_M_AUTO_OUTS_HOUR, 1, 0) == 12);
    assert_true(rc_metrics_value(metrics, RC_M_AUTO_OUTS_HOUR, 0, 0) == 0);
    rc_metrics_tick(metrics, 70000);
    assert_true(rc_metrics_value(metrics, RC_M_AUTO_OUTS_MINUTE, 1, 0) == 0);
    assert_true(rc_metrics_value(metrics, RC_M_AUTO_OUTS_HOUR, 1, 0) == 12);
    rc_metrics_tick(metrics, 3700000);
    assert_true(rc_metrics_value(metrics, RC_M_AUTO_OUTS_HOUR, 1, 0) == 0);
}

/* 30 sessions of 10 s: 3 a second, 3000 in 1,000 s. Two thirds arrive. */
static void the_success_ratio_is_what_came_of_what_live_sessions_owe(void **state)
{
    (void)state;
    rc_metrics_tick(metrics, 0);
    assert_true(rc_metrics_value(metrics, RC_M_HEARTBEAT_SUCCESS, 0, 0) == 1); /* nobody owes any */
    rc_metrics_expect(metrics, 0, 0, 3000);
    for (int64_t second = 1; second <= 120; second++) {
        rc_metrics_add(metrics, RC_M_HEARTBEATS_RECEIVED, 0, 0, 2);
        rc_metrics_expect(metrics, 0, second * 1000, 3000);
    }
    rc_metrics_tick(metrics, 120000);
    assert_true(fabs(rc_metrics_value(metrics, RC_M_HEARTBEAT_SUCCESS, 0, 0) - 2.0 / 3) < 0.001);
    render();
    assert_line("rollcall_heartbeat_success_ratio{site=\"hq\"} 0.667");
    assert_line("rollcall_heartbeat_success_ratio{site=\"plant-2\"} 1");
}

static void a_counter_kept_elsewhere_never_goes_back(void **state)
{
    (void)state;
    rc_metrics_total(metrics, RC_M_LINK_RECONNECTS, 0, 0, 7);
    rc_metrics_total(metrics, RC_M_LINK_RECONNECTS, 0, 0, 3);
    assert_true(rc_metrics_value(metrics, RC_M_LINK_RECONNECTS, 0, 0) == 7);
}

static double member(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    assert_true(cJSON_IsNumber(item));
    return item->valuedouble;
}

static void the_json_is_of_one_site_and_the_process(void **state)
{
    (void)state;
    char json[RC_METRICS_JSON_MAX];
    rc_metrics_add(metrics, RC_M_PUNCHES, 1, RC_IN, 4);
    rc_metrics_set(metrics, RC_M_SESSIONS, 0, 0, 9);
    rc_metrics_observe_us(metrics, RC_M_COMMIT, RC_METRICS_PROCESS, 250);
    size_t length = rc_metrics_json(metrics, 1, INT64_C(1764770400000), json, sizeof json);
    assert_true(length > 0);
    assert_int_equal(length, strlen(json));
    const char *end = NULL;
    cJSON *root = cJSON_ParseWithOpts(json, &end, 1);
    assert_non_null(root);
    assert_true(member(root, "asOf") == 1764770400000.0);
    assert_true(member(root, "rollcall_sessions") == 0);
    assert_true(member(cJSON_GetObjectItem(root, "rollcall_punches_total"), "IN") == 4);
    const cJSON *commit = cJSON_GetObjectItem(root, "rollcall_commit_ms");
    assert_true(member(commit, "count") == 1);
    assert_true(member(commit, "sum") == 0.25);
    assert_true(fabs(member(commit, "p99") - 0.25) < 0.01);
    cJSON_Delete(root);
}

/* service/metrics must stay a message of moderate size, also after years. */
static void the_json_fits_with_the_largest_figures(void **state)
{
    (void)state;
    char json[RC_METRICS_JSON_MAX];
    for (int i = RC_IN; i < RC_TYPE_COUNT; i++) {
        rc_metrics_add(metrics, RC_M_PUNCHES, 0, i, UINT64_C(1) << 53);
    }
    for (int i = 0; i < 1000; i++) {
        rc_metrics_observe_us(metrics, RC_M_COMMIT, RC_METRICS_PROCESS, INT64_MAX);
    }
    size_t length = rc_metrics_json(metrics, 0, INT64_MAX, json, sizeof json);
    assert_true(length > 0 && length < sizeof json / 2);
    for (size_t size = 1; size <= length; size += 97) {
        assert_int_equal(rc_metrics_json(metrics, 0, INT64_MAX, json, size), 0);
    }
    assert_int_equal(rc_metrics_json(metrics, 0, INT64_MAX, json, length + 1), length);
}

static void resident_memory_is_read(void **state)
{
    (void)state;
    assert_true(rc_metrics_resident_bytes() > 100000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(counters_and_gauges_are_rendered_by_site_and_label),
        TEST(every_name_of_the_contract_is_there),
        TEST(the_text_is_well_formed),
        TEST(quantiles_are_right_to_one_in_thirty_two),
        TEST(the_ends_of_the_scale_are_counted_too),
        TEST(one_latency_is_its_own_quantile_at_most),
        TEST(quantiles_forget_after_ten_minutes_and_counts_do_not),
        TEST(auto_outs_leave_the_minute_before_the_hour),
        TEST(the_success_ratio_is_what_came_of_what_live_sessions_owe),
        TEST(a_counter_kept_elsewhere_never_goes_back),
        TEST(the_json_is_of_one_site_and_the_process),
        TEST(the_json_fits_with_the_largest_figures),
        TEST(resident_memory_is_read),
    };
    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
