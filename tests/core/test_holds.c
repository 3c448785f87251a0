/* P-8: mass silence is an outage. */
#include "rig.h"
#include "test.h"

static void name_of(char out[16], int i)
{
    snprintf(out, 16, "e%d", i);
}

/* n people IN, heard within the same 10 s, the last of them now. */
static void crowd(struct rig *rig, int from, int n, const char *session, enum rc_class class)
{
    char name[16];
    for (int i = from; i < from + n; i++) {
        name_of(name, i);
        rig_punch(rig, name, session, RC_IN, class);
    }
    for (int i = from; i < from + n; i++) {
        name_of(name, i);
        rig_wait(rig, 10000 / n);
        rig_beat_with(rig, name, session, class, RC_NONE, RC_NONE);
    }
}

static int outs(const struct rig *rig)
{
    return (int)rig_count(rig, NULL, RC_AUTO_OUT);
}

static void P_8_five_and_half_of_the_watched_are_held_not_out(void **state)
{
    struct rig *rig = fresh(state);
    crowd(rig, 0, 10, "tab", RC_BROWSER);
    rig_wait(rig, 5 * MINUTE);
    assert_int_equal(outs(rig), 0);
    assert_int_equal(rig_presence(rig, "e0"), RC_HELD);
    assert_int_equal(rig_presence(rig, "e9"), RC_HELD);
    assert_int_equal(rig->alerts[RC_ALERT_OUTAGE][1], 1);
    assert_int_equal(rig->hold.scope, RC_SCOPE_SITE);
    assert_int_equal(rc_engine_counts(rig->engine).held, 10);
    rig_beat(rig, "e3", "tab");
    assert_int_equal(rig_presence(rig, "e3"), RC_PRESENT);
    assert_int_equal(rig_count(rig, "e3", RC_RESUME), 0); /* simply present */
}

static void P_8_the_rest_go_when_it_ends_at_their_last_evidence(void **state)
{
    struct rig *rig = fresh(state);
    crowd(rig, 0, 10, "tab", RC_BROWSER);
    int64_t last_at = rig->at;
    rig_wait(rig, 5 * MINUTE);
    int64_t opened_at = rig->hold.opened_at;
    for (int i = 0; i < 70; i++) {
        rig_beat(rig, "e3", "tab");
        rig_wait(rig, 10000);
    }
    assert_int_equal(outs(rig), 9);
    assert_true(rig_in(rig, "e3"));
    const struct rc_row *row = rig_row(rig, "e9", 0);
    assert_int_equal(row->cause, RC_CAUSE_OUTAGE);
    assert_int_equal(row->at, last_at);
    assert_int_equal(row->hold, 1);
    assert_true(row->review);
    assert_int_equal(row->detected_at, opened_at + 15 * MINUTE);
    assert_int_equal(rig->alerts[RC_ALERT_OUTAGE][0], 1);
    rig_beat(rig, "e9", "tab"); /* P-9: 4 h after an outage, with review */
    assert_int_equal(rig_row(rig, "e9", 0)->type, RC_RESUME);
    assert_true(rig_row(rig, "e9", 0)->review);
}

/* Found in review: the sessions' rows were older than the hold, and said that everybody was live. */
static void P_8_a_hold_keeps_its_people_over_a_restart_with_old_rows_of_sessions(void **state)
{
    struct rig *rig = fresh(state);
    crowd(rig, 0, 10, "tab", RC_BROWSER);
    rig_flush(rig);
    rig_wait(rig, MINUTE);
    assert_int_equal(rc_engine_counts(rig->engine).held, 10);
    rig_restart(rig, 5000);
    rig_wait(rig, 1000);
    assert_int_equal(rc_engine_counts(rig->engine).held, 10);
    rig_beat(rig, "e3", "tab");
    assert_int_equal(rig_presence(rig, "e3"), RC_PRESENT);
    rig_beats(rig, "e3", "tab", 20 * MINUTE, 10000);
    assert_int_equal(outs(rig), 9);
    assert_int_equal(rig_row(rig, "e9", 0)->cause, RC_CAUSE_OUTAGE);
    assert_int_equal(rig_row(rig, "e9", 0)->hold, 1);
    assert_true(rig_row(rig, "e9", 0)->review);
}

static void P_8_four_are_not_many(void **state)
{
    struct rig *rig = fresh(state);
    crowd(rig, 0, 4, "tab", RC_BROWSER);
    rig_wait(rig, MINUTE);
    assert_int_equal(outs(rig), 4);
}

