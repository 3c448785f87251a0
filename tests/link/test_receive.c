/* What the link makes of messages: topics that it hears, MQTT 5's properties, and whom it believes. */
#include "rig.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static const uint8_t key[] = "a key that only broker and service hold";
#define KEY_LENGTH (sizeof key - 1)

#define PUNCH "emp/ann/session/tab1/punch"
#define TOPIC "rollcall/v1/hq/" PUNCH

static int set_up(void **state)
{
    static struct rig rig;
    rig_init(&rig, NULL);
    rig.options.mac_key = key;
    rig.options.mac_key_length = KEY_LENGTH;
    rig_open_up(&rig);
    *state = &rig;
    return 0;
}

static int tear_down(void **state)
{
    rig_fini(*state);
    return 0;
}

static struct rc_test_message punch(void)
{
    return (struct rc_test_message){
        .topic = TOPIC, .payload = "{\"id\":\"1\"}", .payload_length = 10, .qos = 1, .expiry_s = -1};
}

static void assert_text(struct rc_text got, const char *wanted)
{
    assert_int_equal(got.length, strlen(wanted));
    if (got.length > 0)
        assert_memory_equal(got.data, wanted, got.length);
}

static void every_topic_of_the_clients_is_heard_at_its_qos(void **state)
{
    struct rig *rig = *state;
    static const struct {
        const char *below;
        int qos;
    } topics[] = {
        {"emp/ann/session/tab1/heartbeat", 0}, {"emp/ann/session/tab1/training", 0}, {"dev/k1/heartbeat", 0},
        {"emp/ann/session/tab1/leave", 1},     {"emp/ann/session/tab1/punch", 1},    {"dev/k1/leave", 1},
        {"emp/ann/session/tab1/progress", 1},  {"request/ann/punches", 1},           {"service/canary", 1},
    };
    struct rc_test_mqtt *client = rig_client(rig, "ann");
    for (size_t i = 0; i < sizeof topics / sizeof *topics; i++) {
        char topic[128];
        snprintf(topic, sizeof topic, "rollcall/v1/hq/%s", topics[i].below);
        rc_test_mqtt_say(client, topic, "{}", 1, false);
        rig_await_message(rig, topics[i].below);
        assert_int_equal(rig->entry.qos, topics[i].qos);
        assert_text(rig->entry.payload, "{}");
        assert_false(rig->entry.retained);
        assert_int_equal(rig->entry.site, 0);
    }
    rc_test_mqtt_close(client, true);
}

static const char *const own_topics[] = {
    "emp/ann/status", "emp/ann/event",  "emp/ann/profile", "emp/ann/training", "dev/k1/status",
    "summary",        "service/status", "service/metrics", "alert/outage",
};

static void others_are_heard_on_the_services_own_topics_and_whether_it_is_retained(void **state)
{
    struct rig *rig = *state;
    struct rc_test_mqtt *client = rig_client(rig, "mallory");
    for (size_t i = 0; i < sizeof own_topics / sizeof *own_topics; i++) {
        char topic[128];
        snprintf(topic, sizeof topic, "rollcall/v1/hq/%s", own_topics[i]);
        rc_test_mqtt_say(client, topic, "{}", 1, i % 2 == 0);
        rig_await_message(rig, own_topics[i]);
        assert_int_equal(rig->entry.qos, 0);
        assert_int_equal(rig->entry.retained, i % 2 == 0);
    }
    rc_test_mqtt_close(client, true);
}

static void what_the_service_publishes_on_its_own_topics_does_not_come_back(void **state)
{
    struct rig *rig = *state;
    struct rc_test_mqtt *client = rig_client(rig, "ann");
    for (size_t i = 0; i < sizeof own_topics / sizeof *own_topics; i++) {
        rig_publish(rig, own_topics[i], "{}", 1, (int64_t)i + 1);
        rig_await(rig, RC_INBOUND_ACKED); /* and a message would have come before it */
    }
    rc_test_mqtt_say(client, TOPIC, "{}", 1, false);
    rig_await_message(rig, PUNCH);
    assert_int_equal(rc_inbox_depth(rig->inbox), 0);
    rc_test_mqtt_close(client, true);
}

