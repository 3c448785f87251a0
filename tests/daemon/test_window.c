/* How many in the last minute. */
#include "test.h"

#include "daemon/window.h"

static struct rc_window window;

static int start(void **state)
{
    (void)state;
    rc_window_init(&window, 60000);
    return 0;
}

static void what_was_counted_leaves_after_the_span(void **state)
{
    (void)state;
    rc_window_add(&window, 1000000, 3);
    rc_window_add(&window, 1030000, 2);
    assert_int_equal(rc_window_sum(&window, 1059999), 5);
    assert_int_equal(rc_window_sum(&window, 1060000), 2);
    assert_int_equal(rc_window_sum(&window, 1089999), 2);
    assert_int_equal(rc_window_sum(&window, 1090000), 0);
}

static void a_long_silence_empties_it_at_once(void **state)
{
    (void)state;
    for (int i = 0; i < RC_WINDOW_BUCKETS; i++) {
        rc_window_add(&window, i * 1000, 1);
    }
    assert_int_equal(rc_window_sum(&window, 59999), 60);
    assert_int_equal(rc_window_sum(&window, INT64_C(1) << 50), 0);
    rc_window_add(&window, INT64_C(1) << 50, 7);
    assert_int_equal(rc_window_sum(&window, INT64_C(1) << 50), 7);
}

static void a_time_before_the_newest_counts_as_the_newest(void **state)
{
    (void)state;
    rc_window_add(&window, 1000000, 1);
    rc_window_add(&window, 100, 1);
    assert_int_equal(rc_window_sum(&window, 1000000), 2);
}

static void it_agrees_with_a_naive_count(void **state)
{
    (void)state;
    static int64_t times[2000];
    uint64_t random = 12345;
    int64_t now = 0;
    for (int i = 0; i < 2000; i++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
        now += (int64_t)(random >> 33) % 3000;
        times[i] = now;
        rc_window_add(&window, now, 1);
        uint64_t naive = 0;
        for (int j = i; j >= 0 && times[j] / 1000 > now / 1000 - RC_WINDOW_BUCKETS; j--) {
            naive++;
        }
        assert_int_equal(rc_window_sum(&window, now), naive);
    }
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_counted_leaves_after_the_span),
        TEST(a_long_silence_empties_it_at_once),
        TEST(a_time_before_the_newest_counts_as_the_newest),
        TEST(it_agrees_with_a_naive_count),
    };
    return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
