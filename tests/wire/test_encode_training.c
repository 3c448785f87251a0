/* What the service says of training, compared as text and read back by cJSON (T-7). */
#include "given.h"

#include "wire/encode.h"
#include "wire/encode_training.h"

#include <cjson/cJSON.h>

static char payload[RC_TRAINING_DETAIL_MAX];

static void assert_payload(size_t length, const char *expected)
{
    assert_string_equal(payload, expected);
    assert_int_equal(length, strlen(expected));
    cJSON *root = cJSON_ParseWithOpts(payload, NULL, true);
    assert_non_null(root);
    cJSON_Delete(root);
}

static void T_7_a_success_holds_exactly_what_the_contract_says(void **state)
{
    (void)state;
    struct rc_training_answer answer = {.minutes = 45,
                                        .remaining_minutes = 195,
                                        .date = "2025-12-03",
                                        .server_at = 1733270400000,
                                        .locked_until_at = RC_NONE};
    assert_payload(rc_encode_training_answer(&answer, payload, sizeof payload),
                   "{\"success\":true,\"minutesCompleted\":45,\"remainingMinutes\":195,\"isNewDay\":false,"
                   "\"dateKey\":\"2025-12-03\",\"serverTimestamp\":1733270400000}");
    answer.is_new_day = true;
    answer.minutes = 1;
    assert_payload(rc_encode_training_answer(&answer, payload, sizeof payload),
                   "{\"success\":true,\"minutesCompleted\":1,\"remainingMinutes\":195,\"isNewDay\":true,"
                   "\"dateKey\":\"2025-12-03\",\"serverTimestamp\":1733270400000}");
}

static void T_7_over_the_limit_the_answer_says_until_when(void **state)
{
    (void)state;
    struct rc_training_answer answer = {.code = RC_RESOURCE_EXHAUSTED,
                                        .message = "DAILY_LIMIT_REACHED: 240 minutes",
                                        .minutes = 240,
                                        .date = "2025-12-03",
                                        .locked_until_at = 1764824400000};
    assert_payload(rc_encode_training_answer(&answer, payload, sizeof payload),
                   "{\"code\":\"RESOURCE_EXHAUSTED\",\"message\":\"DAILY_LIMIT_REACHED: 240 minutes\","
                   "\"minutesCompleted\":240,\"remainingMinutes\":0,\"dateKey\":\"2025-12-03\","
                   "\"lockedUntil\":1764824400000}");
}

static void T_7_a_retained_status_that_is_active_says_nothing_of_locks(void **state)
{
    (void)state;
    struct rc_training_status status = {.user = id_of("alice"),
                                        .date = "2025-12-03",
                                        .minutes = 45,
                                        .remaining_minutes = 195,
                                        .locked_at = 5,
                                        .locked_until_at = 1764824400000,
                                        .session_count = 2};
    assert_payload(
        rc_encode_training_status(&status, payload, sizeof payload),
        "{\"userId\":\"alice\",\"dateKey\":\"2025-12-03\",\"minutesCompleted\":45,"
        "\"remainingMinutes\":195,\"status\":\"active\",\"dailyStatus\":\"active\",\"sessionCount\":2}");
}

static void T_7_a_retained_status_that_is_locked_says_since_and_until_when(void **state)
{
    (void)state;
    struct rc_training_status status = {.user = id_of("alice"),
                                        .date = "2025-12-03",
                                        .minutes = 240,
                                        .locked = true,
                                        .locked_at = 1764800000000,
                                        .locked_until_at = 1764824400000,
                                        .session_count = 1};
    assert_payload(rc_encode_training_status(&status, payload, sizeof payload),
                   "{\"userId\":\"alice\",\"dateKey\":\"2025-12-03\",\"minutesCompleted\":240,"
                   "\"remainingMinutes\":0,\"status\":\"locked\",\"dailyStatus\":\"locked_daily_limit\","
                   "\"lockedAt\":1764800000000,\"lockedUntil\":1764824400000,\"sessionCount\":1}");
}

