/* P-1 to P-7, P-18, P-19: when a session is live, and when silence counts. */
#include "rig.h"
#include "test.h"

static void P_1_a_browser_is_stale_after_30_seconds(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    rig_beats(rig, "ana", "tab", 60000, 10000);
    int64_t last_at = rig->at;
    rig_wait(rig, 29999);
    assert_true(rig_in(rig, "ana"));
    assert_int_equal(rig_presence(rig, "ana"), RC_PRESENT);
    rig_wait(rig, 1);
    assert_false(rig_in(rig, "ana"));
    const struct rc_row *row = rig_row(rig, "ana", 0);
    assert_int_equal(row->type, RC_AUTO_OUT);
    assert_int_equal(row->cause, RC_CAUSE_STALE);
    assert_int_equal(row->at, last_at); /* P-5: at the last evidence */
    assert_int_equal(row->detected_at, last_at + 30000);
    assert_int_equal(row->closes, 1);
    assert_false(row->review);
}

static void P_1_each_class_has_its_own_threshold(void **state)
{
    struct rig *rig = fresh(state);
    const int64_t threshold_ms[] = {30000, 30000, 60000, 140000};
    for (enum rc_class class = RC_BROWSER; class <= RC_BADGE; class ++) {
        const char *name = rc_class_name(class);
        rig_punch(rig, name, "s", RC_IN, class);
        rig_wait(rig, 1000);
        rig_beat_with(rig, name, "s", class, RC_NONE, RC_NONE);
        rig_wait(rig, threshold_ms[class] - 1);
        assert_true(rig_in(rig, name));
        rig_wait(rig, 1);
        assert_false(rig_in(rig, name));
    }
}

static void P_1_an_announced_interval_sticks_and_is_bounded(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    rig_beat_with(rig, "ana", "tab", RC_CLASS_COUNT, RC_NONE, 60000);
    rig_wait(rig, 100000);
    rig_beat(rig, "ana", "tab"); /* says nothing: it stays 60 s */
    rig_wait(rig, 179999);
    assert_true(rig_in(rig, "ana"));
    rig_wait(rig, 1);
    assert_false(rig_in(rig, "ana"));

    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    rig_beat_with(rig, "ana", "tab", RC_CLASS_COUNT, RC_NONE, 3600000); /* a browser may say 2 min */
    rig_wait(rig, 359999);
    assert_true(rig_in(rig, "ana"));
    rig_wait(rig, 1);
    assert_false(rig_in(rig, "ana"));
}

static void P_1_what_a_session_announces_is_kept_at_once_and_only_when_it_changes(void **state)
{
    struct rig *rig = fresh(state);
    rig_beat(rig, "ana", "tab");
    assert_int_equal(rig->announced_count, 0); /* it is what it is taken for */
    rig_beat_with(rig, "ana", "tab", RC_MOBILE, 7, 60000);
    assert_int_equal(rig->announced_count, 1);
    assert_string_equal(rig->announced.employee.text, "ana");
    assert_string_equal(rig->announced.session.text, "tab");
    assert_int_equal(rig->announced.class, RC_MOBILE);
    assert_int_equal(rig->announced.epoch, 7);
    assert_int_equal(rig->announced.interval_ms, 60000);
    assert_int_equal(rig->announced.heard_at, rig->at);
    rig_beat_with(rig, "ana", "tab", RC_MOBILE, 7, 60000);
    rig_beat(rig, "ana", "tab");
    rig_beat_with(rig, "ana", "tab", RC_CLASS_COUNT, 6, RC_NONE);
    assert_int_equal(rig->announced_count, 1);
    rig_beat_with(rig, "ana", "tab", RC_CLASS_COUNT, 8, RC_NONE);
    assert_int_equal(rig->announced_count, 2);
    rig_beat_with(rig, "ana", "tab", RC_CLASS_COUNT, RC_NONE, 30000);
    assert_int_equal(rig->announced_count, 3);
    rig_beat_with(rig, "", "gate", RC_CLASS_COUNT, 3, RC_NONE); /* a device */
    assert_int_equal(rig->announced_count, 4);
    assert_int_equal(rig->announced.employee.length, 0);
}

