/* Messages that a receipt answers: punches and course progress. */
#include "given.h"

#include <stdio.h>

static struct rc_decoded out;

#define E_ACUTE_64 "éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé"

static void a_punch_needs_no_more_than_id_and_type(void **state)
{
    (void)state;
    struct rc_message message = message_of(SESSION "punch", "{\"id\":\"p1\",\"type\":\"IN\"}");
    message.login = id_of("alice");
    message.role = RC_ROLE_EMPLOYEE;
    decode_message(message, &out);
    assert_int_equal(out.kind, RC_DECODED_EVENT);
    assert_int_equal(out.event.kind, RC_EV_PUNCH);
    const struct rc_punch *punch = &out.event.punch;
    assert_id(&punch->employee, "alice");
    assert_id(&punch->session, "tab-1");
    assert_id(&punch->login, "alice");
    assert_string_equal(punch->id.text, "p1");
    assert_string_equal(out.punch_id.text, "p1");
    assert_int_equal(punch->id.length, 2);
    assert_int_equal(punch->type, RC_IN);
    assert_int_equal(punch->age_ms, RC_NONE);
    assert_int_equal(punch->device_at, RC_NONE);
    assert_int_equal(punch->clock, RC_CLOCK_UNSAID);
    assert_int_equal(punch->note.length, 0);
    assert_int_equal(punch->sent_at, message.at);
    assert_int_equal(punch->sent_now, message.now);
    assert_false(punch->has_class || punch->unmarked || punch->from_device || punch->in_elsewhere);
    assert_false(punch->prior.found || punch->history.at.found || punch->history.next.found);
    assert_int_equal(punch->history.waiting_seq, 0);
}

static void a_punch_may_say_how_old_it_is_and_by_what_clock(void **state)
{
    (void)state;
    decode(SESSION "punch",
           "{\"id\":\"p1\",\"type\":\"OUT\",\"ageMs\":9007199254740991,\"deviceAt\":0,\"clock\":\"unset\","
           "\"class\":\"kiosk\",\"note\":\"a \\\"note\\\"\\u20ac\"}",
           &out);
    const struct rc_punch *punch = &out.event.punch;
    assert_int_equal(out.kind, RC_DECODED_EVENT);
    assert_int_equal(punch->type, RC_OUT);
    assert_int_equal(punch->age_ms, 9007199254740991);
    assert_int_equal(punch->device_at, 0);
    assert_int_equal(punch->clock, RC_CLOCK_UNSET);
    assert_true(punch->has_class);
    assert_int_equal(punch->class, RC_KIOSK);
    assert_int_equal(punch->note.length, 11);
    assert_ptr_equal(punch->note.data, scratch);
    assert_memory_equal(scratch, "a \"note\"\xE2\x82\xAC", 11);
    decode(SESSION "punch", "{\"id\":\"p1\",\"type\":\"OUT\",\"clock\":\"synced\"}", &out);
    assert_int_equal(out.event.punch.clock, RC_CLOCK_SYNCED);
}

static void P_13_a_punch_carries_when_it_was_sent(void **state)
{
    (void)state;
    struct rc_message message = message_of(SESSION "punch", "{\"id\":\"p1\",\"type\":\"IN\"}");
    message.sent_now = 4000000;
    message.sent_at = 1699999000000;
    message.marked = true;
    decode_message(message, &out);
    assert_int_equal(out.event.punch.sent_now, 4000000);
    assert_int_equal(out.event.punch.sent_at, 1699999000000);
    assert_int_equal(out.event.now, 5000000);
    message.sent_now = message.now + 1;
    decode_message(message, &out);
    assert_int_equal(out.event.punch.sent_now, message.now);
}

static void a_punch_is_unmarked_only_without_a_mark_and_from_a_backlog(void **state)
{
    (void)state;
    struct rc_message message = message_of(SESSION "punch", "{\"id\":\"p1\",\"type\":\"IN\"}");
    for (int i = 0; i < 4; i++) {
        message.marked = (i & 1) != 0;
        message.backlog = (i & 2) != 0;
        decode_message(message, &out);
        assert_int_equal(out.event.punch.unmarked, i == 2);
    }
}

