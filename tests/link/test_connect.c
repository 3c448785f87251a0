/* Ups and downs: what comes back after a broker that stopped, died or forgot, and what others see of us. */
#include "rig.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PUNCH  "emp/ann/session/tab1/punch"
#define BEAT   "emp/ann/session/tab1/heartbeat"
#define PREFIX "rollcall/v1/hq/"

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

static void assert_payload(const struct rig *rig, const char *wanted)
{
    assert_int_equal(rig->entry.payload.length, strlen(wanted));
    assert_memory_equal(rig->entry.payload.data, wanted, strlen(wanted));
}

static void hears(struct rig *rig)
{
    struct rc_test_mqtt *client = rig_client(rig, "ann");
    rc_test_mqtt_say(client, PREFIX BEAT, "", 0, false);
    rig_await_message(rig, BEAT);
    rc_test_mqtt_say(client, PREFIX PUNCH, "{}", 1, false);
    rig_await_message(rig, PUNCH);
    rc_test_mqtt_close(client, true);
}

static void the_first_up_says_that_the_broker_did_not_know_us_and_the_next_that_it_did(void **state)
{
    struct rig *rig = *state;
    rig_open_up(rig);
    assert_false(rig->entry.session_present);
    assert_true(rc_link_is_up(rig->link));
    rc_link_close(rig->link, 1000);
    rig_open_up(rig);
    assert_true(rig->entry.session_present);
    hears(rig);
}

static void a_broker_that_is_not_there_yet_is_found_when_it_comes(void **state)
{
    struct rig *rig = *state;
    rc_test_broker_stop(rig->broker, SIGTERM);
    rig_open(rig);
    assert_false(rig_next(rig, 1000));
    assert_false(rc_link_is_up(rig->link));
    char why[RC_LINK_WHY_MAX];
    rc_link_why(rig->link, why);
    assert_non_null(strstr(why, "no connection"));
    rc_test_broker_again(rig->broker);
    rig_await(rig, RC_INBOUND_UP);
    assert_int_equal(rc_link_reconnects(rig->link), 0);
    hears(rig);
}

/* How the broker goes, whether it forgets, and whether it must know us when it is back. */
static void comes_back(struct rig *rig, int signal, bool forgets, bool knows)
{
    rig_open_up(rig);
    rc_test_broker_stop(rig->broker, signal);
    rig_await(rig, RC_INBOUND_DOWN);
    assert_payload(rig, "connection lost"); /* the broker closes without a word */
    assert_false(rc_link_is_up(rig->link));
    if (forgets)
        rc_test_broker_wipe(rig->broker);
    rc_test_broker_again(rig->broker);
    rig_await(rig, RC_INBOUND_UP);
    assert_int_equal(rig->entry.session_present, knows);
    assert_int_equal(rc_link_reconnects(rig->link), 1);
    hears(rig);
}

static void after_a_clean_stop_of_the_broker_the_link_comes_back_and_is_known(void **state)
{
    comes_back(*state, SIGTERM, false, true);
}

static void after_a_crash_and_a_wiped_memory_the_link_comes_back_and_subscribes_afresh(void **state)
{
    comes_back(*state, SIGKILL, true, false);
}

static void after_three_crashes_in_a_row_the_link_still_comes_back(void **state)
{
    struct rig *rig = *state;
    rig_open_up(rig);
    for (unsigned i = 1; i <= 3; i++) {
        rc_test_broker_stop(rig->broker, i % 2 == 0 ? SIGKILL : SIGTERM);
        rc_test_broker_again(rig->broker);
        rig_await(rig, RC_INBOUND_UP);
        assert_int_equal(rc_link_reconnects(rig->link), i);
    }
    hears(rig);
}

static void a_session_that_is_taken_over_is_taken_back(void **state)
{
    struct rig *rig = *state;
    rig_open_up(rig);
    struct rc_test_mqtt *thief = rig_client(rig, rig->options.client_id);
    rig_await(rig, RC_INBOUND_DOWN);
    assert_payload(rig, "connection lost"); /* all that this broker lets us know of it */
    rig_await(rig, RC_INBOUND_UP);
    rc_test_mqtt_close(thief, false);
    hears(rig);
}

