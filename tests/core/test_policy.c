/* policy.h: the numbers of the contract's section 3, written out once more as it writes them. */
#include "core/policy.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void P_1_intervals_and_graces_are_the_contracts(void **state)
{
    (void)state;
    struct rc_policy policy = rc_policy_default();
    const int64_t interval[RC_CLASS_COUNT] = {10000, 10000, 20000, 10000, 10000};
    const int64_t most[RC_CLASS_COUNT] = {120000, 60000, 1200000, 60000, 60000};
    const int64_t grace[RC_CLASS_COUNT] = {RC_NONE, RC_NONE, RC_NONE, 120000, RC_NONE};
    for (int i = 0; i < RC_CLASS_COUNT; i++) {
        assert_int_equal(policy.interval_ms[i], interval[i]);
        assert_int_equal(policy.interval_ms_max[i], most[i]);
        assert_int_equal(policy.grace_ms[i], grace[i]);
    }
    assert_int_equal(policy.interval_ms_min, 1000);
    assert_int_equal(policy.max_shift_ms, 57600000);
}

static void P_2_to_P_9_waits_are_the_contracts(void **state)
{
    (void)state;
    struct rc_policy policy = rc_policy_default();
    assert_int_equal(policy.confirm_ms, 10000);
    assert_int_equal(policy.echo_ms, 1000);
    assert_int_equal(policy.sleep_ms_max, 1200000);
    assert_int_equal(policy.reconnect_ms, 120000);
    assert_int_equal(policy.protection_ms_max, 900000);
    assert_int_equal(policy.hold_ms, 900000);
    assert_int_equal(policy.hold_min, 5);
    assert_true(policy.hold_share > 0.499 && policy.hold_share < 0.501);
    assert_int_equal(policy.resume_ms, 1200000);
    assert_int_equal(policy.resume_detected_ms, 120000);
    assert_int_equal(policy.resume_outage_ms, 14400000);
}

static void P_10_nobody_is_punched_in_by_a_heartbeat(void **state)
{
    (void)state;
    struct rc_policy policy = rc_policy_default();
    for (int i = 0; i < RC_CLASS_COUNT; i++)
        assert_false(policy.auto_in[i]);
}

static void P_11_to_P_19_windows_are_the_contracts(void **state)
{
    (void)state;
    struct rc_policy policy = rc_policy_default();
    assert_int_equal(policy.missed_out_ms, 21600000);
    assert_int_equal(policy.trust_ms, 120000);
    assert_int_equal(policy.future_ms, 5000);
    assert_int_equal(policy.late_ms_max, 604800000);
    assert_int_equal(policy.forget_ms, 86400000);
    assert_int_equal(policy.maintenance_ms_max, 86400000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(P_1_intervals_and_graces_are_the_contracts),
        cmocka_unit_test(P_2_to_P_9_waits_are_the_contracts),
        cmocka_unit_test(P_10_nobody_is_punched_in_by_a_heartbeat),
        cmocka_unit_test(P_11_to_P_19_windows_are_the_contracts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