static void P_13_a_punch_of_a_kiosk_is_from_a_device(void **state)
{
    (void)state;
    struct rc_message message = message_of(SESSION "punch", "{\"id\":\"p1\",\"type\":\"IN\"}");
    for (int role = 0; role < RC_ROLE_COUNT; role++) {
        message.role = (enum rc_role)role;
        decode_message(message, &out);
        assert_int_equal(out.event.punch.from_device, role == RC_ROLE_KIOSK);
    }
}

static void P_12_an_id_has_64_characters_at_most_and_not_bytes(void **state)
{
    (void)state;
    decode(SESSION "punch", "{\"id\":\"" E_ACUTE_64 "\",\"type\":\"IN\"}", &out);
    assert_int_equal(out.kind, RC_DECODED_EVENT);
    assert_int_equal(out.event.punch.id.length, 128);
    const struct refused all[] = {
        {"{\"id\":\"" E_ACUTE_64 "x\",\"type\":\"IN\"}", "punch: id must be a text of 1 to 64 characters"},
    };
    assert_refused(SESSION "punch", all, COUNT(all), RC_ANSWER_RECEIPT);
    /* 64 characters of four bytes are the longest there is */
    char id[RC_PUNCH_ID_MAX], payload[512];
    for (size_t at = 0; at < sizeof id; at += 4)
        memcpy(id + at, "\xF0\x9F\x98\x80", 4);
    snprintf(payload, sizeof payload, "{\"type\":\"IN\",\"id\":\"%.*s\"}", (int)sizeof id, id);
    decode(SESSION "punch", payload, &out);
    assert_int_equal(out.kind, RC_DECODED_EVENT);
    assert_int_equal(out.event.punch.id.length, RC_PUNCH_ID_MAX);
}

static void a_punch_that_is_wrong_is_told_which_field(void **state)
{
    (void)state;
    const struct refused all[] = {
        {"", "punch: the payload is empty"},
        {"{}", "punch: missing id"},
        {"{\"type\":\"IN\"}", "punch: missing id"},
        {"{\"id\":\"\",\"type\":\"IN\"}", "punch: id must be a text of 1 to 64 characters"},
        {"{\"id\":1,\"type\":\"IN\"}", "punch: id must be a text of 1 to 64 characters"},
        {"{\"id\":\"p\\u0000\",\"type\":\"IN\"}", "punch: the payload holds a NUL"},
        {"{\"id\":\"p\"}", "punch: missing type"},
        {"{\"id\":\"p\",\"Type\":\"IN\"}", "punch: missing type"},
        {"{\"id\":\"p\",\"type\":\"in\"}", "punch: type must be IN or OUT"},
        {"{\"id\":\"p\",\"type\":\"\"}", "punch: type must be IN or OUT"},
        {"{\"id\":\"p\",\"type\":\"AUTO_OUT\"}", "punch: type must be IN or OUT"},
        {"{\"id\":\"p\",\"type\":\"RESUME\"}", "punch: type must be IN or OUT"},
        {"{\"id\":\"p\",\"type\":1}", "punch: type must be IN or OUT"},
        {"{\"id\":\"p\",\"type\":\"IN\",\"ageMs\":-1}", "punch: ageMs must be an integer from 0"},
        {"{\"id\":\"p\",\"type\":\"IN\",\"ageMs\":0.5}", "punch: ageMs must be an integer from 0"},
        {"{\"id\":\"p\",\"type\":\"IN\",\"ageMs\":\"5\"}", "punch: ageMs must be an integer from 0"},
        {"{\"id\":\"p\",\"type\":\"IN\",\"ageMs\":1e400}", "punch: the payload holds a number out of range"},
        {"{\"id\":\"p\",\"type\":\"IN\",\"ageMs\":9007199254740992}",
         "punch: the payload holds a number out of range"},
        {"{\"id\":\"p\",\"type\":\"IN\",\"deviceAt\":-1}", "punch: deviceAt must be an integer from 0"},
        {"{\"id\":\"p\",\"type\":\"IN\",\"deviceAt\":null}", "punch: deviceAt must be an integer from 0"},
        {"{\"id\":\"p\",\"type\":\"IN\",\"clock\":\"\"}", "punch: clock must be synced or unset"},
        {"{\"id\":\"p\",\"type\":\"IN\",\"clock\":true}", "punch: clock must be synced or unset"},
        {"{\"id\":\"p\",\"type\":\"IN\",\"class\":\"desk\"}",
         "punch: class must be browser, agent, mobile, badge or kiosk"},
        {"{\"id\":\"p\",\"type\":\"IN\",\"note\":7}", "punch: note must be a text of 0 to 512 bytes"},
        {"{\"id\":\"p\",\"type\":\"IN\",\"type\":\"OUT\"}", "punch: the payload has a key twice"},
        {"{\"id\":\"p\",\"type\":\"IN\"}x", "punch: the payload goes on after the object"},
        {"[{\"id\":\"p\",\"type\":\"IN\"}]", "punch: the payload is not a JSON object"},
    };
    assert_refused(SESSION "punch", all, COUNT(all), RC_ANSWER_RECEIPT);
}