#define END "emp/ann/session/end/heartbeat"

/* Counts the messages on a topic up to END, which it publishes. */
static int count_to_end(struct rig *rig, struct rc_test_mqtt *client, const char *topic)
{
    int count = 0;
    rc_test_mqtt_say(client, "rollcall/v1/hq/" END, "", 0, false);
    for (;;) {
        rig_await(rig, RC_INBOUND_MESSAGE);
        struct rc_text got = rig->entry.topic;
        if (got.length == strlen("rollcall/v1/hq/" END) &&
            memcmp(got.data, "rollcall/v1/hq/" END, got.length) == 0)
            return count;
        if (got.length != strlen(topic) || memcmp(got.data, topic, got.length) != 0)
            fail_msg("%.*s came, not %s", (int)got.length, got.data, topic);
        count++;
    }
}

/* Section 2: a broker sends a copy for each filter that matches; whoever sends, at whatever QoS, is heard
 * once, and what nobody knows is heard, too, to be counted. */
static void every_message_comes_once(void **state)
{
    struct rig *rig = *state;
    static const char *const topics[] = {
        "rollcall/v1/hq/emp/ann/session/tab1/heartbeat",
        "rollcall/v1/hq/emp/ann/session/tab1/training",
        "rollcall/v1/hq/emp/ann/session/tab1/leave",
        "rollcall/v1/hq/emp/ann/session/tab1/punch",
        "rollcall/v1/hq/emp/ann/session/tab1/progress",
        "rollcall/v1/hq/emp/ann/session/tab1/frob",
        "rollcall/v1/hq/emp/ann/session/tab1/receipt",
        "rollcall/v1/hq/emp/ann/session/tab1/training/result",
        "rollcall/v1/hq/emp/ann/session/tab1/punch/more",
        "rollcall/v1/hq/emp/ann/punch",
        "rollcall/v1/hq/emp/ann/status",
        "rollcall/v1/hq/emp/b\xc3\xa9n/session/tab1/punch",
        "rollcall/v1/hq/emp//session//punch",
        "rollcall/v1/hq/dev/k1/heartbeat",
        "rollcall/v1/hq/dev/k1/leave",
        "rollcall/v1/hq/dev/k1/frob",
        "rollcall/v1/hq/request/ann/punches",
        "rollcall/v1/hq/request/ann/heartbeat",
        "rollcall/v1/hq/reply/ann/punches",
        "rollcall/v1/hq/service/canary",
        "rollcall/v1/hq/service/status",
        "rollcall/v1/hq/frob",
        "rollcall/v1/hq",
        "rollcall/v1/mill/emp/ann/session/tab1/leave",
        "rollcall/v1/mill/emp/ann/session/tab1/punch",
        "rollcall/v1/mill/emp/ann/session/tab1/progress",
        "rollcall/v1/mill/dev/k1/leave",
        "rollcall/v1/mill/request/ann/who",
    };
    struct rc_test_mqtt *client = rig_client(rig, "ann");
    for (size_t i = 0; i < sizeof topics / sizeof *topics; i++)
        for (int qos = 0; qos <= 1; qos++) {
            rc_test_mqtt_say(client, topics[i], "{}", qos, false);
            if (count_to_end(rig, client, topics[i]) != 1)
                fail_msg("%s at QoS %d", topics[i], qos);
        }
    rc_test_mqtt_close(client, true);
}