/* A broker that takes the connection, and then says why it ends it, as mosquitto 2.0 does not. */
static void dismiss(int listener, const char *disconnect, size_t length)
{
    static const char connack[] = {0x20, 3, 1 /* it knows us */, 0, 0};
    char packet[512];
    int connection = accept(listener, NULL, NULL);
    assert_true(connection >= 0);
    assert_true(recv(connection, packet, sizeof packet, 0) > 0);
    assert_int_equal(send(connection, connack, sizeof connack, 0), sizeof connack);
    assert_int_equal(send(connection, disconnect, length, 0), length);
    /* to close with something unread would take back what was said */
    shutdown(connection, SHUT_WR);
    while (recv(connection, packet, sizeof packet, 0) > 0) {
    }
    close(connection);
}

static void a_down_says_why_the_broker_ended_the_connection(void **state)
{
    struct rig *rig = *state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    char uri[64];
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    snprintf(uri, sizeof uri, "tcp://127.0.0.1:%d", ntohs(address.sin_port));
    rig->options.uri = uri;
    rig_open(rig);
    dismiss(listener, (char[]){(char)0xe0, 2, (char)0x8e, 0}, 4);
    rig_await(rig, RC_INBOUND_DOWN);
    assert_payload(rig, "the broker disconnected us: Session taken over (0x8E)");
    close(listener);
}

static void punches_wait_for_us_and_come_once_behind_the_up_and_heartbeats_do_not_wait(void **state)
{
    struct rig *rig = *state;
    rig_open_up(rig);
    rc_link_close(rig->link, 1000);
    struct rc_test_mqtt *client = rig_client(rig, "ann");
    for (int i = 0; i < 50; i++) {
        char payload[16];
        snprintf(payload, sizeof payload, "%d", i);
        rc_test_mqtt_say(client, PREFIX PUNCH, payload, 1, false);
        rc_test_mqtt_say(client, PREFIX BEAT, payload, 1, false);
    }
    rig_open(rig);
    assert_true(rig_next(rig, RIG_WAIT_MS));
    assert_int_equal(rig->entry.kind, RC_INBOUND_UP);
    for (int i = 0; i < 50; i++) {
        char payload[16];
        snprintf(payload, sizeof payload, "%d", i);
        rig_await_message(rig, PUNCH);
        assert_payload(rig, payload);
        assert_false(rig->entry.duplicate);
    }
    rc_test_mqtt_say(client, PREFIX PUNCH, "last", 1, false);
    rig_await_message(rig, PUNCH);
    assert_payload(rig, "last");
    rc_test_mqtt_close(client, true);
}

static void the_expiry_tells_how_long_a_punch_waited(void **state)
{
    struct rig *rig = *state;
    rig_open_up(rig);
    rc_link_close(rig->link, 1000);
    rig->link = NULL;
    struct rc_test_mqtt *client = rig_client(rig, "ann");
    struct rc_test_message message = {.topic = PREFIX PUNCH, .qos = 1, .expiry_s = 604800};
    rc_test_mqtt_publish(client, &message);
    /* This time is what is measured: nothing can end it but the clock. */
    assert_false(rig_next(rig, 2100));
    rig_open(rig);
    rig_await_message(rig, PUNCH);
    assert_in_range(rig->entry.expiry_s, 604800 - 60, 604800 - 2);
    rc_test_mqtt_close(client, true);
}

/* This program again, as a service that says that it is online, and then waits to be killed. */
static _Noreturn void be_service(const char *uri)
{
    struct rig rig = {.inbox = rc_inbox_alloc(RC_INBOX_BYTES),
                      .options = {.site_name = {2, "hq"},
                                  .uri = uri,
                                  .client_id = "rollcall-hq",
                                  .will_topic = rig_text(PREFIX "service/status"),
                                  .will_payload = rig_text("{\"online\":false}")}};
    rig_open_up(&rig);
    rig_publish(&rig, "service/status", "{\"online\":true}", 1, 1);
    rig_await(&rig, RC_INBOUND_ACKED);
    for (;;)
        pause();
}

