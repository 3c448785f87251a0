/* Publications: what arrives, what is acknowledged, and that each is settled once, whatever happens to the
 * broker. */
#include "rig.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <cmocka.h>

#define PREFIX "rollcall/v1/hq/"
#define MANY   5000

static int set_up(void **state)
{
    static struct rig rig;
    rig_init(&rig, NULL);
    *state = &rig;
    return 0;
}

static int tear_down(void **state)
{
    rig_fini(*state);
    return 0;
}

static int64_t monotonic_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static enum rc_link_result try_publish(struct rig *rig, const char *topic, uint8_t qos, int64_t number)
{
    struct rc_publication publication = {
        .topic = rig_text(topic), .payload = rig_text("{\"seq\":1}"), .qos = qos, .number = number};
    return rc_link_publish(rig->link, &publication);
}

static void what_is_published_arrives_and_is_acknowledged(void **state)
{
    struct rig *rig = *state;
    struct rc_test_mqtt *client = rig_client(rig, "ann");
    struct rc_test_message got;
    rc_test_mqtt_subscribe(client, PREFIX "#", 1);
    rig_open_up(rig);
    struct rc_publication publication = {.topic = rig_text(PREFIX "reply/ann/who"),
                                         .payload = rig_text("{\"ok\":true}"),
                                         .correlation = rig_text("c-9"),
                                         .qos = 1,
                                         .number = 4711};
    assert_int_equal(rc_link_publish(rig->link, &publication), RC_LINK_OK);
    rig_await(rig, RC_INBOUND_ACKED);
    assert_true(rig->entry.number == 4711);
    assert_true(rc_test_mqtt_receive(client, RIG_WAIT_MS, &got));
    assert_string_equal(got.topic, PREFIX "reply/ann/who");
    assert_string_equal(got.payload, "{\"ok\":true}");
    assert_string_equal(got.correlation, "c-9");
    assert_int_equal(got.qos, 1);
    assert_false(got.retain);
    rc_test_mqtt_close(client, true);
}

static void a_retained_status_is_kept_and_an_empty_one_clears_it(void **state)
{
    struct rig *rig = *state;
    struct rc_test_message got;
    rig_open_up(rig);
    struct rc_publication status = {.topic = rig_text(PREFIX "emp/ann/status"),
                                    .payload = rig_text("{\"status\":\"IN\"}"),
                                    .qos = 1,
                                    .retain = true,
                                    .number = 1};
    assert_int_equal(rc_link_publish(rig->link, &status), RC_LINK_OK);
    rig_await(rig, RC_INBOUND_ACKED);
    struct rc_test_mqtt *client = rig_client(rig, "late");
    rc_test_mqtt_subscribe(client, PREFIX "emp/ann/status", 1);
    assert_true(rc_test_mqtt_receive(client, RIG_WAIT_MS, &got));
    assert_true(got.retain);
    assert_string_equal(got.payload, "{\"status\":\"IN\"}");
    rc_test_mqtt_close(client, true);
    status.payload.length = 0;
    assert_int_equal(rc_link_publish(rig->link, &status), RC_LINK_OK);
    rig_await(rig, RC_INBOUND_ACKED);
    client = rig_client(rig, "later");
    rc_test_mqtt_subscribe(client, PREFIX "emp/+/status", 1);
    rc_test_mqtt_say(client, PREFIX "emp/bob/status", "marker", 0, false);
    assert_true(rc_test_mqtt_receive(client, RIG_WAIT_MS, &got));
    assert_string_equal(got.payload, "marker");
    rc_test_mqtt_close(client, true);
}

static void a_canary_at_qos_0_comes_back_and_nobody_is_told_of_it(void **state)
{
    struct rig *rig = *state;
    rig_open_up(rig);
    rig_publish(rig, "service/canary", "{\"now\":1}", 0, 0);
    assert_true(rig_next(rig, RIG_WAIT_MS));
    assert_int_equal(rig->entry.kind, RC_INBOUND_MESSAGE);
    rig_publish(rig, "summary", "{}", 1, 3);
    assert_true(rig_next(rig, RIG_WAIT_MS));
    assert_int_equal(rig->entry.kind, RC_INBOUND_ACKED);
    assert_true(rig->entry.number == 3);
}

