/* P-16: a person's decision is final, and always a new row. */
#include "rig.h"
#include "test.h"

static void kiosk_day(struct rig *rig) /* IN 1, OUT 2 four hours later, now an hour after that */
{
    rig_punch(rig, "ana", "door", RC_IN, RC_KIOSK);
    rig_wait(rig, 4 * HOUR);
    rig_punch(rig, "ana", "door", RC_OUT, RC_KIOSK);
    rig_wait(rig, HOUR);
}

static void decide(struct rig *rig, enum rc_action action, int64_t seq, int64_t at, enum rc_code expected)
{
    rig_correct(rig, "ana", action, seq, RC_TYPE_NONE, at);
    assert_int_equal(rig->answer, expected);
    assert_true(rig_agrees(rig, "ana"));
}

static void P_16_nobody_decides_on_their_own_punches(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "boss", "tab", RC_IN, RC_BROWSER);
    rig_correct(rig, "boss", RC_ACTION_VOID, 1, RC_TYPE_NONE, 0);
    assert_int_equal(rig->answer, RC_PERMISSION_DENIED);
    assert_int_equal(rig->row_count, 1);
}

static void P_16_voiding_an_IN_voids_its_OUT(void **state)
{
    struct rig *rig = fresh(state);
    kiosk_day(rig);
    decide(rig, RC_ACTION_VOID, 1, 0, RC_OK);
    assert_int_equal(rig_row(rig, "ana", 0)->target_seq, 2);
    assert_int_equal(rig_row(rig, "ana", 1)->target_seq, 1);
    assert_string_equal(rig_row(rig, "ana", 0)->actor.text, "boss");
    assert_int_equal(rig_view(rig, "ana").status.ledger.in_seq, 0);
    decide(rig, RC_ACTION_VOID, 1, 0, RC_FAILED_PRECONDITION);
}

static void P_16_voiding_an_open_IN_ends_its_kiosk_session(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "door", RC_IN, RC_KIOSK);
    decide(rig, RC_ACTION_VOID, 1, 0, RC_OK);
    assert_false(rig_in(rig, "ana"));
    assert_int_equal(rig_view(rig, "ana").status.sessions, 0);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    rig_wait(rig, 30000);
    assert_false(rig_in(rig, "ana"));
}

static void P_16_an_OUT_is_never_voided_or_rejected_alone(void **state)
{
    struct rig *rig = fresh(state);
    kiosk_day(rig);
    size_t rows = rig->row_count;
    decide(rig, RC_ACTION_VOID, 2, 0, RC_FAILED_PRECONDITION);
    decide(rig, RC_ACTION_REJECT, 2, 0, RC_FAILED_PRECONDITION);
    assert_int_equal(rig->row_count, rows);
}

static void P_16_retime_between_the_neighbours_only(void **state)
{
    struct rig *rig = fresh(state);
    kiosk_day(rig);
    int64_t in_at = rig->rows[0].at, out_at = rig->rows[1].at;
    decide(rig, RC_ACTION_RETIME, 2, in_at - 1, RC_FAILED_PRECONDITION);
    decide(rig, RC_ACTION_RETIME, 2, rig->at + 1, RC_INVALID_ARGUMENT);
    decide(rig, RC_ACTION_RETIME, 2, in_at + HOUR, RC_OK);
    assert_int_equal(rig_view(rig, "ana").status.ledger.since_at, in_at + HOUR);
    decide(rig, RC_ACTION_RETIME, 1, in_at + HOUR + 1, RC_FAILED_PRECONDITION);
    decide(rig, RC_ACTION_RETIME, 1, in_at - HOUR, RC_OK);
    decide(rig, RC_ACTION_RETIME, 2, out_at + 1, RC_OK);
    assert_int_equal(rig_row(rig, "ana", 0)->type, RC_CORRECTION);
}

static void P_16_a_retimed_open_IN_moves_its_shift_limit(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "door", RC_IN, RC_KIOSK);
    decide(rig, RC_ACTION_RETIME, 1, rig->at - HOUR, RC_OK);
    rig_wait(rig, 15 * HOUR - 1);
    assert_true(rig_in(rig, "ana"));
    rig_wait(rig, 1);
    assert_false(rig_in(rig, "ana"));
}