static void a_refused_punch_is_answered_by_its_id_where_that_can_be_read(void **state)
{
    (void)state;
    decode(SESSION "punch", "{\"id\":\"p7\",\"type\":\"LUNCH\"}", &out);
    assert_string_equal(out.punch_id.text, "p7");
    assert_int_equal(out.punch_id.length, 2);
    decode(SESSION "punch", "{\"type\":\"IN\",\"ageMs\":1e999,\"id\":\"p8\"}", &out);
    assert_string_equal(out.punch_id.text, "p8");
    decode(SESSION "progress", "{\"data\":[[[[[\"]}\"]]]]],\"id\":\"g1\"}", &out);
    assert_string_equal(out.punch_id.text, "g1");
    decode(SESSION "punch", "{\"id\":\"p7\",\"type\":\"IN\",\"id\":\"p8\"}", &out);
    assert_int_equal(out.punch_id.length, 0);
    decode(SESSION "punch", "{\"id\":\"p\\u00007\",\"type\":\"IN\"}", &out);
    assert_int_equal(out.punch_id.length, 0);
    decode(SESSION "punch", "{\"id\":[\"p7\"],\"type\":\"IN\"}", &out);
    assert_int_equal(out.punch_id.length, 0);
    assert_string_equal(out.punch_id.text, "");
}

static void an_id_of_a_payload_that_is_no_json_keeps_the_rules_of_ids(void **state)
{
    (void)state;
    char payload[1024];
    snprintf(payload, sizeof payload, "{\"a\":1e999,\"id\":\"%0*d\"}", RC_PUNCH_ID_CHARS_MAX, 0);
    decode(SESSION "punch", payload, &out);
    assert_int_equal(out.punch_id.length, RC_PUNCH_ID_CHARS_MAX);
    snprintf(payload, sizeof payload, "{\"a\":1e999,\"id\":\"%0*d\"}", RC_PUNCH_ID_CHARS_MAX + 1, 0);
    decode(SESSION "punch", payload, &out);
    assert_int_equal(out.punch_id.length, 0);
    decode(SESSION "punch", "{\"a\":1e999,\"id\":\"\"}", &out);
    assert_int_equal(out.punch_id.length, 0);
}

static void a_note_has_512_bytes_at_most(void **state)
{
    (void)state;
    char payload[1024];
    for (int length = 512; length <= 513; length++) {
        snprintf(payload, sizeof payload, "{\"id\":\"p\",\"type\":\"IN\",\"note\":\"%0*d\"}", length, 0);
        decode(SESSION "punch", payload, &out);
        assert_int_equal(out.kind, length == 512 ? RC_DECODED_EVENT : RC_DECODED_INVALID);
    }
    assert_string_equal(out.message, "punch: note must be a text of 0 to 512 bytes");
}

