/* What the log says: in effect or not (P-5, P-16), periods, and the slices that the judges ask for (P-13). */
#include "rig.h"

#include "core/names.h"

#include <string.h>

static void P_5_an_in_and_an_out_are_one_closed_period(void **state)
{
    struct rig *rig = *state;
    int64_t in = rig_in(rig, "anna", 100);
    struct rc_ledger ledger = rig_ledger(rig, "anna");
    assert_true(ledger.is_in);
    assert_int_equal(ledger.in_seq, in);
    assert_int_equal(ledger.since_at, 100);
    assert_int_equal(ledger.cause, RC_STATUS_PUNCH);
    assert_int_equal(ledger.out_type, RC_TYPE_NONE);
    int64_t out = rig_out(rig, "anna", 200, in);
    ledger = rig_ledger(rig, "anna");
    assert_false(ledger.is_in);
    assert_int_equal(ledger.in_seq, in);
    assert_int_equal(ledger.in_at, 100);
    assert_int_equal(ledger.since_at, 200);
    assert_int_equal(ledger.out_seq, out);
    assert_int_equal(ledger.out_type, RC_OUT);
    assert_int_equal(ledger.last_seq, out);
    assert_int_equal(ledger.last_at, 200);
}

static void an_employee_without_rows_has_an_empty_ledger(void **state)
{
    struct rig *rig = *state;
    rig_in(rig, "bert", 5);
    const struct rc_ledger ledger = rig_ledger(rig, "anna");
    const struct rc_ledger empty = {0};
    assert_memory_equal(&ledger, &empty, sizeof empty);
    assert_false(rig_history(rig, "anna", 50).at.found);
    assert_false(rig_target(rig, "anna", 1).found);
}

static void P_5_in_1_auto_out_2_resume_3_auto_out_4_is_one_period_1_to_4(void **state)
{
    struct rig *rig = *state;
    rig_in(rig, "anna", 100);
    rig_auto_out(rig, "anna", 200, 1);
    struct rc_ledger ledger = rig_ledger(rig, "anna");
    assert_int_equal(ledger.cause, RC_STATUS_AUTO_OUT);
    assert_int_equal(ledger.out_cause, RC_CAUSE_STALE);
    assert_int_equal(ledger.out_t, 207);
    assert_int_equal(ledger.out_detected_t, 237);
    assert_false(ledger.out_final);
    rig_resume(rig, "anna", 230, 2);
    ledger = rig_ledger(rig, "anna");
    assert_true(ledger.is_in);
    assert_int_equal(ledger.since_at, 100);
    assert_int_equal(ledger.cause, RC_STATUS_RESUME);
    assert_int_equal(ledger.last_seq, 3);
    assert_false(rig_target(rig, "anna", 2).in_effect);
    assert_int_equal(rig_history(rig, "anna", 500).at.resumed_at, 230);
    rig_auto_out(rig, "anna", 300, 1);
    ledger = rig_ledger(rig, "anna");
    assert_false(ledger.is_in);
    assert_int_equal(ledger.in_seq, 1);
    assert_int_equal(ledger.out_seq, 4);
    const struct rc_period period = rig_history(rig, "anna", 500).at;
    assert_int_equal(period.out_seq, 4);
    assert_int_equal(period.out_at, 300);
    assert_int_equal(period.resumed_at, 230);
}

static void P_16_a_rejected_resume_lets_the_auto_out_stand_again(void **state)
{
    struct rig *rig = *state;
    rig_in(rig, "anna", 100);
    rig_auto_out(rig, "anna", 200, 1);
    rig_resume(rig, "anna", 230, 2);
    rig_correct(rig, "anna", RC_ACTION_REJECT, 400, 3, 0, "boss");
    const struct rc_ledger ledger = rig_ledger(rig, "anna");
    assert_false(ledger.is_in);
    assert_int_equal(ledger.out_seq, 2);
    assert_int_equal(ledger.cause, RC_STATUS_CORRECTION);
    assert_true(rig_target(rig, "anna", 2).in_effect);
    assert_false(rig_target(rig, "anna", 3).in_effect);
    assert_true(rig_target(rig, "anna", 3).rejected);
    assert_int_equal(rig_history(rig, "anna", 500).at.resumed_at, 0);
}

static void P_16_the_latest_retime_wins_and_undoes_nothing(void **state)
{
    struct rig *rig = *state;
    rig_in(rig, "anna", 100);
    rig_out(rig, "anna", 200, 1);
    rig_correct(rig, "anna", RC_ACTION_RETIME, 250, 2, 0, "boss");
    rig_correct(rig, "anna", RC_ACTION_RETIME, 240, 2, 0, "boss");
    rig_correct(rig, "anna", RC_ACTION_RETIME, 90, 1, 0, "boss");
    const struct rc_ledger ledger = rig_ledger(rig, "anna");
    assert_int_equal(ledger.in_at, 90);
    assert_int_equal(ledger.since_at, 240);
    assert_int_equal(ledger.last_at, 240);
    assert_true(ledger.out_final);
    assert_int_equal(ledger.cause, RC_STATUS_CORRECTION);
    assert_false(rig_history(rig, "anna", 89).at.found);
    assert_int_equal(rig_history(rig, "anna", 90).at.in_at, 90);
    assert_int_equal(rig_history(rig, "anna", 89).next.in_at, 90);
    assert_int_equal(rig_target(rig, "anna", 2).at, 240);
}

