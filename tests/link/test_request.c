/*
 * Asking over a real broker: one question, one answer, and clear errors for everything else.
 */
#include "link/request.h"
#include "support/broker.h"
#include "support/mqtt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define REPLY_TOPIC "rollcall/v1/hq/reply/ops/cli-1"
#define LONG_MS     10000

struct world {
    struct rc_test_broker *broker;
    pthread_t thread;
    atomic_int asked; /* questions that reached the service */
};

/* ---- a service that answers by the last word of the topic ---- */

static void reply(struct rc_test_mqtt *service, const struct rc_test_message *question,
                  const char *correlation, const char *payload)
{
    static struct rc_test_message answer;
    memset(&answer, 0, sizeof answer);
    snprintf(answer.topic, sizeof answer.topic, "%s", question->response_topic);
    snprintf(answer.payload, sizeof answer.payload, "%s", payload);
    snprintf(answer.correlation, sizeof answer.correlation, "%s", correlation);
    answer.payload_length = strlen(answer.payload);
    answer.qos = 1;
    answer.expiry_s = -1;
    rc_test_mqtt_publish(service, &answer);
}

static void answer(struct rc_test_mqtt *service, const struct rc_test_message *question)
{
    const char *verb = strrchr(question->topic, '/') + 1;
    char payload[64];
    if (strcmp(verb, "echo") == 0) {
        reply(service, question, question->correlation, question->payload);
    } else if (strcmp(verb, "expiry") == 0) {
        snprintf(payload, sizeof payload, "%d", (int)question->expiry_s);
        reply(service, question, question->correlation, payload);
    } else if (strcmp(verb, "confused") == 0) {
        reply(service, question, "another", "not yours");
        reply(service, question, "", "nobody's");
        reply(service, question, question->correlation, "yours");
        reply(service, question, question->correlation, "yours again");
    }
}

static void *serve(void *argument)
{
    struct world *world = argument;
    struct rc_test_mqtt_options options = {.port = rc_test_broker_port(world->broker),
                                           .client_id = "service"};
    struct rc_test_mqtt *service = rc_test_mqtt_connect(&options);
    static struct rc_test_message question;
    rc_test_mqtt_subscribe(service, "rollcall/v1/hq/request/#", 1);
    rc_test_mqtt_say(service, "ready", "yes", 1, true); /* an empty payload would not be retained */
    while (rc_test_mqtt_receive(service, LONG_MS, &question) && strcmp(question.payload, "stop") != 0) {
        atomic_fetch_add(&world->asked, 1);
        answer(service, &question);
    }
    rc_test_mqtt_close(service, true);
    return NULL;
}

static void await_service(const struct world *world)
{
    struct rc_test_mqtt_options options = {.port = rc_test_broker_port(world->broker), .client_id = "waiter"};
    struct rc_test_mqtt *waiter = rc_test_mqtt_connect(&options);
    static struct rc_test_message message;
    rc_test_mqtt_subscribe(waiter, "ready", 1);
    assert_true(rc_test_mqtt_receive(waiter, LONG_MS, &message));
    rc_test_mqtt_close(waiter, true);
}

static int set_up(void **state)
{
    static struct world world;
    memset(&world, 0, sizeof world);
    world.broker = rc_test_broker_start(NULL);
    if (pthread_create(&world.thread, NULL, serve, &world) != 0) {
        return -1;
    }
    await_service(&world);
    *state = &world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    struct rc_test_mqtt_options options = {.port = rc_test_broker_port(world->broker),
                                           .client_id = "stopper"};
    struct rc_test_mqtt *stopper = rc_test_mqtt_connect(&options);
    rc_test_mqtt_say(stopper, "rollcall/v1/hq/request/ops/stop", "stop", 1, false);
    rc_test_mqtt_close(stopper, true);
    pthread_join(world->thread, NULL);
    rc_test_broker_free(world->broker);
    return 0;
}

/* ---- asking ---- */

static struct rc_requester_options options_for(const char *uri)
{
    return (struct rc_requester_options){.uri = uri,
                                         .client_id = "ops.cli-1",
                                         .username = "ops",
                                         .reply_topic = REPLY_TOPIC,
                                         .timeout_ms = LONG_MS};
}