static void while_the_link_is_down_nothing_is_taken(void **state)
{
    struct rig *rig = *state;
    rc_test_broker_stop(rig->broker, SIGTERM);
    rig_open(rig);
    assert_int_equal(try_publish(rig, PREFIX "summary", 1, 1), RC_LINK_DOWN);
    rc_test_broker_again(rig->broker);
    rig_await(rig, RC_INBOUND_UP);
    assert_int_equal(try_publish(rig, PREFIX "summary", 1, 1), RC_LINK_OK);
}

/* Takes what there is; counts[number] are the ACKED of a number. Returns how many. */
static int take_acks(struct rig *rig, int *counts, int timeout_ms)
{
    int taken = 0;
    while (rig_next(rig, taken == 0 ? timeout_ms : 0)) {
        if (rig->entry.kind != RC_INBOUND_ACKED)
            continue;
        counts[rig->entry.number]++;
        taken++;
    }
    return taken;
}

/* Paho pauses for up to a second where the broker's window is full: at the broker's usual 20, 5,000
 * publications would pause 250 times. A pause shows as half a second without an acknowledgement while
 * something is in flight. */
static void publish_many(struct rig *rig, int *pauses)
{
    static int counts[MANY + 1];
    memset(counts, 0, sizeof counts);
    *pauses = 0;
    for (int sent = 0, acked = 0; acked < MANY;) {
        while (sent < MANY && try_publish(rig, PREFIX "emp/ann/event", 1, sent + 1) == RC_LINK_OK)
            sent++;
        int taken = take_acks(rig, counts, 500);
        acked += taken;
        *pauses += taken == 0 ? 1 : 0;
        assert_true(*pauses < 100);
    }
    for (int i = 1; i <= MANY; i++)
        assert_int_equal(counts[i], 1);
}

static void five_thousand_are_acknowledged_once_each_and_without_pauses(void **state)
{
    struct rig *rig = *state;
    int pauses;
    rig_open_up(rig);
    publish_many(rig, &pauses);
    assert_in_range(pauses, 0, 3); /* a machine under load may pause by itself */
}

static void a_broker_with_a_narrow_window_makes_no_pauses_either(void **state)
{
    struct rig *rig = *state;
    int pauses;
    rc_test_broker_stop(rig->broker, SIGTERM);
    rc_test_broker_set(rig->broker, "max_inflight_messages", "20");
    rc_test_broker_again(rig->broker);
    rig_open_up(rig);
    publish_many(rig, &pauses);
    assert_in_range(pauses, 0, 3);
}

static void at_the_limit_the_link_says_full_and_takes_more_after_an_acknowledgement(void **state)
{
    struct rig *rig = *state;
    rig_open_up(rig);
    kill(rc_test_broker_pid(rig->broker), SIGSTOP);
    int64_t number = 0;
    while (try_publish(rig, PREFIX "emp/ann/event", 1, number + 1) == RC_LINK_OK)
        number++;
    assert_int_equal(number, RC_LINK_INFLIGHT);
    assert_int_equal(try_publish(rig, PREFIX "emp/ann/event", 1, number + 1), RC_LINK_FULL);
    kill(rc_test_broker_pid(rig->broker), SIGCONT);
    rig_await(rig, RC_INBOUND_ACKED);
    assert_int_equal(try_publish(rig, PREFIX "emp/ann/event", 1, number + 1), RC_LINK_OK);
    for (int64_t i = 0; i < number; i++)
        rig_await(rig, RC_INBOUND_ACKED);
}