static void P_16_a_voided_in_is_gone_and_the_period_before_it_is_the_last(void **state)
{
    struct rig *rig = *state;
    rig_in(rig, "anna", 100);
    rig_out(rig, "anna", 200, 1);
    rig_in(rig, "anna", 300);
    rig_correct(rig, "anna", RC_ACTION_VOID, 310, 3, 0, "boss");
    const struct rc_ledger ledger = rig_ledger(rig, "anna");
    assert_false(ledger.is_in);
    assert_int_equal(ledger.in_seq, 1);
    assert_int_equal(ledger.out_seq, 2);
    assert_int_equal(ledger.last_seq, 2);
    assert_int_equal(ledger.cause, RC_STATUS_CORRECTION);
    assert_true(rig_target(rig, "anna", 3).rejected);
}

static void P_16_when_the_only_in_is_voided_nothing_is_left_but_the_cause(void **state)
{
    struct rig *rig = *state;
    rig_in(rig, "anna", 100);
    rig_correct(rig, "anna", RC_ACTION_VOID, 310, 1, 0, "boss");
    const struct rc_ledger ledger = rig_ledger(rig, "anna");
    assert_false(ledger.is_in);
    assert_int_equal(ledger.in_seq, 0);
    assert_int_equal(ledger.last_seq, 0);
    assert_int_equal(ledger.since_at, 100);
    assert_int_equal(ledger.cause, RC_STATUS_CORRECTION);
}

static void P_13_a_held_out_closes_nothing_until_it_is_accepted(void **state)
{
    struct rig *rig = *state;
    rig_in(rig, "anna", 100);
    int64_t held = rig_held(rig, "anna", RC_OUT, 200, "p-1", RC_OVERLAP);
    assert_true(rig_ledger(rig, "anna").is_in);
    struct rc_target target = rig_target(rig, "anna", held);
    assert_true(target.found && target.held);
    assert_false(target.in_effect);
    rig_correct(rig, "anna", RC_ACTION_ACCEPT, 400, held, 1, "boss");
    const struct rc_ledger ledger = rig_ledger(rig, "anna");
    assert_false(ledger.is_in);
    assert_int_equal(ledger.out_seq, held);
    assert_int_equal(ledger.since_at, 200);
    assert_true(ledger.out_final);
    target = rig_target(rig, "anna", held);
    assert_true(target.in_effect);
    assert_int_equal(target.period.in_seq, 1);
    assert_int_equal(target.period.out_seq, held);
}

static void P_13_a_late_out_takes_the_place_of_the_auto_out(void **state)
{
    struct rig *rig = *state;
    rig_in(rig, "anna", 100);
    rig_auto_out(rig, "anna", 150, 1);
    rig_correct(rig, "anna", RC_ACTION_VOID, 200, 2, 0, "service");
    rig_out(rig, "anna", 200, 1);
    const struct rc_ledger ledger = rig_ledger(rig, "anna");
    assert_int_equal(ledger.out_seq, 4);
    assert_int_equal(ledger.out_type, RC_OUT);
    assert_int_equal(ledger.cause, RC_STATUS_PUNCH);
    assert_false(ledger.out_final);
}

static void P_13_an_out_waits_for_the_in_before_it(void **state)
{
    struct rig *rig = *state;
    int64_t first = rig_held(rig, "anna", RC_OUT, 200, "p-1", RC_NO_IN);
    rig_held(rig, "anna", RC_OUT, 250, "p-2", RC_NO_IN);
    rig_held(rig, "anna", RC_OUT, 150, "p-3", RC_TOO_OLD); /* held, but for another reason */
    struct rc_history history = rig_history(rig, "anna", 100);
    assert_int_equal(history.waiting_seq, first);
    assert_int_equal(history.waiting_at, 200);
    assert_int_equal(rig_history(rig, "anna", 200).waiting_at, 250); /* after A, not at it */
    /* an IN at 180 lies between: what waits behind it is not for an IN at 100 */
    rig_in(rig, "anna", 180);
    assert_int_equal(rig_history(rig, "anna", 100).waiting_seq, 0);
    assert_int_equal(rig_history(rig, "anna", 185).waiting_seq, first);
    rig_correct(rig, "anna", RC_ACTION_ACCEPT, 300, first, 4, "service");
    assert_int_equal(rig_history(rig, "anna", 185).waiting_at, 250);
    assert_false(rig_ledger(rig, "anna").out_final); /* the service's own decision is no person's */
    assert_int_equal(rig_ledger(rig, "anna").out_seq, first);
}

