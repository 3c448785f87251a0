/*
 * The client's side of training (T-5): when it beats, when it saves, when the lesson stops; and backoff.
 */
#include "backoff.h"
#include "lesson.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define INTERVAL 60000

struct rig {
    struct rc_lesson lesson;
    struct rc_random random;
    int64_t now;
};

static struct rig rig_of(bool saves)
{
    struct rig rig = {.random = rc_random_of(1, 1), .now = 1000};
    rc_lesson_begin(&rig.lesson, INTERVAL, saves);
    return rig;
}

static enum rc_lesson_step step(struct rig *rig)
{
    return rc_lesson_step(&rig->lesson, &rig->random, rig->now);
}

/* Goes to when something is due, and says what. */
static enum rc_lesson_step next_step(struct rig *rig)
{
    int64_t due = rc_lesson_due(&rig->lesson);
    assert_true(due < INT64_MAX);
    if (due > rig->now) {
        rig->now = due - 1;
        assert_int_equal(step(rig), RC_LESSON_NOTHING);
        rig->now = due;
    }
    return step(rig);
}

static void answer(struct rig *rig, enum rc_lesson_verdict verdict, int64_t remaining)
{
    struct rc_lesson_answer answered = {.verdict = verdict, .remaining_minutes = remaining};
    rc_lesson_answered(&rig->lesson, &answered, rig->now);
}

static void heartbeats_leave_no_time_between_them_uncovered(void **unused)
{
    (void)unused;
    struct rig rig = rig_of(false);
    assert_int_equal(rc_lesson_due(&rig.lesson), INT64_MAX);
    assert_int_equal(step(&rig), RC_LESSON_NOTHING);
    rc_lesson_up(&rig.lesson, rig.now);
    for (int i = 0; i < 1000; i++) {
        int64_t before = rig.now;
        assert_int_equal(next_step(&rig), RC_LESSON_BEAT);
        assert_int_equal(step(&rig), RC_LESSON_NOTHING);
        if (i > 0)
            assert_in_range(rig.now - before, INTERVAL * 9 / 10, INTERVAL);
        answer(&rig, RC_LESSON_COUNTED, 100);
        assert_int_equal(rig.lesson.state, RC_LESSON_RUNS);
    }
}

static void T_5_no_answer_for_one_and_a_half_intervals_stops_the_lesson_until_one_is_counted(void **unused)
{
    (void)unused;
    struct rig rig = rig_of(true);
    rc_lesson_up(&rig.lesson, rig.now);
    assert_int_equal(next_step(&rig), RC_LESSON_BEAT);
    answer(&rig, RC_LESSON_COUNTED, 1);
    int64_t answered = rig.now;
    assert_int_equal(next_step(&rig), RC_LESSON_SAVE);
    rc_lesson_saved(&rig.lesson, false, rig.now);
    assert_int_equal(next_step(&rig), RC_LESSON_BEAT);
    assert_true(rig.now - answered <= INTERVAL);
    rig.now = answered + INTERVAL * 3 / 2 - 1;
    answer(&rig, RC_LESSON_UNHEARD, -1); /* `not now` is no answer */
    assert_int_equal(step(&rig), RC_LESSON_NOTHING);
    rig.now = answered + INTERVAL * 3 / 2;
    assert_int_equal(step(&rig), RC_LESSON_STOP);
    assert_int_equal(rig.lesson.state, RC_LESSON_WAITS);
    /* What it would save is refused by now, so it only beats. */
    for (int i = 0; i < 3; i++)
        assert_int_equal(next_step(&rig), RC_LESSON_BEAT);
    answer(&rig, RC_LESSON_COUNTED, 1);
    assert_int_equal(rig.lesson.state, RC_LESSON_RUNS);
}

