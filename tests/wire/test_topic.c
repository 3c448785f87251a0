#include "given.h"

#define V1    "rollcall/v1/"
#define ID_64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void parse(const char *topic, struct rc_topic *out)
{
    struct rc_text text = rc_text_of(topic);
    char *copy = exact_copy(text);
    memset(out, 0xA5, sizeof *out);
    rc_topic_parse((struct rc_text){copy, text.length}, out);
    if (out->verb.length > 0)
        assert_ptr_equal(out->verb.data, copy + text.length - out->verb.length);
    free(copy);
}

struct expected {
    const char *topic;
    enum rc_topic_kind kind;
    const char *site, *employee, *session, *login;
};

/* So that whoever misspells a verb hears of it, on the topic where the answer is awaited. */
static void a_request_of_any_verb_is_a_request_and_the_verb_is_one_that_a_topic_can_hold(void **state)
{
    (void)state;
    const struct {
        const char *topic, *verb;
    } all[] = {
        {V1 "hq/request/m1/who", "who"},
        {V1 "hq/request/m1/WHO", "WHO"},
        {V1 "hq/request/m1/w h\xC3\xA4t?", "w h\xC3\xA4t?"},
        {V1 "hq/request/m1/" ID_64, ID_64},
        {V1 "hq/request/m1/" ID_64 "a", ""},
        {V1 "hq/request/m1/", ""},
        {V1 "hq/request/m1/who\n", ""},
        {V1 "hq/request/m1/+", ""},
        {V1 "hq/request/m1/\xFF", ""},
    };
    for (size_t i = 0; i < COUNT(all); i++) {
        struct rc_topic topic;
        rc_topic_parse(rc_text_of(all[i].topic), &topic);
        assert_int_equal(topic.kind, RC_TOPIC_REQUEST);
        assert_id(&topic.login, "m1");
        assert_int_equal(topic.verb.length, strlen(all[i].verb));
        assert_memory_equal(topic.verb.length > 0 ? topic.verb.data : "", all[i].verb, topic.verb.length);
    }
}

static void each_topic_of_the_protocol_is_known(void **state)
{
    (void)state;
    const struct expected all[] = {
        {V1 "hq/emp/al-1/session/s_2/heartbeat", RC_TOPIC_HEARTBEAT, "hq", "al-1", "s_2", ""},
        {V1 "hq/emp/al-1/session/s_2/leave", RC_TOPIC_LEAVE, "hq", "al-1", "s_2", ""},
        {V1 "hq/emp/al-1/session/s_2/punch", RC_TOPIC_PUNCH, "hq", "al-1", "s_2", ""},
        {V1 "hq/emp/al-1/session/s_2/training", RC_TOPIC_TRAINING, "hq", "al-1", "s_2", ""},
        {V1 "hq/emp/al-1/session/s_2/progress", RC_TOPIC_PROGRESS, "hq", "al-1", "s_2", ""},
        {V1 "hq/dev/k1/heartbeat", RC_TOPIC_DEVICE_HEARTBEAT, "hq", "", "k1", ""},
        {V1 "hq/dev/k1/leave", RC_TOPIC_DEVICE_LEAVE, "hq", "", "k1", ""},
        {V1 "hq/request/m1/training-days", RC_TOPIC_REQUEST, "hq", "", "", "m1"},
        {V1 "hq/service/canary", RC_TOPIC_CANARY, "hq", "", "", ""},
        {V1 "hq/emp/al-1/status", RC_TOPIC_OURS, "hq", "al-1", "", ""},
        {V1 "hq/emp/al-1/event", RC_TOPIC_OURS, "hq", "al-1", "", ""},
        {V1 "hq/emp/al-1/training", RC_TOPIC_OURS, "hq", "al-1", "", ""},
        {V1 "hq/emp/al-1/profile", RC_TOPIC_OURS, "hq", "al-1", "", ""},
        {V1 "hq/emp/al-1/session/s_2/receipt", RC_TOPIC_OURS, "hq", "al-1", "s_2", ""},
        {V1 "hq/emp/al-1/session/s_2/training/result", RC_TOPIC_OURS, "hq", "al-1", "s_2", ""},
        {V1 "hq/dev/k1/status", RC_TOPIC_OURS, "hq", "", "k1", ""},
        {V1 "hq/summary", RC_TOPIC_OURS, "hq", "", "", ""},
        {V1 "hq/alert/outage", RC_TOPIC_OURS, "hq", "", "", ""},
        {V1 "hq/service/status", RC_TOPIC_OURS, "hq", "", "", ""},
        {V1 "hq/service/metrics", RC_TOPIC_OURS, "hq", "", "", ""},
        {V1 "hq/reply/m1/who", RC_TOPIC_OURS, "hq", "", "", ""},
        {V1 "hq/reply/m1/any/depth", RC_TOPIC_OURS, "hq", "", "", ""},
        {V1 ID_64 "/emp/" ID_64 "/session/" ID_64 "/heartbeat", RC_TOPIC_HEARTBEAT, ID_64, ID_64, ID_64, ""},
    };
    for (size_t i = 0; i < COUNT(all); i++) {
        struct rc_topic topic;
        parse(all[i].topic, &topic);
        assert_int_equal(topic.kind, all[i].kind);
        assert_id(&topic.site, all[i].site);
        assert_id(&topic.employee, all[i].employee);
        assert_id(&topic.session, all[i].session);
        assert_id(&topic.login, all[i].login);
    }
}