static struct rc_requester *open_requester(const struct world *world)
{
    struct rc_requester_options options = options_for(rc_test_broker_uri(world->broker));
    struct rc_requester *requester = NULL;
    char error[RC_REQUEST_ERROR_MAX];
    if (rc_requester_open(&options, &requester, error) != RC_REQUEST_OK) {
        fail_msg("%s", error);
    }
    return requester;
}

/* ask returns the answer, malloc'ed, or NULL with *result. */
static char *ask(struct rc_requester *requester, const char *topic, const char *payload, int timeout_ms,
                 enum rc_request_result *result)
{
    static int count;
    char correlation[16];
    char error[RC_REQUEST_ERROR_MAX] = "";
    char *text = NULL;
    size_t length = 0;
    snprintf(correlation, sizeof correlation, "c%d", ++count);
    *result = rc_requester_ask(requester, topic, (struct rc_text){payload, strlen(payload)},
                               (struct rc_text){correlation, strlen(correlation)}, timeout_ms, &text, &length,
                               error);
    assert_int_equal(text != NULL, *result == RC_REQUEST_OK);
    assert_int_equal(error[0] != '\0', *result != RC_REQUEST_OK);
    if (text != NULL) {
        assert_int_equal(strlen(text), length);
    }
    return text;
}

static void assert_answer(struct rc_requester *requester, const char *topic, const char *payload,
                          const char *expected)
{
    enum rc_request_result result;
    char *text = ask(requester, topic, payload, LONG_MS, &result);
    assert_int_equal(result, RC_REQUEST_OK);
    assert_string_equal(text, expected);
    free(text);
}

static void questions_are_answered_one_after_the_other(void **state)
{
    struct rc_requester *requester = open_requester(*state);
    assert_answer(requester, "rollcall/v1/hq/request/ops/echo", "one", "one");
    assert_answer(requester, "rollcall/v1/hq/request/ops/echo", "two", "two");
    assert_answer(requester, "rollcall/v1/hq/request/ops/echo", "", "");
    rc_requester_close(requester);
}

static void only_the_answer_to_this_question_counts_and_only_once(void **state)
{
    struct rc_requester *requester = open_requester(*state);
    assert_answer(requester, "rollcall/v1/hq/request/ops/confused", "x", "yours");
    assert_answer(requester, "rollcall/v1/hq/request/ops/echo", "next", "next");
    rc_requester_close(requester);
}

static void a_question_expires_when_nobody_waits_for_it_any_more(void **state)
{
    struct rc_requester *requester = open_requester(*state);
    enum rc_request_result result;
    char *text = ask(requester, "rollcall/v1/hq/request/ops/expiry", "x", 7500, &result);
    assert_string_equal(text, "8");
    free(text);
    rc_requester_close(requester);
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void an_answer_that_never_comes_is_waited_for_once_and_asked_for_once(void **state)
{
    struct world *world = *state;
    struct rc_requester *requester = open_requester(world);
    enum rc_request_result result;
    int before = atomic_load(&world->asked);
    int64_t begin = now_ms();
    ask(requester, "rollcall/v1/hq/request/ops/mute", "x", 500, &result);
    assert_int_equal(result, RC_REQUEST_NO_ANSWER);
    assert_true(now_ms() - begin >= 500);
    /* The next answer proves that everything sent before it has arrived. */
    assert_answer(requester, "rollcall/v1/hq/request/ops/echo", "y", "y");
    assert_int_equal(atomic_load(&world->asked), before + 2);
    rc_requester_close(requester);
}

static void small_packets_do_not_wait_for_the_brokers_tcp(void **state)
{
    struct rc_requester *requester = open_requester(*state);
    int delayed = 0;
    int sockets = 0;
    for (int fd = 3; fd < 256; fd++) {
        int nodelay = 0;
        socklen_t length = sizeof nodelay;
        struct sockaddr_in peer = {0};
        socklen_t peer_length = sizeof peer;
        if (getpeername(fd, (struct sockaddr *)&peer, &peer_length) == 0 &&
            ntohs(peer.sin_port) == rc_test_broker_port(((struct world *)*state)->broker) &&
            getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &nodelay, &length) == 0) {
            sockets++;
            delayed += nodelay == 0;
        }
    }
    assert_true(sockets >= 1);
    assert_int_equal(delayed, 0);
    rc_requester_close(requester);
}

