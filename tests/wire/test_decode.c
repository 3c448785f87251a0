/* Which messages are read at all, and what sessions and devices say of themselves. */
#include "given.h"

#define DEVICE "rollcall/v1/hq/dev/k1/"

static struct rc_decoded out;

static void assert_ignored(struct rc_message message, enum rc_refusal refusal)
{
    decode_message(message, &out);
    assert_int_equal(out.kind, RC_DECODED_IGNORED);
    assert_int_equal(out.refusal, refusal);
    assert_int_equal(out.answer, RC_ANSWER_NOBODY);
    assert_string_equal(out.message, "");
}

static void what_is_not_for_this_service_is_ignored_and_says_why(void **state)
{
    (void)state;
    assert_ignored(message_of("other/topic", "{}"), RC_REFUSAL_FOREIGN_TOPIC);
    assert_ignored(message_of("rollcall/v1/elsewhere/emp/a/session/s/heartbeat", ""),
                   RC_REFUSAL_UNKNOWN_SITE);
    assert_ignored(message_of("rollcall/v1/else where/emp/a b/session/s/punch", ""), RC_REFUSAL_UNKNOWN_SITE);
    assert_ignored(message_of("rollcall/v1/hq/emp/a/session/s/wave", ""), RC_REFUSAL_UNKNOWN_TOPIC);
    assert_ignored(message_of("rollcall/v1/hq/emp/a/status", "{}"), RC_REFUSAL_SERVICE_TOPIC);
    assert_ignored(message_of("rollcall/v1/hq/summary", "{}"), RC_REFUSAL_SERVICE_TOPIC);
    decode("rollcall/v1/hq/emp/a+b/session/s/punch", "{}", &out);
    assert_int_equal(out.kind, RC_DECODED_INVALID);
    assert_int_equal(out.refusal, RC_REFUSAL_BAD_ID);
    assert_int_equal(out.answer, RC_ANSWER_NOBODY);
}

static void a_retained_message_of_a_client_is_ignored(void **state)
{
    (void)state;
    const char *topics[] = {SESSION "heartbeat",
                            SESSION "leave",
                            SESSION "punch",
                            SESSION "training",
                            SESSION "progress",
                            DEVICE "heartbeat",
                            DEVICE "leave",
                            "rollcall/v1/hq/request/m1/who",
                            "rollcall/v1/hq/service/canary"};
    for (size_t i = 0; i < COUNT(topics); i++) {
        struct rc_message message = message_of(topics[i], "");
        message.retained = true;
        assert_ignored(message, RC_REFUSAL_RETAINED);
    }
}

static void of_what_nobody_signed_only_a_lost_leave_counts(void **state)
{
    (void)state;
    const char *unsigned_topics[] = {SESSION "punch", SESSION "progress", "rollcall/v1/hq/request/m1/correct",
                                     "rollcall/v1/hq/service/canary"};
    for (size_t i = 0; i < COUNT(unsigned_topics); i++) {
        struct rc_message message = message_of(unsigned_topics[i], "{\"id\":\"p\",\"type\":\"IN\"}");
        message.will = true;
        assert_ignored(message, RC_REFUSAL_UNSIGNED);
    }
    const char *leaves[] = {"{\"cause\":\"closed\"}", "{\"cause\":\"sleeping\",\"sleepMs\":1000}"};
    for (size_t i = 0; i < COUNT(leaves); i++) {
        struct rc_message message = message_of(SESSION "leave", leaves[i]);
        message.will = true;
        assert_ignored(message, RC_REFUSAL_UNSIGNED);
        message.topic = rc_text_of(DEVICE "leave");
        assert_ignored(message, RC_REFUSAL_UNSIGNED);
    }
    struct rc_message lost = message_of(SESSION "leave", "{\"cause\":\"lost\",\"epoch\":7}");
    lost.will = true;
    decode_message(lost, &out);
    assert_int_equal(out.kind, RC_DECODED_EVENT);
    assert_int_equal(out.event.leave.epoch, 7);
}

static void heartbeats_and_training_count_without_a_signature(void **state)
{
    (void)state;
    struct rc_message message = message_of(SESSION "heartbeat", "");
    message.will = true;
    decode_message(message, &out);
    assert_int_equal(out.kind, RC_DECODED_EVENT);
    message = message_of(SESSION "training", "{\"courseId\":\"c1\"}");
    message.will = true;
    decode_message(message, &out);
    assert_int_equal(out.kind, RC_DECODED_EVENT);
}