static void what_the_service_says_on_a_topic_of_its_own_is_known(void **state)
{
    (void)state;
    const struct {
        const char *topic;
        enum rc_topic_ours ours;
    } all[] = {
        {V1 "hq/emp/a/status", RC_OURS_STATUS},
        {V1 "hq/emp/a/event", RC_OURS_EVENT},
        {V1 "hq/emp/a/training", RC_OURS_TRAINING},
        {V1 "hq/emp/a/profile", RC_OURS_PROFILE},
        {V1 "hq/dev/k/status", RC_OURS_DEVICE},
        {V1 "hq/alert/outage", RC_OURS_ALERT},
        {V1 "hq/summary", RC_OURS_SUMMARY},
        {V1 "hq/service/status", RC_OURS_SERVICE},
        {V1 "hq/service/metrics", RC_OURS_METRICS},
        {V1 "hq/reply/m1/who", RC_OURS_NONE},
        {V1 "hq/emp/a/session/s/receipt", RC_OURS_NONE},
        {V1 "hq/emp/a/session/s/training", RC_OURS_NONE},
        {V1 "hq/request/m1/who", RC_OURS_NONE},
    };
    for (size_t i = 0; i < COUNT(all); i++) {
        struct rc_topic topic;
        parse(all[i].topic, &topic);
        assert_int_equal(topic.ours, all[i].ours);
        assert_int_equal(topic.word.length, topic.ours == RC_OURS_ALERT ? strlen("outage") : 0);
    }
}

