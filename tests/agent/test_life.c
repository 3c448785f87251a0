/*
 * The table of lives: scripts that can be carried out, and a life that follows from its seed.
 */
#include "life.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A session is stale after 3 intervals, in tenths; jitter of a tenth and one beat's distance on either side.
 */
#define UNNOTICED_MAX 19
#define CERTAIN_MIN   40

struct state {
    bool open, frozen;
};

static void carry_out(struct state *state, const struct rc_step *step)
{
    switch (step->act) {
    case RC_ACT_OPEN:
    case RC_ACT_REOPEN:
        assert_false(state->open);
        state->open = true;
        break;
    case RC_ACT_IN:
    case RC_ACT_OUT:
    case RC_ACT_SLEEP:
    case RC_ACT_CLOSE_ONE:
        assert_true(state->open && !state->frozen);
        break;
    case RC_ACT_CLOSE:
        assert_true(state->open && !state->frozen);
        state->open = false;
        break;
    case RC_ACT_CRASH:
        assert_true(state->open);
        state->open = state->frozen = false;
        break;
    case RC_ACT_FREEZE:
        assert_true(state->open && !state->frozen);
        state->frozen = true;
        break;
    case RC_ACT_THAW:
        assert_true(state->frozen);
        state->frozen = false;
        break;
    case RC_ACT_COUNT:
        fail();
    }
    assert_in_range(step->low, 0, step->high);
}

static void every_script_can_be_carried_out_and_ends_with_open_tabs(void **unused)
{
    (void)unused;
    size_t count;
    const struct rc_happening *table = rc_life_table(&count);
    for (size_t i = 0; i < count; i++) {
        struct state state = {.open = true};
        assert_in_range(table[i].count, 1, RC_STEPS_MAX);
        assert_true(table[i].weight > 0);
        for (size_t j = 0; j < table[i].count; j++)
            carry_out(&state, &table[i].steps[j]);
        assert_true(state.open && !state.frozen);
    }
}

static void the_morning_begins_without_tabs_and_ends_with_a_punch(void **unused)
{
    (void)unused;
    struct state state = {.open = false};
    const struct rc_happening *morning = rc_life_start();
    for (size_t i = 0; i < morning->count; i++)
        carry_out(&state, &morning->steps[i]);
    assert_int_equal(morning->steps[morning->count - 1].act, RC_ACT_IN);
}

/* P-1: what is gone for a moment must not be near the threshold, or the demonstration would show chance. */
static void absences_are_clearly_within_or_clearly_beyond_the_grace(void **unused)
{
    (void)unused;
    size_t count;
    const struct rc_happening *table = rc_life_table(&count);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < table[i].count; j++) {
            const struct rc_step *step = &table[i].steps[j];
            bool dark = step->act == RC_ACT_FREEZE || step->act == RC_ACT_CRASH || step->act == RC_ACT_CLOSE;
            if (dark && step->unit == RC_UNIT_INTERVALS)
                assert_true(step->high <= UNNOTICED_MAX || step->low >= CERTAIN_MIN);
        }
}

static void the_same_seed_tells_the_same_life(void **unused)
{
    (void)unused;
    struct rc_random a = rc_random_of(7, 3), b = rc_random_of(7, 3), other = rc_random_of(7, 4);
    struct rc_pace pace = rc_pace_of(60);
    int different = 0;
    for (int i = 0; i < 1000; i++) {
        const struct rc_happening *next = rc_life_next(&a);
        assert_ptr_equal(next, rc_life_next(&b));
        different += next != rc_life_next(&other);
        assert_int_equal(rc_life_pause(&next->steps[0], &pace, &a),
                         rc_life_pause(&next->steps[0], &pace, &b));
    }
    assert_in_range(different, 500, 1000);
}

static void every_happening_happens_about_as_often_as_its_weight_says(void **unused)
{
    (void)unused;
    size_t count;
    int sum = 0, seen[64] = {0}, draws = 100000;
    const struct rc_happening *table = rc_life_table(&count);
    assert_in_range(count, 1, 64);
    for (size_t i = 0; i < count; i++)
        sum += table[i].weight;
    struct rc_random random = rc_random_of(1, 1);
    for (int i = 0; i < draws; i++)
        seen[rc_life_next(&random) - table]++;
    for (size_t i = 0; i < count; i++) {
        int expected = draws * table[i].weight / sum;
        assert_in_range(seen[i], expected * 8 / 10, expected * 12 / 10);
    }
}

static void speed_makes_minutes_shorter_and_heartbeats_no_faster_than_two_seconds(void **unused)
{
    (void)unused;
    assert_int_equal(rc_pace_of(1).minute_ms, 60000);
    assert_int_equal(rc_pace_of(1).interval_ms, 10000);
    assert_int_equal(rc_pace_of(60).minute_ms, 1000);
    assert_int_equal(rc_pace_of(60).interval_ms, 2000);
    assert_int_equal(rc_pace_of(1e6).minute_ms, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_script_can_be_carried_out_and_ends_with_open_tabs),
        cmocka_unit_test(the_morning_begins_without_tabs_and_ends_with_a_punch),
        cmocka_unit_test(absences_are_clearly_within_or_clearly_beyond_the_grace),
        cmocka_unit_test(the_same_seed_tells_the_same_life),
        cmocka_unit_test(every_happening_happens_about_as_often_as_its_weight_says),
        cmocka_unit_test(speed_makes_minutes_shorter_and_heartbeats_no_faster_than_two_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
