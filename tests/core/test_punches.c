/* P-9 to P-12, P-14, P-16, P-17: punches that are not late, and resuming. */
#include "rig.h"
#include "test.h"

static void gone(struct rig *rig, const char *employee)
{
    rig_punch(rig, employee, "tab", RC_IN, RC_BROWSER);
    rig_beats(rig, employee, "tab", 20000, 10000);
    rig_wait(rig, 30000);
    assert_false(rig_in(rig, employee));
}

static void P_12_a_strangers_punch_is_rejected_and_nothing_is_known_of_them(void **state)
{
    struct rig *rig = fresh(state);
    struct rc_employee_view view;
    struct rc_event event = rig_punch_event(rig, "zoe", "tab", RC_IN);
    event.punch.stranger = true;
    rig_step(rig, &event);
    assert_int_equal(rig->receipt.result, RC_REJECTED);
    assert_int_equal(rig->receipt.code, RC_NOT_FOUND);
    assert_true(rig->receipt.remember);
    assert_false(rc_engine_find(rig->engine, &event.punch.employee, &view));
    event.punch.prior = (struct rc_verdict){
        .found = true, .type = RC_IN, .result = RC_REJECTED, .code = RC_NOT_FOUND, .recorded_at = 5};
    rig_step(rig, &event);
    assert_int_equal(rig->receipt.result, RC_DUPLICATE);
    assert_int_equal(rig->receipt.code, RC_NOT_FOUND);
    assert_false(rc_engine_find(rig->engine, &event.punch.employee, &view));
}

static void P_9_a_session_that_comes_back_resumes_without_a_gap(void **state)
{
    struct rig *rig = fresh(state);
    gone(rig, "ana");
    rig_wait(rig, 20 * MINUTE - 30000);
    rig_beat(rig, "ana", "tab");
    assert_true(rig_in(rig, "ana"));
    const struct rc_row *row = rig_row(rig, "ana", 0);
    assert_int_equal(row->type, RC_RESUME);
    assert_int_equal(row->target_seq, 2);
    assert_false(row->review);
    assert_int_equal(row->closes, 0);
    assert_int_equal(rig_view(rig, "ana").status.ledger.since_at, rig_row(rig, "ana", 2)->at);
    assert_int_equal(rig_view(rig, "ana").status.ledger.cause, RC_STATUS_RESUME);
    rig_wait(rig, 30000);
    assert_int_equal(rig_row(rig, "ana", 0)->closes, 1); /* P-5: IN 1 .. AUTO_OUT 4 is one period */
    assert_true(rig_agrees(rig, "ana"));
}

static void P_9_after_20_minutes_the_gap_is_never_bridged(void **state)
{
    struct rig *rig = fresh(state);
    gone(rig, "ana");
    rig_wait(rig, 20 * MINUTE - 30000 + 1);
    rig_beat(rig, "ana", "tab");
    assert_false(rig_in(rig, "ana"));
    assert_int_equal(rig_presence(rig, "ana"), RC_PRESENT); /* the client says: you are OUT */
}

static void P_9_at_least_two_minutes_after_it_was_detected(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "phone", RC_IN, RC_MOBILE);
    rig_beat_with(rig, "ana", "phone", RC_MOBILE, 1, 20 * MINUTE);
    rig_wait(rig, HOUR); /* detected an hour after the last evidence */
    assert_false(rig_in(rig, "ana"));
    rig_wait(rig, 2 * MINUTE);
    rig_beat(rig, "ana", "phone");
    assert_true(rig_in(rig, "ana"));
}

static void P_9_a_new_session_does_not_resume(void **state)
{
    struct rig *rig = fresh(state);
    gone(rig, "ana");
    rig_beat(rig, "ana", "other");
    assert_false(rig_in(rig, "ana"));
    assert_int_equal(rig_presence(rig, "ana"), RC_PRESENT);
}

static void P_9_time_without_broker_does_not_count(void **state)
{
    struct rig *rig = fresh(state);
    gone(rig, "ana");
    rig_link(rig, false);
    rig_wait(rig, 3 * HOUR);
    rig_link(rig, true);
    rig_beat(rig, "ana", "tab");
    assert_true(rig_in(rig, "ana"));
}

static void P_9_no_resume_of_what_a_person_decided(void **state)
{
    struct rig *rig = fresh(state);
    gone(rig, "ana");
    rig_correct(rig, "ana", RC_ACTION_ACCEPT, 2, RC_TYPE_NONE, 0);
    assert_int_equal(rig->answer, RC_OK);
    rig_beat(rig, "ana", "tab");
    assert_false(rig_in(rig, "ana"));
}