/* They are most of all traffic, and nobody has use for them. */
static void heartbeats_of_other_sites_and_other_prefixes_are_not_fetched(void **state)
{
    struct rig *rig = *state;
    static const char *const topics[] = {
        "rollcall/v1/mill/emp/ann/session/tab1/heartbeat",
        "rollcall/v1/mill/emp/ann/session/tab1/training",
        "rollcall/v1/mill/dev/k1/heartbeat",
        "rollcall/v1/mill/emp/ann/status",
        "rollcall/v2/hq/emp/ann/session/tab1/punch",
        "rollcall/v1/hqx/emp/ann/session/tab1/heartbeat",
    };
    struct rc_test_mqtt *client = rig_client(rig, "ann");
    for (size_t i = 0; i < sizeof topics / sizeof *topics; i++) {
        rc_test_mqtt_say(client, topics[i], "{}", 1, false);
        assert_int_equal(count_to_end(rig, client, topics[i]), 0);
    }
    rc_test_mqtt_close(client, true);
}

static void only_the_first_link_watches_for_other_sites(void **state)
{
    struct rig *rig = *state;
    rc_link_close(rig->link, 1000);
    rig->options.site = 1;
    rig->options.client_id = "rollcall-second";
    rig_open_up(rig);
    struct rc_test_mqtt *client = rig_client(rig, "ann");
    rc_test_mqtt_say(client, "rollcall/v1/mill/emp/ann/session/tab1/punch", "{}", 1, false);
    assert_int_equal(count_to_end(rig, client, ""), 0);
    rc_test_mqtt_say(client, TOPIC, "{}", 1, false);
    assert_int_equal(count_to_end(rig, client, TOPIC), 1);
    rc_test_mqtt_close(client, true);
}

/* An earlier version's session, with its filters: what matches them, too, must not come twice. */
static void filters_of_earlier_versions_are_given_up(void **state)
{
    struct rig *rig = *state;
    static const char topic[] = "rollcall/v1/hq/emp/ann/session/tab1/heartbeat";
    rc_link_close(rig->link, 1000);
    rig->options.client_id = "rollcall-old";
    struct rc_test_mqtt *old = rc_test_mqtt_connect(&(struct rc_test_mqtt_options){
        .port = rc_test_broker_port(rig->broker), .client_id = "rollcall-old", .keep_session = true});
    rc_test_mqtt_subscribe(old, "rollcall/v1/hq/emp/+/session/+/heartbeat", 0);
    rc_test_mqtt_close(old, true);
    rig_open_up(rig);
    assert_true(rig->entry.session_present);
    struct rc_test_mqtt *client = rig_client(rig, "ann");
    rig_publish(rig, "service/canary", "{}", 1, 1); /* goes out when all is subscribed */
    rig_await_message(rig, "service/canary");
    rc_test_mqtt_say(client, topic, "", 0, false);
    assert_int_equal(count_to_end(rig, client, topic), 1);
    rc_test_mqtt_close(client, true);
}

static void retained_messages_do_not_come_at_a_subscription(void **state)
{
    struct rig *rig = *state;
    struct rc_test_mqtt *client = rig_client(rig, "mallory");
    rc_test_mqtt_say(client, TOPIC, "{\"retained\":1}", 1, true);
    rig_await_message(rig, PUNCH); /* live: for subscribers of the moment it is a message like any other */
    rc_link_close(rig->link, 1000);
    rig->options.client_id = "rollcall-hq-anew";
    rig_open_up(rig);
    rc_test_mqtt_say(client, TOPIC, "{\"live\":1}", 1, false);
    rig_await_message(rig, PUNCH);
    assert_text(rig->entry.payload, "{\"live\":1}");
    rc_test_mqtt_close(client, true);
}

static void clocks_of_the_receipt_are_in_the_entry(void **state)
{
    struct rig *rig = *state;
    struct rc_test_mqtt *client = rig_client(rig, "ann");
    struct timespec boot, wall;
    clock_gettime(CLOCK_BOOTTIME, &boot);
    clock_gettime(CLOCK_REALTIME, &wall);
    rc_test_mqtt_say(client, TOPIC, "{}", 1, false);
    rig_await_message(rig, PUNCH);
    int64_t now = (int64_t)boot.tv_sec * 1000 + boot.tv_nsec / 1000000;
    int64_t at = (int64_t)wall.tv_sec * 1000 + wall.tv_nsec / 1000000;
    assert_in_range(rig->entry.now, now, now + RIG_WAIT_MS);
    assert_in_range(rig->entry.at, at, at + RIG_WAIT_MS);
    rc_test_mqtt_close(client, true);
}

