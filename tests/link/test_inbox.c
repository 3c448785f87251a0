/* The inbox: what is put is taken, whole and in order; what is dropped is counted; waiting and waking. */
#include "link/inbox.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define ENTRIES 100000
#define PUTTERS 3

static struct rc_text text(const char *from)
{
    return (struct rc_text){from, strlen(from)};
}

static void assert_text(struct rc_text got, const char *wanted)
{
    assert_int_equal(got.length, strlen(wanted));
    if (got.length > 0)
        assert_memory_equal(got.data, wanted, got.length);
}

static int64_t monotonic_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static struct rc_inbound heartbeat(uint8_t qos)
{
    return (struct rc_inbound){.kind = RC_INBOUND_MESSAGE,
                               .qos = qos,
                               .expiry_s = RC_NONE,
                               .rc_at = RC_NONE,
                               .topic = text("rollcall/v1/hq/emp/ann/session/tab1/heartbeat"),
                               .payload = text("{\"epoch\":1764700000000}")};
}

static void an_entry_comes_out_as_it_went_in(void **state)
{
    (void)state;
    struct rc_inbox *inbox = rc_inbox_alloc(4096);
    struct rc_inbound in = {.kind = RC_INBOUND_MESSAGE,
                            .site = 7,
                            .now = 123456789012,
                            .at = 1764700000123,
                            .retained = true,
                            .duplicate = true,
                            .qos = 1,
                            .expiry_s = 604794,
                            .rc_at = 1764700000001,
                            .verified = true,
                            .login = {3, "ann"},
                            .role = "employee",
                            .topic = text("a/topic"),
                            .payload = {"p\0q", 3},
                            .response_topic = text("reply/ann/who"),
                            .correlation = text("c-1")};
    struct rc_inbound out;
    assert_true(rc_inbox_put(inbox, &in));
    assert_int_equal(rc_inbox_depth(inbox), 1);
    assert_true(rc_inbox_take(inbox, &out));
    assert_int_equal(out.kind, RC_INBOUND_MESSAGE);
    assert_int_equal(out.site, 7);
    assert_true(out.now == in.now && out.at == in.at && out.rc_at == in.rc_at && out.expiry_s == in.expiry_s);
    assert_true(out.retained && out.duplicate && out.verified && !out.session_present);
    assert_int_equal(out.qos, 1);
    assert_int_equal(out.login.length, 3);
    assert_string_equal(out.login.text, "ann");
    assert_string_equal(out.role, "employee");
    assert_text(out.topic, "a/topic");
    assert_int_equal(out.payload.length, 3);
    assert_memory_equal(out.payload.data, "p\0q", 3);
    assert_text(out.response_topic, "reply/ann/who");
    assert_text(out.correlation, "c-1");
    assert_int_equal(rc_inbox_depth(inbox), 0);
    assert_false(rc_inbox_take(inbox, &out));
    rc_inbox_free(inbox);
}

static void what_the_link_says_of_itself_comes_out_too(void **state)
{
    (void)state;
    struct rc_inbox *inbox = rc_inbox_alloc(4096);
    struct rc_inbound out, up = {.kind = RC_INBOUND_UP, .session_present = true, .expiry_s = RC_NONE};
    struct rc_inbound acked = {.kind = RC_INBOUND_ACKED, .number = INT64_MAX, .expiry_s = RC_NONE};
    assert_true(rc_inbox_put(inbox, &up));
    assert_true(rc_inbox_put(inbox, &acked));
    assert_true(rc_inbox_take(inbox, &out));
    assert_int_equal(out.kind, RC_INBOUND_UP);
    assert_true(out.session_present);
    assert_int_equal(out.expiry_s, RC_NONE);
    assert_int_equal(out.topic.length, 0);
    assert_true(rc_inbox_take(inbox, &out));
    assert_int_equal(out.kind, RC_INBOUND_ACKED);
    assert_true(out.number == INT64_MAX);
    rc_inbox_free(inbox);
}

static size_t fill(struct rc_inbox *inbox, const struct rc_inbound *entry)
{
    size_t count = 0;
    while (rc_inbox_put(inbox, entry))
        count++;
    return count;
}

