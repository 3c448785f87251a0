/* P-13: punches that come long after they happened. */
#include "rig.h"
#include "test.h"

static void in_and_gone(struct rig *rig) /* IN 1 an hour and 30 s ago, AUTO_OUT 2 an hour ago */
{
    rig->from_device = true;
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    rig_wait(rig, 30000);
    rig_wait(rig, HOUR);
    assert_false(rig_in(rig, "ana"));
}

static void P_13_when_a_punch_happened(void **state)
{
    struct rc_policy policy = rc_policy_default();
    const int64_t sent_at = INT64_C(1764770400000);
    static const struct {
        int64_t age_ms, device_off_ms;
        enum rc_device_clock clock;
        int64_t off_ms;
        bool late;
        enum rc_code held;
    } table[] = {
        {RC_NONE, 0, RC_CLOCK_UNSAID, 0, false, RC_OK},
        {0, 0, RC_CLOCK_UNSAID, 0, false, RC_OK},
        {120000, 0, RC_CLOCK_UNSAID, -120000, false, RC_OK},
        {120001, 0, RC_CLOCK_UNSAID, -120001, true, RC_OK},
        {5000, 1, RC_CLOCK_UNSET, -5000, false, RC_OK}, /* ageMs alone counts */
        {RC_NONE, -300000, RC_CLOCK_SYNCED, -300000, true, RC_OK},
        {RC_NONE, 5000, RC_CLOCK_SYNCED, 0, false, RC_OK},
        {RC_NONE, 5001, RC_CLOCK_SYNCED, 0, false, RC_CLOCK_DOUBTFUL},
        {RC_NONE, -300000, RC_CLOCK_UNSET, 0, false, RC_CLOCK_DOUBTFUL},
        {RC_NONE, -300000, RC_CLOCK_UNSAID, 0, false, RC_OK},
        {7 * 24 * 3600000, 0, RC_CLOCK_UNSAID, -7 * 24 * 3600000, true, RC_OK},
        {7 * 24 * 3600000 + 1, 0, RC_CLOCK_UNSAID, -7 * 24 * 3600000 - 1, false, RC_TOO_OLD},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct rc_punch punch = {.sent_at = sent_at,
                                 .age_ms = table[i].age_ms,
                                 .device_at =
                                     table[i].device_off_ms != 0 ? sent_at + table[i].device_off_ms : RC_NONE,
                                 .clock = table[i].clock};
        struct rc_punch_when when = rc_punch_when(&punch, &policy);
        assert_int_equal(when.at, sent_at + table[i].off_ms);
        assert_int_equal(when.late, table[i].late);
        assert_int_equal(when.held_code, table[i].held);
    }
}

static void P_13_waiting_in_the_broker_is_not_age(void **state)
{
    struct rig *rig = fresh(state);
    struct rc_event event = rig_punch_event(rig, "ana", "tab", RC_IN);
    int64_t sent_at = rig->at;
    rig_wait(rig, 3 * HOUR);
    rig_step(rig, &event);
    assert_int_equal(rig->receipt.result, RC_RECORDED);
    assert_int_equal(rig->receipt.at, sent_at);
    assert_false(rig->receipt.review);
}

static void P_13_a_doubtful_clock_is_held_and_never_dropped(void **state)
{
    struct rig *rig = fresh(state);
    struct rc_event event = rig_punch_event(rig, "ana", "door", RC_IN);
    event.punch.device_at = 1000;
    event.punch.clock = RC_CLOCK_UNSET;
    rig_step(rig, &event);
    assert_int_equal(rig->receipt.result, RC_HELD_BACK);
    assert_int_equal(rig->receipt.code, RC_CLOCK_DOUBTFUL);
    assert_true(rig_row(rig, "ana", 0)->held);
    assert_int_equal(rig_row(rig, "ana", 0)->device_at, 1000);
    assert_false(rig_in(rig, "ana"));
}

static void P_13_a_late_OUT_closes_an_open_IN_at_its_own_time(void **state)
{
    struct rig *rig = fresh(state);
    rig->from_device = true;
    rig_punch(rig, "ana", "door", RC_IN, RC_KIOSK);
    rig_wait(rig, HOUR);
    rig_late(rig, "ana", "door2", RC_OUT, 10 * MINUTE);
    assert_int_equal(rig->receipt.result, RC_RECORDED);
    assert_int_equal(rig_row(rig, "ana", 0)->at, rig->at - 10 * MINUTE);
    assert_false(rig->receipt.review);
    assert_false(rig_in(rig, "ana"));
    assert_true(rig_agrees(rig, "ana"));
}