static void P_8_less_than_half_are_not_many(void **state)
{
    struct rig *rig = fresh(state);
    crowd(rig, 0, 6, "tab", RC_BROWSER);
    crowd(rig, 6, 7, "tab", RC_BROWSER);
    char name[16];
    for (int round = 0; round < 6; round++) {
        for (int i = 6; i < 13; i++) {
            name_of(name, i);
            rig_beat(rig, name, "tab");
        }
        rig_wait(rig, 10000);
    }
    assert_int_equal(outs(rig), 6);
}

static void P_8_who_said_goodbye_is_punched_out_while_a_hold_is_open(void **state)
{
    struct rig *rig = fresh(state);
    rig_punch(rig, "zoe", "tab", RC_IN, RC_BROWSER);
    crowd(rig, 0, 10, "tab", RC_BROWSER);
    rig_beat_with(rig, "zoe", "tab", RC_BROWSER, 3, RC_NONE);
    rig_leave(rig, "zoe", "tab", RC_LEAVE_CLOSED, 3);
    rig_wait(rig, MINUTE);
    assert_int_equal(outs(rig), 1);
    assert_int_equal(rig_row(rig, "zoe", 0)->cause, RC_CAUSE_CLOSED);
}

static void P_8_kiosk_people_and_sleepers_are_not_watched(void **state)
{
    struct rig *rig = fresh(state);
    crowd(rig, 100, 20, "door", RC_KIOSK); /* would make the five a minority */
    crowd(rig, 0, 5, "tab", RC_BROWSER);
    rig_wait(rig, MINUTE);
    assert_int_equal(outs(rig), 0);
    assert_int_equal(rc_engine_counts(rig->engine).held, 5);
}

static void P_8_a_group_is_a_scope_of_its_own(void **state)
{
    struct rig *rig = fresh(state);
    char name[16];
    for (int i = 0; i < 6; i++) {
        struct rc_event event = {.kind = RC_EV_DIRECTORY};
        name_of(name, i);
        rc_id_set(&event.directory.employee, rc_text_of(name));
        rc_id_set(&event.directory.group, rc_text_of("depot"));
        rig_step(rig, &event);
    }
    crowd(rig, 0, 6, "tab", RC_BROWSER);
    crowd(rig, 50, 20, "tab", RC_BROWSER);
    for (int round = 0; round < 6; round++) {
        for (int i = 50; i < 70; i++) {
            name_of(name, i);
            rig_beat(rig, name, "tab");
        }
        rig_wait(rig, 10000);
    }
    assert_int_equal(outs(rig), 0);
    assert_int_equal(rig->hold.scope, RC_SCOPE_GROUP);
    assert_string_equal(rig->hold.name.text, "depot");
    assert_int_equal(rig_presence(rig, "e0"), RC_HELD);
}

static void P_8_a_gateway_is_a_scope_of_its_own(void **state)
{
    struct rig *rig = fresh(state);
    char name[16];
    crowd(rig, 0, 6, "gate1", RC_BADGE);
    crowd(rig, 50, 20, "gate2", RC_BADGE);
    for (int round = 0; round < 18; round++) {
        for (int i = 50; i < 70; i++) {
            name_of(name, i);
            rig_beat(rig, name, "gate2");
        }
        rig_wait(rig, 10000);
    }
    assert_int_equal(outs(rig), 0);
    assert_int_equal(rig->hold.scope, RC_SCOPE_GATEWAY);
    assert_string_equal(rig->hold.name.text, "gate1");
}

static void P_8_an_old_silent_session_and_a_closed_one_do_not_make_an_outage(void **state)
{
    struct rig *rig = fresh(state);
    char name[16];
    crowd(rig, 0, 6, "old", RC_BROWSER);
    for (int i = 0; i < 6; i++) {
        name_of(name, i);
        rig_beat_with(rig, name, "tab", RC_BROWSER, 9, RC_NONE);
    }
    for (int round = 0; round < 6; round++) { /* the old ones run out, the tabs go on */
        rig_wait(rig, 10000);
        for (int i = 0; i < 6; i++) {
            name_of(name, i);
            rig_beat(rig, name, "tab");
        }
    }
    for (int i = 0; i < 6; i++) {
        name_of(name, i);
        rig_leave(rig, name, "tab", RC_LEAVE_CLOSED, 9);
    }
    rig_wait(rig, MINUTE);
    assert_int_equal(outs(rig), 6); /* everybody went home */
}