static pid_t start_service(const struct rig *rig)
{
    char uri[64];
    snprintf(uri, sizeof uri, "%s", rc_test_broker_uri(rig->broker));
    char *arguments[] = {(char[]){"test_link_connect"}, (char[]){"--service"}, uri, NULL};
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execv("/proc/self/exe", arguments);
        _exit(127);
    }
    assert_true(child > 0);
    return child;
}

static void the_will_fires_when_the_service_is_killed(void **state)
{
    struct rig *rig = *state;
    struct rc_test_mqtt *client = rig_client(rig, "watcher");
    struct rc_test_message will;
    rc_test_mqtt_subscribe(client, PREFIX "service/status", 1);
    pid_t child = start_service(rig);
    assert_true(rc_test_mqtt_receive(client, RIG_WAIT_MS, &will));
    assert_string_equal(will.payload, "{\"online\":true}");
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_true(rc_test_mqtt_receive(client, RIG_WAIT_MS, &will));
    assert_string_equal(will.topic, PREFIX "service/status");
    assert_string_equal(will.payload, "{\"online\":false}");
    rc_test_mqtt_close(client, true);
    /* It is retained: who comes later sees it too. */
    client = rig_client(rig, "late");
    rc_test_mqtt_subscribe(client, PREFIX "service/status", 1);
    assert_true(rc_test_mqtt_receive(client, RIG_WAIT_MS, &will));
    assert_true(will.retain);
    assert_string_equal(will.payload, "{\"online\":false}");
    rc_test_mqtt_close(client, true);
}

static void a_clean_close_fires_no_will(void **state)
{
    struct rig *rig = *state;
    struct rc_test_mqtt *client = rig_client(rig, "watcher");
    struct rc_test_message next;
    rc_test_mqtt_subscribe(client, PREFIX "service/status", 1);
    rig_open_up(rig);
    rc_link_close(rig->link, 1000);
    rig->link = NULL;
    rc_test_mqtt_say(client, PREFIX "service/status", "marker", 1, false);
    assert_true(rc_test_mqtt_receive(client, RIG_WAIT_MS, &next));
    assert_string_equal(next.payload, "marker");
    rc_test_mqtt_close(client, true);
}

static void websockets_serve_as_well(void **state)
{
    struct rig *rig = *state;
    char uri[64];
    snprintf(uri, sizeof uri, "ws://127.0.0.1:%d/mqtt", rc_test_broker_ws_port(rig->broker));
    rig->options.uri = uri;
    rig_open_up(rig);
    hears(rig);
    rig_publish(rig, "summary", "{}", 1, 5);
    rig_await(rig, RC_INBOUND_ACKED);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* The broker wants a password; the file is wrong at first, and is read anew at each connect. */
static void the_password_is_read_at_each_connect(void **state)
{
    struct rig *rig = *state;
    char folder[] = "/tmp/rollcall-password-XXXXXX", users[64], password[64], extra[160],
         why[RC_LINK_WHY_MAX];
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chmod(folder, 0755), 0);
    snprintf(users, sizeof users, "%s/users", folder);
    snprintf(password, sizeof password, "%s/password", folder);
    /* service:right, as mosquitto_passwd writes it. */
    write_file(
        users,
        "service:$7$101$qxF2FRJ7/"
        "8m9WkSh$e8hV3bjc1bzbkKqNPgDiezxsOInIisq5QO1JQzlrlmOJWz4KD1W2dhI2q7DJVU+6l86d9nMnFEAe4Feo2drsFg==\n");
    rc_test_broker_free(rig->broker);
    snprintf(extra, sizeof extra, "password_file %s", users);
    rig->broker = rc_test_broker_start(extra);
    rig->options.uri = rc_test_broker_uri(rig->broker);
    rig->options.username = "service";
    rig->options.password_file = password;
    rig_open(rig);
    assert_false(rig_next(rig, 600));
    rc_link_why(rig->link, why);
    assert_non_null(strstr(why, "cannot read the password"));
    write_file(password, "wrong\n");
    do {
        assert_false(rig_next(rig, 50));
        rc_link_why(rig->link, why);
    } while (strstr(why, "the broker refused") == NULL);
    write_file(password, "right\n");
    rig_await(rig, RC_INBOUND_UP);
    unlink(users);
    unlink(password);
    rmdir(folder);
}

