/* Questions and orders, section 6; their fields stand in docs/protocol.md. */
#include "given.h"

#include "wire/json.h"

#include <stdio.h>

#define REQUEST "rollcall/v1/hq/request/m1/"

static struct rc_decoded out;

static const struct rc_request *ask(const char *verb, const char *payload)
{
    char topic[RC_TOPIC_MAX];
    snprintf(topic, sizeof topic, REQUEST "%s", verb);
    decode(topic, payload, &out);
    if (out.kind != RC_DECODED_REQUEST)
        fail_msg("%s %s: %s", verb, payload, out.message);
    assert_id(&out.request.login, "m1");
    assert_string_equal(rc_verb_name(out.request.verb), verb);
    return &out.request;
}

static void a_question_may_say_nothing(void **state)
{
    (void)state;
    const char *verbs[] = {"who", "punches", "periods", "sweep", "maintenance", "status"};
    const char *payloads[] = {"", "{}", "{\"unknown\":null}"};
    for (size_t i = 0; i < COUNT(verbs); i++)
        for (size_t j = 0; j < COUNT(payloads); j++) {
            const struct rc_request *request = ask(verbs[i], payloads[j]);
            assert_string_equal(request->request_id, "");
            assert_int_equal(request->employee.length, 0);
            assert_int_equal(request->from_at, RC_NONE);
            assert_int_equal(request->to_at, RC_NONE);
            assert_int_equal(request->limit, RC_NONE);
            assert_int_equal(request->cursor, RC_NONE);
            assert_int_equal(request->until_at, RC_NONE);
            assert_false(request->undecided || request->asks || request->ask_only || request->has_action);
        }
}

static void a_page_is_asked_for_by_limit_and_cursor(void **state)
{
    (void)state;
    const struct rc_request *request = ask("who", "{\"requestId\":\"r1\",\"limit\":2,\"cursor\":17}");
    assert_string_equal(request->request_id, "r1");
    assert_int_equal(request->limit, 2);
    assert_int_equal(request->cursor, 17);
    request = ask("punches", "{\"employeeId\":\"e1\",\"from\":1,\"to\":2,\"undecided\":true,\"cursor\":0}");
    assert_id(&request->employee, "e1");
    assert_int_equal(request->from_at, 1);
    assert_int_equal(request->to_at, 2);
    assert_int_equal(request->cursor, 0);
    assert_true(request->undecided);
    request = ask("periods", "{\"employeeId\":\"e1\",\"from\":0,\"limit\":1000000}");
    assert_int_equal(request->from_at, 0);
    assert_int_equal(request->limit, 1000000);
    request = ask("status", "{\"employeeId\":\"e1\"}");
    assert_id(&request->employee, "e1");
}

static void P_19_maintenance_says_until_when_and_0_ends_it(void **state)
{
    (void)state;
    assert_int_equal(ask("maintenance", "{\"until\":1764763200000}")->until_at, 1764763200000);
    assert_int_equal(ask("maintenance", "{\"until\":0}")->until_at, 0);
    assert_int_equal(ask("maintenance", "{}")->until_at, RC_NONE);
}

static void P_16_a_correction_is_accepted_by_seq_hold_or_ask(void **state)
{
    (void)state;
    const struct rc_request *request =
        ask("correct", "{\"action\":\"accept\",\"seq\":41,\"employeeId\":\"e1\"}");
    assert_true(request->has_action);
    assert_int_equal(request->action, RC_ACTION_ACCEPT);
    assert_int_equal(request->seq, 41);
    assert_int_equal(request->hold, RC_NONE);
    assert_int_equal(request->ask, RC_NONE);
    assert_string_equal(request->reason, "");
    request = ask("correct", "{\"action\":\"reject\",\"holdId\":3,\"reason\":\"power cut\"}");
    assert_int_equal(request->action, RC_ACTION_REJECT);
    assert_int_equal(request->hold, 3);
    assert_string_equal(request->reason, "power cut");
    request = ask("correct", "{\"action\":\"accept\",\"askId\":7}");
    assert_int_equal(request->ask, 7);
}

static void P_16_a_correction_adds_voids_and_retimes(void **state)
{
    (void)state;
    const struct rc_request *request =
        ask("correct",
            "{\"action\":\"add\",\"employeeId\":\"e1\",\"type\":\"OUT\",\"at\":5,\"reason\":\"forgot\"}");
    assert_int_equal(request->action, RC_ACTION_ADD);
    assert_int_equal(request->type, RC_OUT);
    assert_int_equal(request->at, 5);
    request = ask("correct", "{\"action\":\"void\",\"seq\":1,\"reason\":\"x\"}");
    assert_int_equal(request->action, RC_ACTION_VOID);
    request = ask("correct", "{\"action\":\"retime\",\"seq\":1,\"at\":0,\"reason\":\"x\",\"ask\":true}");
    assert_int_equal(request->action, RC_ACTION_RETIME);
    assert_int_equal(request->at, 0);
    assert_true(request->ask_only);
}