static void P_1_a_kiosk_session_lasts_until_the_shift_limit(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "door", RC_IN, RC_KIOSK);
    int64_t in_at = rig->at;
    rig_wait(rig, 16 * HOUR - 1);
    assert_true(rig_in(rig, "ana"));
    rig_wait(rig, 1);
    assert_false(rig_in(rig, "ana"));
    const struct rc_row *row = rig_row(rig, "ana", 0);
    assert_int_equal(row->cause, RC_CAUSE_SHIFT_LIMIT);
    assert_int_equal(row->at, in_at);
    assert_true(row->review); /* P-16 */
}

static void P_1_an_already_in_at_a_kiosk_keeps_the_period_of_the_first_in(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    int64_t in_at = rig->at;
    rig_wait(rig, 20000);
    rig_punch(rig, "ana", "door", RC_IN, RC_KIOSK);
    assert_int_equal(rig->receipt.code, RC_ALREADY_IN);
    rig_wait(rig, HOUR);
    assert_true(rig_in(rig, "ana"));
    rig_wait(rig, in_at + 16 * HOUR - rig->at - 1);
    assert_true(rig_in(rig, "ana"));
    rig_wait(rig, 1);
    assert_int_equal(rig_row(rig, "ana", 0)->cause, RC_CAUSE_SHIFT_LIMIT);
}

static void P_1_an_out_ends_the_kiosk_sessions_of_its_period_at_every_kiosk(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "door1", RC_IN, RC_KIOSK);
    rig_punch(rig, "ana", "door2", RC_IN, RC_KIOSK);
    rig_punch(rig, "ana", "door2", RC_OUT, RC_KIOSK);
    assert_int_equal(rig_view(rig, "ana").status.sessions, 0);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER); /* a new period, watched by the tab alone */
    rig_wait(rig, 30000);
    assert_false(rig_in(rig, "ana"));
}

static void P_2_a_lost_leave_alone_never_punches_anyone_out(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    rig_beat_with(rig, "ana", "tab", RC_BROWSER, 5, RC_NONE);
    rig_leave(rig, "ana", "tab", RC_LEAVE_LOST, 5);
    assert_int_equal(rig_presence(rig, "ana"), RC_SUSPECT);
    rig_wait(rig, 14000);
    assert_true(rig_in(rig, "ana"));
    rig_beat_with(rig, "ana", "tab", RC_BROWSER, 6, RC_NONE); /* reloaded */
    assert_int_equal(rig_presence(rig, "ana"), RC_PRESENT);
    rig_wait(rig, 29999);
    assert_true(rig_in(rig, "ana"));
}

static void P_2_a_leave_of_its_epoch_pulls_the_deadline_in(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    rig_wait(rig, 5000);
    rig_beat_with(rig, "ana", "tab", RC_BROWSER, 5, RC_NONE);
    int64_t heard_at = rig->at;
    rig_leave(rig, "ana", "tab", RC_LEAVE_CLOSED, 5);
    rig_wait(rig, 14999);
    assert_true(rig_in(rig, "ana"));
    rig_wait(rig, 1);
    assert_false(rig_in(rig, "ana"));
    assert_int_equal(rig_row(rig, "ana", 0)->cause, RC_CAUSE_CLOSED);
    assert_int_equal(rig_row(rig, "ana", 0)->at, heard_at);
}

static void P_2_a_leave_never_moves_a_deadline_out(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    rig_beat_with(rig, "ana", "tab", RC_BROWSER, 5, RC_NONE);
    rig_wait(rig, 25000);
    rig_leave(rig, "ana", "tab", RC_LEAVE_LOST, 5);
    rig_wait(rig, 4999);
    assert_true(rig_in(rig, "ana"));
    rig_wait(rig, 1);
    assert_false(rig_in(rig, "ana"));
    assert_int_equal(rig_row(rig, "ana", 0)->cause, RC_CAUSE_LOST);
}

static void P_2_a_leave_of_a_lower_epoch_changes_nothing(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    rig_beat_with(rig, "ana", "tab", RC_BROWSER, 6, RC_NONE);
    size_t said = rig->status_count;
    rig_leave(rig, "ana", "tab", RC_LEAVE_LOST, 5);
    assert_int_equal(rig_presence(rig, "ana"), RC_PRESENT);
    assert_int_equal(rig->status_count, said);
    assert_int_equal(rc_engine_counts(rig->engine).leaves_ignored, 1);
}