static void P_13_a_late_punch_from_no_device_is_reviewed(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "door", RC_IN, RC_KIOSK);
    rig_wait(rig, HOUR);
    rig_late(rig, "ana", "tab", RC_OUT, 10 * MINUTE);
    assert_true(rig->receipt.review);
}

static void P_13_a_late_OUT_replaces_an_AUTO_OUT_in_one_go(void **state)
{
    struct rig *rig = fresh(state);
    in_and_gone(rig);
    rig_late(rig, "ana", "tab", RC_OUT, 59 * MINUTE);
    assert_int_equal(rig->receipt.result, RC_RECORDED);
    const struct rc_row *correction = rig_row(rig, "ana", 1);
    assert_int_equal(correction->type, RC_CORRECTION);
    assert_int_equal(correction->action, RC_ACTION_VOID);
    assert_int_equal(correction->target_seq, 2);
    assert_string_equal(correction->actor.text, "service");
    assert_int_equal(rig_row(rig, "ana", 0)->closes, 1);
    assert_int_equal(rig_view(rig, "ana").status.ledger.cause, RC_STATUS_PUNCH);
    assert_true(rig_agrees(rig, "ana"));
    rig_beat(rig, "ana", "tab");
    assert_false(rig_in(rig, "ana")); /* nothing to resume any more */
}

static void P_13_not_over_an_AUTO_OUT_that_a_person_decided_on(void **state)
{
    struct rig *rig = fresh(state);
    in_and_gone(rig);
    rig_correct(rig, "ana", RC_ACTION_ACCEPT, 2, RC_TYPE_NONE, 0);
    rig_late(rig, "ana", "tab", RC_OUT, 59 * MINUTE);
    assert_int_equal(rig->receipt.result, RC_HELD_BACK);
    assert_false(rig_in(rig, "ana"));
}

static void P_13_a_late_OUT_inside_a_closed_period_is_held(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "door", RC_IN, RC_KIOSK);
    rig_wait(rig, 4 * HOUR);
    rig_punch(rig, "ana", "door", RC_OUT, RC_KIOSK);
    rig_late(rig, "ana", "door", RC_OUT, HOUR);
    assert_int_equal(rig->receipt.result, RC_HELD_BACK);
    assert_int_equal(rig->receipt.code, RC_OVERLAP);
}

/* Found in review: two kiosks flush what they kept in the wrong order. */
static void P_13_a_late_OUT_after_a_closed_period_waits_for_its_IN(void **state)
{
    struct rig *rig = fresh(state);
    rig->from_device = true;
    rig_punch(rig, "ana", "door", RC_IN, RC_KIOSK);
    rig_wait(rig, HOUR);
    rig_punch(rig, "ana", "door", RC_OUT, RC_KIOSK);
    rig_wait(rig, 10 * HOUR);
    rig_late(rig, "ana", "gate", RC_OUT, HOUR);
    assert_int_equal(rig->receipt.code, RC_NO_IN);
    rig_late(rig, "ana", "door", RC_IN, 9 * HOUR);
    assert_int_equal(rig->receipt.result, RC_RECORDED);
    assert_false(rig_in(rig, "ana"));
    assert_true(rig_agrees(rig, "ana"));
}

static void P_13_a_late_OUT_makes_no_shift_of_two_days(void **state)
{
    struct rig *rig = fresh(state);
    rig->from_device = true;
    rig_punch(rig, "ana", "door", RC_IN, RC_KIOSK);
    rig_wait(rig, 40 * HOUR);
    assert_int_equal(rig_count(rig, "ana", RC_AUTO_OUT), 1);
    rig_late(rig, "ana", "gate", RC_OUT, 5 * MINUTE);
    assert_int_equal(rig->receipt.code, RC_NO_IN);
    rig_late(rig, "ana", "door", RC_IN, 9 * HOUR); /* its IN comes */
    assert_int_equal(rig->receipt.result, RC_RECORDED);
    assert_false(rig_in(rig, "ana"));
    assert_true(rig_agrees(rig, "ana"));
}

static void P_13_a_late_OUT_before_the_evidence_of_a_RESUME_is_held(void **state)
{
    struct rig *rig = fresh(state);
    rig->from_device = true;
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    rig_wait(rig, 5 * MINUTE);
    rig_beat(rig, "ana", "tab"); /* RESUME */
    assert_true(rig_in(rig, "ana"));
    rig_beats(rig, "ana", "tab", 3 * MINUTE, 10000);
    rig_late(rig, "ana", "phone", RC_OUT, 4 * MINUTE); /* before it */
    assert_int_equal(rig->receipt.result, RC_HELD_BACK);
    rig_late(rig, "ana", "phone", RC_OUT, 150000); /* after it */
    assert_int_equal(rig->receipt.result, RC_RECORDED);
    assert_true(rig_agrees(rig, "ana"));
}

