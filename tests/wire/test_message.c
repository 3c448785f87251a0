#include "given.h"

static void every_role_is_parsed_as_it_is_spelled(void **state)
{
    (void)state;
    for (int role = RC_ROLE_NONE; role < RC_ROLE_COUNT; role++) {
        enum rc_role parsed = RC_ROLE_COUNT;
        assert_true(rc_role_parse(rc_text_of(rc_role_name((enum rc_role)role)), &parsed));
        assert_int_equal(parsed, role);
    }
    assert_string_equal(rc_role_name(RC_ROLE_KIOSK), "kiosk");
}

static void what_is_no_role_leaves_the_role_alone(void **state)
{
    (void)state;
    const char *words[] = {"Kiosk", "kiosk ", "kios", "root", "kiosk/"};
    for (size_t i = 0; i < COUNT(words); i++) {
        enum rc_role role = RC_ROLE_OPS;
        assert_false(rc_role_parse(rc_text_of(words[i]), &role));
        assert_int_equal(role, RC_ROLE_OPS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_role_is_parsed_as_it_is_spelled),
        cmocka_unit_test(what_is_no_role_leaves_the_role_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
