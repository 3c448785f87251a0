/* Which sessions' rows are due, and which were written already. */
#include "test.h"

#define DUE_MAX 8

static struct rc_id id(const char *text)
{
    struct rc_id made;
    assert_true(rc_id_set(&made, rc_text_of(text)));
    return made;
}

/* due takes all that are out of date, in their order, as "ana ben "; borrowed until the next call. */
static const char *due(struct rig *rig)
{
    static char names[DUE_MAX * (RC_ID_MAX + 1) + 1];
    struct rc_session_row row;
    size_t length = 0;
    while (rc_engine_next_dirty(rig->engine, &row)) {
        memcpy(names + length, row.employee.text, row.employee.length);
        length += row.employee.length;
        names[length++] = ' ';
    }
    names[length] = '\0';
    return names;
}

static struct rc_session_row take(struct rig *rig, const char *employee, const char *session)
{
    struct rc_id who = id(employee), where = id(session);
    struct rc_session_row row;
    assert_true(rc_engine_take_session(rig->engine, &who, &where, &row));
    return row;
}

static struct rig *three_heard(void)
{
    struct rig *rig = rig_up();
    rig_beat(rig, "ana", "tab");
    rig_beat(rig, "ben", "tab");
    rig_beat(rig, "cat", "tab");
    return rig;
}

static void what_is_taken_by_name_is_not_due_any_more(void **state)
{
    (void)state;
    static const char *const names[] = {"ana", "ben", "cat"};
    static const char *const left[] = {"ben cat ", "ana cat ", "ana ben "};
    for (int i = 0; i < 3; i++) { /* the first of the list, one within, the last */
        struct rig *rig = three_heard();
        struct rc_session_row row = take(rig, names[i], "tab");
        assert_string_equal(row.employee.text, names[i]);
        assert_int_equal(row.heard_at, rig->at);
        assert_int_equal(row.evidence.at, rig->at);
        assert_string_equal(due(rig), left[i]);
        rc_engine_commit(rig->engine);
        assert_string_equal(due(rig), "");
        rig_beat(rig, names[i], "tab");
        rig_beat(rig, "dan", "tab");
        char both[64];
        snprintf(both, sizeof both, "%s dan ", names[i]);
        assert_string_equal(due(rig), both);
        rig_free(rig);
    }
}

static void what_was_taken_is_due_again_when_the_transaction_fails(void **state)
{
    (void)state;
    struct rig *rig = three_heard();
    take(rig, "ben", "tab");
    take(rig, "ben", "tab"); /* a second heartbeat in one transaction */
    rc_engine_undo(rig->engine);
    assert_string_equal(due(rig), "ana cat ben ");
    rig_free(rig);
}

static void what_is_not_out_of_date_may_be_taken_too(void **state)
{
    (void)state;
    struct rig *rig = three_heard();
    due(rig);
    rc_engine_commit(rig->engine);
    take(rig, "ana", "tab");
    rc_engine_commit(rig->engine);
    assert_string_equal(due(rig), "");
    struct rc_id ana = id("ana"), phone = id("phone"), nobody = id("nobody");
    struct rc_session_row row;
    assert_false(rc_engine_take_session(rig->engine, &ana, &phone, &row));
    assert_false(rc_engine_take_session(rig->engine, &nobody, &phone, &row));
    rig_free(rig);
}

static void P_18_the_slot_stands_for_a_session_without_room(void **state)
{
    (void)state;
    struct rc_engine_limits limits = {.employees = 4, .sessions = 1, .scopes = 4, .images = 16, .seed = 1};
    struct rc_policy policy = rc_policy_default();
    struct rig *rig = rig_up_with(&limits, &policy);
    rig_beat(rig, "ana", "a");
    rig_beat(rig, "ben", "b");
    struct rc_session_row row = take(rig, "ben", "b");
    assert_string_equal(row.employee.text, "ben");
    assert_int_equal(row.session.length, 0);
    assert_string_equal(due(rig), "ana ");
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_taken_by_name_is_not_due_any_more),
        cmocka_unit_test(what_was_taken_is_due_again_when_the_transaction_fails),
        cmocka_unit_test(what_is_not_out_of_date_may_be_taken_too),
        cmocka_unit_test(P_18_the_slot_stands_for_a_session_without_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