static void no_broker_is_told_apart_from_no_answer(void **state)
{
    (void)state;
    char error[RC_REQUEST_ERROR_MAX] = "";
    struct rc_requester_options options = options_for("mqtt://127.0.0.1:1"); /* a port that nobody has */
    struct rc_requester *requester = (struct rc_requester *)error;
    assert_int_equal(rc_requester_open(&options, &requester, error), RC_REQUEST_NO_CONNECTION);
    assert_null(requester);
    assert_non_null(strstr(error, "mqtt://127.0.0.1:1"));
}

static void an_address_of_an_unknown_kind_is_a_usage_error(void **state)
{
    (void)state;
    char error[RC_REQUEST_ERROR_MAX] = "";
    struct rc_requester_options options = options_for("carrier-pigeon://loft");
    struct rc_requester *requester = NULL;
    assert_int_equal(rc_requester_open(&options, &requester, error), RC_REQUEST_USAGE);
    assert_null(requester);
    assert_non_null(strstr(error, "carrier-pigeon://loft"));
}

/* What kills its broker once the question has arrived, so that the asker is waiting by then. */
struct killer {
    struct rc_test_broker *broker;
    struct rc_test_mqtt *witness;
};

static void *kill_broker(void *argument)
{
    struct killer *killer = argument;
    static struct rc_test_message question;
    if (rc_test_mqtt_receive(killer->witness, LONG_MS, &question)) {
        rc_test_broker_stop(killer->broker, SIGKILL);
    }
    return NULL;
}

static void a_broker_that_dies_while_we_wait_ends_the_wait(void **state)
{
    (void)state;
    struct world world = {.broker = rc_test_broker_start(NULL)};
    struct rc_test_mqtt_options options = {.port = rc_test_broker_port(world.broker), .client_id = "witness"};
    struct killer killer = {world.broker, rc_test_mqtt_connect(&options)};
    rc_test_mqtt_subscribe(killer.witness, "rollcall/v1/hq/request/#", 1);
    struct rc_requester *requester = open_requester(&world);
    enum rc_request_result result;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, kill_broker, &killer), 0);
    int64_t begin = now_ms();
    ask(requester, "rollcall/v1/hq/request/ops/mute", "x", LONG_MS, &result);
    assert_int_equal(result, RC_REQUEST_NO_CONNECTION);
    assert_true(now_ms() - begin < LONG_MS);
    pthread_join(thread, NULL);
    rc_requester_close(requester);
    rc_test_mqtt_close(killer.witness, false);
    rc_test_broker_free(world.broker);
}

static void a_client_that_the_broker_does_not_let_in_is_refused(void **state)
{
    (void)state;
    struct rc_test_broker *broker = rc_test_broker_start("clientid_prefixes staff-");
    struct rc_requester_options options = options_for(rc_test_broker_uri(broker));
    struct rc_requester *requester = NULL;
    char error[RC_REQUEST_ERROR_MAX] = "";
    assert_int_equal(rc_requester_open(&options, &requester, error), RC_REQUEST_REFUSED);
    assert_null(requester);
    rc_test_broker_free(broker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_are_answered_one_after_the_other),
        cmocka_unit_test(only_the_answer_to_this_question_counts_and_only_once),
        cmocka_unit_test(a_question_expires_when_nobody_waits_for_it_any_more),
        cmocka_unit_test(an_answer_that_never_comes_is_waited_for_once_and_asked_for_once),
        cmocka_unit_test(small_packets_do_not_wait_for_the_brokers_tcp),
        cmocka_unit_test(no_broker_is_told_apart_from_no_answer),
        cmocka_unit_test(an_address_of_an_unknown_kind_is_a_usage_error),
        cmocka_unit_test(a_broker_that_dies_while_we_wait_ends_the_wait),
        cmocka_unit_test(a_client_that_the_broker_does_not_let_in_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