static void expiry_response_topic_and_correlation_are_read(void **state)
{
    struct rig *rig = *state;
    struct rc_test_mqtt *client = rig_client(rig, "ann");
    struct rc_test_message message = punch();
    message.expiry_s = 604800;
    snprintf(message.response_topic, sizeof message.response_topic, "rollcall/v1/hq/reply/ann/mine");
    snprintf(message.correlation, sizeof message.correlation, "c-17");
    rc_test_mqtt_publish(client, &message);
    rig_await_message(rig, PUNCH);
    assert_in_range(rig->entry.expiry_s, 604800 - 60, 604800);
    assert_text(rig->entry.response_topic, "rollcall/v1/hq/reply/ann/mine");
    assert_text(rig->entry.correlation, "c-17");
    message = punch();
    rc_test_mqtt_publish(client, &message);
    rig_await_message(rig, PUNCH);
    assert_int_equal(rig->entry.expiry_s, RC_NONE);
    assert_int_equal(rig->entry.response_topic.length, 0);
    assert_int_equal(rig->entry.correlation.length, 0);
    rc_test_mqtt_close(client, true);
}

static void any_bytes_may_be_a_payload(void **state)
{
    struct rig *rig = *state;
    struct rc_test_mqtt *client = rig_client(rig, "ann");
    struct rc_test_message message = punch();
    for (size_t i = 0; i < 256; i++)
        message.payload[i] = (char)i;
    message.payload_length = 256;
    rc_test_mqtt_publish(client, &message);
    rig_await_message(rig, PUNCH);
    assert_int_equal(rig->entry.payload.length, 256);
    assert_memory_equal(rig->entry.payload.data, message.payload, 256);
    message.payload_length = 0;
    rc_test_mqtt_publish(client, &message);
    rig_await_message(rig, PUNCH);
    assert_int_equal(rig->entry.payload.length, 0);
    rc_test_mqtt_close(client, true);
}

/* ---- rc-mac ---- */

static void sign(char mac[65], const char *login, const char *role, const char *at, const char *topic)
{
    rc_link_mac(key, KEY_LENGTH, rig_text(login), rig_text(role), rig_text(at), rig_text(topic), mac);
}

static void the_mac_is_the_hmac_that_the_protocol_says(void **state)
{
    (void)state;
    char mac[65];
    sign(mac, "ann", "employee", "1764700000000", TOPIC);
    /* printf 'ann\nemployee\n1764700000000\nrollcall/v1/hq/emp/ann/session/tab1/punch' |
     * openssl dgst -sha256 -hmac 'a key that only broker and service hold' */
    assert_string_equal(mac, "948f5f16ad8a507c819c4f72c33a7830d0c621823ba5429a1eb0b3049425edf7");
}

/* Publishes a punch with these user properties and says whether the link believes it. */
static bool is_believed(struct rig *rig, struct rc_test_mqtt *client, const char *const user[17])
{
    struct rc_test_message message = punch();
    memcpy(message.user, user, sizeof message.user);
    rc_test_mqtt_publish(client, &message);
    rig_await_message(rig, PUNCH);
    if (!rig->entry.verified) {
        /* Nothing of it leaks. */
        assert_int_equal(rig->entry.login.length, 0);
        assert_string_equal(rig->entry.role, "");
        assert_int_equal(rig->entry.rc_at, RC_NONE);
    }
    return rig->entry.verified;
}