static void P_13_a_late_OUT_without_IN_waits_for_its_IN(void **state)
{
    struct rig *rig = fresh(state);
    rig->from_device = true;
    rig_late(rig, "ana", "door", RC_OUT, HOUR);
    assert_int_equal(rig->receipt.result, RC_HELD_BACK);
    assert_int_equal(rig->receipt.code, RC_NO_IN);
    rig_late(rig, "ana", "door", RC_IN, 9 * HOUR);
    assert_int_equal(rig->receipt.result, RC_RECORDED);
    const struct rc_row *accept = rig_row(rig, "ana", 0);
    assert_int_equal(accept->action, RC_ACTION_ACCEPT);
    assert_int_equal(accept->target_seq, 1);
    assert_int_equal(accept->closes, 2);
    assert_false(rig_in(rig, "ana"));
    assert_int_equal(rig_view(rig, "ana").status.ledger.out_seq, 1);
    assert_true(rig_agrees(rig, "ana"));
}

/* Found in review: an IN of the day before, and the OUT of today, made a shift of 32 h without review. */
static void P_13_a_late_IN_takes_no_waiting_OUT_that_came_more_than_a_shift_after_it(void **state)
{
    struct rig *rig = fresh(state);
    rig->from_device = true;
    rig_late(rig, "ana", "door", RC_OUT, HOUR);
    assert_int_equal(rig->receipt.code, RC_NO_IN);
    rig_late(rig, "ana", "door", RC_IN, 33 * HOUR);
    assert_int_equal(rig->receipt.code, RC_TOO_OLD);
    assert_int_equal(rig->receipt.result, RC_HELD_BACK);
    rig_late(rig, "ana", "door", RC_IN, 17 * HOUR); /* 16 h: a shift */
    assert_int_equal(rig->receipt.result, RC_RECORDED);
    assert_int_equal(rig_view(rig, "ana").status.ledger.out_seq, 1);
    assert_true(rig_agrees(rig, "ana"));
}

static void P_13_an_added_IN_takes_no_waiting_OUT_that_came_more_than_a_shift_after_it(void **state)
{
    struct rig *rig = fresh(state);
    rig->from_device = true;
    rig_late(rig, "ana", "door", RC_OUT, HOUR);
    rig_correct(rig, "ana", RC_ACTION_ADD, 0, RC_IN, rig->at - 17 * HOUR - 1);
    assert_int_equal(rig->answer, RC_OK);
    rig_wait(rig, 1);
    assert_int_equal(rig_row(rig, "ana", 0)->type, RC_AUTO_OUT);
    assert_true(rig_row(rig, "ana", 0)->review);
    assert_true(rig_agrees(rig, "ana"));
}

static void P_13_a_late_IN_inside_a_period_is_held(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "door", RC_IN, RC_KIOSK);
    rig_wait(rig, HOUR);
    rig_late(rig, "ana", "door", RC_IN, 30 * MINUTE);
    assert_int_equal(rig->receipt.result, RC_HELD_BACK);
    rig_punch(rig, "ana", "door", RC_OUT, RC_KIOSK);
    rig_wait(rig, HOUR);
    rig_late(rig, "ana", "door", RC_IN, 90 * MINUTE);
    assert_int_equal(rig->receipt.result, RC_HELD_BACK);
}

static void P_13_a_late_IN_after_all_else_opens_a_period(void **state)
{
    struct rig *rig = fresh(state);
    rig_late(rig, "ana", "tab", RC_IN, 10 * MINUTE);
    assert_int_equal(rig->receipt.result, RC_RECORDED);
    assert_true(rig_in(rig, "ana"));
    int64_t in_at = rig->at - 10 * MINUTE;
    assert_int_equal(rig_view(rig, "ana").status.ledger.since_at, in_at);
    rig_wait(rig, 30000); /* the punch was heard now: silent for 30 s */
    assert_false(rig_in(rig, "ana"));
    assert_int_equal(rig_row(rig, "ana", 0)->at, in_at);
    assert_true(rig_agrees(rig, "ana"));
}

static void P_13_a_late_IN_older_than_the_shift_limit_is_held(void **state)
{
    struct rig *rig = fresh(state);
    rig_late(rig, "ana", "door", RC_IN, 16 * HOUR);
    assert_int_equal(rig->receipt.result, RC_RECORDED);
    rig_late(rig, "ben", "door", RC_IN, 16 * HOUR + 1);
    assert_int_equal(rig->receipt.code, RC_TOO_OLD);
    assert_int_equal(rig->receipt.result, RC_HELD_BACK);
}