static void P_5_an_IN_retimed_to_and_fro_leaves_the_evidence_alone(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "door", RC_IN, RC_KIOSK);
    int64_t punched_at = rig->at;
    rig_wait(rig, HOUR);
    decide(rig, RC_ACTION_RETIME, 1, punched_at + 10 * MINUTE, RC_OK);
    decide(rig, RC_ACTION_RETIME, 1, punched_at - 10 * MINUTE, RC_OK);
    rig_wait(rig, 16 * HOUR);
    assert_int_equal(rig_row(rig, "ana", 0)->type, RC_AUTO_OUT);
    assert_int_equal(rig_row(rig, "ana", 0)->at, punched_at);
}

static void P_16_an_added_IN_without_session_lasts_to_the_shift_limit(void **state)
{
    struct rig *rig = fresh(state);
    rig_correct(rig, "ana", RC_ACTION_ADD, 0, RC_IN, rig->at - HOUR);
    assert_int_equal(rig->answer, RC_OK);
    assert_true(rig_in(rig, "ana"));
    assert_true(rig_agrees(rig, "ana"));
    rig_wait(rig, 15 * HOUR - 1);
    assert_true(rig_in(rig, "ana"));
    rig_wait(rig, 1);
    assert_int_equal(rig_row(rig, "ana", 0)->cause, RC_CAUSE_SHIFT_LIMIT);
}

static void P_16_an_added_IN_lasts_as_long_over_a_restart(void **state)
{
    struct rig *rig = fresh(state);
    rig_correct(rig, "ana", RC_ACTION_ADD, 0, RC_IN, rig->at - HOUR);
    rig_restart(rig, HOUR);
    rig_wait(rig, 14 * HOUR - 1);
    assert_true(rig_in(rig, "ana"));
    rig_wait(rig, 1);
    assert_int_equal(rig_row(rig, "ana", 0)->cause, RC_CAUSE_SHIFT_LIMIT);
}

/* Found in review: they came on line, went home, and stayed IN for 16 h. */
static void P_4_an_added_IN_is_watched_by_the_sessions_that_are_heard_in_it(void **state)
{
    struct rig *rig = fresh(state);
    rig_correct(rig, "ana", RC_ACTION_ADD, 0, RC_IN, rig->at - HOUR);
    rig_wait(rig, HOUR);
    rig_beats(rig, "ana", "tab", 30000, 10000);
    assert_int_equal(rig_view(rig, "ana").status.sessions, 1);
    int64_t seen_at = rig->at;
    rig_wait(rig, 29999);
    assert_true(rig_in(rig, "ana"));
    rig_wait(rig, 1);
    assert_false(rig_in(rig, "ana"));
    assert_int_equal(rig_row(rig, "ana", 0)->cause, RC_CAUSE_STALE);
    assert_int_equal(rig_row(rig, "ana", 0)->at, seen_at);
    assert_true(rig_agrees(rig, "ana"));
}

static void P_4_an_accepted_IN_is_watched_by_its_sessions_over_a_restart(void **state)
{
    struct rig *rig = fresh(state);
    struct rc_event event = rig_punch_event(rig, "ana", "tab", RC_IN);
    event.punch.clock = RC_CLOCK_UNSET;
    rig_step(rig, &event);
    rig_wait(rig, HOUR);
    decide(rig, RC_ACTION_ACCEPT, 1, 0, RC_OK);
    rig_wait(rig, HOUR);
    assert_true(rig_in(rig, "ana")); /* nobody was heard in it yet */
    rig_beat(rig, "ana", "tab");
    rig_restart(rig, MINUTE);
    rig_wait(rig, 119999);
    assert_true(rig_in(rig, "ana"));
    rig_wait(rig, 1);
    assert_int_equal(rig_row(rig, "ana", 0)->cause, RC_CAUSE_STALE);
}

static void
P_18_an_added_IN_of_somebody_for_whose_sessions_there_is_no_room_is_watched_all_the_same(void **state)
{
    struct rc_engine_limits limits = {.employees = 4, .sessions = 1, .scopes = 4, .images = 16, .seed = 7};
    struct rc_policy policy = rc_policy_default();
    rig_free(*state);
    struct rig *rig = rig_up_with(&limits, &policy);
    *state = rig;
    rig_beat(rig, "ben", "tab");
    rig_correct(rig, "ana", RC_ACTION_ADD, 0, RC_IN, rig->at - HOUR);
    rig_beat(rig, "ana", "tab");
    rig_wait(rig, 30000);
    assert_false(rig_in(rig, "ana"));
    assert_int_equal(rig_row(rig, "ana", 0)->cause, RC_CAUSE_STALE);
}

