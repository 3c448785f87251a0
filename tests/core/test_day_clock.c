/* T-2: which wall time training counts by, when the clock is set. */
#include "calendars.h"
#include "core/day_clock.h"
#include "test.h"

#define BOOT_AT INT64_C(1764738000000)

/* One reading: the clock shows the right time plus `wrong_ms`; what is believed of it, and whether that is
 * news. */
struct reading {
    int64_t now, wrong_ms, believed_ms;
    bool changed;
};

static void check(const char *what, const struct reading *readings, size_t count)
{
    struct rc_day_clock clock;
    rc_day_clock_start(&clock, 0, BOOT_AT);
    for (size_t i = 0; i < count; i++) {
        bool changed = !readings[i].changed;
        int64_t right_at = BOOT_AT + readings[i].now;
        int64_t label = rc_day_clock_look(&clock, readings[i].now, right_at + readings[i].wrong_ms, &changed);
        if (label != right_at + readings[i].believed_ms || changed != readings[i].changed)
            fail_msg("%s: reading %zu: off by %lld, %s", what, i, (long long)(label - right_at),
                     changed ? "changed" : "unchanged");
    }
}
#define CHECK(what, ...)                                                                                     \
    check(what, (const struct reading[]){__VA_ARGS__},                                                       \
          sizeof(const struct reading[]){__VA_ARGS__} / sizeof(struct reading))

static void T_2_the_first_reading_is_believed(void **state)
{
    (void)state;
    CHECK("no step", {0, 0, 0, false}, {60000, 0, 0, false}, {DAY, 0, 0, false});
}

static void T_2_drift_is_followed_and_is_no_news(void **state)
{
    (void)state;
    CHECK("drift", {1000, 500, 500, false}, {2000, -1500, -1500, false}, {3000, 500, 500, false},
          {4000, 2500, 2500, false}, {5000, 4500, 4500, false});
}

static void T_2_a_step_is_over_two_seconds(void **state)
{
    (void)state;
    CHECK("2 s forward", {1000, 2000, 2000, false});
    CHECK("2.001 s forward", {1000, 2001, 0, true});
    CHECK("2 s back", {1000, -2000, -2000, false});
    CHECK("2.001 s back", {1000, -2001, 0, true});
}

static void T_2_a_step_is_believed_when_it_has_stood_for_ten_minutes(void **state)
{
    (void)state;
    CHECK("forward", {1000, HOUR, 0, true}, {300000, HOUR, 0, false}, {600999, HOUR, 0, false},
          {601000, HOUR, HOUR, true}, {700000, HOUR, HOUR, false});
    CHECK("back", {1000, -HOUR, 0, true}, {600999, -HOUR, 0, false}, {601000, -HOUR, -HOUR, true});
    CHECK("nobody looked meanwhile", {1000, HOUR, 0, true}, {5 * HOUR, HOUR, HOUR, true});
}

static void T_2_a_step_that_is_taken_back_leaves_no_trace(void **state)
{
    (void)state;
    CHECK("taken back", {1000, DAY, 0, true}, {500000, DAY, 0, false}, {600000, 0, 0, true},
          {601000, 0, 0, false}, {700000, DAY, 0, true}, {1299999, DAY, 0, false}, {1300000, DAY, DAY, true});
}

static void T_2_a_step_upon_a_step_begins_anew(void **state)
{
    (void)state;
    CHECK("another step", {1000, HOUR, 0, true}, {500000, 2 * HOUR, 0, true}, {601000, 2 * HOUR, 0, false},
          {1099999, 2 * HOUR, 0, false}, {1100000, 2 * HOUR, 2 * HOUR, true});
    CHECK("a clock that jumps to and fro is never believed", {1000, HOUR, 0, true}, {500000, -HOUR, 0, true},
          {1000000, HOUR, 0, true}, {1500000, -HOUR, 0, true}, {2000000, HOUR, 0, true});
}

static void T_2_a_step_drifts_while_it_stands(void **state)
{
    (void)state;
    CHECK("drifts", {1000, HOUR, 0, true}, {200000, HOUR + 1500, 0, false}, {400000, HOUR + 3000, 0, false},
          {601000, HOUR + 4500, HOUR + 4500, true});
}

/* A service that restarts within a boot goes on where it was: a step does not stand for longer by it. */
static void T_2_the_state_is_a_value_that_can_be_kept(void **state)
{
    (void)state;
    struct rc_day_clock clock, kept;
    bool changed;
    rc_day_clock_start(&clock, 0, BOOT_AT);
    rc_day_clock_look(&clock, 1000, BOOT_AT + 1000 + DAY, &changed);
    assert_true(changed);
    kept = clock;
    assert_int_equal(rc_day_clock_look(&kept, 600999, BOOT_AT + 600999 + DAY, &changed), BOOT_AT + 600999);
    assert_int_equal(rc_day_clock_look(&kept, 601000, BOOT_AT + 601000 + DAY, &changed),
                     BOOT_AT + 601000 + DAY);
}

/* Clock and ledger together: a heartbeat a minute, the wall clock set forward by a day at noon. */
static void T_2_a_locked_day_goes_on_only_when_the_step_has_stood(void **state)
{
    (void)state;
    static const struct rc_training_terms terms = {
        .limit_ms = 5 * MINUTE, .course_limit_ms = RC_NONE, .interval_ms = MINUTE};
    struct student student;
    struct rc_day_clock clock;
    student_init(&student, new_york, terms);
    int64_t noon = new_york[1].start_at + 12 * HOUR, boot_at = student.boot_at;
    rc_day_clock_start(&clock, 0, boot_at);
    for (int minute = -10; minute <= 15; minute++) {
        bool changed;
        int64_t now = noon + minute * MINUTE - boot_at;
        int64_t label = rc_day_clock_look(&clock, now, boot_at + now + (minute >= 0 ? DAY : 0), &changed);
        student.boot_at = label - now;
        enum rc_training_result result = student_beat(&student, 0, 0, label).result;
        bool today = minute < 10;
        assert_int_equal(label, noon + minute * MINUTE + (today ? 0 : DAY));
        assert_int_equal(student.sites[0].current, today ? 1 : 2);
        assert_int_equal(result, minute < -6 || (minute >= 10 && minute < 14) ? RC_TRAINING_COUNTED
                                 : minute == -6 || minute == 14               ? RC_TRAINING_REACHED
                                                                              : RC_TRAINING_LOCKED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(T_2_the_first_reading_is_believed),
        cmocka_unit_test(T_2_drift_is_followed_and_is_no_news),
        cmocka_unit_test(T_2_a_step_is_over_two_seconds),
        cmocka_unit_test(T_2_a_step_is_believed_when_it_has_stood_for_ten_minutes),
        cmocka_unit_test(T_2_a_step_that_is_taken_back_leaves_no_trace),
        cmocka_unit_test(T_2_a_step_upon_a_step_begins_anew),
        cmocka_unit_test(T_2_a_step_drifts_while_it_stands),
        cmocka_unit_test(T_2_the_state_is_a_value_that_can_be_kept),
        cmocka_unit_test(T_2_a_locked_day_goes_on_only_when_the_step_has_stood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