static void P_13_a_late_IN_before_another_gets_an_AUTO_OUT_that_its_OUT_replaces(void **state)
{
    struct rig *rig = fresh(state);
    rig->from_device = true;
    rig_wait(rig, 10 * HOUR);
    rig_punch(rig, "ana", "door", RC_IN, RC_KIOSK);
    rig_late(rig, "ana", "door", RC_IN, 5 * HOUR);
    const struct rc_row *out = rig_row(rig, "ana", 0);
    assert_int_equal(out->type, RC_AUTO_OUT);
    assert_int_equal(out->cause, RC_CAUSE_MISSED_OUT);
    assert_int_equal(out->at, rig->at - 5 * HOUR);
    assert_int_equal(out->closes, 2);
    assert_true(out->review);
    assert_true(rig_in(rig, "ana"));
    assert_int_equal(rig_view(rig, "ana").status.ledger.in_seq, 1);
    rig_late(rig, "ana", "door", RC_OUT, HOUR);
    assert_int_equal(rig->receipt.result, RC_RECORDED);
    assert_int_equal(rig_row(rig, "ana", 0)->closes, 2);
    assert_int_equal(rig_row(rig, "ana", 1)->target_seq, 3);
    assert_true(rig_in(rig, "ana"));
    assert_true(rig_agrees(rig, "ana"));
}

/* Found in review: yesterday's queue flushed after this morning's IN, from the same kiosk. */
static void P_13_a_late_IN_leaves_the_kiosk_session_of_the_current_period_alone(void **state)
{
    struct rig *rig = fresh(state);
    rig->from_device = true;
    rig_punch(rig, "ana", "door", RC_IN, RC_KIOSK);
    rig_wait(rig, 10 * MINUTE);
    struct rc_event event = rig_punch_event(rig, "ana", "door", RC_IN);
    event.punch.has_class = true;
    event.punch.class = RC_KIOSK;
    event.punch.age_ms = HOUR;
    rig_step(rig, &event);
    assert_int_equal(rig->receipt.result, RC_RECORDED);
    assert_true(rig_in(rig, "ana"));
    assert_int_equal(rig_count(rig, "ana", RC_AUTO_OUT), 1); /* missed-out, of the late IN */
    rig_wait(rig, 15 * HOUR);
    assert_true(rig_in(rig, "ana"));
    assert_true(rig_agrees(rig, "ana"));
}

static void P_16_a_late_OUT_that_had_to_wait_for_its_IN_stays_under_review(void **state)
{
    struct rig *rig = fresh(state);
    rig_late(rig, "ana", "phone", RC_OUT, 30 * MINUTE);
    assert_true(rig_row(rig, "ana", 0)->held);
    assert_true(rig_row(rig, "ana", 0)->review);
}

/* Found by the simulator: the punch was heard, and said IN, before its own OUT was read back. */
static void no_status_is_said_between_a_late_punch_and_its_ledger(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "door", RC_IN, RC_KIOSK);
    rig_wait(rig, HOUR);
    size_t said = rig->status_count;
    rig_late(rig, "ana", "tab", RC_OUT, 10 * MINUTE);
    assert_int_equal(rig->status_count, said + 1);
    assert_false(rig->statuses[said].ledger.is_in);
    assert_int_equal(rig->statuses[said].presence, RC_PRESENT);
}

/* Found in review: the shift limit passed while we were away, before the queue of the broker was read. */
static void P_13_an_OUT_that_was_sent_before_the_AUTO_OUT_was_decided_takes_its_place(void **state)
{
    struct rig *rig = fresh(state);
    rig->from_device = true;
    rig_punch(rig, "ana", "door", RC_IN, RC_KIOSK);
    rig_wait(rig, 8 * HOUR);
    struct rc_event event = rig_punch_event(rig, "ana", "door", RC_OUT);
    int64_t sent_at = rig->at;
    rig_restart(rig, 9 * HOUR); /* nobody was there to hear it */
    rig_wait(rig, 1);
    assert_int_equal(rig_row(rig, "ana", 0)->cause, RC_CAUSE_SHIFT_LIMIT);
    rig_step(rig, &event);
    assert_int_equal(rig->receipt.result, RC_RECORDED);
    assert_false(rig->receipt.review);
    assert_int_equal(rig_row(rig, "ana", 0)->at, sent_at);
    assert_int_equal(rig_row(rig, "ana", 1)->action, RC_ACTION_VOID);
    assert_int_equal(rig_view(rig, "ana").status.ledger.out_type, RC_OUT);
    assert_true(rig_agrees(rig, "ana"));
    event = rig_punch_event(rig, "ana", "door", RC_OUT); /* pressed twice */
    event.punch.sent_at = sent_at + 1000;
    rig_step(rig, &event);
    assert_int_equal(rig->receipt.code, RC_ALREADY_OUT);
}