static void P_9_after_a_restart_too(void **state)
{
    struct rig *rig = fresh(state);
    gone(rig, "ana");
    rig_restart(rig, HOUR);
    rig_beat(rig, "ana", "tab");
    assert_true(rig_in(rig, "ana"));
}

static void an_OUT_while_OUT_bars_the_resumption(void **state)
{
    struct rig *rig = fresh(state);
    gone(rig, "ana");
    rig_punch(rig, "ana", "tab", RC_OUT, RC_BROWSER);
    assert_int_equal(rig->receipt.code, RC_ALREADY_OUT);
    rig_beat(rig, "ana", "tab");
    assert_false(rig_in(rig, "ana"));
}

static void a_punch_is_judged_against_the_state_at_receipt_and_resumes_nothing(void **state)
{
    struct rig *rig = fresh(state);
    gone(rig, "ana");
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    assert_int_equal(rig->receipt.result, RC_RECORDED);
    assert_int_equal(rig_count(rig, "ana", RC_RESUME), 0);
}

static void P_10_a_heartbeat_never_punches_in(void **state)
{
    struct rig *rig = fresh(state);
    rig_beats(rig, "ana", "tab", MINUTE, 10000);
    assert_false(rig_in(rig, "ana"));
    assert_int_equal(rig_presence(rig, "ana"), RC_PRESENT);
    assert_int_equal(rig->row_count, 0);
}

static void P_10_unless_auto_in_is_on_and_the_session_is_new(void **state)
{
    (void)state;
    struct rc_engine_limits limits = {.employees = 10, .sessions = 20, .scopes = 4, .images = 16, .seed = 1};
    struct rc_policy policy = rc_policy_default();
    policy.auto_in[RC_BADGE] = true;
    struct rig *rig = rig_up_with(&limits, &policy);
    rig_beat_with(rig, "ana", "gate", RC_BADGE, RC_NONE, RC_NONE);
    assert_true(rig_in(rig, "ana"));
    assert_int_equal(rig_row(rig, "ana", 0)->cause, RC_CAUSE_AUTO_IN);
    rig_wait(rig, 5000);
    rig_punch(rig, "ana", "tab", RC_OUT, RC_BROWSER);
    rig_wait(rig, 5000);
    rig_beat_with(rig, "ana", "gate", RC_BADGE, RC_NONE, RC_NONE); /* still there, and said OUT */
    assert_false(rig_in(rig, "ana"));
    rig_beat_with(rig, "ana", "gate2", RC_BADGE, RC_NONE, RC_NONE);
    assert_true(rig_in(rig, "ana"));
    rig_free(rig);
}

static void P_11_IN_when_IN_and_OUT_when_OUT_change_nothing(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_OUT, RC_BROWSER);
    assert_int_equal(rig->receipt.result, RC_REJECTED);
    assert_int_equal(rig->receipt.code, RC_ALREADY_OUT);
    assert_int_equal(rig->receipt.seq, 0);
    assert_true(rig->receipt.remember);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    assert_int_equal(rig->receipt.result, RC_RECORDED);
    assert_int_equal(rig->receipt.seq, 1);
    rig_wait(rig, 20000);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    assert_int_equal(rig->receipt.code, RC_ALREADY_IN);
    int64_t evidence_at = rig->at;
    rig_wait(rig, 30000);
    assert_int_equal(rig_row(rig, "ana", 0)->at, evidence_at); /* it is still evidence */
    assert_int_equal(rig->row_count, 2);
}

static void P_11_a_forgotten_OUT_is_found_at_the_next_kiosk_IN(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "door", RC_IN, RC_KIOSK);
    int64_t in_at = rig->at;
    rig_wait(rig, 6 * HOUR - 1);
    rig_punch(rig, "ana", "door", RC_IN, RC_KIOSK);
    assert_int_equal(rig->receipt.code,
                     RC_ALREADY_IN); /* and evidence: the clock of missed-out starts anew */
    int64_t seen_at = rig->at;
    rig_wait(rig, 6 * HOUR);
    rig_punch(rig, "ana", "door", RC_IN, RC_KIOSK);
    assert_int_equal(rig->receipt.result, RC_RECORDED);
    const struct rc_row *out = rig_row(rig, "ana", 1);
    assert_int_equal(out->type, RC_AUTO_OUT);
    assert_int_equal(out->cause, RC_CAUSE_MISSED_OUT);
    assert_int_equal(out->at, seen_at);
    assert_true(out->at > in_at);
    assert_true(out->review);
    assert_true(rig_agrees(rig, "ana"));
    rig_wait(rig, 16 * HOUR - 1);
    assert_true(rig_in(rig, "ana")); /* the new period has a kiosk session of its own */
}