static void an_empty_heartbeat_is_a_heartbeat_that_says_nothing(void **state)
{
    (void)state;
    decode(SESSION "heartbeat", "", &out);
    assert_int_equal(out.kind, RC_DECODED_EVENT);
    assert_int_equal(out.event.kind, RC_EV_HEARTBEAT);
    assert_int_equal(out.event.now, 5000000);
    assert_int_equal(out.event.at, 1700000000000);
    assert_id(&out.event.beat.employee, "alice");
    assert_id(&out.event.beat.session, "tab-1");
    assert_int_equal(out.event.beat.epoch, RC_NONE);
    assert_int_equal(out.event.beat.interval_ms, RC_NONE);
    assert_false(out.event.beat.has_class);
    assert_int_equal(out.rtt_ms, RC_NONE);
    decode(SESSION "heartbeat", "{}", &out);
    assert_int_equal(out.kind, RC_DECODED_EVENT);
    assert_int_equal(out.event.beat.epoch, RC_NONE);
}

static void a_heartbeat_says_its_epoch_class_interval_and_round_trip(void **state)
{
    (void)state;
    decode(SESSION "heartbeat",
           "{\"epoch\":1700000000123,\"class\":\"mobile\",\"intervalMs\":86400000,\"rttMs\":0,\"else\":[{}]}",
           &out);
    assert_int_equal(out.kind, RC_DECODED_EVENT);
    assert_int_equal(out.event.beat.epoch, 1700000000123);
    assert_true(out.event.beat.has_class);
    assert_int_equal(out.event.beat.class, RC_MOBILE);
    assert_int_equal(out.event.beat.interval_ms, 86400000);
    assert_int_equal(out.rtt_ms, 0);
}

static void a_devices_heartbeat_is_a_session_of_nobody(void **state)
{
    (void)state;
    decode(DEVICE "heartbeat", "{\"epoch\":3}", &out);
    assert_int_equal(out.event.kind, RC_EV_HEARTBEAT);
    assert_id(&out.event.beat.employee, "");
    assert_id(&out.event.beat.session, "k1");
    assert_int_equal(out.event.beat.epoch, 3);
}

static void a_heartbeat_that_is_wrong_changes_nothing(void **state)
{
    (void)state;
    const struct refused all[] = {
        {"x", "heartbeat: the payload is not a JSON object"},
        {" ", "heartbeat: the payload is not a JSON object"},
        {"{\"epoch\":-1}", "heartbeat: epoch must be an integer from 0"},
        {"{\"epoch\":1.5}", "heartbeat: epoch must be an integer from 0"},
        {"{\"epoch\":1.0}", "heartbeat: epoch must be an integer from 0"},
        {"{\"epoch\":1e3}", "heartbeat: epoch must be an integer from 0"},
        {"{\"epoch\":null}", "heartbeat: epoch must be an integer from 0"},
        {"{\"epoch\":\"1\"}", "heartbeat: epoch must be an integer from 0"},
        {"{\"epoch\":9007199254740993}", "heartbeat: the payload holds a number out of range"},
        {"{\"epoch\":1e400}", "heartbeat: the payload holds a number out of range"},
        {"{\"intervalMs\":0}", "heartbeat: intervalMs must be an integer from 1 to 86400000"},
        {"{\"intervalMs\":86400001}", "heartbeat: intervalMs must be an integer from 1 to 86400000"},
        {"{\"intervalMs\":true}", "heartbeat: intervalMs must be an integer from 1 to 86400000"},
        {"{\"rttMs\":-5}", "heartbeat: rttMs must be an integer from 0"},
        {"{\"class\":\"Browser\"}", "heartbeat: class must be browser, agent, mobile, badge or kiosk"},
        {"{\"class\":\"\"}", "heartbeat: class must be browser, agent, mobile, badge or kiosk"},
        {"{\"class\":1}", "heartbeat: class must be browser, agent, mobile, badge or kiosk"},
        {"{\"class\":\"a class with a name that is longer than any\"}",
         "heartbeat: class must be browser, agent, mobile, badge or kiosk"},
        {"{\"epoch\":1,\"epoch\":2}", "heartbeat: the payload has a key twice"},
        {"{\"epoch\":1}\n{}", "heartbeat: the payload goes on after the object"},
    };
    assert_refused(SESSION "heartbeat", all, COUNT(all), RC_ANSWER_NOBODY);
    assert_refused(DEVICE "heartbeat", all, COUNT(all), RC_ANSWER_NOBODY);
}

