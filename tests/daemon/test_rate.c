#include "daemon/rate.h"

#include "core/names.h"

#include "test.h"

#include <stdio.h>

#define NOW   INT64_C(500000)
#define PER_S 20
#define BURST (RC_RATE_BURST_S * PER_S)

static struct rc_rate rate;

static int start(void **state)
{
    (void)state;
    return rc_rate_init(&rate, PER_S, 7) ? 0 : 1;
}

static int end(void **state)
{
    (void)state;
    rc_rate_fini(&rate);
    return 0;
}

static bool beats(const char *employee, const char *session, int64_t now)
{
    struct rc_id a = {0}, b = {0};
    rc_id_set(&a, rc_text_of(employee));
    rc_id_set(&b, rc_text_of(session));
    return rc_rate_take(&rate, &a, &b, now);
}

static int taken(const char *employee, const char *session, int64_t now, int64_t ms, int64_t step_ms)
{
    int count = 0;
    for (int64_t at = now; at < now + ms; at += step_ms)
        count += beats(employee, session, at);
    return count;
}

static void a_session_that_beats_every_second_is_never_limited(void **state)
{
    (void)state;
    assert_int_equal(taken("ana", "tab", NOW, 3600000, 1000), 3600);
}

static void what_comes_in_one_go_after_a_pause_is_taken(void **state)
{
    (void)state;
    assert_true(beats("ana", "tab", NOW));
    int count = 0;
    for (int i = 0; i < BURST; i++)
        count += beats("ana", "tab", NOW + 60000);
    assert_int_equal(count, BURST);
    assert_false(beats("ana", "tab", NOW + 60000));
}

static void P_1_of_a_flood_the_limit_is_taken_all_the_time_so_nobody_looks_silent(void **state)
{
    (void)state;
    assert_int_equal(taken("ana", "tab", NOW, 10001, 1), BURST + 10 * PER_S);
    /* and later too, in every tenth of a second */
    for (int64_t now = NOW + 10001; now < NOW + 60000; now += 100)
        assert_int_equal(taken("ana", "tab", now, 100, 1), PER_S / 10);
}

static void a_flood_does_no_harm_to_other_sessions(void **state)
{
    (void)state;
    char session[16];
    taken("ana", "tab", NOW, 20001, 1);
    assert_false(beats("ana", "tab", NOW + 20000));
    assert_true(beats("ana", "phone", NOW + 20000));
    assert_true(beats("ben", "tab", NOW + 20000));
    assert_true(beats("", "tab", NOW + 20000)); /* a device of that name */
    for (int i = 0; i < 200000; i++) {          /* three for each slot */
        snprintf(session, sizeof session, "s%d", i);
        assert_true(beats("cleo", session, NOW + 20000));
    }
    assert_false(beats("ana", "tab", NOW + 20000)); /* and none of them frees the one that floods */
}

static void after_a_flood_the_bucket_fills_again(void **state)
{
    (void)state;
    taken("ana", "tab", NOW, 20000, 1);
    assert_int_equal(taken("ana", "tab", NOW + 20000 + RC_RATE_BURST_S * 1000, 1000, 1), BURST + PER_S - 1);
}

static void without_a_limit_everything_is_taken(void **state)
{
    (void)state;
    rc_rate_fini(&rate);
    assert_true(rc_rate_init(&rate, 0, 7));
    assert_int_equal(taken("ana", "tab", NOW, 10000, 1), 10000);
}

static void excess_is_reported_at_once_and_then_now_and_then_with_its_count(void **state)
{
    (void)state;
    assert_int_equal(rc_rate_report(&rate, NOW), 1);
    for (int64_t now = NOW + 1; now < NOW + RC_RATE_LOG_MS; now++)
        assert_int_equal(rc_rate_report(&rate, now), 0);
    assert_int_equal(rc_rate_report(&rate, NOW + RC_RATE_LOG_MS), RC_RATE_LOG_MS);
    assert_int_equal(rc_rate_report(&rate, NOW + RC_RATE_LOG_MS + 1), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_session_that_beats_every_second_is_never_limited),
        TEST(what_comes_in_one_go_after_a_pause_is_taken),
        TEST(P_1_of_a_flood_the_limit_is_taken_all_the_time_so_nobody_looks_silent),
        TEST(a_flood_does_no_harm_to_other_sessions),
        TEST(after_a_flood_the_bucket_fills_again),
        TEST(without_a_limit_everything_is_taken),
        TEST(excess_is_reported_at_once_and_then_now_and_then_with_its_count),
    };
    return cmocka_run_group_tests_name("rate", tests, NULL, NULL);
}