static void many_bytes_are_a_limit_too(void **state)
{
    struct rig *rig = *state;
    static char large[60000];
    memset(large, 'x', sizeof large);
    rig_open_up(rig);
    kill(rc_test_broker_pid(rig->broker), SIGSTOP);
    struct rc_publication publication = {
        .topic = rig_text(PREFIX "emp/ann/event"), .payload = {large, sizeof large}, .qos = 1};
    int64_t number = 0;
    do
        publication.number = ++number;
    while (rc_link_publish(rig->link, &publication) == RC_LINK_OK && number <= RC_LINK_INFLIGHT);
    assert_in_range(number, 2, RC_LINK_INFLIGHT);
    kill(rc_test_broker_pid(rig->broker), SIGCONT);
    for (int64_t i = 1; i < number; i++) {
        rig_await(rig, RC_INBOUND_ACKED);
        assert_true(rig->entry.number == i);
    }
}

static void what_can_never_be_sent_is_acknowledged_and_counted_and_breaks_nothing(void **state)
{
    struct rig *rig = *state;
    static char large[70000];
    memset(large, 'x', sizeof large);
    rig_open_up(rig);
    struct rc_publication publication = {
        .topic = rig_text(PREFIX "emp/ann/event"), .payload = {large, sizeof large}, .qos = 1, .number = 1};
    assert_int_equal(rc_link_publish(rig->link, &publication), RC_LINK_OK);
    rig_await(rig, RC_INBOUND_ACKED);
    assert_true(rig->entry.number == 1);
    assert_int_equal(rc_link_unsendable(rig->link), 1);
    publication = (struct rc_publication){
        .topic = rig_text(PREFIX "reply/\xff\xfe/who"), .payload = rig_text("{}"), .qos = 1, .number = 2};
    assert_int_equal(rc_link_publish(rig->link, &publication), RC_LINK_OK);
    rig_await(rig, RC_INBOUND_ACKED);
    assert_true(rig->entry.number == 2);
    assert_int_equal(rc_link_unsendable(rig->link), 2);
    rig_publish(rig, "summary", "{}", 1, 3);
    rig_await(rig, RC_INBOUND_ACKED);
    assert_true(rig->entry.number == 3);
    assert_int_equal(rc_link_reconnects(rig->link), 0);
}

/* ---- each settled once, whatever happens ---- */

struct tally {
    int *settled; /* by number */
    int64_t sent, acked, refused;
    bool down;
};

static void tally_entry(struct rig *rig, struct tally *tally)
{
    switch (rig->entry.kind) {
    case RC_INBOUND_ACKED:
    case RC_INBOUND_REFUSED:
        /* After the DOWN nothing is left to be said of what was published before it. */
        assert_false(tally->down);
        tally->settled[rig->entry.number]++;
        tally->acked += rig->entry.kind == RC_INBOUND_ACKED;
        tally->refused += rig->entry.kind == RC_INBOUND_REFUSED;
        break;
    case RC_INBOUND_DOWN:
        tally->down = true;
        break;
    case RC_INBOUND_UP:
        tally->down = false;
        break;
    case RC_INBOUND_MESSAGE:
        break;
    }
}

/* Publishes until `until` were sent; returns at a DOWN. */
static void stream(struct rig *rig, struct tally *tally, int64_t until)
{
    while (!tally->down && tally->sent < until) {
        enum rc_link_result result = RC_LINK_OK;
        while (tally->sent < until && result == RC_LINK_OK) {
            result = try_publish(rig, PREFIX "emp/ann/event", 1, tally->sent + 1);
            tally->sent += result == RC_LINK_OK;
        }
        if (rig_next(rig, 100)) {
            do
                tally_entry(rig, tally);
            while (!tally->down && rc_inbox_take(rig->inbox, &rig->entry));
        }
    }
}

static void settle_rest(struct rig *rig, struct tally *tally)
{
    while (tally->acked + tally->refused < tally->sent) {
        assert_true(rig_next(rig, RIG_WAIT_MS));
        tally_entry(rig, tally);
    }
}

