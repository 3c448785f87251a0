/* The command line of rollcalld. */
#include "test.h"

#include "daemon/options.h"

#include <stdlib.h>
#include <string.h>

static struct rc_options options;
static char error[256];

#define PARSE(...) parse((char *[]){"rollcalld", __VA_ARGS__ __VA_OPT__(, ) NULL})

static bool parse(char **argv)
{
    int argc = 0;
    while (argv[argc]) {
        argc++;
    }
    return rc_options_parse(argc, argv, &options, error);
}

static void nothing_asked_for_means_run(void **state)
{
    (void)state;
    assert_true(PARSE());
    assert_int_equal(options.command, RC_COMMAND_RUN);
    assert_null(options.config_path);
    assert_int_equal(options.set_count, 0);
}

static void file_and_settings_are_kept_in_order(void **state)
{
    (void)state;
    assert_true(PARSE("--set", "a.b=1", "--config", "x.conf", "--set=c.d=2"));
    assert_string_equal(options.config_path, "x.conf");
    assert_int_equal(options.set_count, 2);
    assert_string_equal(options.sets[0], "a.b=1");
    assert_string_equal(options.sets[1], "c.d=2");
}

static void each_command_has_its_option(void **state)
{
    (void)state;
    assert_true(PARSE("--print-config", "--set", "a.b=1"));
    assert_int_equal(options.command, RC_COMMAND_PRINT_CONFIG);
    assert_true(PARSE("--print-config-doc"));
    assert_int_equal(options.command, RC_COMMAND_PRINT_CONFIG_DOC);
    assert_true(PARSE("--help"));
    assert_int_equal(options.command, RC_COMMAND_HELP);
    assert_true(PARSE("-h"));
    assert_int_equal(options.command, RC_COMMAND_HELP);
    assert_true(PARSE("-V"));
    assert_int_equal(options.command, RC_COMMAND_VERSION);
}

static void what_is_no_option_is_an_error_that_names_it(void **state)
{
    (void)state;
    assert_false(PARSE("--sett", "a.b=1"));
    assert_string_equal(error, "unknown option: --sett");
    assert_false(PARSE("-x"));
    assert_string_equal(error, "unknown option: -x");
    assert_false(PARSE("--config"));
    assert_string_equal(error, "needs a value: --config");
    assert_false(PARSE("--print-config", "more"));
    assert_string_equal(error, "not an option: more");
    assert_false(PARSE("--config", "a", "--config", "b"));
    assert_string_equal(error, "--config stands twice");
}

static void too_many_settings_are_an_error(void **state)
{
    (void)state;
    char *argv[2 * RC_OPTIONS_SETS_MAX + 4] = {"rollcalld"};
    for (size_t i = 0; i < RC_OPTIONS_SETS_MAX; i++) {
        argv[2 * i + 1] = "--set";
        argv[2 * i + 2] = "a.b=1";
    }
    assert_true(parse(argv));
    assert_int_equal(options.set_count, RC_OPTIONS_SETS_MAX);
    argv[2 * RC_OPTIONS_SETS_MAX + 1] = "--set";
    argv[2 * RC_OPTIONS_SETS_MAX + 2] = "a.b=1";
    assert_false(parse(argv));
    assert_string_equal(error, "more than 256 --set");
}

static void help_lists_every_option_and_exit_code(void **state)
{
    (void)state;
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    rc_options_help(out);
    fclose(out);
    static const char *const words[] = {"--config", "--set",     "--print-config ", "--print-config-doc",
                                        "--help",   "--version", "\n  0  ",         "\n  1  ",
                                        "\n  2  ",  "\n  3  ",   "\n  4  "};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        assert_non_null(strstr(text, words[i]));
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_asked_for_means_run),
        cmocka_unit_test(file_and_settings_are_kept_in_order),
        cmocka_unit_test(each_command_has_its_option),
        cmocka_unit_test(what_is_no_option_is_an_error_that_names_it),
        cmocka_unit_test(too_many_settings_are_an_error),
        cmocka_unit_test(help_lists_every_option_and_exit_code),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
