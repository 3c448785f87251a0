/* Payloads of the service, compared as text and read back by cJSON. */
#include "given.h"

#include "wire/encode.h"

#include <cjson/cJSON.h>
#include <stdio.h>

static char payload[RC_ENCODED_MAX];

#define HASH "abababababababababababababababababababababababababababababababab"

/* The payload is JSON to others too, and holds no null. */
static void assert_payload(size_t length, const char *expected)
{
    assert_string_equal(payload, expected);
    assert_int_equal(length, strlen(expected));
    cJSON *root = cJSON_ParseWithOpts(payload, NULL, true);
    assert_non_null(root);
    const cJSON *item;
    cJSON_ArrayForEach(item, root) assert_false(cJSON_IsNull(item));
    cJSON_Delete(root);
}

static struct rc_punch_id punch_id_of(const char *text)
{
    struct rc_punch_id id = {.length = (uint16_t)strlen(text)};
    memcpy(id.text, text, id.length);
    return id;
}

static void a_status_holds_what_the_contract_says(void **state)
{
    (void)state;
    struct rc_status status = {
        .employee = id_of("alice"),
        .ledger = {.is_in = true, .cause = RC_STATUS_RESUME, .since_at = 1700000000000, .version = 12},
        .presence = RC_SUSPECT,
        .sessions = 2,
        .evidence = {.at = 1700000005000}};
    assert_payload(rc_encode_status(&status, payload, sizeof payload),
                   "{\"employeeId\":\"alice\",\"status\":\"IN\",\"since\":1700000000000,\"cause\":\"RESUME\","
                   "\"presence\":\"suspect\",\"sessions\":2,\"lastSeen\":1700000005000,\"version\":12}");
}

static void a_status_of_somebody_never_seen_has_a_lastSeen_of_0(void **state)
{
    (void)state;
    struct rc_status status = {.employee = id_of("bob"), .ledger = {.since_at = 5, .version = 1}};
    assert_payload(
        rc_encode_status(&status, payload, sizeof payload),
        "{\"employeeId\":\"bob\",\"status\":\"OUT\",\"since\":5,\"cause\":\"NONE\",\"presence\":\"absent\","
        "\"sessions\":0,\"lastSeen\":0,\"version\":1}");
}

static void an_event_is_a_row_of_the_log(void **state)
{
    (void)state;
    struct rc_row row = {.seq = 7,
                         .id = punch_id_of("p1"),
                         .employee = id_of("alice"),
                         .session = id_of("k1"),
                         .login = id_of("k1"),
                         .type = RC_OUT,
                         .at = 1,
                         .recorded_at = 2,
                         .device_at = 3,
                         .cause = RC_CAUSE_PUNCH};
    memset(row.hash, 0xAB, sizeof row.hash);
    assert_payload(
        rc_encode_event(&row, payload, sizeof payload),
        "{\"seq\":7,\"id\":\"p1\",\"employeeId\":\"alice\",\"type\":\"OUT\",\"at\":1,\"recordedAt\":2,"
        "\"cause\":\"punch\",\"sessionId\":\"k1\",\"login\":\"k1\",\"review\":false,\"hash\":\"" HASH "\"}");
}

static void an_auto_out_says_evidence_detection_and_hold(void **state)
{
    (void)state;
    struct rc_row row = {.seq = 8,
                         .employee = id_of("alice"),
                         .type = RC_AUTO_OUT,
                         .at = 10,
                         .last_evidence_at = 10,
                         .detected_at = 40,
                         .recorded_at = 41,
                         .cause = RC_CAUSE_OUTAGE,
                         .review = true,
                         .hold = 3,
                         .target_seq = 5};
    memset(row.hash, 0xAB, sizeof row.hash);
    assert_payload(
        rc_encode_event(&row, payload, sizeof payload),
        "{\"seq\":8,\"employeeId\":\"alice\",\"type\":\"AUTO_OUT\",\"at\":10,\"lastEvidenceAt\":10,"
        "\"detectedAt\":40,\"recordedAt\":41,\"cause\":\"outage\",\"review\":true,\"holdId\":3,"
        "\"targetSeq\":5,\"hash\":\"" HASH "\"}");
}

