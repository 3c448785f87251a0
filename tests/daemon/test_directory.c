/* Who is in the directory, and whom that keeps out or hides (section 8). */
#include "daemon/directory.h"

#include "core/names.h"
#include "test.h"

static struct rc_id id(const char *text)
{
    struct rc_id out;
    assert_true(rc_id_set(&out, rc_text_of(text)));
    return out;
}

static struct rc_directory directory;

static int lay_open(void **state)
{
    (void)state;
    struct rc_id ana = id("ana"), ben = id("ben");
    rc_directory_init(&directory, false);
    rc_directory_set(&directory, &ana, true);
    rc_directory_set(&directory, &ben, false);
    return 0;
}

static int put_away(void **state)
{
    (void)state;
    rc_directory_fini(&directory);
    rc_directory_fini(&directory); /* as with a site that was never opened */
    return 0;
}

static void it_knows_who_is_in_it_and_who_left(void **state)
{
    (void)state;
    struct rc_id ana = id("ana"), ben = id("ben"), cleo = id("cleo");
    assert_int_equal(rc_directory_find(&directory, &ana), RC_ACTIVE);
    assert_int_equal(rc_directory_find(&directory, &ben), RC_INACTIVE);
    assert_int_equal(rc_directory_find(&directory, &cleo), RC_UNLISTED);
    rc_directory_set(&directory, &ben, true);
    rc_directory_set(&directory, &ana, false);
    assert_int_equal(rc_directory_find(&directory, &ana), RC_INACTIVE);
    assert_int_equal(rc_directory_find(&directory, &ben), RC_ACTIVE);
}

static void only_a_strict_one_keeps_anybody_out(void **state)
{
    (void)state;
    struct rc_id ana = id("ana"), ben = id("ben"), cleo = id("cleo"), device = {0};
    assert_false(rc_directory_bars(&directory, &ben) || rc_directory_bars(&directory, &cleo));
    directory.strict = true;
    assert_true(rc_directory_bars(&directory, &ben) && rc_directory_bars(&directory, &cleo));
    assert_false(rc_directory_bars(&directory, &ana));
    assert_false(rc_directory_bars(&directory, &device));
}

static void who_left_is_hidden_while_they_are_out_and_absent(void **state)
{
    (void)state;
    struct rc_status status = {.employee = id("ben"), .presence = RC_ABSENT};
    assert_true(rc_directory_hides(&directory, &status));
    status.presence = RC_PRESENT;
    assert_false(rc_directory_hides(&directory, &status));
    status.presence = RC_ABSENT;
    status.ledger.is_in = true;
    assert_false(rc_directory_hides(&directory, &status));
    status.ledger.is_in = false;
    status.employee = id("cleo"); /* who never was in it is no secret */
    assert_false(rc_directory_hides(&directory, &status));
    status.employee = id("ben");
    rc_directory_set(&directory, &status.employee, true);
    assert_false(rc_directory_hides(&directory, &status));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, lay_open, put_away)
        TEST(it_knows_who_is_in_it_and_who_left),
        TEST(only_a_strict_one_keeps_anybody_out),
        TEST(who_left_is_hidden_while_they_are_out_and_absent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