static void P_11_the_window_ends_when_the_kiosk_IN_was_made(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "door", RC_IN, RC_KIOSK);
    rig_wait(rig, 5 * HOUR);
    struct rc_event event = rig_punch_event(rig, "ana", "door", RC_IN);
    event.punch.has_class = true;
    event.punch.class = RC_KIOSK;
    rig_wait(rig, 2 * HOUR); /* it waited in the broker */
    rig_step(rig, &event);
    assert_int_equal(rig->receipt.code, RC_ALREADY_IN);
}

static void P_12_the_same_id_gets_the_first_answer(void **state)
{
    struct rig *rig = fresh(state);
    struct rc_event event = rig_punch_event(rig, "ana", "tab", RC_IN);
    event.punch.prior = (struct rc_verdict){.found = true,
                                            .type = RC_IN,
                                            .result = RC_HELD_BACK,
                                            .seq = 9,
                                            .at = 5,
                                            .recorded_at = 6,
                                            .code = RC_NO_IN};
    rig_step(rig, &event);
    assert_int_equal(rig->receipt.result, RC_DUPLICATE);
    assert_int_equal(rig->receipt.first, RC_HELD_BACK);
    assert_int_equal(rig->receipt.seq, 9);
    assert_int_equal(rig->receipt.at, 5);
    assert_false(rig->receipt.remember);
    assert_int_equal(rig->row_count, 0);
    event.punch.prior.type = RC_OUT;
    rig_step(rig, &event);
    assert_int_equal(rig->receipt.result, RC_REJECTED);
    assert_int_equal(rig->receipt.code, RC_ID_CONFLICT);
    assert_false(rig->receipt.remember); /* the first verdict stays the one remembered */
    assert_int_equal(rig->row_count, 0);
}

static void P_14_no_label_is_earlier_than_the_latest_row(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    int64_t in_at = rig->at;
    rig_wait(rig, 5000);
    rig->at -= HOUR; /* the wall clock is put back */
    rig_punch(rig, "ana", "tab", RC_OUT, RC_BROWSER);
    assert_int_equal(rig->receipt.result, RC_RECORDED);
    assert_int_equal(rig->receipt.at, in_at);
    assert_true(rig->receipt.review);
}

static void P_14_a_clock_step_moves_no_deadline(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    rig_punch(rig, "ben", "door", RC_IN, RC_KIOSK);
    rig_wait(rig, 10000);
    rig->at += HOUR;
    rig_wait(rig, 19999);
    assert_true(rig_in(rig, "ana"));
    rig_wait(rig, 1);
    assert_false(rig_in(rig, "ana"));
    rig_wait(rig, 16 * HOUR - 30001);
    assert_true(rig_in(rig, "ben"));
    rig_wait(rig, 1);
    assert_false(rig_in(rig, "ben"));
}

static void P_14_the_missed_out_window_is_boot_time(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "door", RC_IN, RC_KIOSK);
    rig_wait(rig, HOUR);
    rig->at += 8 * HOUR;
    rig_punch(rig, "ana", "door", RC_IN, RC_KIOSK);
    assert_int_equal(rig->receipt.code, RC_ALREADY_IN);
}

static void P_16_what_is_recorded_under_review(void **state)
{
    struct rig *rig = fresh(state);
    rig->unmarked = true; /* from a backlog, with no mark of when it was sent */
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    assert_true(rig->receipt.review);
    rig_punch(rig, "ana", "tab", RC_OUT, RC_BROWSER);
    assert_true(rig->receipt.review);
    rig->unmarked = false;
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    assert_false(rig->receipt.review);
}

static void P_17_IN_at_two_sites_is_recorded_and_flagged(void **state)
{
    struct rig *rig = fresh(state);
    rig->elsewhere = true;
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    assert_int_equal(rig->receipt.result, RC_RECORDED);
    assert_int_equal(rig->receipt.code, RC_IN_ELSEWHERE);
    assert_true(rig->receipt.review);
    assert_true(rig_in(rig, "ana"));
}