static void P_2_a_leave_of_a_greater_epoch_counts_and_sticks(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    rig_beat_with(rig, "ana", "tab", RC_BROWSER, 5, RC_NONE);
    rig_leave(rig, "ana", "tab", RC_LEAVE_LOST, 7); /* its first heartbeat was lost */
    assert_int_equal(rig_presence(rig, "ana"), RC_SUSPECT);
    rig_wait(rig, 2000);
    rig_beat_with(rig, "ana", "tab", RC_BROWSER, 8, RC_NONE);
    rig_leave(rig, "ana", "tab", RC_LEAVE_LOST, 7);
    assert_int_equal(rig_presence(rig, "ana"), RC_PRESENT);
}

static void P_2_a_leave_without_epoch_leaves_the_deadline_alone(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    rig_leave(rig, "ana", "tab", RC_LEAVE_LOST, RC_NONE);
    assert_int_equal(rig_presence(rig, "ana"), RC_SUSPECT);
    rig_wait(rig, 29999);
    assert_true(rig_in(rig, "ana"));
    rig_wait(rig, 1);
    assert_int_equal(rig_row(rig, "ana", 0)->cause, RC_CAUSE_LOST);
}

static void P_2_a_leave_sent_before_it_was_heard_last_is_ignored(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    rig_beat_with(rig, "ana", "tab", RC_BROWSER, 5, RC_NONE);
    struct rc_event event = {.kind = RC_EV_LEAVE};
    event.leave = (struct rc_leave){.cause = RC_LEAVE_CLOSED, .epoch = 5, .sleep_ms = RC_NONE};
    rc_id_set(&event.leave.employee, rc_text_of("ana"));
    rc_id_set(&event.leave.session, rc_text_of("tab"));
    event.leave.sent_now = rig->now - 1001;
    rig_step(rig, &event);
    assert_int_equal(rig_presence(rig, "ana"), RC_PRESENT);
    event.leave.sent_now = rig->now - 5; /* on its way for 5 ms, behind the heartbeat */
    rig_step(rig, &event);
    assert_int_equal(rig_presence(rig, "ana"), RC_SUSPECT);
}

static void P_2_closed_outranks_lost_of_the_same_epoch(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    rig_beat_with(rig, "ana", "tab", RC_BROWSER, 5, RC_NONE);
    rig_leave(rig, "ana", "tab", RC_LEAVE_CLOSED, 5);
    rig_leave(rig, "ana", "tab", RC_LEAVE_LOST, 5);
    rig_wait(rig, 15000);
    assert_int_equal(rig_row(rig, "ana", 0)->cause, RC_CAUSE_CLOSED);

    rig_punch(rig, "ben", "tab", RC_IN, RC_BROWSER);
    rig_beat_with(rig, "ben", "tab", RC_BROWSER, 5, RC_NONE);
    rig_leave(rig, "ben", "tab", RC_LEAVE_LOST, 5);
    rig_leave(rig, "ben", "tab", RC_LEAVE_CLOSED, 5);
    rig_wait(rig, 15000);
    assert_int_equal(rig_row(rig, "ben", 0)->cause, RC_CAUSE_CLOSED);
}

static void P_2_two_equal_leaves_end_as_one(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    rig_beat_with(rig, "ana", "tab", RC_BROWSER, 5, RC_NONE);
    rig_leave(rig, "ana", "tab", RC_LEAVE_LOST, 5);
    rig_wait(rig, 5000);
    rig_leave(rig, "ana", "tab", RC_LEAVE_LOST, 5);
    rig_wait(rig, 9999);
    assert_true(rig_in(rig, "ana"));
    rig_wait(rig, 1);
    assert_false(rig_in(rig, "ana"));
    assert_int_equal(rig_count(rig, "ana", RC_AUTO_OUT), 1);
}

static void P_2_an_echo_within_a_second_of_a_leave_is_evidence_only(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    rig_beat_with(rig, "ana", "tab", RC_BROWSER, 5, RC_NONE);
    rig_leave(rig, "ana", "tab", RC_LEAVE_LOST, 5);
    rig_wait(rig, 999);
    rig_beat_with(rig, "ana", "tab", RC_BROWSER, 5, RC_NONE);
    int64_t echo_at = rig->at;
    assert_int_equal(rig_presence(rig, "ana"), RC_SUSPECT);
    rig_wait(rig, 14001);
    assert_false(rig_in(rig, "ana"));
    assert_int_equal(rig_row(rig, "ana", 0)->at, echo_at);

    rig_punch(rig, "ben", "tab", RC_IN, RC_BROWSER);
    rig_beat_with(rig, "ben", "tab", RC_BROWSER, 5, RC_NONE);
    rig_leave(rig, "ben", "tab", RC_LEAVE_LOST, 5);
    rig_wait(rig, 10);
    rig_beat_with(rig, "ben", "tab", RC_BROWSER, 6, RC_NONE); /* a newer connection is no echo */
    assert_int_equal(rig_presence(rig, "ben"), RC_PRESENT);
}