static void a_list_of_asks_needs_no_action(void **state)
{
    (void)state;
    const struct rc_request *request = ask("correct", "{\"list\":true,\"employeeId\":\"e1\",\"limit\":5}");
    assert_true(request->asks);
    assert_false(request->has_action);
    assert_id(&request->employee, "e1");
    assert_int_equal(request->limit, 5);
}

static void a_correction_that_is_wrong_is_told_which_field(void **state)
{
    (void)state;
#define ONE "correct: seq, holdId or askId: exactly one must be given"
    const struct refused all[] = {
        {"", "correct: missing action"},
        {"{\"list\":false}", "correct: missing action"},
        {"{\"list\":1}", "correct: list must be true or false"},
        {"{\"action\":\"\"}", "correct: action must be accept, reject, add, void or retime"},
        {"{\"action\":\"delete\"}", "correct: action must be accept, reject, add, void or retime"},
        {"{\"action\":\"accept\"}", ONE},
        {"{\"action\":\"accept\",\"seq\":1,\"holdId\":1}", ONE},
        {"{\"action\":\"reject\",\"askId\":1,\"holdId\":1}", ONE},
        {"{\"action\":\"accept\",\"seq\":0}", "correct: seq must be an integer from 1"},
        {"{\"action\":\"accept\",\"holdId\":\"3\"}", "correct: holdId must be an integer from 1"},
        {"{\"action\":\"accept\",\"askId\":-1}", "correct: askId must be an integer from 1"},
        {"{\"action\":\"accept\",\"ask\":true,\"askId\":1}", "correct: missing seq"},
        {"{\"action\":\"accept\",\"ask\":true,\"holdId\":1}", "correct: missing seq"},
        {"{\"action\":\"accept\",\"ask\":true,\"seq\":1,\"holdId\":1}",
         "correct: seq, and no holdId or askId, must be given to ask for it"},
        {"{\"action\":\"add\",\"type\":\"IN\",\"at\":1,\"reason\":\"x\"}", "correct: missing employeeId"},
        {"{\"action\":\"add\",\"employeeId\":\"e\",\"at\":1,\"reason\":\"x\"}", "correct: missing type"},
        {"{\"action\":\"add\",\"employeeId\":\"e\",\"type\":\"IN\",\"reason\":\"x\"}", "correct: missing at"},
        {"{\"action\":\"add\",\"employeeId\":\"e\",\"type\":\"AUTO_OUT\",\"at\":1,\"reason\":\"x\"}",
         "correct: type must be IN or OUT"},
        {"{\"action\":\"add\",\"employeeId\":\"e\",\"type\":\"IN\",\"at\":1}", "correct: missing reason"},
        {"{\"action\":\"void\",\"reason\":\"x\"}", "correct: missing seq"},
        {"{\"action\":\"void\",\"seq\":1,\"reason\":\"\"}", "correct: reason must not be empty"},
        {"{\"action\":\"void\",\"seq\":1,\"reason\":2}", "correct: reason must be a text of 0 to 512 bytes"},
        {"{\"action\":\"retime\",\"seq\":1,\"reason\":\"x\"}", "correct: missing at"},
        {"{\"action\":\"retime\",\"at\":1,\"reason\":\"x\"}", "correct: missing seq"},
        {"{\"action\":\"retime\",\"seq\":1,\"at\":-1,\"reason\":\"x\"}",
         "correct: at must be an integer from 0"},
    };
#undef ONE
    assert_refused(REQUEST "correct", all, COUNT(all), RC_ANSWER_REPLY);
}

