#include "daemon/backlog.h"

#include "test.h"

#define UP_NOW INT64_C(500000)
#define NOW    (UP_NOW + 200)
#define AT     INT64_C(1764760000000)

static struct rc_inbound received(int64_t now, int64_t expiry_s)
{
    return (struct rc_inbound){.kind = RC_INBOUND_MESSAGE,
                               .now = now,
                               .at = AT + (now - NOW),
                               .expiry_s = expiry_s,
                               .rc_at = RC_NONE};
}

static struct rc_backlog after_a_start(void)
{
    struct rc_backlog backlog;
    rc_backlog_up(&backlog, UP_NOW, 3600000);
    rc_backlog_canary_sent(&backlog, UP_NOW + 3);
    return backlog;
}

static void a_backlog_lasts_until_the_canary_is_back(void **state)
{
    (void)state;
    struct rc_backlog backlog = after_a_start();
    assert_true(rc_backlog_drains(&backlog, NOW));
    assert_true(rc_backlog_canary_back(&backlog, UP_NOW + 3));
    assert_false(rc_backlog_drains(&backlog, NOW));
}

static void a_canary_of_an_earlier_connection_says_nothing(void **state)
{
    (void)state;
    struct rc_backlog backlog = after_a_start();
    assert_false(rc_backlog_canary_back(&backlog, UP_NOW - 1));
    assert_true(rc_backlog_drains(&backlog, NOW));
}

static void a_canary_of_an_earlier_boot_says_nothing(void **state)
{
    (void)state;
    struct rc_backlog backlog = after_a_start();
    assert_false(rc_backlog_canary_back(&backlog, UP_NOW + 4)); /* later than any that we sent */
    assert_true(rc_backlog_drains(&backlog, NOW));
}

static void a_canary_that_never_comes_ends_no_backlog_before_its_time_but_then_does(void **state)
{
    (void)state;
    struct rc_backlog backlog = after_a_start();
    assert_true(rc_backlog_drains(&backlog, UP_NOW + RC_BACKLOG_MS_MAX - 1));
    assert_false(rc_backlog_drains(&backlog, UP_NOW + RC_BACKLOG_MS_MAX));
}

/* A queue of many minutes, without one canary of ours coming through. */
static void P_13_a_backlog_that_still_drains_remains_one_and_its_punches_keep_the_time_sent(void **state)
{
    (void)state;
    struct rc_backlog backlog = after_a_start();
    for (int64_t now = UP_NOW; now < UP_NOW + 20 * RC_BACKLOG_MS_MAX; now += RC_BACKLOG_MS_MAX / 2) {
        int64_t waited_s = 600 + (now - UP_NOW) / 1000;
        struct rc_inbound entry = received(now, RC_MESSAGE_EXPIRY_S - waited_s);
        entry.qos = 1;
        assert_true(rc_backlog_drains(&backlog, now));
        struct rc_sent sent = rc_sent_when(&backlog, &entry, false);
        assert_true(sent.marked);
        assert_int_equal(sent.at, entry.at - waited_s * 1000);
        rc_backlog_took(&backlog, &entry, &sent);
    }
}

static void P_16_unmarked_messages_keep_it_going_too_for_nobody_can_tell_that_they_did_not_wait(void **state)
{
    (void)state;
    struct rc_backlog backlog = after_a_start();
    for (int64_t now = UP_NOW; now < UP_NOW + 20 * RC_BACKLOG_MS_MAX; now += RC_BACKLOG_MS_MAX / 2) {
        struct rc_inbound entry = received(now, RC_NONE);
        entry.qos = 1;
        assert_true(rc_backlog_drains(&backlog, now));
        struct rc_sent sent = rc_sent_when(&backlog, &entry, false);
        rc_backlog_took(&backlog, &entry, &sent);
    }
}

static void messages_that_did_not_wait_do_not_keep_it_going(void **state)
{
    (void)state;
    struct rc_backlog backlog = after_a_start();
    struct rc_inbound fresh = received(UP_NOW + 20000, RC_MESSAGE_EXPIRY_S);
    fresh.qos = 1;
    struct rc_sent sent = rc_sent_when(&backlog, &fresh, false);
    rc_backlog_took(&backlog, &fresh, &sent);
    struct rc_inbound heartbeat = received(UP_NOW + 20000, RC_NONE);
    sent = rc_sent_when(&backlog, &heartbeat, false);
    rc_backlog_took(&backlog, &heartbeat, &sent);
    assert_false(rc_backlog_drains(&backlog, UP_NOW + RC_BACKLOG_MS_MAX));
}

