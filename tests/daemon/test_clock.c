/* Clocks: what two readings tell of a stepped wall clock, a suspended host, a stalled loop. */
#include "test.h"

#include "daemon/clock.h"

#include <string.h>

static struct rc_clock_watch watch;
static struct rc_reading reading;

static int start(void **state)
{
    (void)state;
    reading = (struct rc_reading){.now = 5000000, .at = INT64_C(1764770400000), .mono_ms = 4000000};
    rc_clock_watch_start(&watch, reading, RC_CLOCK_STEP_MS);
    return 0;
}

/* Time passes on all clocks alike. */
static void pass(int64_t ms)
{
    reading.now += ms;
    reading.at += ms;
    reading.mono_ms += ms;
}

static struct rc_clock_news look(int64_t late_ms)
{
    return rc_clock_watch_look(&watch, reading, reading.now - late_ms);
}

static void assert_news(struct rc_clock_news news, int64_t step_ms, int64_t suspended_ms, int64_t pause_ms)
{
    assert_int_equal(news.step_ms, step_ms);
    assert_int_equal(news.suspended_ms, suspended_ms);
    assert_int_equal(news.pause_ms, pause_ms);
}

static void time_that_just_passes_is_no_news(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++) {
        pass(86400000);
        assert_news(look(0), 0, 0, 0);
    }
}

static void P_14_a_step_of_over_two_seconds_is_told_once_with_its_size(void **state)
{
    (void)state;
    pass(1000);
    reading.at += 2000;
    assert_news(look(0), 0, 0, 0);
    reading.at += 1;
    assert_news(look(0), 2001, 0, 0);
    assert_news(look(0), 0, 0, 0);
    reading.at -= 3600000;
    pass(100);
    assert_news(look(0), -3600000, 0, 0);
    assert_news(look(0), 0, 0, 0);
}

static void P_14_small_steps_add_up(void **state)
{
    (void)state;
    reading.at += 1500;
    assert_news(look(0), 0, 0, 0);
    pass(60000);
    reading.at += 1500;
    assert_news(look(0), 3000, 0, 0);
}

static void P_14_there_and_back_is_two_steps(void **state)
{
    (void)state;
    reading.at += 5000;
    assert_news(look(0), 5000, 0, 0);
    reading.at -= 5000;
    assert_news(look(0), -5000, 0, 0);
}

static void P_7_a_loop_late_by_over_two_seconds_has_paused(void **state)
{
    (void)state;
    pass(3000);
    assert_news(look(2000), 0, 0, 0);
    assert_news(look(2001), 0, 0, 2001);
    assert_news(look(-500), 0, 0, 0);
}

static void P_6_a_suspension_is_a_pause_even_when_the_loop_was_not_late(void **state)
{
    (void)state;
    pass(10000);
    reading.now += 30000; /* the host slept: boot time and wall went on, CLOCK_MONOTONIC did not */
    reading.at += 30000;
    assert_news(look(-20000), 0, 30000, 30000);
    pass(1000);
    assert_news(look(0), 0, 0, 0);
}

static void P_6_a_suspension_is_not_counted_twice(void **state)
{
    (void)state;
    reading.now += 30000;
    reading.at += 30000;
    assert_news(look(33000), 0, 30000, 33000);
}

static void readings_a_little_apart_are_no_suspension(void **state)
{
    (void)state;
    reading.now += RC_CLOCK_SUSPEND_MS;
    reading.at += RC_CLOCK_SUSPEND_MS;
    assert_news(look(0), 0, 0, 0);
}

static void the_clocks_go_forward_and_agree_with_one_another(void **state)
{
    (void)state;
    int64_t us = rc_clock_us();
    struct rc_reading first = rc_clock_read(), second = rc_clock_read();
    assert_true(second.now >= first.now);
    assert_true(rc_clock_now() >= second.now);
    assert_true(rc_clock_us() >= us);
    assert_true(first.at > INT64_C(1700000000000));
    assert_true(rc_clock_at() - second.at < 60000);
}

static void the_boot_id_is_the_same_at_every_reading(void **state)
{
    (void)state;
    char first[RC_BOOT_ID_MAX], second[RC_BOOT_ID_MAX];
    assert_true(rc_clock_boot_id(first));
    assert_true(rc_clock_boot_id(second));
    assert_string_equal(first, second);
    assert_int_equal(strlen(first), 36);
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(time_that_just_passes_is_no_news),
        TEST(P_14_a_step_of_over_two_seconds_is_told_once_with_its_size),
        TEST(P_14_small_steps_add_up),
        TEST(P_14_there_and_back_is_two_steps),
        TEST(P_7_a_loop_late_by_over_two_seconds_has_paused),
        TEST(P_6_a_suspension_is_a_pause_even_when_the_loop_was_not_late),
        TEST(P_6_a_suspension_is_not_counted_twice),
        TEST(readings_a_little_apart_are_no_suspension),
        TEST(the_clocks_go_forward_and_agree_with_one_another),
        TEST(the_boot_id_is_the_same_at_every_reading),
    };
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