static void a_key_of_another_case_is_another_key(void **state)
{
    (void)state;
    decode(SESSION "heartbeat", "{\"Epoch\":5,\"EPOCH\":\"x\",\"intervalms\":-1}", &out);
    assert_int_equal(out.kind, RC_DECODED_EVENT);
    assert_int_equal(out.event.beat.epoch, RC_NONE);
    assert_int_equal(out.event.beat.interval_ms, RC_NONE);
}

static void a_payload_is_a_kibibyte_at_most(void **state)
{
    (void)state;
    char payload[RC_PAYLOAD_MAX + 2];
    memset(payload, ' ', sizeof payload);
    memcpy(payload, "{}", 2);
    struct rc_message message = message_of(SESSION "heartbeat", "");
    message.payload = (struct rc_text){payload, RC_PAYLOAD_MAX};
    decode_message(message, &out);
    assert_int_equal(out.kind, RC_DECODED_EVENT);
    message.payload.length++;
    decode_message(message, &out);
    assert_int_equal(out.kind, RC_DECODED_INVALID);
    assert_int_equal(out.refusal, RC_REFUSAL_TOO_LONG);
    assert_string_equal(out.message, "heartbeat: the payload is longer than 1024 bytes");
}

static void a_leave_says_its_cause(void **state)
{
    (void)state;
    decode(SESSION "leave", "{\"cause\":\"lost\"}", &out);
    assert_int_equal(out.event.kind, RC_EV_LEAVE);
    assert_int_equal(out.event.leave.cause, RC_LEAVE_LOST);
    assert_int_equal(out.event.leave.epoch, RC_NONE);
    assert_int_equal(out.event.leave.sleep_ms, RC_NONE);
    assert_id(&out.event.leave.employee, "alice");
    decode(SESSION "leave", "{\"cause\":\"closed\",\"epoch\":0}", &out);
    assert_int_equal(out.event.leave.cause, RC_LEAVE_CLOSED);
    assert_int_equal(out.event.leave.epoch, 0);
    decode(DEVICE "leave", "{\"sleepMs\":60000,\"cause\":\"sleeping\"}", &out);
    assert_int_equal(out.event.leave.cause, RC_LEAVE_SLEEPING);
    assert_int_equal(out.event.leave.sleep_ms, 60000);
    assert_id(&out.event.leave.employee, "");
    assert_id(&out.event.leave.session, "k1");
}

static void a_leave_was_sent_at_the_latest_when_it_was_received(void **state)
{
    (void)state;
    struct rc_message message = message_of(SESSION "leave", "{\"cause\":\"lost\"}");
    message.sent_now = message.now - 700;
    decode_message(message, &out);
    assert_int_equal(out.event.leave.sent_now, message.now - 700);
    message.sent_now = message.now + 700;
    decode_message(message, &out);
    assert_int_equal(out.event.leave.sent_now, message.now);
}

static void a_leave_that_is_wrong_changes_nothing(void **state)
{
    (void)state;
    const struct refused all[] = {
        {"", "leave: the payload is empty"},
        {"{}", "leave: missing cause"},
        {"{\"epoch\":1}", "leave: missing cause"},
        {"{\"cause\":\"LOST\"}", "leave: cause must be lost, closed or sleeping"},
        {"{\"cause\":\"\"}", "leave: cause must be lost, closed or sleeping"},
        {"{\"cause\":null}", "leave: cause must be lost, closed or sleeping"},
        {"{\"cause\":\"lost\",\"epoch\":-1}", "leave: epoch must be an integer from 0"},
        {"{\"cause\":\"sleeping\",\"sleepMs\":-1}", "leave: sleepMs must be an integer from 0"},
        {"{\"cause\":\"sleeping\",\"sleepMs\":\"20\"}", "leave: sleepMs must be an integer from 0"},
    };
    assert_refused(SESSION "leave", all, COUNT(all), RC_ANSWER_NOBODY);
    assert_refused(DEVICE "leave", all, COUNT(all), RC_ANSWER_NOBODY);
}

static void T_8_a_training_heartbeat_names_its_course(void **state)
{
    (void)state;
    decode(SESSION "training", "{\"courseId\":\"fire-safety\"}", &out);
    assert_int_equal(out.kind, RC_DECODED_EVENT);
    assert_int_equal(out.event.kind, RC_EV_TRAINING);
    assert_id(&out.course, "fire-safety");
    assert_id(&out.event.beat.employee, "alice");
    assert_int_equal(out.event.beat.epoch, RC_NONE);
}