static void a_backlog_that_is_over_does_not_begin_again(void **state)
{
    (void)state;
    struct rc_backlog backlog = after_a_start();
    struct rc_inbound entry = received(UP_NOW + RC_BACKLOG_MS_MAX, RC_NONE);
    entry.qos = 1;
    struct rc_sent sent = rc_sent_when(&backlog, &entry, false);
    rc_backlog_took(&backlog, &entry, &sent);
    assert_false(rc_backlog_drains(&backlog, UP_NOW + RC_BACKLOG_MS_MAX));
}

/* What was received in time counts as received then, however late the loop takes it from the inbox. */
static void asking_for_a_later_time_ends_no_backlog(void **state)
{
    (void)state;
    struct rc_backlog backlog = after_a_start();
    assert_false(rc_backlog_drains(&backlog, UP_NOW + 2 * RC_BACKLOG_MS_MAX));
    assert_true(rc_backlog_drains(&backlog, NOW));
}

static void nothing_is_backlog_without_a_link(void **state)
{
    (void)state;
    struct rc_backlog backlog = after_a_start();
    rc_backlog_down(&backlog);
    assert_false(rc_backlog_drains(&backlog, NOW));
}

/* Section 2: what the broker has taken off the Message Expiry is how long the message waited. */
static void the_missing_expiry_is_the_time_that_a_message_waited(void **state)
{
    (void)state;
    struct rc_backlog backlog = after_a_start();
    struct rc_inbound entry = received(NOW, RC_MESSAGE_EXPIRY_S - 6);
    struct rc_sent sent = rc_sent_when(&backlog, &entry, false);
    assert_true(sent.marked);
    assert_int_equal(sent.now, NOW - 6000);
    assert_int_equal(sent.at, AT - 6000);
}

static void a_whole_expiry_means_that_it_did_not_wait(void **state)
{
    (void)state;
    struct rc_backlog backlog = after_a_start();
    struct rc_inbound entry = received(NOW, RC_MESSAGE_EXPIRY_S);
    struct rc_sent sent = rc_sent_when(&backlog, &entry, false);
    assert_true(sent.marked);
    assert_int_equal(sent.now, NOW);
}

static void an_expiry_larger_than_the_protocols_is_no_mark(void **state)
{
    (void)state;
    struct rc_backlog backlog = after_a_start();
    struct rc_inbound entry = received(NOW, RC_MESSAGE_EXPIRY_S + 1);
    struct rc_sent sent = rc_sent_when(&backlog, &entry, false);
    assert_false(sent.marked);
    assert_int_equal(sent.now, NOW);
    assert_int_equal(sent.at, AT);
}

static void a_message_without_expiry_has_no_mark(void **state)
{
    (void)state;
    struct rc_backlog backlog = after_a_start();
    struct rc_inbound entry = received(NOW, RC_NONE);
    assert_false(rc_sent_when(&backlog, &entry, false).marked);
}

static void nobody_waited_longer_than_we_were_away(void **state)
{
    (void)state;
    struct rc_backlog backlog;
    rc_backlog_up(&backlog, UP_NOW, 10000);
    struct rc_inbound short_expiry = received(NOW, 3600); /* a client that does not keep to the protocol */
    assert_false(rc_sent_when(&backlog, &short_expiry, false).marked);
    struct rc_inbound waited = received(NOW, RC_MESSAGE_EXPIRY_S - 70);
    assert_true(rc_sent_when(&backlog, &waited, false).marked);
    struct rc_inbound too_long = received(NOW, RC_MESSAGE_EXPIRY_S - 71);
    assert_false(rc_sent_when(&backlog, &too_long, false).marked);
}

/* access.mode open, a start: the bound is the time since the database was last written. */
static void at_a_start_nobody_waited_longer_than_the_database_lay_still(void **state)
{
    (void)state;
    struct rc_backlog backlog;
    rc_backlog_up(&backlog, UP_NOW, rc_backlog_away(AT - 8000, AT - 300, AT));
    assert_int_equal(backlog.away_ms, 8000);
    struct rc_inbound hour =
        received(UP_NOW, 3600); /* an hour's expiry, which says seven days less an hour */
    struct rc_sent sent = rc_sent_when(&backlog, &hour, false);
    assert_false(sent.marked);
    assert_int_equal(sent.at, hour.at);
    struct rc_inbound waited = received(UP_NOW, RC_MESSAGE_EXPIRY_S - 8);
    sent = rc_sent_when(&backlog, &waited, false);
    assert_true(sent.marked);
    assert_int_equal(sent.at, waited.at - 8000);
    struct rc_inbound too_long = received(UP_NOW, RC_MESSAGE_EXPIRY_S - 69);
    assert_false(rc_sent_when(&backlog, &too_long, false).marked);
}