static void days_of_training_are_asked_for_by_dates_or_moments(void **state)
{
    (void)state;
    const struct rc_request *request = ask(
        "training-days", "{\"employeeId\":\"e1\",\"from\":\"2025-12-01\",\"to\":1764760000000,\"limit\":5,"
                         "\"cursor\":\"2025-12-02/e-9\"}");
    assert_int_equal(request->verb, RC_VERB_TRAINING_DAYS);
    assert_id(&request->employee, "e1");
    assert_string_equal(request->from_date, "2025-12-01");
    assert_int_equal(request->from_at, RC_NONE);
    assert_string_equal(request->to_date, "");
    assert_int_equal(request->to_at, 1764760000000);
    assert_int_equal(request->limit, 5);
    assert_string_equal(request->after_date, "2025-12-02");
    assert_id(&request->after_employee, "e-9");
    request = ask("training-days", "");
    assert_string_equal(request->from_date, "");
    assert_int_equal(request->after_employee.length, 0);
    const struct refused all[] = {
        {"{\"from\":\"2025-02-29\"}",
         "training-days: from must be a date, as 2025-12-03, or an integer from 0"},
        {"{\"from\":\"\"}", "training-days: from must be a date, as 2025-12-03, or an integer from 0"},
        {"{\"to\":\"2025-12-03T08:00\"}", "training-days: to must be a text of 0 to 10 bytes"},
        {"{\"to\":-1}", "training-days: to must be an integer from 0"},
        {"{\"to\":null}", "training-days: to must be an integer from 0"},
        {"{\"cursor\":7}", "training-days: cursor must be a text of 0 to 75 bytes"},
        {"{\"cursor\":\"\"}", "training-days: cursor must be a nextCursor"},
        {"{\"cursor\":\"2025-12-03\"}", "training-days: cursor must be a nextCursor"},
        {"{\"cursor\":\"2025-12-03/\"}", "training-days: cursor must be a nextCursor"},
        {"{\"cursor\":\"2025-13-03/e1\"}", "training-days: cursor must be a nextCursor"},
        {"{\"cursor\":\"2025-12-03/e 1\"}", "training-days: cursor must be a nextCursor"},
    };
    assert_refused(REQUEST "training-days", all, COUNT(all), RC_ANSWER_REPLY);
}

static void T_1_a_policy_says_what_it_changes(void **state)
{
    (void)state;
    const struct rc_request *request = ask(
        "policy", "{\"action\":\"add\",\"limitMinutes\":300,\"intervalMs\":30000,\"zone\":\"Europe/Berlin\","
                  "\"breakMinutes\":5,\"breakAfterMinutes\":50,\"from\":\"2025-12-08\"}");
    assert_true(request->adds);
    assert_int_equal(request->limit_minutes, 300);
    assert_int_equal(request->interval_ms, 30000);
    assert_string_equal(request->zone, "Europe/Berlin");
    assert_int_equal(request->break_minutes, 5);
    assert_int_equal(request->break_after_minutes, 50);
    assert_string_equal(request->from_date, "2025-12-08");
    assert_int_equal(request->course.length, 0);
    request = ask("policy", "{\"action\":\"add\",\"courseId\":\"c1\",\"limitMinutes\":60}");
    assert_id(&request->course, "c1");
    assert_int_equal(request->interval_ms, RC_NONE);
    assert_string_equal(request->zone, "");
    assert_int_equal(request->from_at, RC_NONE);
    assert_false(ask("policy", "{\"action\":\"list\"}")->adds);
#define SOME "policy: limitMinutes, intervalMs, zone, breakMinutes or breakAfterMinutes must be given"
    const struct refused all[] = {
        {"", "policy: missing action"},
        {"{\"action\":\"void\"}", "policy: action must be list or add"},
        {"{\"action\":\"additional-policies\"}", "policy: action must be list or add"},
        {"{\"action\":\"add\"}", SOME},
        {"{\"action\":\"add\",\"from\":1}", SOME},
        {"{\"action\":\"add\",\"courseId\":\"c1\"}", "policy: missing limitMinutes"},
        {"{\"action\":\"add\",\"courseId\":\"c1\",\"limitMinutes\":1,\"zone\":\"UTC\"}",
         "policy: zone is the site's, and no course has its own"},
        {"{\"action\":\"add\",\"limitMinutes\":-1}", "policy: limitMinutes must be an integer from 0"},
        {"{\"action\":\"add\",\"intervalMs\":0}", "policy: intervalMs must be an integer from 1 to 86400000"},
        {"{\"action\":\"add\",\"zone\":\"\"}", "policy: zone must be a text of 1 to 63 bytes"},
        {"{\"action\":\"add\",\"limitMinutes\":1,\"from\":\"soon\"}",
         "policy: from must be a date, as 2025-12-03, or an integer from 0"},
    };
#undef SOME
    assert_refused(REQUEST "policy", all, COUNT(all), RC_ANSWER_REPLY);
}

