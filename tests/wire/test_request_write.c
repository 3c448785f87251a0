/*
 * What the operators' command writes, and what the service makes of it; what the service answers, and what
 * the command reads.
 */
#include "core/names.h"
#include "wire/encode.h"
#include "wire/reply_read.h"
#include "wire/request_write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct rc_id id(const char *text)
{
    struct rc_id made;
    assert_true(rc_id_set(&made, rc_text_of(text)));
    return made;
}

/* carried writes a request and decodes it as the service does. */
static struct rc_request carried(const struct rc_request *request)
{
    static struct rc_decoded decoded;
    char topic[RC_TOPIC_MAX];
    char payload[RC_PAYLOAD_MAX + 1];
    char scratch[RC_TEXT_MAX];
    struct rc_id site = id("hq");
    struct rc_message message = {
        .topic = {topic, rc_request_topic(topic, &site, request)},
        .payload = {payload, rc_request_write(request, payload, sizeof payload)},
        .login = request->login,
        .role = RC_ROLE_OPS,
    };
    assert_true(message.payload.length > 0);
    rc_decode(&message, &site, scratch, &decoded);
    if (decoded.kind != RC_DECODED_REQUEST) {
        fail_msg("%s: %s", payload, decoded.message);
    }
    return decoded.request;
}

static void assert_same_person(const struct rc_person *got, const struct rc_person *sent)
{
    assert_int_equal(got->action, sent->action);
    assert_int_equal(got->has_name, sent->has_name);
    assert_int_equal(got->has_group, sent->has_group);
    assert_int_equal(got->has_email, sent->has_email);
    assert_int_equal(got->has_manager, sent->has_manager);
    assert_string_equal(got->name, sent->name);
    assert_string_equal(got->email, sent->email);
    assert_true(rc_id_equal(&got->group, &sent->group));
    assert_true(rc_id_equal(&got->manager, &sent->manager));
}

static void assert_carried(const struct rc_request *sent)
{
    struct rc_request got = carried(sent);
    assert_int_equal(got.verb, sent->verb);
    assert_true(rc_id_equal(&got.login, &sent->login));
    assert_string_equal(got.request_id, sent->request_id);
    assert_true(rc_id_equal(&got.employee, &sent->employee));
    assert_int_equal(got.from_at, sent->from_at);
    assert_int_equal(got.to_at, sent->to_at);
    assert_int_equal(got.limit, sent->limit);
    assert_int_equal(got.cursor, sent->cursor);
    assert_int_equal(got.undecided, sent->undecided);
    assert_int_equal(got.asks, sent->asks);
    assert_int_equal(got.decided, sent->decided);
    assert_int_equal(got.ask_only, sent->ask_only);
    assert_int_equal(got.has_action, sent->has_action);
    assert_int_equal(got.action, sent->action);
    assert_int_equal(got.seq, sent->seq);
    assert_int_equal(got.hold, sent->hold);
    assert_int_equal(got.ask, sent->ask);
    assert_int_equal(got.type, sent->type);
    assert_int_equal(got.at, sent->at);
    assert_string_equal(got.reason, sent->reason);
    assert_int_equal(got.until_at, sent->until_at);
    assert_string_equal(got.from_date, sent->from_date);
    assert_string_equal(got.to_date, sent->to_date);
    assert_string_equal(got.after_date, sent->after_date);
    assert_true(rc_id_equal(&got.after_employee, &sent->after_employee));
    assert_int_equal(got.adds, sent->adds);
    assert_true(rc_id_equal(&got.course, &sent->course));
    assert_int_equal(got.limit_minutes, sent->limit_minutes);
    assert_int_equal(got.interval_ms, sent->interval_ms);
    assert_int_equal(got.break_minutes, sent->break_minutes);
    assert_int_equal(got.break_after_minutes, sent->break_after_minutes);
    assert_string_equal(got.zone, sent->zone);
    assert_string_equal(got.month, sent->month);
    assert_same_person(&got.person, &sent->person);
}

static struct rc_request request_of(enum rc_verb verb)
{
    struct rc_request request;
    rc_request_init(&request, verb);
    request.login = id("ops");
    snprintf(request.request_id, sizeof request.request_id, "0123456789abcdef");
    return request;
}

static void a_request_with_nothing_given_arrives_as_such(void **state)
{
    (void)state;
    for (int verb = RC_VERB_UNKNOWN + 1; verb < RC_VERB_COUNT; verb++) {
        struct rc_request request = request_of((enum rc_verb)verb);
        request.asks = verb == RC_VERB_CORRECT; /* a correction without an action is no request */
        if (verb == RC_VERB_ARCHIVE) {          /* nor is an archive of no month */
            memcpy(request.month, "2026-01", sizeof "2026-01");
        }
        assert_carried(&request);
    }
}

static void every_field_of_a_list_arrives(void **state)
{
    (void)state;
    struct rc_request request = request_of(RC_VERB_PUNCHES);
    request.employee = id("e-1_X");
    request.from_at = 0;
    request.to_at = INT64_C(1764768615250);
    request.limit = 200;
    request.cursor = INT64_C(9007199254740991);
    request.undecided = true;
    assert_carried(&request);
}