static void what_is_no_topic_of_the_protocol_is_told_apart(void **state)
{
    (void)state;
    const struct {
        const char *topic;
        enum rc_topic_kind kind;
    } all[] = {
        {"", RC_TOPIC_FOREIGN},
        {"rollcall/v1", RC_TOPIC_FOREIGN},
        {"rollcall/v2/hq/summary", RC_TOPIC_FOREIGN},
        {"Rollcall/v1/hq/summary", RC_TOPIC_FOREIGN},
        {"/rollcall/v1/hq/summary", RC_TOPIC_FOREIGN},
        {"$SYS/broker/uptime", RC_TOPIC_FOREIGN},
        {V1, RC_TOPIC_UNKNOWN},
        {V1 "hq", RC_TOPIC_UNKNOWN},
        {V1 "hq/", RC_TOPIC_UNKNOWN},
        {V1 "hq/emp", RC_TOPIC_UNKNOWN},
        {V1 "hq/emp/a", RC_TOPIC_UNKNOWN},
        {V1 "hq/emp/a/session/s", RC_TOPIC_UNKNOWN},
        {V1 "hq/emp/a/session/s/", RC_TOPIC_UNKNOWN},
        {V1 "hq/emp/a/session/s/heartbeat/", RC_TOPIC_UNKNOWN},
        {V1 "hq/emp/a/session/s/Heartbeat", RC_TOPIC_UNKNOWN},
        {V1 "hq/emp/a/session/s/heartbeats", RC_TOPIC_UNKNOWN},
        {V1 "hq/emp/a/session/s/training/", RC_TOPIC_UNKNOWN},
        {V1 "hq/emp/a/session/s/training/result/x", RC_TOPIC_UNKNOWN},
        {V1 "hq/emp/a/session/s/punch/result", RC_TOPIC_UNKNOWN},
        {V1 "hq/emp/a/status/x", RC_TOPIC_UNKNOWN},
        {V1 "hq/emp/a/heartbeat", RC_TOPIC_UNKNOWN},
        {V1 "hq/dev/k/punch", RC_TOPIC_UNKNOWN},
        {V1 "hq/dev/k/status/x", RC_TOPIC_UNKNOWN},
        {V1 "hq/request/m1", RC_TOPIC_UNKNOWN},
        {V1 "hq/request/m1/who/x", RC_TOPIC_UNKNOWN},
        {V1 "hq/summary/x", RC_TOPIC_UNKNOWN},
        {V1 "hq/alert", RC_TOPIC_UNKNOWN},
        {V1 "hq/alert/", RC_TOPIC_UNKNOWN},
        {V1 "hq/service", RC_TOPIC_UNKNOWN},
        {V1 "hq/service/other", RC_TOPIC_UNKNOWN},
        {V1 "hq/reply", RC_TOPIC_UNKNOWN},
        {V1 "hq/else/a/b", RC_TOPIC_UNKNOWN},
        {V1 "/emp/a/status", RC_TOPIC_BAD_ID},
        {V1 "h q/summary", RC_TOPIC_BAD_ID},
        {V1 "hq/emp//session/s/heartbeat", RC_TOPIC_BAD_ID},
        {V1 "hq/emp/a+b/session/s/heartbeat", RC_TOPIC_BAD_ID},
        {V1 "hq/emp/\xC3\xA4/session/s/heartbeat", RC_TOPIC_BAD_ID},
        {V1 "hq/emp/a/session//punch", RC_TOPIC_BAD_ID},
        {V1 "hq/emp/a/session/%u/punch", RC_TOPIC_BAD_ID},
        {V1 "hq/emp/" ID_64 "a/session/s/punch", RC_TOPIC_BAD_ID},
        {V1 "hq/dev/../leave", RC_TOPIC_BAD_ID},
        {V1 "hq/request/a.b/who", RC_TOPIC_BAD_ID},
        {V1 "hq/emp/a b/nothing", RC_TOPIC_UNKNOWN},
    };
    for (size_t i = 0; i < COUNT(all); i++) {
        struct rc_topic topic;
        parse(all[i].topic, &topic);
        assert_int_equal(topic.kind, all[i].kind);
    }
}

static void a_nul_in_a_topic_is_a_byte_like_any_other(void **state)
{
    (void)state;
    const char topic[] = V1 "hq/emp/a\0b/session/s/heartbeat";
    struct rc_topic out;
    rc_topic_parse((struct rc_text){topic, sizeof topic - 1}, &out);
    assert_int_equal(out.kind, RC_TOPIC_BAD_ID);
    rc_topic_parse((struct rc_text){NULL, 0}, &out);
    assert_int_equal(out.kind, RC_TOPIC_FOREIGN);
}

static void each_topic_made_is_one_of_the_services(void **state)
{
    (void)state;
    struct rc_id site = id_of("hq"), alice = id_of("alice"), tab = id_of("tab-1");
    char topic[RC_TOPIC_MAX];
    struct rc_topic parsed;
#define CHECK(call, text)                                                                                    \
    do {                                                                                                     \
        size_t length = call;                                                                                \
        assert_string_equal(topic, text);                                                                    \
        assert_int_equal(length, strlen(text));                                                              \
        parse(topic, &parsed);                                                                               \
        assert_int_equal(parsed.kind, RC_TOPIC_OURS);                                                        \
    } while (0)
    CHECK(rc_topic_status(topic, &site, &alice), V1 "hq/emp/alice/status");
    CHECK(rc_topic_event(topic, &site, &alice), V1 "hq/emp/alice/event");
    CHECK(rc_topic_profile(topic, &site, &alice), V1 "hq/emp/alice/profile");
    CHECK(rc_topic_receipt(topic, &site, &alice, &tab), V1 "hq/emp/alice/session/tab-1/receipt");
    CHECK(rc_topic_training_result(topic, &site, &alice, &tab),
          V1 "hq/emp/alice/session/tab-1/training/result");
    CHECK(rc_topic_device_status(topic, &site, &tab), V1 "hq/dev/tab-1/status");
    CHECK(rc_topic_alert(topic, &site, RC_ALERT_AUTO_OUT_SPIKE), V1 "hq/alert/auto-out-spike");
    CHECK(rc_topic_reply(topic, &site, &alice, rc_text_of("who")), V1 "hq/reply/alice/who");
    CHECK(rc_topic_site(topic, &site, "summary"), V1 "hq/summary");
    CHECK(rc_topic_site(topic, &site, "service/metrics"), V1 "hq/service/metrics");
#undef CHECK
}