static void P_12_a_receipt_of_a_duplicate_says_what_was_first(void **state)
{
    (void)state;
    struct rc_receipt receipt = {.id = punch_id_of("p \"1\""),
                                 .type = RC_IN,
                                 .result = RC_DUPLICATE,
                                 .first = RC_RECORDED,
                                 .seq = 7,
                                 .at = 1,
                                 .recorded_at = 2,
                                 .review = true,
                                 .has_hash = true};
    memset(receipt.hash, 0xAB, sizeof receipt.hash);
    assert_payload(
        rc_encode_receipt(&receipt, payload, sizeof payload),
        "{\"id\":\"p "
        "\\\"1\\\"\",\"result\":\"duplicate\",\"first\":\"recorded\",\"seq\":7,\"type\":\"IN\",\"at\":1,"
        "\"recordedAt\":2,\"hash\":\"" HASH "\",\"review\":true}");
    receipt.at = 0; /* cut to 1970: a time all the same */
    receipt.has_hash = false;
    assert_payload(
        rc_encode_receipt(&receipt, payload, sizeof payload),
        "{\"id\":\"p "
        "\\\"1\\\"\",\"result\":\"duplicate\",\"first\":\"recorded\",\"seq\":7,\"type\":\"IN\",\"at\":0,"
        "\"recordedAt\":2,\"review\":true}");
}

static void P_11_a_receipt_of_a_rejection_says_why_and_names_no_row(void **state)
{
    (void)state;
    struct rc_receipt receipt = {.id = punch_id_of("p2"),
                                 .type = RC_IN,
                                 .result = RC_REJECTED,
                                 .first = RC_RECORDED,
                                 .recorded_at = 5,
                                 .has_hash = true,
                                 .code = RC_ALREADY_IN,
                                 .message = "already in"};
    memset(receipt.hash, 0xAB, sizeof receipt.hash); /* the head of the chain (section 8) */
    assert_payload(rc_encode_receipt(&receipt, payload, sizeof payload),
                   "{\"id\":\"p2\",\"result\":\"rejected\",\"type\":\"IN\",\"recordedAt\":5,\"hash\":\"" HASH
                   "\",\"code\":\"ALREADY_IN\",\"message\":\"already in\"}");
    receipt.recorded_at = 0;
    receipt.has_hash = false;
    receipt.result = RC_RETRY;
    receipt.type = RC_TYPE_NONE;
    receipt.code = RC_UNAVAILABLE;
    receipt.message = NULL;
    assert_payload(rc_encode_receipt(&receipt, payload, sizeof payload),
                   "{\"id\":\"p2\",\"result\":\"retry\",\"code\":\"UNAVAILABLE\"}");
}

static void the_longest_receipt_fits(void **state)
{
    (void)state;
    struct rc_receipt receipt = {.result = RC_DUPLICATE,
                                 .first = RC_HELD_BACK,
                                 .type = RC_OUT,
                                 .seq = RC_NONE,
                                 .at = -9007199254740991,
                                 .recorded_at = -9007199254740991,
                                 .has_hash = true,
                                 .code = RC_FAILED_PRECONDITION};
    for (int i = 0; i < 64; i++)
        receipt.id.text[receipt.id.length++] = '\x01'; /* 64 characters at 6 bytes each */
    assert_in_range(rc_encode_receipt(&receipt, payload, sizeof payload), 600, 1023);
}

static void a_held_receipt_keeps_a_time_of_16_digits(void **state)
{
    (void)state;
    struct rc_receipt receipt = {.id = punch_id_of("p"),
                                 .type = RC_IN,
                                 .result = RC_HELD_BACK,
                                 .seq = 1,
                                 .at = 1700000000000 - 9007199254740991};
    assert_payload(rc_encode_receipt(&receipt, payload, sizeof payload),
                   "{\"id\":\"p\",\"result\":\"held\",\"seq\":1,\"type\":\"IN\",\"at\":-9005499254740991,"
                   "\"review\":false}");
}