static void a_flood_of_heartbeats_is_dropped_at_once_and_leaves_room_for_punches(void **state)
{
    (void)state;
    struct rc_inbox *inbox = rc_inbox_alloc(65536);
    struct rc_inbound beat = heartbeat(0), punch = heartbeat(1);
    int64_t before = monotonic_ms();
    size_t beats = fill(inbox, &beat);
    assert_true(monotonic_ms() - before < RC_INBOX_WAIT_MS);
    assert_true(beats > 300);
    assert_int_equal(rc_inbox_dropped(inbox), 1);
    assert_int_equal(rc_inbox_depth(inbox), beats);
    for (int i = 0; i < 50; i++)
        assert_true(rc_inbox_put(inbox, &punch));
    assert_int_equal(rc_inbox_dropped(inbox), 1);
    rc_inbox_free(inbox);
}

static void a_full_inbox_waits_then_drops_and_counts_and_still_hears_of_the_link(void **state)
{
    (void)state;
    struct rc_inbox *inbox = rc_inbox_alloc(65536);
    struct rc_inbound punch = heartbeat(1), out, down = {.kind = RC_INBOUND_DOWN, .expiry_s = RC_NONE};
    size_t punches = 0;
    int64_t before = monotonic_ms();
    while (rc_inbox_dropped(inbox) == 0)
        punches += rc_inbox_put(inbox, &punch) ? 1 : 0;
    assert_true(monotonic_ms() - before >= RC_INBOX_WAIT_MS - 1);
    assert_int_equal(rc_inbox_dropped(inbox), 1);
    assert_true(rc_inbox_put(inbox, &down));
    for (size_t i = 0; i < punches; i++) {
        assert_true(rc_inbox_take(inbox, &out));
        assert_int_equal(out.kind, RC_INBOUND_MESSAGE);
    }
    assert_true(rc_inbox_take(inbox, &out));
    assert_int_equal(out.kind, RC_INBOUND_DOWN);
    assert_false(rc_inbox_take(inbox, &out));
    rc_inbox_free(inbox);
}

static void *put_one_more(void *argument)
{
    struct rc_inbound punch = heartbeat(1);
    return rc_inbox_put(argument, &punch) ? argument : NULL;
}

static void a_put_that_waits_goes_on_as_soon_as_there_is_room(void **state)
{
    (void)state;
    struct rc_inbox *inbox = rc_inbox_alloc(4096);
    struct rc_inbound punch = heartbeat(1), out;
    pthread_t putter;
    void *put;
    /* 128 bytes for each, and a sixteenth stays free: 30 fit. */
    for (int i = 0; i < 27; i++)
        assert_true(rc_inbox_put(inbox, &punch));
    for (int round = 0; round < 50; round++) {
        int64_t before = monotonic_ms();
        assert_int_equal(pthread_create(&putter, NULL, put_one_more, inbox), 0);
        assert_true(rc_inbox_take(inbox, &out));
        assert_true(rc_inbox_take(inbox, &out));
        pthread_join(putter, &put);
        assert_non_null(put);
        assert_true(monotonic_ms() - before < RC_INBOX_WAIT_MS);
        assert_true(rc_inbox_put(inbox, &punch));
    }
    assert_int_equal(rc_inbox_dropped(inbox), 0);
    rc_inbox_free(inbox);
}

static void an_entry_that_could_never_fit_is_dropped_without_waiting(void **state)
{
    (void)state;
    static char large[4096];
    struct rc_inbox *inbox = rc_inbox_alloc(4096);
    struct rc_inbound punch = heartbeat(1);
    punch.payload = (struct rc_text){large, sizeof large};
    int64_t before = monotonic_ms();
    assert_false(rc_inbox_put(inbox, &punch));
    assert_true(monotonic_ms() - before < RC_INBOX_WAIT_MS);
    assert_int_equal(rc_inbox_dropped(inbox), 1);
    rc_inbox_free(inbox);
}

static void a_wait_ends_when_its_time_is_over(void **state)
{
    (void)state;
    struct rc_inbox *inbox = rc_inbox_alloc(4096);
    int64_t before = monotonic_ms();
    rc_inbox_wait(inbox, 30);
    assert_true(monotonic_ms() - before >= 29);
    rc_inbox_free(inbox);
}