static void P_2_a_heartbeat_of_a_lower_epoch_lowers_nothing(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    rig_beat_with(rig, "ana", "tab", RC_BROWSER, 6, RC_NONE);
    rig_wait(rig, 5000);
    rig_beat_with(rig, "ana", "tab", RC_BROWSER, 5, RC_NONE);
    rig_leave(rig, "ana", "tab", RC_LEAVE_LOST, 5);
    assert_int_equal(rig_presence(rig, "ana"), RC_PRESENT);
    rig_wait(rig, 29999);
    assert_true(rig_in(rig, "ana")); /* but it was evidence, and heard */
}

static void P_3_a_sleeping_session_is_left_alone_until_its_time(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "laptop", RC_IN, RC_AGENT);
    rig_beat_with(rig, "ana", "laptop", RC_AGENT, 5, RC_NONE);
    int64_t heard_at = rig->at;
    rig_sleep(rig, "ana", "laptop", 5, 10 * MINUTE);
    rig_leave(rig, "ana", "laptop", RC_LEAVE_LOST, 5); /* the will of the lid that closed */
    assert_int_equal(rig_presence(rig, "ana"), RC_SUSPECT);
    rig_wait(rig, 10 * MINUTE - 1);
    assert_true(rig_in(rig, "ana"));
    rig_wait(rig, 1);
    assert_false(rig_in(rig, "ana"));
    assert_int_equal(rig_row(rig, "ana", 0)->cause, RC_CAUSE_SLEEPING);
    assert_int_equal(rig_row(rig, "ana", 0)->at, heard_at); /* asleep is not paid */
}

static void P_3_sleep_is_bounded_and_any_heartbeat_ends_it(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "laptop", RC_IN, RC_AGENT);
    rig_sleep(rig, "ana", "laptop", 5, 8 * HOUR);
    rig_wait(rig, 20 * MINUTE - 1);
    assert_true(rig_in(rig, "ana"));
    rig_wait(rig, 1);
    assert_false(rig_in(rig, "ana"));

    rig_punch(rig, "ben", "laptop", RC_IN, RC_AGENT);
    rig_sleep(rig, "ben", "laptop", 5, RC_NONE);
    rig_wait(rig, 1000);
    rig_beat_with(rig, "ben", "laptop", RC_AGENT, 5, RC_NONE);
    assert_int_equal(rig_presence(rig, "ben"), RC_PRESENT);
    rig_wait(rig, 30000);
    assert_false(rig_in(rig, "ben"));
    assert_int_equal(rig_row(rig, "ben", 0)->cause, RC_CAUSE_STALE);
}

/* Found in review: the last heartbeat before the lid closed came after the goodbye. */
static void P_2_a_heartbeat_right_after_good_night_may_be_older_and_ends_no_sleep(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "laptop", RC_IN, RC_BROWSER);
    rig_beat_with(rig, "ana", "laptop", RC_CLASS_COUNT, 5, RC_NONE);
    rig_wait(rig, 10000);
    rig_sleep(rig, "ana", "laptop", 5, 10 * MINUTE);
    rig_wait(rig, 999);
    rig_beat(rig, "ana", "laptop");
    int64_t heard_at = rig->at;
    assert_int_equal(rig_presence(rig, "ana"), RC_SUSPECT);
    rig_wait(rig, 10 * MINUTE - 1000);
    assert_true(rig_in(rig, "ana"));
    rig_wait(rig, 1);
    assert_int_equal(rig_row(rig, "ana", 0)->cause, RC_CAUSE_SLEEPING);
    assert_int_equal(rig_row(rig, "ana", 0)->at, heard_at); /* evidence it is */
}