static void P_16_added_rows_keep_the_log_in_order(void **state)
{
    struct rig *rig = fresh(state);
    kiosk_day(rig);
    int64_t in_at = rig->rows[0].at;
    rig_correct(rig, "ana", RC_ACTION_ADD, 0, RC_IN, in_at + HOUR); /* inside */
    assert_int_equal(rig->answer, RC_FAILED_PRECONDITION);
    rig_correct(rig, "ana", RC_ACTION_ADD, 0, RC_OUT, in_at - HOUR); /* no IN before it */
    assert_int_equal(rig->answer, RC_FAILED_PRECONDITION);
    rig_correct(rig, "ana", RC_ACTION_ADD, 0, RC_OUT, rig->at); /* that period is closed */
    assert_int_equal(rig->answer, RC_FAILED_PRECONDITION);
    rig_correct(rig, "ana", RC_ACTION_ADD, 0, RC_IN, in_at - 3 * HOUR);
    assert_int_equal(rig->answer, RC_OK);
    assert_int_equal(rig_row(rig, "ana", 0)->type, RC_AUTO_OUT);        /* until its OUT is added */
    rig_correct(rig, "ana", RC_ACTION_ADD, 0, RC_IN, in_at - 3 * HOUR); /* the same order came twice */
    assert_int_equal(rig->answer, RC_FAILED_PRECONDITION);
    rig_correct(rig, "ana", RC_ACTION_ADD, 0, RC_OUT, in_at - 2 * HOUR);
    assert_int_equal(rig->answer, RC_OK);
    assert_true(rig_agrees(rig, "ana"));
}

static void P_16_a_held_IN_is_accepted_or_rejected(void **state)
{
    struct rig *rig = fresh(state);
    struct rc_event event = rig_punch_event(rig, "ana", "door", RC_IN);
    event.punch.clock = RC_CLOCK_UNSET;
    rig_step(rig, &event);
    decide(rig, RC_ACTION_ACCEPT, 1, 0, RC_OK);
    assert_true(rig_in(rig, "ana"));
    decide(rig, RC_ACTION_ACCEPT, 1, 0, RC_FAILED_PRECONDITION);
    event = rig_punch_event(rig, "ana", "door", RC_OUT);
    event.punch.clock = RC_CLOCK_UNSET;
    rig_step(rig, &event);
    decide(rig, RC_ACTION_REJECT, rig->receipt.seq, 0, RC_OK);
    assert_true(rig_in(rig, "ana"));
    decide(rig, RC_ACTION_ACCEPT, rig->receipt.seq, 0, RC_FAILED_PRECONDITION);
}

static void P_16_a_held_OUT_is_accepted_over_an_AUTO_OUT(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    rig_wait(rig, MINUTE);
    struct rc_event event = rig_punch_event(rig, "ana", "door", RC_OUT);
    event.punch.clock = RC_CLOCK_UNSET;
    rig_step(rig, &event);
    decide(rig, RC_ACTION_ACCEPT, 3, 0, RC_OK);
    assert_int_equal(rig_view(rig, "ana").status.ledger.out_seq, 3);
    assert_int_equal(rig_row(rig, "ana", 0)->closes, 1);
}

static void P_16_a_reviewed_row_is_accepted_once(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    rig_wait(rig, 30000);
    assert_true(rig_row(rig, "ana", 0)->review);
    decide(rig, RC_ACTION_ACCEPT, 2, 0, RC_OK);
    assert_true(
        rig->statuses[(rig->status_count - 1) % RIG_SENT].ledger.out_final); /* kept, though not shown */
    rig_beat(rig, "ana", "tab");
    assert_false(rig_in(rig, "ana")); /* P-9: decided */
    decide(rig, RC_ACTION_ACCEPT, 1, 0, RC_FAILED_PRECONDITION);
}

static void P_16_a_decision_on_an_IN_leaves_the_rest_as_it_was(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    int64_t in_at = rig->at;
    rig_wait(rig, 10000);
    decide(rig, RC_ACTION_RETIME, 1, in_at - HOUR, RC_OK);
    rig_beat(rig, "ana", "tab");
    rig_wait(rig, 30000);
    assert_false(rig_in(rig, "ana"));
    rig_beat(rig, "ana", "tab");
    assert_true(rig_in(rig, "ana")); /* resumed, since the retimed IN */
    assert_int_equal(rig_view(rig, "ana").status.ledger.since_at, in_at - HOUR);
    assert_true(rig_agrees(rig, "ana"));
}