static void P_11_an_OUT_that_was_sent_after_the_AUTO_OUT_was_decided_is_rejected(void **state)
{
    struct rig *rig = fresh(state);
    in_and_gone(rig);
    struct rc_event event = rig_punch_event(rig, "ana", "tab", RC_OUT);
    event.punch.sent_at = rig_row(rig, "ana", 0)->detected_at;
    rig_step(rig, &event);
    assert_int_equal(rig->receipt.code, RC_ALREADY_OUT);
}

static void P_16_an_OUT_that_was_overtaken_by_a_decided_AUTO_OUT_changes_nothing(void **state)
{
    struct rig *rig = fresh(state);
    in_and_gone(rig);
    rig_correct(rig, "ana", RC_ACTION_ACCEPT, 2, RC_TYPE_NONE, 0);
    struct rc_event event = rig_punch_event(rig, "ana", "tab", RC_OUT);
    event.punch.sent_at = rig->rows[1].detected_at - 1;
    rig_step(rig, &event);
    assert_int_equal(rig->receipt.code, RC_ALREADY_OUT);
}

/* The shift limit is not moved: what was pressed after it is for a person to look at. */
static void P_13_an_OUT_beyond_the_shift_limit_waits_though_it_was_overtaken(void **state)
{
    struct rig *rig = fresh(state);
    rig->from_device = true;
    rig_punch(rig, "ana", "door", RC_IN, RC_KIOSK);
    rig_wait(rig, HOUR);
    struct rc_event event = rig_punch_event(rig, "ana", "door", RC_OUT);
    event.punch.sent_at = rig->at + 16 * HOUR;
    rig_restart(rig, 18 * HOUR);
    rig_wait(rig, 1);
    rig_step(rig, &event);
    assert_int_equal(rig->receipt.code, RC_NO_IN);
    assert_true(rig_row(rig, "ana", 0)->held);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(P_13_when_a_punch_happened),
        TEST(P_13_waiting_in_the_broker_is_not_age),
        TEST(P_13_a_doubtful_clock_is_held_and_never_dropped),
        TEST(P_13_a_late_OUT_closes_an_open_IN_at_its_own_time),
        TEST(P_13_a_late_punch_from_no_device_is_reviewed),
        TEST(P_13_a_late_OUT_replaces_an_AUTO_OUT_in_one_go),
        TEST(P_13_not_over_an_AUTO_OUT_that_a_person_decided_on),
        TEST(P_13_a_late_OUT_inside_a_closed_period_is_held),
        TEST(P_13_a_late_OUT_after_a_closed_period_waits_for_its_IN),
        TEST(P_13_a_late_OUT_makes_no_shift_of_two_days),
        TEST(P_13_a_late_OUT_before_the_evidence_of_a_RESUME_is_held),
        TEST(P_13_a_late_OUT_without_IN_waits_for_its_IN),
        TEST(P_13_a_late_IN_takes_no_waiting_OUT_that_came_more_than_a_shift_after_it),
        TEST(P_13_an_added_IN_takes_no_waiting_OUT_that_came_more_than_a_shift_after_it),
        TEST(P_13_a_late_IN_inside_a_period_is_held),
        TEST(P_13_a_late_IN_after_all_else_opens_a_period),
        TEST(P_13_a_late_IN_older_than_the_shift_limit_is_held),
        TEST(P_13_a_late_IN_before_another_gets_an_AUTO_OUT_that_its_OUT_replaces),
        TEST(P_13_a_late_IN_leaves_the_kiosk_session_of_the_current_period_alone),
        TEST(no_status_is_said_between_a_late_punch_and_its_ledger),
        TEST(P_16_a_late_OUT_that_had_to_wait_for_its_IN_stays_under_review),
        TEST(P_13_an_OUT_that_was_sent_before_the_AUTO_OUT_was_decided_takes_its_place),
        TEST(P_11_an_OUT_that_was_sent_after_the_AUTO_OUT_was_decided_is_rejected),
        TEST(P_16_an_OUT_that_was_overtaken_by_a_decided_AUTO_OUT_changes_nothing),
        TEST(P_13_an_OUT_beyond_the_shift_limit_waits_though_it_was_overtaken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
