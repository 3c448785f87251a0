/*
 * Good messages, spoilt in every small way. Each copy ends exactly where its bytes end, so the address
 * sanitizer sees a read beyond; and what the reader still accepts, cJSON must read the same (oracle.h).
 */
#include "given.h"
#include "oracle.h"

static const char *const topics[] = {SESSION "heartbeat", SESSION "leave",
                                     SESSION "punch",     SESSION "training",
                                     SESSION "progress",  "rollcall/v1/hq/request/m1/correct"};

static const char *const payloads[] = {
    "{\"epoch\":1700000000123,\"class\":\"mobile\",\"intervalMs\":20000,\"rttMs\":12.5e1}",
    "{\"cause\":\"sleeping\",\"epoch\":-0,\"sleepMs\":600000}",
    "{\"id\":\"p\\u00e91\xC3\xA9\\ud83d\\ude00\",\"type\":\"OUT\",\"ageMs\":0,\"note\":\"\\\"\\n\\\\\"}",
    "{\"id\":\"g\",\"courseId\":\"c\",\"lessonId\":\"l\",\"data\":{\"a\":[1,true,null,{\"b\":-1.5E-3}]}}",
    "{\"action\":\"add\",\"employeeId\":\"e1\",\"type\":\"IN\",\"at\":1,\"reason\":\"x\",\"ask\":false}",
};

static void take(const char *topic, struct rc_text payload)
{
    static struct rc_decoded out;
    static struct rc_json json;
    struct rc_message message = message_of(topic, "");
    message.payload = payload;
    decode_message(message, &out);
    assert_true(out.kind == RC_DECODED_EVENT || out.kind == RC_DECODED_REQUEST ||
                out.kind == RC_DECODED_INVALID);
    assert_int_equal(out.kind == RC_DECODED_INVALID, out.refusal != RC_REFUSAL_NONE);
    assert_int_equal(out.kind == RC_DECODED_INVALID, out.message[0] != '\0');
    char *copy = exact_copy(payload);
    if (rc_json_read(&json, (struct rc_text){copy, payload.length}))
        oracle_agrees(&json, payload);
    free(copy);
}

static void take_everywhere(struct rc_text payload)
{
    for (size_t i = 0; i < COUNT(topics); i++)
        take(topics[i], payload);
}

static void a_payload_cut_anywhere_is_read_only_as_far_as_it_goes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(payloads); i++)
        for (size_t length = 0; length <= strlen(payloads[i]); length++)
            take_everywhere((struct rc_text){payloads[i], length});
}

static void a_payload_with_any_byte_changed_is_read_safely(void **state)
{
    (void)state;
    static const char bytes[] = {
        0,   1,   '\t', ' ', '"', '\\', '{', '}',        '[',        ']',        ',',        ':',       '0',
        '9', '-', '.',  'e', 'u', 'd',  't', (char)0x80, (char)0xC3, (char)0xED, (char)0xF0, (char)0xFF};
    char spoilt[512];
    for (size_t i = 0; i < COUNT(payloads); i++) {
        size_t length = strlen(payloads[i]);
        for (size_t at = 0; at < length; at++)
            for (size_t b = 0; b < COUNT(bytes); b++) {
                memcpy(spoilt, payloads[i], length);
                spoilt[at] = bytes[b];
                take(topics[(i + b) % COUNT(topics)], (struct rc_text){spoilt, length});
            }
    }
}

static void a_payload_with_any_part_doubled_or_missing_is_read_safely(void **state)
{
    (void)state;
    char spoilt[1024];
    for (size_t i = 0; i < COUNT(payloads); i++) {
        size_t length = strlen(payloads[i]);
        for (size_t from = 0; from < length; from++)
            for (size_t to = from + 1; to <= length; to += 3) {
                memcpy(spoilt, payloads[i], to);
                memcpy(spoilt + to, payloads[i] + from, length - from); /* from..to twice */
                take(topics[(from + to) % COUNT(topics)], (struct rc_text){spoilt, to + length - from});
                memcpy(spoilt + from, payloads[i] + to, length - to); /* from..to not at all */
                take(topics[(from + to) % COUNT(topics)], (struct rc_text){spoilt, from + length - to});
            }
    }
}

static void a_complaint_never_repeats_what_the_sender_wrote(void **state)
{
    (void)state;
    static struct rc_decoded out;
    decode(SESSION "heartbeat", "{\"class\":\"\x1b[31mroot\\u000a%n%s\"}", &out);
    assert_string_equal(out.message, "heartbeat: the payload is not a JSON object");
    decode(SESSION "heartbeat", "{\"class\":\"\\u001b[31mroot\\u000a%n%s\"}", &out);
    assert_string_equal(out.message, "heartbeat: class must be browser, agent, mobile, badge or kiosk");
}

static void deep_nesting_is_refused_at_once(void **state)
{
    (void)state;
    static struct rc_decoded out;
    char deep[RC_PAYLOAD_MAX + 1] = {0};
    for (size_t at = 0; at < RC_PAYLOAD_MAX; at += 4)
        memcpy(deep + at, "{\"\":", 4);
    decode(SESSION "punch", deep, &out);
    assert_string_equal(out.message, "punch: the payload is nested deeper than 4 levels");
}

static void a_mebibyte_is_refused_by_its_length(void **state)
{
    (void)state;
    static struct rc_decoded out;
    size_t length = 1024 * 1024;
    char *huge = malloc(length);
    memset(huge, '{', length);
    for (size_t i = 0; i < COUNT(topics); i++) {
        struct rc_message message = message_of(topics[i], "");
        message.payload = (struct rc_text){huge, length};
        decode_message(message, &out);
        assert_int_equal(out.refusal, RC_REFUSAL_TOO_LONG);
    }
    free(huge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_payload_cut_anywhere_is_read_only_as_far_as_it_goes),
        cmocka_unit_test(a_payload_with_any_byte_changed_is_read_safely),
        cmocka_unit_test(a_payload_with_any_part_doubled_or_missing_is_read_safely),
        cmocka_unit_test(a_complaint_never_repeats_what_the_sender_wrote),
        cmocka_unit_test(deep_nesting_is_refused_at_once),
        cmocka_unit_test(a_mebibyte_is_refused_by_its_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