static void P_3_a_heartbeat_of_a_newer_connection_ends_the_sleep_at_once(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "laptop", RC_IN, RC_BROWSER);
    rig_beat_with(rig, "ana", "laptop", RC_CLASS_COUNT, 5, RC_NONE);
    rig_sleep(rig, "ana", "laptop", 5, 10 * MINUTE);
    rig_beat_with(rig, "ana", "laptop", RC_CLASS_COUNT, 6, RC_NONE);
    assert_int_equal(rig_presence(rig, "ana"), RC_PRESENT);
}

static void P_3_lost_of_a_newer_epoch_ends_the_sleep(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "laptop", RC_IN, RC_AGENT);
    rig_beat_with(rig, "ana", "laptop", RC_AGENT, 5, RC_NONE);
    rig_sleep(rig, "ana", "laptop", 5, RC_NONE);
    rig_wait(rig, MINUTE);
    rig_leave(rig, "ana", "laptop", RC_LEAVE_LOST, 6);
    rig_wait(rig, 15000);
    assert_int_equal(rig_row(rig, "ana", 0)->cause, RC_CAUSE_LOST);
}

static void P_4_only_the_last_session_to_fall_silent_punches_out(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    rig_beat_with(rig, "ana", "phone", RC_MOBILE, 1, RC_NONE);
    assert_int_equal(rig_view(rig, "ana").status.sessions, 2);
    rig_leave(rig, "ana", "tab", RC_LEAVE_CLOSED, RC_NONE);
    assert_int_equal(rig_presence(rig, "ana"), RC_PRESENT);
    rig_wait(rig, 59999);
    assert_true(rig_in(rig, "ana"));
    assert_int_equal(rig_view(rig, "ana").status.sessions, 1);
    rig_wait(rig, 1);
    assert_false(rig_in(rig, "ana"));
    assert_int_equal(rig_row(rig, "ana", 0)->cause,
                     RC_CAUSE_STALE); /* P-5: of the session whose deadline came last */
}

static void P_5_an_auto_out_whose_evidence_is_the_in_itself_is_reviewed(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    int64_t in_at = rig->at;
    rig_wait(rig, 30000);
    assert_int_equal(rig_row(rig, "ana", 0)->at, in_at);
    assert_true(rig_row(rig, "ana", 0)->review);
    rig_wait(rig, DAY);
    assert_int_equal(rig_count(rig, "ana", RC_AUTO_OUT), 1); /* once */
}

static void P_6_a_restarted_service_convicts_no_one(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    rig_beats(rig, "ana", "tab", 20000, 10000);
    int64_t heard_at = rig->at;
    rig_restart(rig, 5 * HOUR);
    rig_wait(rig, 119999);
    assert_true(rig_in(rig, "ana"));
    rig_wait(rig, 1);
    assert_false(rig_in(rig, "ana"));
    assert_int_equal(rig_row(rig, "ana", 0)->at, heard_at);
    assert_true(rig_agrees(rig, "ana"));
}

static void P_6_who_was_heard_after_the_start_is_judged_as_usual(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    rig_restart(rig, HOUR);
    rig_wait(rig, 1000);
    rig_beat(rig, "ana", "tab");
    rig_wait(rig, 29999);
    assert_true(rig_in(rig, "ana"));
    rig_wait(rig, 1);
    assert_false(rig_in(rig, "ana"));
}

static void P_6_a_leave_before_it_was_heard_makes_it_suspect_only(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    rig_beat_with(rig, "ana", "tab", RC_BROWSER, 5, RC_NONE);
    rig_link(rig, false);
    rig_wait(rig, HOUR);
    assert_true(rig_in(rig, "ana"));
    rig_link(rig, true);
    rig_leave(rig, "ana", "tab", RC_LEAVE_LOST, 5); /* the will of the broker's clean stop */
    assert_int_equal(rig_presence(rig, "ana"), RC_SUSPECT);
    rig_wait(rig, 119999);
    assert_true(rig_in(rig, "ana"));
    rig_wait(rig, 1);
    assert_int_equal(rig_row(rig, "ana", 0)->cause, RC_CAUSE_LOST);
}