static void a_wait_does_not_begin_where_something_waits_or_a_wake_came_before(void **state)
{
    (void)state;
    struct rc_inbox *inbox = rc_inbox_alloc(4096);
    struct rc_inbound beat = heartbeat(0), out;
    assert_true(rc_inbox_put(inbox, &beat));
    rc_inbox_wait(inbox, -1);
    assert_true(rc_inbox_take(inbox, &out));
    rc_inbox_wake(inbox);
    rc_inbox_wait(inbox, -1);
    rc_inbox_free(inbox);
}

static struct rc_inbox *signalled;

static void on_signal(int signal)
{
    (void)signal;
    rc_inbox_wake(signalled);
}

static void a_wait_that_gathers_takes_its_time_once_but_never_more_than_it_has(void **state)
{
    (void)state;
    struct rc_inbox *inbox = rc_inbox_alloc(4096);
    struct rc_inbound in = heartbeat(0);
    assert_true(rc_inbox_put(inbox, &in));
    int64_t start = monotonic_ms();
    rc_inbox_gather(inbox, 50000);
    rc_inbox_wait(inbox, 10000);
    assert_in_range(monotonic_ms() - start, 49, 5000);
    rc_inbox_gather(inbox, 900000);
    start = monotonic_ms();
    rc_inbox_wait(inbox, 0);
    rc_inbox_wait(inbox, 10000); /* the one before was the next one */
    rc_inbox_gather(inbox, 900000);
    rc_inbox_wake(inbox);
    rc_inbox_wait(inbox, 10000);
    assert_in_range(monotonic_ms() - start, 0, 800);
    rc_inbox_free(inbox);
}

static void a_signal_handler_may_wake(void **state)
{
    (void)state;
    signalled = rc_inbox_alloc(4096);
    signal(SIGUSR1, on_signal);
    raise(SIGUSR1);
    rc_inbox_wait(signalled, -1);
    signal(SIGUSR1, SIG_DFL);
    rc_inbox_free(signalled);
}

struct putter {
    struct rc_inbox *inbox;
    int site;
};

static void *put_many(void *argument)
{
    const struct putter *putter = argument;
    struct rc_inbound entry = {.kind = RC_INBOUND_ACKED, .site = putter->site, .expiry_s = RC_NONE};
    for (entry.number = 0; entry.number < ENTRIES; entry.number++) {
        if (!rc_inbox_put(putter->inbox, &entry))
            break;
    }
    return NULL;
}

/* Each sleep of the taker that a put does not end would hang this test. */
static void threads_put_and_one_takes_all_in_order_sleeping_in_between(void **state)
{
    (void)state;
    struct rc_inbox *inbox = rc_inbox_alloc(65536);
    struct putter putters[PUTTERS];
    pthread_t threads[PUTTERS];
    int64_t next[PUTTERS] = {0};
    struct rc_inbound out;
    for (int i = 0; i < PUTTERS; i++) {
        putters[i] = (struct putter){inbox, i};
        assert_int_equal(pthread_create(&threads[i], NULL, put_many, &putters[i]), 0);
    }
    for (int taken = 0; taken < PUTTERS * ENTRIES;) {
        if (!rc_inbox_take(inbox, &out)) {
            rc_inbox_wait(inbox, -1);
            continue;
        }
        assert_true(out.number == next[out.site]);
        next[out.site]++;
        taken++;
    }
    for (int i = 0; i < PUTTERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(rc_inbox_depth(inbox), 0);
    assert_int_equal(rc_inbox_dropped(inbox), 0);
    rc_inbox_free(inbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_comes_out_as_it_went_in),
        cmocka_unit_test(what_the_link_says_of_itself_comes_out_too),
        cmocka_unit_test(a_flood_of_heartbeats_is_dropped_at_once_and_leaves_room_for_punches),
        cmocka_unit_test(a_full_inbox_waits_then_drops_and_counts_and_still_hears_of_the_link),
        cmocka_unit_test(a_put_that_waits_goes_on_as_soon_as_there_is_room),
        cmocka_unit_test(an_entry_that_could_never_fit_is_dropped_without_waiting),
        cmocka_unit_test(a_wait_ends_when_its_time_is_over),
        cmocka_unit_test(a_wait_does_not_begin_where_something_waits_or_a_wake_came_before),
        cmocka_unit_test(a_wait_that_gathers_takes_its_time_once_but_never_more_than_it_has),
        cmocka_unit_test(a_signal_handler_may_wake),
        cmocka_unit_test(threads_put_and_one_takes_all_in_order_sleeping_in_between),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