static void a_valid_mac_makes_login_role_and_time_known(void **state)
{
    struct rig *rig = *state;
    struct rc_test_mqtt *client = rig_client(rig, "ann");
    char mac[65];
    sign(mac, "ann", "employee", "1764700000000", TOPIC);
    const char *const user[17] = {"rc-login", "ann", "rc-role", "employee", "rc-at", "1764700000000",
                                  "rc-mac",   mac,   "rc",      "other",    "x",     "y"};
    assert_true(is_believed(rig, client, user));
    assert_int_equal(rig->entry.login.length, 3);
    assert_string_equal(rig->entry.login.text, "ann");
    assert_string_equal(rig->entry.role, "employee");
    assert_true(rig->entry.rc_at == 1764700000000);
    rc_test_mqtt_close(client, true);
}

static void a_forged_mac_is_not_believed(void **state)
{
    struct rig *rig = *state;
    struct rc_test_mqtt *client = rig_client(rig, "mallory");
    char mac[65], forged[66];
    sign(mac, "ann", "employee", "1764700000000", TOPIC);
    for (size_t i = 0; i < 64; i += 9) {
        memcpy(forged, mac, sizeof mac);
        forged[i] = forged[i] == '0' ? '1' : '0';
        const char *const user[17] = {"rc-login", "ann",           "rc-role", "employee",
                                      "rc-at",    "1764700000000", "rc-mac",  forged};
        assert_false(is_believed(rig, client, user));
    }
    const char *const wrong[] = {"", "0", "zz", forged};
    memcpy(forged, mac, 64);
    forged[64] = '0'; /* one too long */
    forged[65] = '\0';
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *const user[17] = {"rc-login", "ann",           "rc-role", "employee",
                                      "rc-at",    "1764700000000", "rc-mac",  wrong[i]};
        assert_false(is_believed(rig, client, user));
    }
    rc_test_mqtt_close(client, true);
}

static void a_mac_for_another_login_role_time_or_topic_is_not_believed(void **state)
{
    struct rig *rig = *state;
    struct rc_test_mqtt *client = rig_client(rig, "mallory");
    static const char *const signed_for[][4] = {
        {"bob", "employee", "1764700000000", TOPIC},
        {"ann", "manager", "1764700000000", TOPIC},
        {"ann", "employee", "1764700000001", TOPIC},
        {"ann", "employee", "1764700000000", "rollcall/v1/hq/emp/bob/session/tab1/punch"},
    };
    for (size_t i = 0; i < sizeof signed_for / sizeof *signed_for; i++) {
        char mac[65];
        sign(mac, signed_for[i][0], signed_for[i][1], signed_for[i][2], signed_for[i][3]);
        const char *const user[17] = {"rc-login", "ann",           "rc-role", "employee",
                                      "rc-at",    "1764700000000", "rc-mac",  mac};
        assert_false(is_believed(rig, client, user));
    }
    rc_test_mqtt_close(client, true);
}

static void a_missing_or_doubled_property_is_not_believed(void **state)
{
    struct rig *rig = *state;
    struct rc_test_mqtt *client = rig_client(rig, "mallory");
    char mac[65];
    sign(mac, "ann", "employee", "1764700000000", TOPIC);
    const char *const all[8] = {"rc-login", "ann",           "rc-role", "employee",
                                "rc-at",    "1764700000000", "rc-mac",  mac};
    for (size_t i = 0; i < 4; i++) {
        const char *missing[17] = {NULL}, *doubled[17] = {NULL};
        size_t left = 0;
        for (size_t j = 0; j < 4; j++) {
            if (j == i)
                continue;
            missing[left++] = all[2 * j];
            missing[left++] = all[2 * j + 1];
        }
        memcpy(doubled, all, sizeof all);
        doubled[8] = all[2 * i];
        doubled[9] = all[2 * i + 1];
        assert_false(is_believed(rig, client, missing));
        assert_false(is_believed(rig, client, doubled));
    }
    rc_test_mqtt_close(client, true);
}

/* The line feed parts the fields under the HMAC: none may hold one, else a signature would fit two readings.
 */