static void P_6_protection_ends_after_15_minutes_of_connected_silence(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    rig_link(rig, false);
    rig_link(rig, true);
    for (int64_t connected_ms = 0; connected_ms < 900000; connected_ms += 100000) {
        assert_true(rig_in(rig, "ana"));
        rig_wait(rig, 100000); /* the link flaps: up for 100 s, down for 60 s */
        rig_link(rig, false);
        rig_wait(rig, 60000);
        rig_link(rig, true);
    }
    assert_false(rig_in(rig, "ana"));
    assert_int_equal(rig_row(rig, "ana", 0)->out_detected_t - rig_row(rig, "ana", 0)->out_t, 900000);
    assert_int_equal(rig_row(rig, "ana", 0)->cause, RC_CAUSE_OUTAGE);
    assert_true(rig_row(rig, "ana", 0)->review);
}

static void P_6_a_message_from_before_the_reconnect_does_not_end_the_protection(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    rig_link(rig, false);
    rig_wait(rig, MINUTE);
    struct rc_event event = rig_punch_event(rig, "ana", "tab", RC_IN);
    rig_wait(rig, MINUTE);
    rig_link(rig, true);
    rig_step(rig, &event); /* ALREADY_IN, sent a minute before the reconnect */
    rig_wait(rig, 119999);
    assert_true(rig_in(rig, "ana"));
    rig_wait(rig, 1);
    assert_false(rig_in(rig, "ana"));
}

static void P_6_time_of_failing_commits_counts_against_no_one(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    struct rc_event event = {.kind = RC_EV_STORE};
    rig_step(rig, &event);
    rig_wait(rig, HOUR);
    assert_true(rig_in(rig, "ana"));
    event.store.ok = true;
    rig_step(rig, &event);
    rig_wait(rig, 29999);
    assert_true(rig_in(rig, "ana"));
    rig_wait(rig, 1);
    assert_false(rig_in(rig, "ana"));
}

static void P_7_a_pause_of_the_loop_moves_the_deadlines(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    rig_wait(rig, 20000);
    rig->now += 15000; /* the loop slept */
    rig->at += 15000;
    struct rc_event event = {.kind = RC_EV_PAUSE};
    event.pause.pause_ms = 15000;
    rig_step(rig, &event);
    rig_wait(rig, 9999);
    assert_true(rig_in(rig, "ana"));
    rig_wait(rig, 1);
    assert_false(rig_in(rig, "ana"));
}

static void P_7_a_long_pause_protects_like_a_reconnect(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    rig_wait(rig, 20000);
    rig->now += 76000; /* the host was suspended, and the broker with it */
    rig->at += 76000;
    struct rc_event event = {.kind = RC_EV_PAUSE};
    event.pause.pause_ms = 76000;
    rig_step(rig, &event);
    rig_wait(rig, 119999);
    assert_true(rig_in(rig, "ana"));
    rig_wait(rig, 1);
    assert_false(rig_in(rig, "ana"));
}

static void P_1_a_shorter_interval_holds_at_once(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "phone", RC_IN, RC_MOBILE);
    rig_beat_with(rig, "ana", "phone", RC_MOBILE, 1, 20 * MINUTE);
    rig_wait(rig, 10000);
    rig_beat_with(rig, "ana", "phone", RC_MOBILE, 1, 10000);
    rig_wait(rig, 29999);
    assert_true(rig_in(rig, "ana"));
    rig_wait(rig, 1);
    assert_false(rig_in(rig, "ana"));
}

static void P_6_never_explains_the_shift_limit(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "door", RC_IN, RC_KIOSK);
    rig_wait(rig, HOUR);
    rig_restart(rig, MINUTE);
    rig_wait(rig, 15 * HOUR - MINUTE);
    assert_int_equal(rig_row(rig, "ana", 0)->cause, RC_CAUSE_SHIFT_LIMIT);
}

static void P_15_a_failed_commit_undoes_the_batch_in_the_engine_too(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    rig->failing = true;
    rig_punch(rig, "ana", "tab", RC_OUT, RC_BROWSER);
    rig_punch(rig, "ben", "tab", RC_IN, RC_BROWSER);
    rig->failing = false;
    assert_true(rig_in(rig, "ana"));
    assert_false(rig_in(rig, "ben"));
    assert_int_equal(rc_engine_counts(rig->engine).last_seq, 1);
    rig_wait(rig, 29999);
    assert_true(rig_in(rig, "ana"));
    rig_punch(rig, "ana", "tab", RC_OUT, RC_BROWSER);
    assert_int_equal(rig->receipt.seq, 2);
    assert_true(rig_agrees(rig, "ana"));
}