static void T_5_without_a_connection_the_lesson_runs_on_for_what_was_counted_and_no_longer(void **unused)
{
    (void)unused;
    struct rig rig = rig_of(false);
    rc_lesson_up(&rig.lesson, rig.now);
    assert_int_equal(next_step(&rig), RC_LESSON_BEAT);
    answer(&rig, RC_LESSON_COUNTED, 100);
    int64_t answered = rig.now;
    rc_lesson_down(&rig.lesson);
    assert_int_equal(next_step(&rig), RC_LESSON_STOP);
    assert_int_equal(rig.now, answered + INTERVAL * 3 / 2);
    assert_int_equal(rc_lesson_due(&rig.lesson), INT64_MAX);
    rc_lesson_up(&rig.lesson, rig.now);
    assert_int_equal(step(&rig), RC_LESSON_BEAT);
}

static void T_5_in_the_last_minute_it_saves_before_every_heartbeat(void **unused)
{
    (void)unused;
    struct rig rig = rig_of(true);
    rc_lesson_up(&rig.lesson, rig.now);
    assert_int_equal(next_step(&rig), RC_LESSON_BEAT);
    answer(&rig, RC_LESSON_COUNTED, 2);
    assert_int_equal(next_step(&rig), RC_LESSON_BEAT);
    answer(&rig, RC_LESSON_COUNTED, 1);
    for (uint64_t save = 1; save <= 3; save++) {
        int64_t before = rig.now;
        assert_int_equal(next_step(&rig), RC_LESSON_SAVE);
        assert_int_equal(rig.lesson.save, save);
        rc_lesson_saved(&rig.lesson, false, rig.now);
        rc_lesson_saved(&rig.lesson, true, rig.now); /* the receipt of a try before: changes nothing */
        assert_int_equal(next_step(&rig), RC_LESSON_BEAT);
        assert_in_range(rig.now - before, INTERVAL * 9 / 10, INTERVAL); /* saving delays nothing */
        answer(&rig, RC_LESSON_COUNTED, 1);
    }
    answer(&rig, RC_LESSON_DAY_LIMIT, 0);
    assert_int_equal(rig.lesson.state, RC_LESSON_ENDED);
    assert_int_equal(rc_lesson_due(&rig.lesson), INT64_MAX);
    assert_int_equal(step(&rig), RC_LESSON_NOTHING);
}

static void T_5_progress_is_sent_again_until_its_receipt_and_the_heartbeat_waits_for_it(void **unused)
{
    (void)unused;
    struct rig rig = rig_of(true);
    rc_lesson_up(&rig.lesson, rig.now);
    assert_int_equal(next_step(&rig), RC_LESSON_BEAT);
    answer(&rig, RC_LESSON_COUNTED, 1);
    int64_t beat = rig.lesson.beat_now;
    for (int i = 0; rig.now < beat; i++) {
        assert_int_equal(next_step(&rig), RC_LESSON_SAVE);
        assert_int_equal(rig.lesson.save, 1);
        rc_lesson_saved(&rig.lesson, true, rig.now);
    }
    rc_lesson_saved(&rig.lesson, false, rig.now);
    assert_int_equal(step(&rig), RC_LESSON_BEAT);
}

static void who_saves_nothing_beats_in_the_last_minute_as_before(void **unused)
{
    (void)unused;
    struct rig rig = rig_of(false);
    rc_lesson_up(&rig.lesson, rig.now);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(next_step(&rig), RC_LESSON_BEAT);
        answer(&rig, RC_LESSON_COUNTED, 1);
    }
}

static void a_break_stops_the_lesson_and_heartbeats_find_its_end(void **unused)
{
    (void)unused;
    struct rig rig = rig_of(false);
    rc_lesson_up(&rig.lesson, rig.now);
    assert_int_equal(next_step(&rig), RC_LESSON_BEAT);
    answer(&rig, RC_LESSON_BREAK, -1);
    assert_int_equal(rig.lesson.state, RC_LESSON_WAITS);
    assert_int_equal(next_step(&rig), RC_LESSON_BEAT);
    answer(&rig, RC_LESSON_COUNTED, 10);
    assert_int_equal(rig.lesson.state, RC_LESSON_RUNS);
}

static struct rc_lesson_answer reading(const char *payload)
{
    struct rc_lesson_answer read;
    assert_true(rc_lesson_read(payload, strlen(payload), &read));
    return read;
}