static void P_16_voiding_a_RESUME_lets_its_AUTO_OUT_stand(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    rig_wait(rig, 5 * MINUTE);
    rig_beat(rig, "ana", "tab");                                 /* 3: RESUME */
    decide(rig, RC_ACTION_REJECT, 3, 0, RC_FAILED_PRECONDITION); /* no review: to be voided, with a reason */
    decide(rig, RC_ACTION_VOID, 3, 0, RC_OK);
    assert_false(rig_in(rig, "ana"));
    assert_int_equal(rig_view(rig, "ana").status.ledger.out_seq, 2);
    rig_wait(rig, 10000);
    rig_beat(rig, "ana", "tab");
    assert_false(rig_in(rig, "ana")); /* and no heartbeat undoes that decision */
}

static void P_16_voiding_a_RESUME_takes_the_later_OUT_of_its_period_along(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    rig_wait(rig, 5 * MINUTE);
    rig_beat(rig, "ana", "tab"); /* 3: RESUME */
    rig_wait(rig, 10000);
    rig_punch(rig, "ana", "tab", RC_OUT, RC_BROWSER);
    decide(rig, RC_ACTION_VOID, 3, 0, RC_OK);
    assert_int_equal(rig_view(rig, "ana").status.ledger.out_seq, 2);
    decide(rig, RC_ACTION_VOID, 3, 0, RC_FAILED_PRECONDITION);
}

/* IN 1, AUTO_OUT 2, RESUME 3, AUTO_OUT 4, RESUME 5, OUT 6. */
static void resumed_twice(struct rig *rig)
{
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    for (int i = 0; i < 2; i++) {
        rig_wait(rig, 2 * MINUTE);
        rig_beat(rig, "ana", "tab");
    }
    rig_wait(rig, 10000);
    rig_punch(rig, "ana", "tab", RC_OUT, RC_BROWSER);
    assert_int_equal(rig_row(rig, "ana", 0)->seq, 6);
}

static void P_16_voiding_the_RESUME_of_a_voided_IN_brings_nothing_back(void **state)
{
    struct rig *rig = fresh(state);
    resumed_twice(rig);
    decide(rig, RC_ACTION_VOID, 1, 0, RC_OK);
    decide(rig, RC_ACTION_VOID, 3, 0, RC_OK);
    assert_int_equal(rig_row(rig, "ana", 0)->action, RC_ACTION_VOID);
    assert_int_equal(rig_row(rig, "ana", 0)->target_seq, 2);
    assert_int_equal(rig_view(rig, "ana").status.ledger.out_seq, 0);
}

static void P_16_a_RESUME_behind_the_end_of_its_period_changes_it_no_more(void **state)
{
    struct rig *rig = fresh(state);
    resumed_twice(rig);
    decide(rig, RC_ACTION_VOID, 3, 0, RC_OK);
    assert_int_equal(rig_view(rig, "ana").status.ledger.out_seq, 2);
    decide(rig, RC_ACTION_VOID, 5, 0, RC_OK);
    assert_int_equal(rig_view(rig, "ana").status.ledger.out_seq, 2); /* final, since a person decided */
}

static void P_16_a_RESUME_before_an_OUT_that_a_person_decided_on_is_not_undone(void **state)
{
    struct rig *rig = fresh(state);
    resumed_twice(rig);
    decide(rig, RC_ACTION_RETIME, 6, rig->at - 1000, RC_OK);
    decide(rig, RC_ACTION_VOID, 3, 0, RC_FAILED_PRECONDITION);
    decide(rig, RC_ACTION_VOID, 5, 0, RC_FAILED_PRECONDITION);
    assert_int_equal(rig_view(rig, "ana").status.ledger.out_seq, 6);
}

static void P_16_a_RESUME_before_an_OUT_that_a_person_added_is_not_undone(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    rig_wait(rig, 2 * MINUTE);
    rig_beat(rig, "ana", "tab");
    rig_wait(rig, 10000);
    rig_correct(rig, "ana", RC_ACTION_ADD, 0, RC_OUT, rig->at);
    assert_int_equal(rig->answer, RC_OK);
    decide(rig, RC_ACTION_VOID, 3, 0, RC_FAILED_PRECONDITION);
}