static void P_13_history_gives_the_periods_around_a_time(void **state)
{
    struct rig *rig = *state;
    rig_in(rig, "anna", 100);
    rig_out(rig, "anna", 200, 1);
    rig_in(rig, "anna", 300);
    rig_in(rig, "bert", 310);
    struct rc_history history = rig_history(rig, "anna", 99);
    assert_false(history.at.found);
    assert_int_equal(history.next.in_seq, 1);
    history = rig_history(rig, "anna", 100);
    assert_int_equal(history.at.in_seq, 1);
    assert_true(history.at.closed);
    assert_int_equal(history.next.in_seq, 3);
    assert_false(history.next.closed);
    history = rig_history(rig, "anna", 5000);
    assert_int_equal(history.at.in_seq, 3);
    assert_false(history.next.found);
}

static void P_16_a_target_knows_its_neighbours(void **state)
{
    struct rig *rig = *state;
    rig_in(rig, "anna", 100);
    rig_out(rig, "anna", 200, 1);
    rig_in(rig, "anna", 300);
    rig_auto_out(rig, "anna", 400, 3);
    rig_in(rig, "anna", 500);
    const struct rc_target target = rig_target(rig, "anna", 4);
    assert_int_equal(target.type, RC_AUTO_OUT);
    assert_int_equal(target.period.in_seq, 3);
    assert_int_equal(target.previous_out_at, 200);
    assert_int_equal(target.next_in_at, 500);
    assert_int_equal(rig_target(rig, "anna", 1).previous_out_at, INT64_MIN);
    assert_int_equal(rig_target(rig, "anna", 5).next_in_at, INT64_MAX);
    assert_false(rig_target(rig, "bert", 4).found); /* somebody else's row */
}

static void P_16_review_lasts_until_a_person_decides(void **state)
{
    struct rig *rig = *state;
    struct rc_row row = rig_row(rig, "anna", RC_IN, 100);
    row.review = true;
    rig_append(rig, &row);
    assert_true(rig_target(rig, "anna", 1).review);
    rig_correct(rig, "anna", RC_ACTION_ACCEPT, 200, 1, 0, "boss");
    assert_false(rig_target(rig, "anna", 1).review);
    assert_true(rig_target(rig, "anna", 1).in_effect);
}

static void P_9_who_said_out_after_an_auto_out_is_not_resumed(void **state)
{
    struct rig *rig = *state;
    rig_in(rig, "anna", 100);
    rig_auto_out(rig, "anna", 200, 1);
    struct rc_effect effect = {.kind = RC_FX_RECEIPT};
    effect.receipt = (struct rc_receipt){.employee = rig_id("anna"),
                                         .id = rig_punch_id("p-9"),
                                         .type = RC_OUT,
                                         .result = RC_REJECTED,
                                         .at = 260,
                                         .recorded_at = 260,
                                         .code = RC_ALREADY_OUT,
                                         .remember = true};
    rig_ok(rig, rc_store_begin(rig->store));
    rig_ok(rig, rc_store_apply(rig->store, rig->site, &effect));
    rig_ok(rig, rc_store_commit(rig->store));
    assert_true(rig_ledger(rig, "anna").out_final);
}

static void slices_see_the_open_transaction(void **state)
{
    struct rig *rig = *state;
    rig_ok(rig, rc_store_begin(rig->store));
    rig_in(rig, "anna", 100);
    assert_true(rig_ledger(rig, "anna").is_in);
    rc_store_rollback(rig->store);
    assert_false(rig_ledger(rig, "anna").is_in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
        TEST(P_5_an_in_and_an_out_are_one_closed_period),
        TEST(an_employee_without_rows_has_an_empty_ledger),
        TEST(P_5_in_1_auto_out_2_resume_3_auto_out_4_is_one_period_1_to_4),
        TEST(P_16_a_rejected_resume_lets_the_auto_out_stand_again),
        TEST(P_16_the_latest_retime_wins_and_undoes_nothing),
        TEST(P_16_a_voided_in_is_gone_and_the_period_before_it_is_the_last),
        TEST(P_16_when_the_only_in_is_voided_nothing_is_left_but_the_cause),
        TEST(P_13_a_held_out_closes_nothing_until_it_is_accepted),
        TEST(P_13_a_late_out_takes_the_place_of_the_auto_out),
        TEST(P_13_an_out_waits_for_the_in_before_it),
        TEST(P_13_history_gives_the_periods_around_a_time),
        TEST(P_16_a_target_knows_its_neighbours),
        TEST(P_16_review_lasts_until_a_person_decides),
        TEST(P_9_who_said_out_after_an_auto_out_is_not_resumed),
        TEST(slices_see_the_open_transaction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