static void T_1_everything_of_training_arrives(void **state)
{
    (void)state;
    struct rc_request request = request_of(RC_VERB_TRAINING_DAYS);
    request.employee = id("e1");
    request.limit = 200;
    memcpy(request.from_date, "2025-12-01", RC_DATE_MAX);
    request.to_at = 5;
    memcpy(request.after_date, "2025-12-31", RC_DATE_MAX);
    memset(request.after_employee.text, 'e', RC_ID_MAX);
    request.after_employee.length = RC_ID_MAX;
    assert_carried(&request);

    request = request_of(RC_VERB_POLICY);
    request.adds = true;
    request.limit_minutes = 0;
    request.interval_ms = 1000;
    request.break_minutes = 5;
    request.break_after_minutes = 50;
    snprintf(request.zone, sizeof request.zone, "America/Argentina/ComodRivadavia");
    memcpy(request.from_date, "2025-12-08", RC_DATE_MAX);
    assert_carried(&request);

    request = request_of(RC_VERB_POLICY);
    request.adds = true;
    request.course = id("c1");
    request.limit_minutes = 60;
    request.from_at = 0;
    assert_carried(&request);
}

static void P_16_every_kind_of_correction_arrives(void **state)
{
    (void)state;
    struct rc_request request = request_of(RC_VERB_CORRECT);
    request.has_action = true;
    request.action = RC_ACTION_RETIME;
    request.employee = id("e1");
    request.seq = 41;
    request.at = INT64_C(1764768615250);
    snprintf(request.reason, sizeof request.reason, "said \"16:00\" \\ and \xc3\xa4");
    assert_carried(&request);

    request = request_of(RC_VERB_CORRECT);
    request.has_action = true;
    request.action = RC_ACTION_ADD;
    request.ask_only = true;
    request.employee = id("e1");
    request.type = RC_OUT;
    request.at = 1;
    memset(request.reason, 'r', RC_TEXT_MAX);
    assert_carried(&request);

    request = request_of(RC_VERB_CORRECT);
    request.has_action = true;
    request.action = RC_ACTION_ACCEPT;
    request.hold = 3;
    assert_carried(&request);

    request.action = RC_ACTION_REJECT;
    request.hold = RC_NONE;
    request.ask = 7;
    assert_carried(&request);
}

static void P_19_the_end_of_a_maintenance_arrives(void **state)
{
    (void)state;
    struct rc_request request = request_of(RC_VERB_MAINTENANCE);
    request.until_at = 0;
    assert_carried(&request);
}

static void every_change_of_the_directory_arrives(void **state)
{
    (void)state;
    struct rc_request request = request_of(RC_VERB_EMPLOYEE);
    assert_carried(&request); /* the list */
    request.after_employee = id("e100");
    request.limit = 7;
    assert_carried(&request);
    request = request_of(RC_VERB_EMPLOYEE);
    request.employee = id("e100");
    request.person.action = RC_PERSON_REMOVE;
    assert_carried(&request);
    request.person.action = RC_PERSON_CHANGE;
    request.person.has_group = request.person.has_email = true; /* both are taken away */
    assert_carried(&request);
    request.person.action = RC_PERSON_ADD;
    request.person.has_name = request.person.has_manager = true;
    snprintf(request.person.name, sizeof request.person.name, "%s", "Ana \"L\xc3\xb6pez\"");
    snprintf(request.person.email, sizeof request.person.email, "%s", "ana@example.org");
    request.person.group = id("sales");
    request.person.manager = id("m1");
    assert_carried(&request);
}

static void a_request_that_does_not_fit_is_not_cut(void **state)
{
    (void)state;
    char small[16];
    struct rc_request request = request_of(RC_VERB_WHO);
    assert_int_equal(rc_request_write(&request, small, sizeof small), 0);
}

/* ---- replies ---- */

static struct rc_reading *reading_of(const char *text)
{
    return rc_reading_parse(rc_text_of(text));
}

static void what_the_service_writes_is_read_back(void **state)
{
    (void)state;
    struct rc_reply *reply = rc_reply_new("r1", RC_OK, NULL);
    rc_reply_list(reply, "employees");
    for (int i = 0; i < 3; i++) {
        rc_reply_row_begin(reply);
        rc_reply_integer(reply, "since", INT64_C(1764768615250) + i);
        rc_reply_text(reply, "employeeId", rc_text_of("e1"));
        rc_reply_bool(reply, "review", i == 2);
        rc_reply_row_end(reply);
    }
    rc_reply_integer(reply, "nextCursor", 17);
    size_t length = 0;
    char *text = rc_reply_print(reply, &length);
    struct rc_reading *reading = rc_reading_parse((struct rc_text){text, length});
    free(text);
    assert_non_null(reading);
    assert_true(rc_reading_ok(reading));
    assert_string_equal(rc_row_text(rc_reading_top(reading), "requestId"), "r1");
    int64_t value = 0;
    assert_true(rc_row_integer(rc_reading_top(reading), "nextCursor", &value));
    assert_int_equal(value, 17);
    int count = 0;
    const struct rc_reading_row *row = rc_reading_first(reading, "employees");
    for (; row != NULL; row = rc_reading_next(row), count++) {
        assert_true(rc_row_integer(row, "since", &value));
        assert_int_equal(value, INT64_C(1764768615250) + count);
        assert_string_equal(rc_row_text(row, "employeeId"), "e1");
        assert_int_equal(rc_row_true(row, "review"), count == 2);
    }
    assert_int_equal(count, 3);
    rc_reading_free(reading);
}

