/* Too many training heartbeats of one session: daemon/training_rate.h. */
#include "test.h"

#include "core/names.h"
#include "daemon/training_rate.h"

#include <stdio.h>

static struct rc_id id_of(const char *text)
{
    struct rc_id id;
    assert_true(rc_id_set(&id, rc_text_of(text)));
    return id;
}

static struct rc_training_rate *fresh(void)
{
    struct rc_training_rate *rate = rc_training_rate_alloc(4711);
    assert_non_null(rate);
    return rate;
}

static int passed(struct rc_training_rate *rate, const char *user, const char *session, int tries,
                  int64_t now)
{
    struct rc_id u = id_of(user), s = id_of(session);
    int count = 0;
    for (int i = 0; i < tries; i++)
        count += rc_training_rate_take(rate, &u, &s, now);
    return count;
}

static void more_than_120_in_a_minute_are_refused_and_the_next_minute_begins_anew(void **state)
{
    (void)state;
    struct rc_training_rate *rate = fresh();
    assert_int_equal(passed(rate, "ana", "tab", 100, 1000), 100);
    assert_int_equal(passed(rate, "ana", "tab", 100, 30000), 20);
    assert_int_equal(passed(rate, "ana", "tab", 1, 60999), 0);
    assert_int_equal(passed(rate, "ana", "tab", 130, 61000), 120);
    rc_training_rate_free(rate);
}

static void sessions_and_users_are_counted_apart(void **state)
{
    (void)state;
    struct rc_training_rate *rate = fresh();
    assert_int_equal(passed(rate, "ana", "tab", 121, 1000), 120);
    assert_int_equal(passed(rate, "ana", "tab2", 120, 1000), 120);
    assert_int_equal(passed(rate, "ben", "tab", 120, 1000), 120);
    assert_int_equal(passed(rate, "an", "atab", 120, 1000), 120); /* where one ends and the other begins */
    rc_training_rate_free(rate);
}

static void one_line_a_minute_says_how_many_were_refused(void **state)
{
    (void)state;
    struct rc_training_rate *rate = fresh();
    assert_int_equal(rc_training_rate_wake_now(rate), INT64_MAX);
    passed(rate, "ana", "tab", 150, 1000);
    passed(rate, "ana", "tab", 5, 2000);
    assert_int_equal(rc_training_rate_wake_now(rate), 61000);
    assert_null(rc_training_rate_due(rate, 60999));
    const struct rc_training_refused *line = rc_training_rate_due(rate, 61000);
    assert_non_null(line);
    assert_string_equal(line->user.text, "ana");
    assert_string_equal(line->session.text, "tab");
    assert_int_equal(line->count, 35);
    assert_null(rc_training_rate_due(rate, 61000));
    rc_training_rate_undo(rate); /* the COMMIT failed: it is to be said again */
    line = rc_training_rate_due(rate, 61000);
    assert_non_null(line);
    assert_int_equal(line->count, 35);
    rc_training_rate_commit(rate);
    assert_null(rc_training_rate_due(rate, INT64_MAX));
    assert_int_equal(rc_training_rate_wake_now(rate), INT64_MAX);
    rc_training_rate_free(rate);
}

static void a_refusal_that_comes_while_its_line_is_being_written_is_not_lost(void **state)
{
    (void)state;
    struct rc_training_rate *rate = fresh();
    passed(rate, "ana", "tab", 121, 1000);
    assert_non_null(rc_training_rate_due(rate, INT64_MAX));
    passed(rate, "ana", "tab", 2, 1000);
    rc_training_rate_commit(rate);
    const struct rc_training_refused *line = rc_training_rate_due(rate, INT64_MAX);
    assert_non_null(line);
    assert_int_equal(line->count, 2);
    rc_training_rate_free(rate);
}

static void a_flood_of_sessions_takes_no_more_room_and_loses_no_count(void **state)
{
    (void)state;
    struct rc_training_rate *rate = fresh();
    int64_t refused = 0, lines = 0, unnamed = 0;
    for (int i = 0; i < 3 * RC_TRAINING_RATE_REFUSED_MAX; i++) {
        char session[32];
        snprintf(session, sizeof session, "tab-%d", i);
        passed(rate, "ana", session, 125, 1000);
    }
    for (const struct rc_training_refused *line; (line = rc_training_rate_due(rate, INT64_MAX)) != NULL;) {
        lines++;
        refused += line->count;
        unnamed += line->user.length == 0 ? line->count : 0;
    }
    assert_int_equal(lines, RC_TRAINING_RATE_REFUSED_MAX);
    assert_int_equal(refused, 5 * 3 * RC_TRAINING_RATE_REFUSED_MAX);
    assert_int_equal(unnamed, 5 * (2 * RC_TRAINING_RATE_REFUSED_MAX + 1));
    rc_training_rate_free(rate);
}

static void a_hundred_thousand_students_do_not_push_each_other_out(void **state)
{
    (void)state;
    struct rc_training_rate *rate = fresh();
    struct rc_id tab = id_of("tab");
    int refused = 0;
    passed(rate, "greedy", "tab", 120, 1000);
    for (int i = 0; i < 100000; i++) {
        char user[32];
        snprintf(user, sizeof user, "e%d", i);
        struct rc_id id = id_of(user);
        refused += !rc_training_rate_take(rate, &id, &tab, 1001 + i / 2);
    }
    assert_int_equal(refused, 0);
    assert_int_equal(passed(rate, "greedy", "tab", 1, 60000), 0); /* nor forgotten */
    rc_training_rate_free(rate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_than_120_in_a_minute_are_refused_and_the_next_minute_begins_anew),
        cmocka_unit_test(sessions_and_users_are_counted_apart),
        cmocka_unit_test(one_line_a_minute_says_how_many_were_refused),
        cmocka_unit_test(a_refusal_that_comes_while_its_line_is_being_written_is_not_lost),
        cmocka_unit_test(a_flood_of_sessions_takes_no_more_room_and_loses_no_count),
        cmocka_unit_test(a_hundred_thousand_students_do_not_push_each_other_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