static void the_services_other_payloads_hold_what_the_contract_says(void **state)
{
    (void)state;
    struct rc_device_status device = {
        .device = id_of("k1"), .online = true, .since_at = 1, .last_seen_at = 2};
    assert_payload(rc_encode_device(&device, payload, sizeof payload),
                   "{\"deviceId\":\"k1\",\"online\":true,\"since\":1,\"lastSeen\":2}");
    struct rc_id alice = id_of("alice"), sales = id_of("sales"), none = {0};
    assert_payload(
        rc_encode_profile(&alice, rc_text_of("Al \"Ace\" \xC3\x89"), &sales, payload, sizeof payload),
        "{\"employeeId\":\"alice\",\"name\":\"Al \\\"Ace\\\" \xC3\x89\",\"group\":\"sales\"}");
    assert_payload(rc_encode_profile(&alice, rc_text_of("A"), &none, payload, sizeof payload),
                   "{\"employeeId\":\"alice\",\"name\":\"A\"}");
    assert_payload(rc_encode_profile(&alice, (struct rc_text){NULL, 0}, &none, payload, sizeof payload),
                   "{\"employeeId\":\"alice\",\"name\":\"alice\"}"); /* section 8: the id for a name */
    struct rc_summary summary = {1, 2, 3, 4, 5, 6, 7, 8};
    assert_payload(rc_encode_summary(&summary, payload, sizeof payload),
                   "{\"in\":1,\"out\":2,\"present\":3,\"suspect\":4,\"held\":5,\"sessions\":6,\"devices\":7,"
                   "\"asOf\":8}");
    assert_payload(rc_encode_alert(RC_ALERT_DEVICE_LOST, 9, "k1 is silent\n", payload, sizeof payload),
                   "{\"kind\":\"device-lost\",\"since\":9,\"detail\":\"k1 is silent\\u000a\"}");
    assert_payload(rc_encode_service(false, "0.1.0", 3, payload, sizeof payload),
                   "{\"online\":false,\"version\":\"0.1.0\",\"startedAt\":3}");
}

/* The keys of a payload, in their order. */
static void assert_keys(size_t length, const char *expected)
{
    char keys[512] = "";
    assert_int_equal(length, strlen(payload));
    cJSON *root = cJSON_ParseWithOpts(payload, NULL, true);
    assert_non_null(root);
    const cJSON *item;
    cJSON_ArrayForEach(item, root)
    {
        size_t at = strlen(keys);
        snprintf(keys + at, sizeof keys - at, "%s%s", at == 0 ? "" : " ", item->string);
    }
    cJSON_Delete(root);
    assert_string_equal(keys, expected);
}

#define EVERYWHERE .employee = id_of("alice"), .session = id_of("s1")

/* Sections 2 and 4, as they name them, with everything given that may be given. */
static void every_payload_has_the_fields_of_the_contract_and_no_other(void **state)
{
    (void)state;
    struct rc_status status = {.employee = id_of("alice"), .evidence = {.at = 1}};
    struct rc_row row = {EVERYWHERE,
                         .seq = 1,
                         .id = punch_id_of("p"),
                         .login = id_of("k1"),
                         .type = RC_AUTO_OUT,
                         .at = 1,
                         .last_evidence_at = 1,
                         .detected_at = 1,
                         .recorded_at = 1,
                         .device_at = 1,
                         .cause = RC_CAUSE_OUTAGE,
                         .closes = 1,
                         .target_seq = 1,
                         .hold = 1,
                         .action = RC_ACTION_ADD,
                         .actor = id_of("m1"),
                         .reason = rc_text_of("r"),
                         .note = rc_text_of("n"),
                         .out_t = 1,
                         .out_detected_t = 1};
    struct rc_receipt receipt = {EVERYWHERE,
                                 .id = punch_id_of("p"),
                                 .type = RC_IN,
                                 .result = RC_DUPLICATE,
                                 .first = RC_HELD_BACK,
                                 .seq = 1,
                                 .at = 1,
                                 .recorded_at = 1,
                                 .review = true,
                                 .code = RC_NO_IN,
                                 .message = "m",
                                 .remember = true,
                                 .has_hash = true};
    struct rc_device_status device = {.device = id_of("k1"), .since_at = 1, .last_seen_at = 1};
    struct rc_summary summary = {0};
    struct rc_id group = id_of("g");
    assert_keys(rc_encode_status(&status, payload, sizeof payload),
                "employeeId status since cause presence sessions lastSeen version");
    assert_keys(rc_encode_event(&row, payload, sizeof payload),
                "seq id employeeId type at lastEvidenceAt detectedAt recordedAt cause sessionId login review "
                "holdId targetSeq hash");
    assert_keys(rc_encode_receipt(&receipt, payload, sizeof payload),
                "id result first seq type at recordedAt hash review code message");
    assert_keys(rc_encode_profile(&row.employee, row.note, &group, payload, sizeof payload),
                "employeeId name group");
    assert_keys(rc_encode_device(&device, payload, sizeof payload), "deviceId online since lastSeen");
    assert_keys(rc_encode_summary(&summary, payload, sizeof payload),
                "in out present suspect held sessions devices asOf");
    assert_keys(rc_encode_alert(RC_ALERT_LINK, 1, "d", payload, sizeof payload), "kind since detail");
    assert_keys(rc_encode_service(true, "v", 1, payload, sizeof payload), "online version startedAt");
    assert_keys(rc_encode_refusal(RC_INVALID_ARGUMENT, "m", payload, sizeof payload), "code message");
}