static void P_15_who_fell_due_in_a_failed_commit_falls_due_again(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    rig_wait(rig, 29990);
    rig->failing = true;
    rig_wait(rig, 20);
    rig->failing = false;
    assert_true(rig_in(rig, "ana"));
    rig_wait(rig, 10);
    assert_false(rig_in(rig, "ana"));
    assert_int_equal(rig_count(rig, "ana", RC_AUTO_OUT), 1);
    assert_true(rig_agrees(rig, "ana"));
}

static void P_18_the_33rd_session_takes_the_place_of_an_expired_one(void **state)
{
    struct rig *rig = fresh(state);
    char name[16];
    rig_punch(rig, "ana", "door", RC_IN, RC_KIOSK);
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "tab%d", i);
        rig_beat(rig, "ana", name);
        rig_wait(rig, 100);
    }
    assert_int_equal(rig_view(rig, "ana").status.sessions, RC_SESSIONS_PER_EMPLOYEE);
    assert_int_equal(rig->forgotten, 9);
    rig_wait(rig, HOUR);
    assert_true(rig_in(rig, "ana")); /* the kiosk's session never gives way */
    assert_int_equal(rc_engine_counts(rig->engine).expected_per_ks, 0);
}

static void P_18_nobody_is_convicted_for_want_of_room(void **state)
{
    (void)state;
    struct rc_engine_limits limits = {.employees = 4, .sessions = 2, .scopes = 4, .images = 16, .seed = 1};
    struct rc_policy policy = rc_policy_default();
    struct rig *rig = rig_up_with(&limits, &policy);
    rig_punch(rig, "ana", "a", RC_IN, RC_BROWSER);
    rig_punch(rig, "ben", "b", RC_IN, RC_BROWSER);
    rig_punch(rig, "cat", "c", RC_IN, RC_BROWSER);
    assert_int_equal(rig->receipt.result, RC_RECORDED);
    assert_int_equal(rig->alerts[RC_ALERT_CAPACITY][1], 1);
    for (int i = 0; i < 60; i++) {
        rig_wait(rig, 10000);
        rig_beat(rig, "cat", "c");
    }
    int64_t heard_at = rig->at;
    assert_true(rig_in(rig, "cat"));
    rig_wait(rig, 30000);
    assert_false(rig_in(rig, "cat"));
    assert_int_equal(rig_row(rig, "cat", 0)->at, heard_at);
    rig_free(rig);
}

static void P_18_a_session_is_forgotten_a_day_after_its_deadline(void **state)
{
    struct rig *rig = fresh(state);
    rig_beat(rig, "ana", "tab");
    rig_wait(rig, 30000 + DAY - 1);
    assert_int_equal(rc_engine_counts(rig->engine).tracked, 1);
    rig_wait(rig, 1);
    assert_int_equal(rc_engine_counts(rig->engine).tracked, 0);
    assert_int_equal(rig->forgotten, 1);
}

static void P_19_maintenance_holds_every_auto_out_and_ends_like_a_reconnect(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    struct rc_event event = {.kind = RC_EV_MAINTENANCE};
    event.maintenance.until_at = rig->at + HOUR;
    rig_step(rig, &event);
    rig_wait(rig, HOUR + 119999);
    assert_true(rig_in(rig, "ana"));
    rig_wait(rig, 1);
    assert_false(rig_in(rig, "ana"));
}

static void a_device_comes_goes_and_is_missed(void **state)
{
    struct rig *rig = fresh(state);
    rig_beat(rig, "", "door");
    assert_true(rig->device.online);
    rig_wait(rig, 30000);
    assert_false(rig->device.online);
    assert_int_equal(rig->alerts[RC_ALERT_DEVICE_LOST][1], 1);
    rig_beat(rig, "", "door");
    assert_int_equal(rig->alerts[RC_ALERT_DEVICE_LOST][0], 1);
    assert_int_equal(rig->devices_said, 3);
}

/* Found in review: the will of a dead connection comes right before the first heartbeat of the new one. */
static void a_device_that_only_echoes_its_will_has_not_come_back(void **state)
{
    struct rig *rig = fresh(state);
    rig_beat(rig, "", "door");
    rig_wait(rig, 30000);
    for (int i = 0; i < 3; i++) {
        rig_leave(rig, "", "door", RC_LEAVE_LOST, RC_NONE);
        rig_beat(rig, "", "door");
    }
    assert_int_equal(rc_engine_counts(rig->engine).devices_online, 0);
    rig_wait(rig, 5000);
    rig_beat(rig, "", "door");
    assert_int_equal(rc_engine_counts(rig->engine).devices_online, 1);
    assert_true(rig->device.online);
}