static void P_8_a_hold_survives_a_restart_and_ends_on_time(void **state)
{
    struct rig *rig = fresh(state);
    crowd(rig, 0, 10, "tab", RC_BROWSER);
    rig_wait(rig, MINUTE);
    int64_t opened_at = rig->hold.opened_at;
    rig_restart(rig, 5 * MINUTE);
    assert_int_equal(rig_presence(rig, "e0"), RC_HELD);
    rig_wait(rig, opened_at + 15 * MINUTE - rig->at - 1);
    assert_int_equal(outs(rig), 0);
    rig_wait(rig, 1);
    assert_int_equal(outs(rig), 10);
}

static void P_8_who_is_still_protected_goes_when_that_ends_under_the_same_hold(void **state)
{
    struct rig *rig = fresh(state);
    crowd(rig, 0, 10, "tab", RC_BROWSER);
    rig_wait(rig, MINUTE);
    int64_t opened_at = rig->hold.opened_at;
    rig_wait(rig, 5 * MINUTE);
    rig_restart(rig, 9 * MINUTE);
    int64_t restart_at = rig->at;
    rig_wait(rig, opened_at + 15 * MINUTE - rig->at);
    assert_int_equal(outs(rig), 0);
    rig_wait(rig, restart_at + 2 * MINUTE - rig->at - 1);
    assert_int_equal(outs(rig), 0);
    rig_wait(rig, 1);
    assert_int_equal(outs(rig), 10);
    assert_int_equal(rig_row(rig, "e0", 0)->hold, 1);
    assert_int_equal(rig_row(rig, "e0", 0)->cause, RC_CAUSE_OUTAGE);
    assert_int_equal(rig->hold_count, 2); /* no other hold opened */
}

static void P_8_a_broker_stop_with_everybodys_will_punches_out_nobody(void **state)
{
    struct rig *rig = fresh(state);
    char name[16];
    crowd(rig, 0, 50, "tab", RC_BROWSER);
    for (int i = 0; i < 50; i++) {
        name_of(name, i);
        rig_leave(rig, name, "tab", RC_LEAVE_LOST, RC_NONE);
    }
    rig_link(rig, false);
    rig_wait(rig, 10 * MINUTE);
    rig_link(rig, true);
    rig_wait(rig, MINUTE);
    for (int i = 0; i < 50; i++) {
        name_of(name, i);
        rig_beat(rig, name, "tab");
    }
    rig_wait(rig, 29000);
    assert_int_equal(outs(rig), 0);
    assert_int_equal(rig->hold_count, 0);
}

static void P_8_a_hold_undone_by_a_failed_commit_opens_again(void **state)
{
    struct rig *rig = fresh(state);
    crowd(rig, 0, 10, "tab", RC_BROWSER);
    rig_wait(rig, 20900);
    rig->failing = true;
    rig_wait(rig, 5000);
    rig->failing = false;
    rig_wait(rig, MINUTE);
    assert_int_equal(outs(rig), 0);
    assert_int_equal(rc_engine_counts(rig->engine).held, 10);
    assert_int_equal(rig->hold.number, 1);
    assert_int_equal(rig->hold_count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(P_8_five_and_half_of_the_watched_are_held_not_out),
        TEST(P_8_the_rest_go_when_it_ends_at_their_last_evidence),
        TEST(P_8_a_hold_keeps_its_people_over_a_restart_with_old_rows_of_sessions),
        TEST(P_8_four_are_not_many),
        TEST(P_8_less_than_half_are_not_many),
        TEST(P_8_who_said_goodbye_is_punched_out_while_a_hold_is_open),
        TEST(P_8_kiosk_people_and_sleepers_are_not_watched),
        TEST(P_8_a_group_is_a_scope_of_its_own),
        TEST(P_8_a_gateway_is_a_scope_of_its_own),
        TEST(P_8_an_old_silent_session_and_a_closed_one_do_not_make_an_outage),
        TEST(P_8_a_hold_survives_a_restart_and_ends_on_time),
        TEST(P_8_who_is_still_protected_goes_when_that_ends_under_the_same_hold),
        TEST(P_8_a_broker_stop_with_everybodys_will_punches_out_nobody),
        TEST(P_8_a_hold_undone_by_a_failed_commit_opens_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