/* And with nothing given that may be missing: what has no question mark in the contract is always there. */
static void what_the_contract_does_not_call_optional_is_always_there(void **state)
{
    (void)state;
    struct rc_status status = {.employee = id_of("alice")};
    struct rc_row row = {.seq = 1, .employee = id_of("alice"), .type = RC_IN, .cause = RC_CAUSE_PUNCH};
    struct rc_receipt receipt = {.id = punch_id_of("p"), .result = RC_RETRY};
    struct rc_device_status device = {.device = id_of("k1")};
    struct rc_id none = {0};
    assert_keys(rc_encode_status(&status, payload, sizeof payload),
                "employeeId status since cause presence sessions lastSeen version");
    assert_keys(rc_encode_event(&row, payload, sizeof payload),
                "seq employeeId type at recordedAt cause review hash");
    assert_keys(rc_encode_receipt(&receipt, payload, sizeof payload), "id result");
    assert_keys(
        rc_encode_profile(&status.employee, (struct rc_text){NULL, 0}, &none, payload, sizeof payload),
        "employeeId name");
    assert_keys(rc_encode_device(&device, payload, sizeof payload), "deviceId online since lastSeen");
}

static void a_decision_on_an_ask_keeps_the_longest_reason(void **state)
{
    (void)state;
    struct rc_id boss = id_of("m1");
    char reason[RC_TEXT_MAX];
    memset(reason, '\x01', sizeof reason); /* six bytes each */
    assert_in_range(rc_encode_ask_decision(INT64_MAX, RC_ACTION_REJECT, &boss,
                                           (struct rc_text){reason, sizeof reason}, INT64_MAX, payload,
                                           sizeof payload),
                    6 * RC_TEXT_MAX, sizeof payload - 1);
    assert_payload(
        rc_encode_ask_decision(7, RC_ACTION_REJECT, &boss, rc_text_of("no"), 0, payload, sizeof payload),
        "{\"askId\":7,\"action\":\"reject\",\"actor\":\"m1\",\"reason\":\"no\"}");
}

static void a_canary_that_was_written_is_read_back(void **state)
{
    (void)state;
    struct rc_decoded out;
    assert_int_equal(rc_encode_canary(123456789, payload, sizeof payload), strlen("{\"now\":123456789}"));
    decode("rollcall/v1/hq/service/canary", payload, &out);
    assert_int_equal(out.canary_now, 123456789);
}

static void a_refusal_is_a_code_and_a_message(void **state)
{
    (void)state;
    assert_payload(rc_encode_refusal(RC_RATE_LIMITED, "slow down", payload, sizeof payload),
                   "{\"code\":\"RATE_LIMITED\",\"message\":\"slow down\"}");
}

static void what_does_not_fit_gives_0(void **state)
{
    (void)state;
    char name[RC_ENCODED_MAX];
    memset(name, 'n', sizeof name);
    struct rc_id alice = id_of("alice"), none = {0};
    assert_int_equal(
        rc_encode_profile(&alice, (struct rc_text){name, sizeof name}, &none, payload, sizeof payload), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_status_holds_what_the_contract_says),
        cmocka_unit_test(a_status_of_somebody_never_seen_has_a_lastSeen_of_0),
        cmocka_unit_test(an_event_is_a_row_of_the_log),
        cmocka_unit_test(an_auto_out_says_evidence_detection_and_hold),
        cmocka_unit_test(P_12_a_receipt_of_a_duplicate_says_what_was_first),
        cmocka_unit_test(P_11_a_receipt_of_a_rejection_says_why_and_names_no_row),
        cmocka_unit_test(the_longest_receipt_fits),
        cmocka_unit_test(a_held_receipt_keeps_a_time_of_16_digits),
        cmocka_unit_test(the_services_other_payloads_hold_what_the_contract_says),
        cmocka_unit_test(every_payload_has_the_fields_of_the_contract_and_no_other),
        cmocka_unit_test(what_the_contract_does_not_call_optional_is_always_there),
        cmocka_unit_test(a_decision_on_an_ask_keeps_the_longest_reason),
        cmocka_unit_test(a_canary_that_was_written_is_read_back),
        cmocka_unit_test(a_refusal_is_a_code_and_a_message),
        cmocka_unit_test(what_does_not_fit_gives_0),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