static void a_month_is_archived_by_its_name(void **state)
{
    (void)state;
    assert_string_equal(ask("archive", "{\"month\":\"2026-01\"}")->month, "2026-01");
    const struct refused all[] = {
        {"", "archive: missing month"},
        {"{\"month\":202601}", "archive: month must be a text of 0 to 7 bytes"},
        {"{\"month\":\"2026_01\"}", "archive: month must be a month, as 2025-12"},
        {"{\"month\":\"2026-13\"}", "archive: month must be a month, as 2025-12"},
        {"{\"month\":\"2026-1\"}", "archive: month must be a month, as 2025-12"},
        {"{\"month\":\"\"}", "archive: month must be a month, as 2025-12"},
    };
    assert_refused(REQUEST "archive", all, COUNT(all), RC_ANSWER_REPLY);
}

static void a_question_that_is_wrong_is_told_which_field(void **state)
{
    (void)state;
    const struct refused who[] = {
        {"{\"limit\":0}", "who: limit must be an integer from 1"},
        {"{\"limit\":1.5}", "who: limit must be an integer from 1"},
        {"{\"cursor\":-1}", "who: cursor must be an integer from 0"},
        {"{\"requestId\":\"\"}", "request: requestId must be a text of 1 to 64 bytes"},
        {"{\"requestId\":5}", "request: requestId must be a text of 1 to 64 bytes"},
        {"nonsense", "request: the payload is not a JSON object"},
    };
    assert_refused(REQUEST "who", who, COUNT(who), RC_ANSWER_REPLY);
    const struct refused punches[] = {
        {"{\"employeeId\":\"e 1\"}", "punches: employeeId must be an id of 1 to 64 of A-Z a-z 0-9 _ -"},
        {"{\"employeeId\":\"'; DROP TABLE punches; --\"}",
         "punches: employeeId must be an id of 1 to 64 of A-Z a-z 0-9 _ -"},
        {"{\"from\":-1}", "punches: from must be an integer from 0"},
        {"{\"to\":\"now\"}", "punches: to must be an integer from 0"},
        {"{\"undecided\":\"true\"}", "punches: undecided must be true or false"},
    };
    assert_refused(REQUEST "punches", punches, COUNT(punches), RC_ANSWER_REPLY);
    const struct refused maintenance[] = {
        {"{\"until\":null}", "maintenance: until must be an integer from 0"}};
    assert_refused(REQUEST "maintenance", maintenance, COUNT(maintenance), RC_ANSWER_REPLY);
    const struct refused unknown[] = {{"{}", "request: verb is unknown"}, {"", "request: verb is unknown"}};
    assert_refused(REQUEST "dance", unknown, COUNT(unknown), RC_ANSWER_REPLY);
}

static void a_refused_request_still_says_whose_it_is_and_which(void **state)
{
    (void)state;
    decode(REQUEST "dance", "{\"requestId\":\"r9\"}", &out);
    assert_int_equal(out.kind, RC_DECODED_INVALID);
    assert_int_equal(out.request.verb, RC_VERB_UNKNOWN);
    assert_id(&out.request.login, "m1");
    assert_string_equal(out.request.request_id, "r9");
    decode(REQUEST "who", "{\"limit\":\"x\",\"requestId\":\"r10\"}", &out);
    assert_string_equal(out.request.request_id, "r10");
    decode(REQUEST "who", "{", &out);
    assert_string_equal(out.request.request_id, "");
    char id[RC_REQUEST_ID_MAX + 1], payload[128];
    snprintf(id, sizeof id, "%0*d", RC_REQUEST_ID_MAX, 0);
    snprintf(payload, sizeof payload, "{\"requestId\":\"%s\"}", id);
    assert_string_equal(ask("who", payload)->request_id, id);
}

static void a_change_of_the_directory_that_is_wrong_is_told_which_field(void **state)
{
    (void)state;
    const char *no_id = "employee: group must be an id of 1 to 64 of A-Z a-z 0-9 _ -, or empty";
    const struct refused all[] = {
        {"{\"action\":\"fire\"}", "employee: action must be list, add, change or remove"},
        {"{\"action\":\"add\",\"name\":\"A\"}", "employee: missing employeeId"},
        {"{\"action\":\"add\",\"employeeId\":\"a\"}", "employee: missing name"},
        {"{\"action\":\"add\",\"employeeId\":\"a\",\"name\":\"\"}", "employee: name must not be empty"},
        {"{\"action\":\"change\",\"employeeId\":\"a\",\"name\":\"\"}", "employee: name must not be empty"},
        {"{\"action\":\"change\",\"employeeId\":\"a\"}",
         "employee: name, group, email or managerId must be given"},
        {"{\"action\":\"change\",\"employeeId\":\"a\",\"group\":\"a b\"}", no_id},
        {"{\"action\":\"change\",\"employeeId\":\"a\",\"group\":5}",
         "employee: group must be a text of 0 to 64 bytes"},
        {"{\"action\":\"remove\"}", "employee: missing employeeId"},
        {"{\"cursor\":7}", "employee: cursor must be an id of 1 to 64 of A-Z a-z 0-9 _ -"},
    };
    assert_refused(REQUEST "employee", all, COUNT(all), RC_ANSWER_REPLY);
    assert_int_equal(ask("employee", "")->person.action, RC_PERSON_LIST);
}