static void T_7_a_training_heartbeat_without_course_is_told_that_courseId_is_missing(void **state)
{
    (void)state;
    const struct refused all[] = {
        {"", "training: missing courseId"},
        {"{}", "training: missing courseId"},
        {"{\"courseid\":\"c\"}", "training: missing courseId"},
        {"{\"courseId\":7}", "training: courseId must be an id of 1 to 64 of A-Z a-z 0-9 _ -"},
        {"{\"courseId\":\"\"}", "training: courseId must be an id of 1 to 64 of A-Z a-z 0-9 _ -"},
        {"{\"courseId\":\"a b\"}", "training: courseId must be an id of 1 to 64 of A-Z a-z 0-9 _ -"},
        {"{\"courseId\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}",
         "training: courseId must be an id of 1 to 64 of A-Z a-z 0-9 _ -"},
    };
    assert_refused(SESSION "training", all, COUNT(all), RC_ANSWER_TRAINING);
}

static void a_canary_says_when_it_was_sent(void **state)
{
    (void)state;
    decode("rollcall/v1/hq/service/canary", "{\"now\":4999990}", &out);
    assert_int_equal(out.kind, RC_DECODED_CANARY);
    assert_int_equal(out.canary_now, 4999990);
    const struct refused all[] = {
        {"", "canary: the payload is empty"},
        {"{}", "canary: missing now"},
        {"{\"now\":-1}", "canary: now must be an integer from 0"},
    };
    assert_refused("rollcall/v1/hq/service/canary", all, COUNT(all), RC_ANSWER_NOBODY);
}

static void every_refusal_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int a = 0; a < RC_REFUSAL_COUNT; a++)
        for (int b = 0; b < a; b++)
            assert_string_not_equal(rc_refusal_name((enum rc_refusal)a), rc_refusal_name((enum rc_refusal)b));
}

/* Every allocation of the code under test goes through these (see CMakeLists.txt). */
static int allocations;
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_malloc(size_t size)
{
    allocations++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    allocations++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    allocations++;
    return __real_realloc(old, size);
}

static void decoding_allocates_nothing(void **state)
{
    (void)state;
    const struct {
        const char *topic, *payload;
    } all[] = {
        {SESSION "heartbeat", ""},
        {SESSION "heartbeat", "{\"epoch\":1,\"class\":\"agent\",\"rttMs\":3}"},
        {SESSION "leave", "{\"cause\":\"lost\"}"},
        {SESSION "punch", "{\"id\":\"p\",\"type\":\"IN\",\"note\":\"n\"}"},
        {SESSION "punch", "{\"id\":"},
        {SESSION "training", "{\"courseId\":\"c\"}"},
        {SESSION "progress", "{\"id\":\"p\",\"courseId\":\"c\",\"lessonId\":\"l\",\"data\":{}}"},
        {"rollcall/v1/hq/request/m1/punches", "{\"requestId\":\"r\",\"from\":1}"},
    };
    struct rc_id site = id_of("hq");
    free(malloc(1));
    assert_int_equal(allocations > 0, 1); /* they are counted */
    for (size_t i = 0; i < COUNT(all); i++) {
        struct rc_message message = message_of(all[i].topic, all[i].payload);
        allocations = 0;
        rc_decode(&message, &site, scratch, &out);
        assert_int_equal(allocations, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_for_this_service_is_ignored_and_says_why),
        cmocka_unit_test(a_retained_message_of_a_client_is_ignored),
        cmocka_unit_test(of_what_nobody_signed_only_a_lost_leave_counts),
        cmocka_unit_test(heartbeats_and_training_count_without_a_signature),
        cmocka_unit_test(an_empty_heartbeat_is_a_heartbeat_that_says_nothing),
        cmocka_unit_test(a_heartbeat_says_its_epoch_class_interval_and_round_trip),
        cmocka_unit_test(a_devices_heartbeat_is_a_session_of_nobody),
        cmocka_unit_test(a_heartbeat_that_is_wrong_changes_nothing),
        cmocka_unit_test(a_key_of_another_case_is_another_key),
        cmocka_unit_test(a_payload_is_a_kibibyte_at_most),
        cmocka_unit_test(a_leave_says_its_cause),
        cmocka_unit_test(a_leave_was_sent_at_the_latest_when_it_was_received),
        cmocka_unit_test(a_leave_that_is_wrong_changes_nothing),
        cmocka_unit_test(T_8_a_training_heartbeat_names_its_course),
        cmocka_unit_test(T_7_a_training_heartbeat_without_course_is_told_that_courseId_is_missing),
        cmocka_unit_test(a_canary_says_when_it_was_sent),
        cmocka_unit_test(every_refusal_has_a_name_of_its_own),
        cmocka_unit_test(decoding_allocates_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