static void T_7_answers_are_read(void **unused)
{
    (void)unused;
    struct rc_lesson_answer read =
        reading("{\"success\":true,\"minutesCompleted\":45,\"remainingMinutes\":195,\"isNewDay\":true,"
                "\"dateKey\":\"2025-12-03\",\"serverTimestamp\":1733270400000}");
    assert_int_equal(read.verdict, RC_LESSON_COUNTED);
    assert_int_equal(read.minutes, 45);
    assert_int_equal(read.remaining_minutes, 195);
    assert_true(read.new_day);
    assert_string_equal(read.date, "2025-12-03");
    assert_int_equal(read.server_at, 1733270400000);
    assert_int_equal(read.locked_until_at, -1);
    read = reading("{\"code\":\"RESOURCE_EXHAUSTED\",\"message\":\"DAILY_LIMIT_REACHED: no more today\","
                   "\"minutesCompleted\":240,\"remainingMinutes\":0,\"dateKey\":\"2025-12-03\","
                   "\"lockedUntil\":1733288400000}");
    assert_int_equal(read.verdict, RC_LESSON_DAY_LIMIT);
    assert_int_equal(read.locked_until_at, 1733288400000);
    read = reading("{\"code\":\"RESOURCE_EXHAUSTED\",\"message\":\"COURSE_LIMIT_REACHED: c1\"}");
    assert_int_equal(read.verdict, RC_LESSON_COURSE_LIMIT);
    read = reading("{\"code\":\"FAILED_PRECONDITION\",\"message\":\"BREAK_REQUIRED: 5 minutes\"}");
    assert_int_equal(read.verdict, RC_LESSON_BREAK);
    read = reading("{\"code\":\"INVALID_ARGUMENT\",\"message\":\"training: needs courseId\"}");
    assert_int_equal(read.verdict, RC_LESSON_WRONG);
    assert_int_equal(reading("{\"code\":\"UNAVAILABLE\",\"message\":\"\"}").verdict, RC_LESSON_UNHEARD);
    assert_int_equal(reading("{\"code\":\"RATE_LIMITED\"}").verdict, RC_LESSON_UNHEARD);
}

static void what_is_no_answer_is_none(void **unused)
{
    (void)unused;
    static const char *const payloads[] = {
        "", "x", "[]", "null", "{}", "{\"success\":false}", "{\"code\":7}"};
    struct rc_lesson_answer read;
    for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++)
        assert_false(rc_lesson_read(payloads[i], strlen(payloads[i]), &read));
}

static void backoff_grows_to_eight_seconds_and_starts_anew_after_a_success(void **unused)
{
    (void)unused;
    struct rc_backoff backoff = {0};
    struct rc_random random = rc_random_of(1, 1);
    assert_in_range(rc_backoff_take(&backoff, &random), 225, 275);
    assert_in_range(rc_backoff_take(&backoff, &random), 450, 550);
    for (int i = 0; i < 10; i++)
        rc_backoff_take(&backoff, &random);
    assert_in_range(rc_backoff_take(&backoff, &random), 7200, 8800);
    rc_backoff_reset(&backoff);
    assert_in_range(rc_backoff_take(&backoff, &random), 225, 275);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heartbeats_leave_no_time_between_them_uncovered),
        cmocka_unit_test(T_5_no_answer_for_one_and_a_half_intervals_stops_the_lesson_until_one_is_counted),
        cmocka_unit_test(T_5_without_a_connection_the_lesson_runs_on_for_what_was_counted_and_no_longer),
        cmocka_unit_test(T_5_in_the_last_minute_it_saves_before_every_heartbeat),
        cmocka_unit_test(T_5_progress_is_sent_again_until_its_receipt_and_the_heartbeat_waits_for_it),
        cmocka_unit_test(who_saves_nothing_beats_in_the_last_minute_as_before),
        cmocka_unit_test(a_break_stops_the_lesson_and_heartbeats_find_its_end),
        cmocka_unit_test(T_7_answers_are_read),
        cmocka_unit_test(what_is_no_answer_is_none),
        cmocka_unit_test(backoff_grows_to_eight_seconds_and_starts_anew_after_a_success),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