static void loses_none(struct rig *rig, int signal, bool wipe)
{
    enum { ROUNDS = 3, STEP = 20000, LAST = 1000 };
    struct tally tally = {.settled = calloc(ROUNDS * STEP * 4 + LAST, sizeof(int))};
    rig_open_up(rig);
    for (int round = 0; round < ROUNDS; round++) {
        stream(rig, &tally, tally.sent + STEP / 10);
        rc_test_broker_stop(rig->broker, signal);
        if (wipe)
            rc_test_broker_wipe(rig->broker);
        stream(rig, &tally, tally.sent + STEP * 3);
        while (!tally.down) {
            assert_true(rig_next(rig, RIG_WAIT_MS));
            tally_entry(rig, &tally);
        }
        assert_int_equal(tally.acked + tally.refused, tally.sent);
        rc_test_broker_again(rig->broker);
        rig_await(rig, RC_INBOUND_UP);
        tally.down = false;
    }
    stream(rig, &tally, tally.sent + LAST);
    settle_rest(rig, &tally);
    for (int64_t i = 1; i <= tally.sent; i++)
        assert_int_equal(tally.settled[i], 1);
    assert_true(tally.acked >= LAST);
    free(tally.settled);
}

static void a_broker_that_dies_and_forgets_leaves_each_publication_settled_once(void **state)
{
    loses_none(*state, SIGKILL, true);
}

static void a_broker_that_stops_and_remembers_leaves_each_publication_settled_once(void **state)
{
    loses_none(*state, SIGTERM, false);
}

/* Paho's socket to the broker: the one connection of this process to that port. */
static int find_socket(const struct rig *rig)
{
    for (int fd = 3; fd < 1024; fd++) {
        struct sockaddr_in peer;
        socklen_t length = sizeof peer;
        if (getpeername(fd, (struct sockaddr *)&peer, &length) == 0 && peer.sin_family == AF_INET &&
            ntohs(peer.sin_port) == rc_test_broker_port(rig->broker))
            return fd;
    }
    fail_msg("the link has no socket");
    return -1;
}

/* Paho keeps a publication whose write failed and sends it again at the next connect (paho_write.c): whole,
 * not what has come to lie in its place. */
static void a_publication_whose_write_failed_is_sent_again_whole(void **state)
{
    enum { COUNT = 300 };
    struct rig *rig = *state;
    struct rc_test_message got;
    rig_open_up(rig);
    /* The broker stands still, so that the first to notice is a write. */
    kill(rc_test_broker_pid(rig->broker), SIGSTOP);
    assert_int_equal(shutdown(find_socket(rig), SHUT_WR), 0);
    for (int64_t number = 1; number <= COUNT; number++)
        assert_int_equal(try_publish(rig, PREFIX "emp/ann/event", 1, number), RC_LINK_OK);
    assert_false(rig_next(rig, 300));
    kill(rc_test_broker_pid(rig->broker), SIGCONT);
    for (int64_t number = 1; number <= COUNT; number++)
        rig_await(rig, RC_INBOUND_REFUSED);
    rig_await(rig, RC_INBOUND_DOWN);
    struct rc_test_mqtt *client = rig_client(rig, "ann");
    rc_test_mqtt_subscribe(client, "#", 0);
    rig_await(rig, RC_INBOUND_UP);
    assert_true(rig->entry.session_present);
    rig_publish(rig, "summary", "marker", 1, COUNT + 1);
    rig_await(rig, RC_INBOUND_ACKED);
    int again = 0;
    for (;;) {
        assert_true(rc_test_mqtt_receive(client, RIG_WAIT_MS, &got));
        if (strcmp(got.topic, PREFIX "summary") == 0)
            break;
        if (strcmp(got.topic, PREFIX "service/status") == 0)
            continue; /* our will */
        assert_string_equal(got.topic, PREFIX "emp/ann/event");
        assert_string_equal(got.payload, "{\"seq\":1}");
        again++;
    }
    assert_in_range(again, 1, COUNT);
    assert_int_equal(rc_link_reconnects(rig->link), 1);
    rc_test_mqtt_close(client, true);
}

/* Publications of before the loss that Paho sends again come before those of after it: the newest status
 * stays. */