static void options_that_are_wrong_are_refused_in_words(void **state)
{
    struct rig *rig = *state;
    char error[256];
    struct rc_link_options wrong = rig->options;
    wrong.uri = "127.0.0.1:1883";
    assert_null(rc_link_open(&wrong, rig->inbox, error));
    assert_non_null(strstr(error, "tcp://"));
    wrong = rig->options;
    wrong.client_id = "";
    assert_null(rc_link_open(&wrong, rig->inbox, error));
    assert_non_null(strstr(error, "client id"));
    wrong = rig->options;
    wrong.password_file = "/nowhere";
    assert_null(rc_link_open(&wrong, rig->inbox, error));
    assert_non_null(strstr(error, "user name"));
    wrong = rig->options;
    wrong.certificate_file = "/nowhere";
    assert_null(rc_link_open(&wrong, rig->inbox, error));
    assert_non_null(strstr(error, "key"));
}

static void two_sites_share_an_inbox_and_are_told_apart(void **state)
{
    struct rig *rig = *state;
    struct rc_link_options mill = rig->options;
    char error[256];
    rig_open_up(rig);
    mill.site = 1;
    mill.site_name = (struct rc_id){4, "mill"};
    mill.client_id = "rollcall-mill";
    struct rc_link *second = rc_link_open(&mill, rig->inbox, error);
    assert_non_null(second);
    rig_await(rig, RC_INBOUND_UP);
    assert_int_equal(rig->entry.site, 1);
    struct rc_test_mqtt *client = rig_client(rig, "ann");
    rc_test_mqtt_say(client, "rollcall/v1/mill/" PUNCH, "{}", 1, false);
    bool heard[2] = {false, false}; /* by its own, and by the first, which watches for other sites */
    for (int i = 0; i < 2; i++) {
        rig_await(rig, RC_INBOUND_MESSAGE);
        assert_int_equal(rig->entry.qos, rig->entry.site);
        heard[rig->entry.site] = true;
    }
    assert_true(heard[0] && heard[1]);
    rc_test_mqtt_say(client, PREFIX PUNCH, "{}", 1, false);
    rig_await_message(rig, PUNCH);
    assert_int_equal(rig->entry.site, 0);
    rc_test_mqtt_close(client, true);
    rc_link_close(second, 1000);
    hears(rig);
}

#define LINK_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--service") == 0)
        be_service(argv[2]);
    const struct CMUnitTest tests[] = {
        LINK_TEST(the_first_up_says_that_the_broker_did_not_know_us_and_the_next_that_it_did),
        LINK_TEST(a_broker_that_is_not_there_yet_is_found_when_it_comes),
        LINK_TEST(after_a_clean_stop_of_the_broker_the_link_comes_back_and_is_known),
        LINK_TEST(after_a_crash_and_a_wiped_memory_the_link_comes_back_and_subscribes_afresh),
        LINK_TEST(after_three_crashes_in_a_row_the_link_still_comes_back),
        LINK_TEST(a_session_that_is_taken_over_is_taken_back),
        LINK_TEST(a_down_says_why_the_broker_ended_the_connection),
        LINK_TEST(punches_wait_for_us_and_come_once_behind_the_up_and_heartbeats_do_not_wait),
        LINK_TEST(the_expiry_tells_how_long_a_punch_waited),
        LINK_TEST(the_will_fires_when_the_service_is_killed),
        LINK_TEST(a_clean_close_fires_no_will),
        LINK_TEST(websockets_serve_as_well),
        LINK_TEST(the_password_is_read_at_each_connect),
        LINK_TEST(options_that_are_wrong_are_refused_in_words),
        LINK_TEST(two_sites_share_an_inbox_and_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
