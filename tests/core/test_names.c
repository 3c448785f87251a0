/* names.h: every word has one spelling, which is the contract's; nothing else is taken for it. */
#include "core/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Both directions of one table, for every value of it, and what is near a word but none. */
#define ROUND_TRIP(word, count)                                                                              \
    static void each_##word##_is_parsed_as_it_is_spelled(void **state)                                       \
    {                                                                                                        \
        (void)state;                                                                                         \
        for (int i = 0; i < (int)(count); i++) {                                                             \
            const char *name = rc_##word##_name((enum rc_##word)i);                                          \
            enum rc_##word parsed = (enum rc_##word)(count);                                                 \
            assert_true(rc_##word##_parse(rc_text_of(name), &parsed));                                       \
            assert_int_equal(parsed, i);                                                                     \
            if (name[0] == '\0')                                                                             \
                continue;                                                                                    \
            char swapped[32];                                                                                \
            snprintf(swapped, sizeof swapped, "%s", name);                                                   \
            swapped[0] ^= 0x20; /* the other case */                                                         \
            parsed = (enum rc_##word)0;                                                                      \
            assert_false(rc_##word##_parse(rc_text_of(swapped), &parsed));                                   \
            assert_false(rc_##word##_parse((struct rc_text){name, strlen(name) + 1}, &parsed));              \
            assert_int_equal(parsed, 0);                                                                     \
        }                                                                                                    \
    }

ROUND_TRIP(class, RC_CLASS_COUNT)
ROUND_TRIP(type, RC_TYPE_COUNT)
ROUND_TRIP(cause, RC_CAUSE_COUNT)
ROUND_TRIP(status_cause, RC_STATUS_CAUSE_COUNT)
ROUND_TRIP(presence, RC_PRESENCE_COUNT)
ROUND_TRIP(leave_cause, RC_LEAVE_COUNT)
ROUND_TRIP(device_clock, RC_DEVICE_CLOCK_COUNT)
ROUND_TRIP(result, RC_RESULT_COUNT)
ROUND_TRIP(action, RC_ACTION_COUNT)
ROUND_TRIP(code, RC_CODE_COUNT)
ROUND_TRIP(alert, RC_ALERT_COUNT)
ROUND_TRIP(scope_kind, RC_SCOPE_KIND_COUNT)
ROUND_TRIP(session_state, RC_S_COUNT)

static void words_are_spelled_as_the_contract_spells_them(void **state)
{
    (void)state;
    assert_string_equal(rc_type_name(RC_AUTO_OUT), "AUTO_OUT");
    assert_string_equal(rc_type_name(RC_TYPE_NONE), "");
    assert_string_equal(rc_cause_name(RC_CAUSE_SHIFT_LIMIT), "shift-limit");
    assert_string_equal(rc_cause_name(RC_CAUSE_MISSED_OUT), "missed-out");
    assert_string_equal(rc_status_cause_name(RC_STATUS_NONE), "NONE");
    assert_string_equal(rc_presence_name(RC_HELD), "held");
    assert_string_equal(rc_result_name(RC_HELD_BACK), "held");
    assert_string_equal(rc_code_name(RC_INVALID_ARGUMENT), "INVALID_ARGUMENT");
    assert_string_equal(rc_alert_name(RC_ALERT_AUTO_OUT_SPIKE), "auto-out-spike");
    assert_string_equal(rc_alert_name(RC_ALERT_HEARTBEAT_ERRORS), "heartbeat-errors");
}

static void an_id_is_1_to_64_of_letters_digits_underscore_and_hyphen(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        char text[3] = {'a', (char)c, 'z'};
        bool good =
            c > 0 && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-", c) != NULL;
        struct rc_id id;
        assert_int_equal(rc_id_set(&id, (struct rc_text){text, 3}), good);
        assert_int_equal(id.length, good ? 3 : 0);
        assert_int_equal(id.text[id.length], 0);
    }
    char longest[RC_ID_MAX + 1];
    memset(longest, 'x', sizeof longest);
    struct rc_id id;
    assert_true(rc_id_set(&id, (struct rc_text){longest, RC_ID_MAX}));
    assert_int_equal(id.length, 64);
    assert_false(rc_id_set(&id, (struct rc_text){longest, RC_ID_MAX + 1}));
    assert_int_equal(id.length, 0);
    assert_false(rc_id_set(&id, (struct rc_text){NULL, 0}));
}

static void ids_are_equal_by_length_and_bytes(void **state)
{
    (void)state;
    struct rc_id a, b;
    rc_id_set(&a, rc_text_of("abc"));
    rc_id_set(&b, rc_text_of("abc"));
    memset(b.text + 4, 0x5A, sizeof b.text - 4); /* what stands behind does not count */
    assert_true(rc_id_equal(&a, &b));
    rc_id_set(&b, rc_text_of("ab"));
    assert_false(rc_id_equal(&a, &b));
    rc_id_set(&b, rc_text_of("abC"));
    assert_false(rc_id_equal(&a, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_class_is_parsed_as_it_is_spelled),
        cmocka_unit_test(each_type_is_parsed_as_it_is_spelled),
        cmocka_unit_test(each_cause_is_parsed_as_it_is_spelled),
        cmocka_unit_test(each_status_cause_is_parsed_as_it_is_spelled),
        cmocka_unit_test(each_presence_is_parsed_as_it_is_spelled),
        cmocka_unit_test(each_leave_cause_is_parsed_as_it_is_spelled),
        cmocka_unit_test(each_device_clock_is_parsed_as_it_is_spelled),
        cmocka_unit_test(each_result_is_parsed_as_it_is_spelled),
        cmocka_unit_test(each_action_is_parsed_as_it_is_spelled),
        cmocka_unit_test(each_code_is_parsed_as_it_is_spelled),
        cmocka_unit_test(each_alert_is_parsed_as_it_is_spelled),
        cmocka_unit_test(each_scope_kind_is_parsed_as_it_is_spelled),
        cmocka_unit_test(each_session_state_is_parsed_as_it_is_spelled),
        cmocka_unit_test(words_are_spelled_as_the_contract_spells_them),
        cmocka_unit_test(an_id_is_1_to_64_of_letters_digits_underscore_and_hyphen),
        cmocka_unit_test(ids_are_equal_by_length_and_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