static void a_refusal_is_read_back(void **state)
{
    (void)state;
    size_t length = 0;
    char *text = rc_reply_print(rc_reply_new("r1", RC_NOT_FOUND, "no such row"), &length);
    struct rc_reading *reading = rc_reading_parse((struct rc_text){text, length});
    free(text);
    assert_false(rc_reading_ok(reading));
    assert_string_equal(rc_row_text(rc_reading_top(reading), "code"), "NOT_FOUND");
    assert_string_equal(rc_row_text(rc_reading_top(reading), "message"), "no such row");
    rc_reading_free(reading);
}

static void what_is_no_reply_is_not_read(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", "null", "[]", "{}", "{\"ok\":1}", "{\"ok\":true", "{\"ok\":true}x", "{\"ok\":true}{\"ok\":true}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_null(reading_of(texts[i]));
    }
}

static void a_receipt_is_an_object_without_ok(void **state)
{
    (void)state;
    struct rc_reading *reading = rc_reading_object(rc_text_of("{\"id\":\"p-1\",\"seq\":7}\n"));
    int64_t seq = 0;
    assert_true(rc_row_integer(rc_reading_top(reading), "seq", &seq));
    assert_int_equal(seq, 7);
    rc_reading_free(reading);
    assert_null(rc_reading_object(rc_text_of("[7]")));
    assert_null(rc_reading_object(rc_text_of("{\"seq\":7} {}")));
}

static void fields_of_another_type_are_not_there(void **state)
{
    (void)state;
    struct rc_reading *reading =
        reading_of("{\"ok\":true,\"a\":\"1\",\"b\":1.5,\"c\":1e300,\"d\":1,\"e\":null,"
                   "\"f\":9007199254740994,\"rows\":[1,{\"x\":1},null,{\"x\":2}],\"g\":{}}");
    const struct rc_reading_row *top = rc_reading_top(reading);
    int64_t value = 77;
    static const char *const no_integers[] = {"a", "b", "c", "e", "f", "rows", "missing", "ok"};
    for (size_t i = 0; i < sizeof no_integers / sizeof no_integers[0]; i++) {
        assert_false(rc_row_integer(top, no_integers[i], &value));
    }
    assert_int_equal(value, 77);
    assert_null(rc_row_text(top, "d"));
    assert_false(rc_row_true(top, "d"));
    assert_null(rc_reading_first(reading, "g"));
    assert_null(rc_reading_first(reading, "missing"));
    const struct rc_reading_row *row = rc_reading_first(reading, "rows");
    assert_true(rc_row_integer(row, "x", &value) && value == 1);
    row = rc_reading_next(row);
    assert_true(rc_row_integer(row, "x", &value) && value == 2);
    assert_null(rc_reading_next(row));
    rc_reading_free(reading);
}

static void a_row_prints_as_json_that_no_terminal_obeys(void **state)
{
    (void)state;
    struct rc_reading *reading = reading_of("{\"ok\":true,\"rows\":[{\"n\":9007199254740991,\"x\":1.5,\"l\":["
                                            "-3],\"note\":\"\\u001b[2J \x7f \xc2\x9b "
                                            "\xe2\x80\xae \xe2\x82\xac \xc3\xa4\"}]}");
    char *line = rc_row_print(rc_reading_first(reading, "rows"));
    assert_string_equal(line, "{\"n\":9007199254740991,\"x\":1.5,\"l\":[-3],\"note\":\"\\u001b[2J \\u007f "
                              "\\u009b \\u202e \xe2\x82\xac \xc3\xa4\"}");
    free(line);
    rc_reading_free(reading);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_with_nothing_given_arrives_as_such),
        cmocka_unit_test(every_field_of_a_list_arrives),
        cmocka_unit_test(T_1_everything_of_training_arrives),
        cmocka_unit_test(P_16_every_kind_of_correction_arrives),
        cmocka_unit_test(P_19_the_end_of_a_maintenance_arrives),
        cmocka_unit_test(every_change_of_the_directory_arrives),
        cmocka_unit_test(a_request_that_does_not_fit_is_not_cut),
        cmocka_unit_test(what_the_service_writes_is_read_back),
        cmocka_unit_test(a_refusal_is_read_back),
        cmocka_unit_test(what_is_no_reply_is_not_read),
        cmocka_unit_test(a_receipt_is_an_object_without_ok),
        cmocka_unit_test(fields_of_another_type_are_not_there),
        cmocka_unit_test(a_row_prints_as_json_that_no_terminal_obeys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