static void T_6_an_audit_rows_detail_says_what_was_added_to_which_day(void **state)
{
    (void)state;
    struct rc_id course = id_of("c1");
    struct rc_training_share share = {.site = id_of("hq"),
                                      .date = "2025-12-03",
                                      .next_date = "2025-12-04",
                                      .user = {.ms = 60000},
                                      .course = {.ms = 59999}};
    assert_payload(
        rc_encode_training_detail(&course, &share, 1, payload, sizeof payload),
        "{\"courseId\":\"c1\",\"added\":{\"2025-12-03\":60000},\"course\":{\"2025-12-03\":59999}}");
    share.user = (struct rc_training_total){.ms = 1, .next_ms = 59999};
    share.course = (struct rc_training_total){.next_ms = 7};
    assert_payload(rc_encode_training_detail(&course, &share, 1, payload, sizeof payload),
                   "{\"courseId\":\"c1\",\"added\":{\"2025-12-03\":1,\"2025-12-04\":59999},\"course\":{"
                   "\"2025-12-04\":7}}");
    share.user = share.course = (struct rc_training_total){0};
    assert_payload(rc_encode_training_detail(&course, &share, 1, payload, sizeof payload),
                   "{\"courseId\":\"c1\"}");
}

static void T_6_other_sites_stand_elsewhere_and_only_those_that_gained(void **state)
{
    (void)state;
    struct rc_id course = id_of("c1");
    struct rc_training_share shares[] = {{.site = id_of("hq"), .date = "2025-12-03", .user = {.ms = 5}},
                                         {.site = id_of("plant"), .date = "2025-12-04", .user = {.ms = 5}},
                                         {.site = id_of("yard"), .date = "2025-12-04"},
                                         {.site = id_of("dock"), .date = "2025-12-03", .course = {.ms = 2}}};
    assert_payload(rc_encode_training_detail(&course, shares, 4, payload, sizeof payload),
                   "{\"courseId\":\"c1\",\"added\":{\"2025-12-03\":5},\"elsewhere\":{\"plant\":{\"added\":{"
                   "\"2025-12-04\":5}},\"dock\":{\"course\":{\"2025-12-03\":2}}}}");
}

static void the_longest_detail_fits(void **state)
{
    (void)state;
    struct rc_training_share shares[RC_TRAINING_SITES_MAX];
    char longest[RC_ID_MAX + 1];
    memset(longest, 'x', RC_ID_MAX);
    longest[RC_ID_MAX] = '\0';
    struct rc_id id = id_of(longest);
    for (uint32_t i = 0; i < RC_TRAINING_SITES_MAX; i++)
        shares[i] = (struct rc_training_share){.site = id,
                                               .date = "2025-12-03",
                                               .next_date = "2025-12-04",
                                               .user = {600000, 600000},
                                               .course = {600000, 600000}};
    assert_int_not_equal(
        rc_encode_training_detail(&id, shares, RC_TRAINING_SITES_MAX, payload, sizeof payload), 0);
    struct rc_training_status status = {.user = id,
                                        .date = "2025-12-03",
                                        .minutes = 1440,
                                        .remaining_minutes = 1440,
                                        .locked = true,
                                        .locked_at = INT64_MAX,
                                        .locked_until_at = INT64_MAX,
                                        .session_count = INT64_MAX};
    assert_int_not_equal(rc_encode_training_status(&status, payload, RC_ENCODED_MAX), 0);
}

static void what_does_not_fit_is_no_payload(void **state)
{
    (void)state;
    struct rc_training_answer answer = {.date = "2025-12-03"};
    assert_int_equal(rc_encode_training_answer(&answer, payload, 40), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(T_7_a_success_holds_exactly_what_the_contract_says),
        cmocka_unit_test(T_7_over_the_limit_the_answer_says_until_when),
        cmocka_unit_test(T_7_a_retained_status_that_is_active_says_nothing_of_locks),
        cmocka_unit_test(T_7_a_retained_status_that_is_locked_says_since_and_until_when),
        cmocka_unit_test(T_6_an_audit_rows_detail_says_what_was_added_to_which_day),
        cmocka_unit_test(T_6_other_sites_stand_elsewhere_and_only_those_that_gained),
        cmocka_unit_test(the_longest_detail_fits),
        cmocka_unit_test(what_does_not_fit_is_no_payload),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