static void P_16_an_AUTO_OUT_never_comes_back_before_its_IN(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    rig_wait(rig, 2 * MINUTE);
    rig_beat(rig, "ana", "tab");
    rig_wait(rig, 10000);
    decide(rig, RC_ACTION_RETIME, 1, rig->at, RC_OK);
    decide(rig, RC_ACTION_VOID, 3, 0, RC_FAILED_PRECONDITION);
    assert_true(rig_in(rig, "ana"));
}

static void P_16_no_IN_is_retimed_to_the_very_time_of_another(void **state)
{
    struct rig *rig = fresh(state);
    kiosk_day(rig);
    rig_punch(rig, "ana", "door", RC_IN, RC_KIOSK);
    int64_t next_at = rig->at;
    decide(rig, RC_ACTION_RETIME, 2, next_at, RC_OK);
    decide(rig, RC_ACTION_RETIME, 1, next_at, RC_FAILED_PRECONDITION);
    decide(rig, RC_ACTION_RETIME, 1, next_at - 1, RC_OK);
}

static void P_16_what_is_not_under_review_is_voided_with_a_reason_not_rejected(void **state)
{
    struct rig *rig = fresh(state);
    kiosk_day(rig);
    decide(rig, RC_ACTION_REJECT, 1, 0, RC_FAILED_PRECONDITION);
    decide(rig, RC_ACTION_VOID, 1, 0, RC_OK);
    rig->unmarked = true; /* asks for review */
    rig_punch(rig, "ana", "door", RC_IN, RC_KIOSK);
    decide(rig, RC_ACTION_REJECT, rig->receipt.seq, 0, RC_OK);
    assert_false(rig_in(rig, "ana"));
}

static void P_16_what_does_not_exist_cannot_be_decided(void **state)
{
    struct rig *rig = fresh(state);
    kiosk_day(rig);
    decide(rig, RC_ACTION_VOID, 99, 0, RC_NOT_FOUND);
    rig_correct(rig, "nobody", RC_ACTION_VOID, 1, RC_TYPE_NONE, 0);
    assert_int_equal(rig->answer, RC_NOT_FOUND);
    rig_correct(rig, "ana", RC_ACTION_ADD, 0, RC_RESUME, rig->at);
    assert_int_equal(rig->answer, RC_INVALID_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(P_16_nobody_decides_on_their_own_punches),
        TEST(P_16_voiding_an_IN_voids_its_OUT),
        TEST(P_16_voiding_an_open_IN_ends_its_kiosk_session),
        TEST(P_16_an_OUT_is_never_voided_or_rejected_alone),
        TEST(P_16_retime_between_the_neighbours_only),
        TEST(P_16_a_retimed_open_IN_moves_its_shift_limit),
        TEST(P_5_an_IN_retimed_to_and_fro_leaves_the_evidence_alone),
        TEST(P_16_an_added_IN_without_session_lasts_to_the_shift_limit),
        TEST(P_16_an_added_IN_lasts_as_long_over_a_restart),
        TEST(P_4_an_added_IN_is_watched_by_the_sessions_that_are_heard_in_it),
        TEST(P_4_an_accepted_IN_is_watched_by_its_sessions_over_a_restart),
        TEST(P_18_an_added_IN_of_somebody_for_whose_sessions_there_is_no_room_is_watched_all_the_same),
        TEST(P_16_added_rows_keep_the_log_in_order),
        TEST(P_16_a_held_IN_is_accepted_or_rejected),
        TEST(P_16_a_held_OUT_is_accepted_over_an_AUTO_OUT),
        TEST(P_16_a_reviewed_row_is_accepted_once),
        TEST(P_16_a_decision_on_an_IN_leaves_the_rest_as_it_was),
        TEST(P_16_voiding_a_RESUME_lets_its_AUTO_OUT_stand),
        TEST(P_16_voiding_a_RESUME_takes_the_later_OUT_of_its_period_along),
        TEST(P_16_voiding_the_RESUME_of_a_voided_IN_brings_nothing_back),
        TEST(P_16_a_RESUME_behind_the_end_of_its_period_changes_it_no_more),
        TEST(P_16_a_RESUME_before_an_OUT_that_a_person_decided_on_is_not_undone),
        TEST(P_16_a_RESUME_before_an_OUT_that_a_person_added_is_not_undone),
        TEST(P_16_an_AUTO_OUT_never_comes_back_before_its_IN),
        TEST(P_16_no_IN_is_retimed_to_the_very_time_of_another),
        TEST(P_16_what_is_not_under_review_is_voided_with_a_reason_not_rejected),
        TEST(P_16_what_does_not_exist_cannot_be_decided),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