static void a_heartbeat_that_changes_nothing_publishes_nothing(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "ana", "tab", RC_IN, RC_BROWSER);
    size_t said = rig->status_count;
    rig_beats(rig, "ana", "tab", MINUTE, 10000);
    assert_int_equal(rig->status_count, said);
    assert_int_equal(rig_view(rig, "ana").last_seen_at, rig->at); /* but who answers the current one */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(P_1_a_browser_is_stale_after_30_seconds),
        TEST(P_1_each_class_has_its_own_threshold),
        TEST(P_1_an_announced_interval_sticks_and_is_bounded),
        TEST(P_1_what_a_session_announces_is_kept_at_once_and_only_when_it_changes),
        TEST(P_1_a_kiosk_session_lasts_until_the_shift_limit),
        TEST(P_1_an_already_in_at_a_kiosk_keeps_the_period_of_the_first_in),
        TEST(P_1_an_out_ends_the_kiosk_sessions_of_its_period_at_every_kiosk),
        TEST(P_2_a_lost_leave_alone_never_punches_anyone_out),
        TEST(P_2_a_leave_of_its_epoch_pulls_the_deadline_in),
        TEST(P_2_a_leave_never_moves_a_deadline_out),
        TEST(P_2_a_leave_of_a_lower_epoch_changes_nothing),
        TEST(P_2_a_leave_of_a_greater_epoch_counts_and_sticks),
        TEST(P_2_a_leave_without_epoch_leaves_the_deadline_alone),
        TEST(P_2_a_leave_sent_before_it_was_heard_last_is_ignored),
        TEST(P_2_closed_outranks_lost_of_the_same_epoch),
        TEST(P_2_two_equal_leaves_end_as_one),
        TEST(P_2_an_echo_within_a_second_of_a_leave_is_evidence_only),
        TEST(P_2_a_heartbeat_of_a_lower_epoch_lowers_nothing),
        TEST(P_3_a_sleeping_session_is_left_alone_until_its_time),
        TEST(P_3_sleep_is_bounded_and_any_heartbeat_ends_it),
        TEST(P_2_a_heartbeat_right_after_good_night_may_be_older_and_ends_no_sleep),
        TEST(P_3_a_heartbeat_of_a_newer_connection_ends_the_sleep_at_once),
        TEST(P_3_lost_of_a_newer_epoch_ends_the_sleep),
        TEST(P_4_only_the_last_session_to_fall_silent_punches_out),
        TEST(P_5_an_auto_out_whose_evidence_is_the_in_itself_is_reviewed),
        TEST(P_6_a_restarted_service_convicts_no_one),
        TEST(P_6_who_was_heard_after_the_start_is_judged_as_usual),
        TEST(P_6_a_leave_before_it_was_heard_makes_it_suspect_only),
        TEST(P_6_protection_ends_after_15_minutes_of_connected_silence),
        TEST(P_6_a_message_from_before_the_reconnect_does_not_end_the_protection),
        TEST(P_6_time_of_failing_commits_counts_against_no_one),
        TEST(P_7_a_pause_of_the_loop_moves_the_deadlines),
        TEST(P_7_a_long_pause_protects_like_a_reconnect),
        TEST(P_1_a_shorter_interval_holds_at_once),
        TEST(P_6_never_explains_the_shift_limit),
        TEST(P_15_a_failed_commit_undoes_the_batch_in_the_engine_too),
        TEST(P_15_who_fell_due_in_a_failed_commit_falls_due_again),
        TEST(P_18_the_33rd_session_takes_the_place_of_an_expired_one),
        TEST(P_18_nobody_is_convicted_for_want_of_room),
        TEST(P_18_a_session_is_forgotten_a_day_after_its_deadline),
        TEST(P_19_maintenance_holds_every_auto_out_and_ends_like_a_reconnect),
        TEST(a_device_comes_goes_and_is_missed),
        TEST(a_device_that_only_echoes_its_will_has_not_come_back),
        TEST(a_heartbeat_that_changes_nothing_publishes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