static void course_progress_keeps_the_text_of_its_data(void **state)
{
    (void)state;
    const char *payload =
        "{\"id\":\"g1\",\"courseId\":\"c1\",\"data\": {\"page\" : [1.50]} ,\"lessonId\":\"l-2\"}";
    struct rc_message message = message_of(SESSION "progress", payload);
    struct rc_id site = id_of("hq");
    rc_decode(&message, &site, scratch, &out);
    assert_int_equal(out.kind, RC_DECODED_EVENT);
    assert_int_equal(out.event.kind, RC_EV_PROGRESS);
    assert_id(&out.event.beat.session, "tab-1");
    assert_string_equal(out.punch_id.text, "g1");
    assert_id(&out.course, "c1");
    assert_id(&out.lesson, "l-2");
    assert_int_equal(out.progress_data.length, strlen("{\"page\" : [1.50]}"));
    assert_memory_equal(out.progress_data.data, "{\"page\" : [1.50]}", out.progress_data.length);
}

static void course_progress_that_is_wrong_is_told_which_field(void **state)
{
    (void)state;
    const struct refused all[] = {
        {"", "progress: the payload is empty"},
        {"{}", "progress: missing id"},
        {"{\"id\":\"g\"}", "progress: missing courseId"},
        {"{\"id\":\"g\",\"courseId\":\"c\"}", "progress: missing lessonId"},
        {"{\"id\":\"g\",\"courseId\":\"c\",\"lessonId\":\"l\"}", "progress: missing data"},
        {"{\"id\":\"g\",\"courseId\":\"c\",\"lessonId\":\"l/2\",\"data\":1}",
         "progress: lessonId must be an id of 1 to 64 of A-Z a-z 0-9 _ -"},
        {"{\"id\":\"g\",\"courseId\":\"c\",\"lessonId\":\"l\",\"data\":[[[[1]]]]}",
         "progress: the payload is nested deeper than 4 levels"},
    };
    assert_refused(SESSION "progress", all, COUNT(all), RC_ANSWER_RECEIPT);
}

static void course_progress_has_four_kibibytes(void **state)
{
    (void)state;
    char payload[RC_PROGRESS_PAYLOAD_MAX + 2];
    const char *head = "{\"id\":\"g\",\"courseId\":\"c\",\"lessonId\":\"l\",\"data\":\"";
    for (int length = RC_PROGRESS_PAYLOAD_MAX; length <= RC_PROGRESS_PAYLOAD_MAX + 1; length++) {
        snprintf(payload, sizeof payload, "%s%0*d\"}", head, length - (int)strlen(head) - 2, 0);
        decode(SESSION "progress", payload, &out);
        assert_int_equal(out.kind, length == RC_PROGRESS_PAYLOAD_MAX ? RC_DECODED_EVENT : RC_DECODED_INVALID);
    }
    assert_int_equal(out.refusal, RC_REFUSAL_TOO_LONG);
    assert_int_equal(out.answer, RC_ANSWER_RECEIPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_punch_needs_no_more_than_id_and_type),
        cmocka_unit_test(a_punch_may_say_how_old_it_is_and_by_what_clock),
        cmocka_unit_test(P_13_a_punch_carries_when_it_was_sent),
        cmocka_unit_test(a_punch_is_unmarked_only_without_a_mark_and_from_a_backlog),
        cmocka_unit_test(P_13_a_punch_of_a_kiosk_is_from_a_device),
        cmocka_unit_test(P_12_an_id_has_64_characters_at_most_and_not_bytes),
        cmocka_unit_test(a_punch_that_is_wrong_is_told_which_field),
        cmocka_unit_test(a_refused_punch_is_answered_by_its_id_where_that_can_be_read),
        cmocka_unit_test(an_id_of_a_payload_that_is_no_json_keeps_the_rules_of_ids),
        cmocka_unit_test(a_note_has_512_bytes_at_most),
        cmocka_unit_test(course_progress_keeps_the_text_of_its_data),
        cmocka_unit_test(course_progress_that_is_wrong_is_told_which_field),
        cmocka_unit_test(course_progress_has_four_kibibytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