static void fields_that_are_no_names_or_numbers_are_not_believed(void **state)
{
    struct rig *rig = *state;
    struct rc_test_mqtt *client = rig_client(rig, "mallory");
    static const char *const fields[][3] = {
        {"ann employee", "manager", "1764700000000"},
        {"", "employee", "1764700000000"},
        {"ann", "a role of over fifteen", "1764700000000"},
        {"ann", "employee", "17647x"},
        {"ann", "employee", "-1"},
        {"ann", "employee", "9999999999999999999"},
        {"ann", "", "1764700000000"},
        {"12345678901234567890123456789012345678901234567890123456789012345", "employee", "1764700000000"},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        char mac[65];
        sign(mac, fields[i][0], fields[i][1], fields[i][2], TOPIC);
        const char *const user[17] = {"rc-login", fields[i][0], "rc-role", fields[i][1],
                                      "rc-at",    fields[i][2], "rc-mac",  mac};
        assert_false(is_believed(rig, client, user));
    }
    rc_test_mqtt_close(client, true);
}

static void without_a_key_nothing_is_believed(void **state)
{
    struct rig *rig = *state;
    rc_link_close(rig->link, 1000);
    rig->options.mac_key = NULL;
    rig->options.mac_key_length = 0;
    rig_open_up(rig);
    struct rc_test_mqtt *client = rig_client(rig, "mallory");
    char mac[65];
    rc_link_mac((const uint8_t *)"", 0, rig_text("ann"), rig_text("ops"), rig_text("1"), rig_text(TOPIC),
                mac);
    const char *const user[17] = {"rc-login", "ann", "rc-role", "ops", "rc-at", "1", "rc-mac", mac};
    assert_false(is_believed(rig, client, user));
    rc_test_mqtt_close(client, true);
}

/* Plugins do not see wills, so one may carry anything; it comes, and without a mac. */
static void a_will_comes_unverified(void **state)
{
    struct rig *rig = *state;
    struct rc_test_mqtt *client = rc_test_mqtt_connect(
        &(struct rc_test_mqtt_options){.port = rc_test_broker_port(rig->broker),
                                       .client_id = "ann",
                                       .will_topic = "rollcall/v1/hq/emp/ann/session/tab1/leave",
                                       .will_payload = "{\"cause\":\"lost\"}"});
    rc_test_mqtt_close(client, false);
    rig_await_message(rig, "emp/ann/session/tab1/leave");
    assert_text(rig->entry.payload, "{\"cause\":\"lost\"}");
    assert_false(rig->entry.verified);
}

#define LINK_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LINK_TEST(every_topic_of_the_clients_is_heard_at_its_qos),
        LINK_TEST(others_are_heard_on_the_services_own_topics_and_whether_it_is_retained),
        LINK_TEST(what_the_service_publishes_on_its_own_topics_does_not_come_back),
        LINK_TEST(every_message_comes_once),
        LINK_TEST(heartbeats_of_other_sites_and_other_prefixes_are_not_fetched),
        LINK_TEST(only_the_first_link_watches_for_other_sites),
        LINK_TEST(filters_of_earlier_versions_are_given_up),
        LINK_TEST(retained_messages_do_not_come_at_a_subscription),
        LINK_TEST(clocks_of_the_receipt_are_in_the_entry),
        LINK_TEST(expiry_response_topic_and_correlation_are_read),
        LINK_TEST(any_bytes_may_be_a_payload),
        cmocka_unit_test(the_mac_is_the_hmac_that_the_protocol_says),
        LINK_TEST(a_valid_mac_makes_login_role_and_time_known),
        LINK_TEST(a_forged_mac_is_not_believed),
        LINK_TEST(a_mac_for_another_login_role_time_or_topic_is_not_believed),
        LINK_TEST(a_missing_or_doubled_property_is_not_believed),
        LINK_TEST(fields_that_are_no_names_or_numbers_are_not_believed),
        LINK_TEST(without_a_key_nothing_is_believed),
        LINK_TEST(a_will_comes_unverified),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