static void the_longest_ids_fit_every_topic(void **state)
{
    (void)state;
    struct rc_id id = id_of(ID_64);
    char topic[RC_TOPIC_MAX];
    assert_int_equal(rc_topic_training_result(topic, &id, &id, &id), 234);
    assert_int_equal(strlen(topic), 234);
}

static void a_response_topic_stays_below_the_reply_of_its_login(void **state)
{
    (void)state;
    const struct {
        const char *topic;
        bool known, unknown; /* whether m1, and whether somebody without a login, may be answered there */
    } all[] = {
        {V1 "hq/reply/m1/who", true, true},
        {V1 "hq/reply/m1/a/b/c-7", true, true},
        {V1 "hq/reply/m1/\xC3\xA4", true, true},
        {V1 "hq/reply/m2/who", false, true},
        {V1 "hq/reply/m1", false, false},
        {V1 "hq/reply/m1/", false, false},
        {V1 "hq/reply//x", false, false},
        {V1 "hq/reply/m1/+", false, false},
        {V1 "hq/reply/m1/#", false, false},
        {V1 "hq/reply/m1/\xFF", false, false},
        {V1 "hq/reply/m1/a\nb", false, false},
        {V1 "hq/reply/m1x/who", false, true},
        {V1 "other/reply/m1/who", false, false},
        {V1 "hq/emp/alice/status", false, false},
        {V1 "hq/emp/alice/session/s/heartbeat", false, false},
        {V1 "hq/request/m1/who", false, false},
        {"rollcall/v1/hq", false, false},
        {"reply/m1/who", false, false},
        {"", false, false},
    };
    struct rc_id site = id_of("hq"), login = id_of("m1"), nobody = {0};
    for (size_t i = 0; i < COUNT(all); i++) {
        assert_int_equal(rc_topic_is_reply(rc_text_of(all[i].topic), &site, &login), all[i].known);
        assert_int_equal(rc_topic_is_reply(rc_text_of(all[i].topic), &site, &nobody), all[i].unknown);
    }
    const char nul[] = V1 "hq/reply/m1/a\0b";
    assert_false(rc_topic_is_reply((struct rc_text){nul, sizeof nul - 1}, &site, &login));
    char longest[RC_TOPIC_MAX + 1];
    memset(longest, 'a', sizeof longest);
    memcpy(longest, V1 "hq/reply/m1/", strlen(V1 "hq/reply/m1/"));
    assert_true(rc_topic_is_reply((struct rc_text){longest, RC_TOPIC_MAX - 1}, &site, &login));
    assert_false(rc_topic_is_reply((struct rc_text){longest, RC_TOPIC_MAX}, &site, &login));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_topic_of_the_protocol_is_known),
        cmocka_unit_test(a_request_of_any_verb_is_a_request_and_the_verb_is_one_that_a_topic_can_hold),
        cmocka_unit_test(what_the_service_says_on_a_topic_of_its_own_is_known),
        cmocka_unit_test(what_is_no_topic_of_the_protocol_is_told_apart),
        cmocka_unit_test(a_nul_in_a_topic_is_a_byte_like_any_other),
        cmocka_unit_test(each_topic_made_is_one_of_the_services),
        cmocka_unit_test(the_longest_ids_fit_every_topic),
        cmocka_unit_test(a_response_topic_stays_below_the_reply_of_its_login),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