static void a_request_that_breaks_a_rule_of_json_still_says_which_it_is(void **state)
{
    (void)state;
    static const char *const named[] = {
        "{\"limit\":1e999,\"requestId\":\"r1\"}",
        "{\"requestId\":\"r1\",\"limit\":9007199254740993}",
        "{\"limit\":1,\"limit\":2,\"requestId\":\"r1\"}",
        "{\"a\":[[[[[{\"requestId\":\"no\"}]]]]],\"requestId\":\"r1\"}",
        "{\"a\":{\"b\":{\"c\":{\"d\":{\"\\\"}\":\"]\"}}}},\"requestId\":\"r1\"}",
        "{\"a\":\"\\u0000\",\"\\ud800\":1,\"\xff\":\"\xc3\",\"requestId\":\"r1\"}",
        "{\"a\":\"\\ud800\\\"\",\"requestId\":\"r1\"}",
        "{\"requestId\":\"r1\"} {}",
        "{\"requestId\":\"r1\",\"limit\":}",
        "{\"requestId\":\"r1\"",
    };
    for (size_t i = 0; i < COUNT(named); i++) {
        decode(REQUEST "who", named[i], &out);
        assert_int_equal(out.kind, RC_DECODED_INVALID);
        assert_int_equal(out.refusal, RC_REFUSAL_NOT_JSON);
        assert_string_equal(out.request.request_id, "r1");
    }
    static const char *const nameless[] = {
        "{\"limit\":1e999}",
        "{\"limit\":1e999,\"requestId\":5}",
        "{\"a\":{\"requestId\":\"r1\",\"b\":1e999}}",
        "{\"requestId\":\"r1\",\"requestId\":\"r2\"}",
        "{\"requestId\":\"r\\u0000\"}",
        "{\"requestId\":\"r\xff\"}",
        "{\"requestId\":\"r1",
        "{\"requestId\":",
        "[\"requestId\"]",
    };
    for (size_t i = 0; i < COUNT(nameless); i++) {
        decode(REQUEST "who", nameless[i], &out);
        assert_int_equal(out.kind, RC_DECODED_INVALID);
        assert_string_equal(out.request.request_id, "");
    }
}

static void a_request_that_is_too_long_still_says_which_it_is(void **state)
{
    (void)state;
    char payload[RC_JSON_MAX + 2];
    snprintf(payload, sizeof payload, "{\"reason\":\"%0*d\",\"requestId\":\"r1\"}", RC_PAYLOAD_MAX, 0);
    decode(REQUEST "who", payload, &out);
    assert_int_equal(out.refusal, RC_REFUSAL_TOO_LONG);
    assert_string_equal(out.request.request_id, "r1");
    /* one byte beyond all reading */
    snprintf(payload, sizeof payload, "{\"requestId\":\"r1\"%*s}", RC_JSON_MAX - 17, "");
    decode(REQUEST "who", payload, &out);
    assert_int_equal(out.refusal, RC_REFUSAL_TOO_LONG);
    assert_string_equal(out.request.request_id, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_may_say_nothing),
        cmocka_unit_test(a_page_is_asked_for_by_limit_and_cursor),
        cmocka_unit_test(P_19_maintenance_says_until_when_and_0_ends_it),
        cmocka_unit_test(P_16_a_correction_is_accepted_by_seq_hold_or_ask),
        cmocka_unit_test(P_16_a_correction_adds_voids_and_retimes),
        cmocka_unit_test(a_list_of_asks_needs_no_action),
        cmocka_unit_test(a_correction_that_is_wrong_is_told_which_field),
        cmocka_unit_test(days_of_training_are_asked_for_by_dates_or_moments),
        cmocka_unit_test(T_1_a_policy_says_what_it_changes),
        cmocka_unit_test(a_month_is_archived_by_its_name),
        cmocka_unit_test(a_question_that_is_wrong_is_told_which_field),
        cmocka_unit_test(a_refused_request_still_says_whose_it_is_and_which),
        cmocka_unit_test(a_change_of_the_directory_that_is_wrong_is_told_which_field),
        cmocka_unit_test(a_request_that_breaks_a_rule_of_json_still_says_which_it_is),
        cmocka_unit_test(a_request_that_is_too_long_still_says_which_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