static void an_older_status_never_overtakes_a_newer_one(void **state)
{
    struct rig *rig = *state;
    struct rc_test_message got;
    rig_open_up(rig);
    struct rc_publication status = {
        .topic = rig_text(PREFIX "emp/ann/status"), .payload = rig_text("old"), .qos = 1, .retain = true};
    /* A takeover while the broker stands still: the link is lost with all of it in flight, and our session is
     * kept. */
    kill(rc_test_broker_pid(rig->broker), SIGSTOP);
    for (status.number = 1; status.number <= RC_LINK_INFLIGHT; status.number++)
        assert_int_equal(rc_link_publish(rig->link, &status), RC_LINK_OK);
    kill(rc_test_broker_pid(rig->broker), SIGCONT);
    struct rc_test_mqtt *thief = rc_test_mqtt_connect(&(struct rc_test_mqtt_options){
        .port = rc_test_broker_port(rig->broker), .client_id = rig->options.client_id, .keep_session = true});
    rig_await(rig, RC_INBOUND_DOWN);
    rig_await(rig, RC_INBOUND_UP);
    assert_true(rig->entry.session_present);
    status.payload = rig_text("new");
    status.number = 9999;
    assert_int_equal(rc_link_publish(rig->link, &status), RC_LINK_OK);
    do
        rig_await(rig, RC_INBOUND_ACKED);
    while (rig->entry.number != 9999);
    rc_test_mqtt_close(thief, false);
    struct rc_test_mqtt *client = rig_client(rig, "ann");
    rc_test_mqtt_subscribe(client, PREFIX "emp/ann/status", 1);
    assert_true(rc_test_mqtt_receive(client, RIG_WAIT_MS, &got));
    assert_string_equal(got.payload, "new");
    rc_test_mqtt_close(client, true);
}

static void a_close_waits_for_what_is_in_flight(void **state)
{
    struct rig *rig = *state;
    rig_open_up(rig);
    for (int64_t number = 1; number <= 500; number++)
        assert_int_equal(try_publish(rig, PREFIX "emp/ann/event", 1, number), RC_LINK_OK);
    rc_link_close(rig->link, RIG_WAIT_MS);
    rig->link = NULL;
    for (int64_t number = 1; number <= 500; number++) {
        assert_true(rig_next(rig, 0));
        assert_int_equal(rig->entry.kind, RC_INBOUND_ACKED);
        assert_true(rig->entry.number == number);
    }
}

static void a_close_gives_up_on_a_broker_that_stands_still(void **state)
{
    struct rig *rig = *state;
    rig_open_up(rig);
    kill(rc_test_broker_pid(rig->broker), SIGSTOP);
    assert_int_equal(try_publish(rig, PREFIX "emp/ann/event", 1, 1), RC_LINK_OK);
    int64_t before = monotonic_ms();
    rc_link_close(rig->link, 200);
    rig->link = NULL;
    assert_true(monotonic_ms() - before >= 199);
    assert_true(monotonic_ms() - before < RIG_WAIT_MS);
    kill(rc_test_broker_pid(rig->broker), SIGCONT);
}

#define LINK_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LINK_TEST(what_is_published_arrives_and_is_acknowledged),
        LINK_TEST(a_retained_status_is_kept_and_an_empty_one_clears_it),
        LINK_TEST(a_canary_at_qos_0_comes_back_and_nobody_is_told_of_it),
        LINK_TEST(while_the_link_is_down_nothing_is_taken),
        LINK_TEST(five_thousand_are_acknowledged_once_each_and_without_pauses),
        LINK_TEST(a_broker_with_a_narrow_window_makes_no_pauses_either),
        LINK_TEST(at_the_limit_the_link_says_full_and_takes_more_after_an_acknowledgement),
        LINK_TEST(many_bytes_are_a_limit_too),
        LINK_TEST(what_can_never_be_sent_is_acknowledged_and_counted_and_breaks_nothing),
        LINK_TEST(a_broker_that_dies_and_forgets_leaves_each_publication_settled_once),
        LINK_TEST(a_broker_that_stops_and_remembers_leaves_each_publication_settled_once),
        LINK_TEST(a_publication_whose_write_failed_is_sent_again_whole),
        LINK_TEST(an_older_status_never_overtakes_a_newer_one),
        LINK_TEST(a_close_waits_for_what_is_in_flight),
        LINK_TEST(a_close_gives_up_on_a_broker_that_stands_still),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