static void P_17_an_automatic_IN_is_flagged_too(void **state)
{
    (void)state;
    struct rc_engine_limits limits = {.employees = 10, .sessions = 20, .scopes = 4, .images = 16, .seed = 1};
    struct rc_policy policy = rc_policy_default();
    policy.auto_in[RC_AGENT] = true;
    struct rig *rig = rig_up_with(&limits, &policy);
    struct rc_event event = {.kind = RC_EV_HEARTBEAT};
    event.beat = (struct rc_beat){
        .epoch = RC_NONE, .interval_ms = RC_NONE, .has_class = true, .class = RC_AGENT, .in_elsewhere = true};
    rc_id_set(&event.beat.employee, rc_text_of("ana"));
    rc_id_set(&event.beat.session, rc_text_of("pc"));
    rig_step(rig, &event);
    assert_true(rig_in(rig, "ana"));
    assert_true(rig_row(rig, "ana", 0)->review);
    rig_free(rig);
}

static void P_1_the_class_of_a_kiosk_sticks_to_its_punches(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "door", RC_IN, RC_KIOSK);
    rig_punch(rig, "ana", "door", RC_OUT, RC_CLASS_COUNT);
    rig_punch(rig, "ana", "door", RC_IN, RC_CLASS_COUNT); /* says no class */
    rig_beat(rig, "", "gate");
    rig_punch(rig, "ben", "gate", RC_IN, RC_CLASS_COUNT); /* a device that never said one */
    rig_wait(rig, 16 * HOUR - 1);
    assert_true(rig_in(rig, "ana"));
    assert_true(rig_in(rig, "ben"));
}

static void P_5_a_punch_that_waited_for_us_is_evidence_at_its_own_time(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    rig_wait(rig, 5000);
    rig_beat(rig, "ana", "tab");
    rig_link(rig, false);
    rig_wait(rig, MINUTE);
    struct rc_event event = rig_punch_event(rig, "ana", "tab", RC_IN); /* sent while we had no broker */
    int64_t sent_at = rig->at;
    rig_wait(rig, HOUR);
    rig_link(rig, true);
    rig_step(rig, &event);
    assert_int_equal(rig->receipt.code, RC_ALREADY_IN);
    rig_wait(rig, 2 * MINUTE);
    assert_int_equal(rig_row(rig, "ana", 0)->at, sent_at);
}

static void versions_count_up_by_one(void **state)
{
    struct rig *rig = fresh(state);
    gone(rig, "ana");
    rig_beat(rig, "ana", "tab");
    for (size_t i = 0; i < rig->status_count; i++) {
        assert_int_equal(rig->statuses[i].ledger.version, (int64_t)i + 1);
    }
    assert_true(rig->status_count >= 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(P_12_a_strangers_punch_is_rejected_and_nothing_is_known_of_them),
        TEST(P_9_a_session_that_comes_back_resumes_without_a_gap),
        TEST(P_9_after_20_minutes_the_gap_is_never_bridged),
        TEST(P_9_at_least_two_minutes_after_it_was_detected),
        TEST(P_9_a_new_session_does_not_resume),
        TEST(P_9_time_without_broker_does_not_count),
        TEST(P_9_no_resume_of_what_a_person_decided),
        TEST(P_9_after_a_restart_too),
        TEST(an_OUT_while_OUT_bars_the_resumption),
        TEST(a_punch_is_judged_against_the_state_at_receipt_and_resumes_nothing),
        TEST(P_10_a_heartbeat_never_punches_in),
        TEST(P_10_unless_auto_in_is_on_and_the_session_is_new),
        TEST(P_11_IN_when_IN_and_OUT_when_OUT_change_nothing),
        TEST(P_11_a_forgotten_OUT_is_found_at_the_next_kiosk_IN),
        TEST(P_11_the_window_ends_when_the_kiosk_IN_was_made),
        TEST(P_12_the_same_id_gets_the_first_answer),
        TEST(P_14_no_label_is_earlier_than_the_latest_row),
        TEST(P_14_a_clock_step_moves_no_deadline),
        TEST(P_14_the_missed_out_window_is_boot_time),
        TEST(P_16_what_is_recorded_under_review),
        TEST(P_17_IN_at_two_sites_is_recorded_and_flagged),
        TEST(P_17_an_automatic_IN_is_flagged_too),
        TEST(P_1_the_class_of_a_kiosk_sticks_to_its_punches),
        TEST(P_5_a_punch_that_waited_for_us_is_evidence_at_its_own_time),
        TEST(versions_count_up_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