static void with_a_new_database_nobody_was_away_longer_than_since_the_start(void **state)
{
    (void)state;
    assert_int_equal(rc_backlog_away(RC_NONE, AT - 300, AT), 300);
}

static void a_wall_clock_that_was_set_back_makes_no_time_away(void **state)
{
    (void)state;
    assert_int_equal(rc_backlog_away(AT + 5000, AT - 300, AT), 0);
}

static void after_the_backlog_a_message_was_sent_when_it_came(void **state)
{
    (void)state;
    struct rc_backlog backlog = after_a_start();
    rc_backlog_canary_back(&backlog, UP_NOW + 3);
    struct rc_inbound entry = received(NOW, 3600);
    struct rc_sent sent = rc_sent_when(&backlog, &entry, false);
    assert_int_equal(sent.now, NOW);
    assert_int_equal(sent.at, AT);
}

/* access.mode required: the broker's plugin says when it received the message. */
static void a_verified_rc_at_is_the_time_sent(void **state)
{
    (void)state;
    struct rc_backlog backlog = after_a_start();
    struct rc_inbound entry = received(NOW, RC_NONE);
    entry.verified = true;
    entry.rc_at = AT - 90000;
    struct rc_sent sent = rc_sent_when(&backlog, &entry, true);
    assert_true(sent.marked);
    assert_int_equal(sent.at, AT - 90000);
    assert_int_equal(sent.now, NOW - 90000);
}

static void with_access_required_expiry_is_not_believed(void **state)
{
    (void)state;
    struct rc_backlog backlog = after_a_start();
    struct rc_inbound entry = received(NOW, RC_MESSAGE_EXPIRY_S - 6);
    struct rc_sent sent = rc_sent_when(&backlog, &entry, true);
    assert_false(sent.marked);
    assert_int_equal(sent.now, NOW);
}

static void a_brokers_clock_that_is_ahead_sends_nothing_from_the_future(void **state)
{
    (void)state;
    struct rc_backlog backlog = after_a_start();
    struct rc_inbound entry = received(NOW, RC_NONE);
    entry.verified = true;
    entry.rc_at = AT + 800;
    struct rc_sent sent = rc_sent_when(&backlog, &entry, true);
    assert_int_equal(sent.at, AT);
    assert_int_equal(sent.now, NOW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_backlog_lasts_until_the_canary_is_back),
        cmocka_unit_test(a_canary_of_an_earlier_connection_says_nothing),
        cmocka_unit_test(a_canary_of_an_earlier_boot_says_nothing),
        cmocka_unit_test(a_canary_that_never_comes_ends_no_backlog_before_its_time_but_then_does),
        cmocka_unit_test(P_13_a_backlog_that_still_drains_remains_one_and_its_punches_keep_the_time_sent),
        cmocka_unit_test(P_16_unmarked_messages_keep_it_going_too_for_nobody_can_tell_that_they_did_not_wait),
        cmocka_unit_test(messages_that_did_not_wait_do_not_keep_it_going),
        cmocka_unit_test(a_backlog_that_is_over_does_not_begin_again),
        cmocka_unit_test(asking_for_a_later_time_ends_no_backlog),
        cmocka_unit_test(nothing_is_backlog_without_a_link),
        cmocka_unit_test(the_missing_expiry_is_the_time_that_a_message_waited),
        cmocka_unit_test(a_whole_expiry_means_that_it_did_not_wait),
        cmocka_unit_test(an_expiry_larger_than_the_protocols_is_no_mark),
        cmocka_unit_test(a_message_without_expiry_has_no_mark),
        cmocka_unit_test(nobody_waited_longer_than_we_were_away),
        cmocka_unit_test(at_a_start_nobody_waited_longer_than_the_database_lay_still),
        cmocka_unit_test(with_a_new_database_nobody_was_away_longer_than_since_the_start),
        cmocka_unit_test(a_wall_clock_that_was_set_back_makes_no_time_away),
        cmocka_unit_test(after_the_backlog_a_message_was_sent_when_it_came),
        cmocka_unit_test(a_verified_rc_at_is_the_time_sent),
        cmocka_unit_test(with_access_required_expiry_is_not_believed),
        cmocka_unit_test(a_brokers_clock_that_is_ahead_sends_nothing_from_the_future),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
