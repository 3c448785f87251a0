/* The timing wheel against a sorted list. */
#include "core/wheel.h"
#include "test.h"

#define TIMERS 200

static uint64_t draw(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return *seed >> 33;
}

static int64_t far_or_near(uint64_t *seed)
{
    static const uint64_t reach[] = {3, 70, 5000, 300000, 20000000, 100000000000};
    return (int64_t)(draw(seed) % reach[draw(seed) % 6]);
}

static void every_timer_fires_in_its_millisecond_and_in_order(void **state)
{
    (void)state;
    for (uint64_t round = 1; round <= 300; round++) {
        uint64_t seed = round;
        struct rc_timer timers[TIMERS] = {0};
        int64_t expires[TIMERS];
        struct rc_wheel wheel;
        int64_t now = far_or_near(&seed);
        rc_wheel_init(&wheel, timers, now);
        for (uint32_t i = 0; i < TIMERS; i++) {
            expires[i] = now + far_or_near(&seed);
            rc_wheel_set(&wheel, i, expires[i]);
        }
        for (int step = 0; step < 400; step++) {
            now += far_or_near(&seed);
            int64_t least = INT64_MAX, before = INT64_MIN;
            for (uint32_t i = 0; i < TIMERS; i++) {
                least = expires[i] < least ? expires[i] : least;
            }
            assert_true(rc_wheel_next(&wheel) <= least);
            for (uint32_t i; (i = rc_wheel_fire(&wheel, now)) != RC_NIL;) {
                assert_true(expires[i] <= now && expires[i] >= before);
                before = expires[i];
                expires[i] = INT64_MAX;
            }
            for (uint32_t i = 0; i < TIMERS; i++) {
                assert_true(expires[i] > now); /* none was left behind */
                if (expires[i] == INT64_MAX || draw(&seed) % 16 == 0) {
                    expires[i] = now + 1 + far_or_near(&seed);
                    rc_wheel_set(&wheel, i, expires[i]);
                }
            }
        }
    }
}

static void a_stopped_timer_does_not_fire(void **state)
{
    (void)state;
    struct rc_timer timers[2] = {0};
    struct rc_wheel wheel;
    rc_wheel_init(&wheel, timers, 0);
    rc_wheel_set(&wheel, 0, 10);
    rc_wheel_set(&wheel, 1, 10);
    rc_wheel_stop(&wheel, 0);
    rc_wheel_stop(&wheel, 0);
    assert_int_equal(rc_wheel_fire(&wheel, 9), RC_NIL);
    assert_int_equal(rc_wheel_fire(&wheel, 10), 1);
    assert_int_equal(rc_wheel_fire(&wheel, 1000), RC_NIL);
    assert_int_equal(rc_wheel_next(&wheel), INT64_MAX);
}

static void a_time_that_is_over_fires_at_once(void **state)
{
    (void)state;
    struct rc_timer timers[1] = {0};
    struct rc_wheel wheel;
    rc_wheel_init(&wheel, timers, 1000);
    rc_wheel_set(&wheel, 0, 5);
    assert_int_equal(rc_wheel_next(&wheel), 1000);
    assert_int_equal(rc_wheel_fire(&wheel, 999), RC_NIL);
    assert_int_equal(rc_wheel_fire(&wheel, 1000), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_timer_fires_in_its_millisecond_and_in_order),
        cmocka_unit_test(a_stopped_timer_does_not_fire),
        cmocka_unit_test(a_time_that_is_over_fires_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
