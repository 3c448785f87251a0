#include "cli/arguments.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX (RC_WORDS_MAX + 8)

/* parse reads a NULL-terminated command line; what is complained about stays in complaint. */
static char complaint[4096];

static bool parse(struct rc_arguments *out, char *const *words)
{
    int count = 0;
    char *argv[WORDS_MAX + 1] = {"rollcall"};
    while (words[count] != NULL) {
        argv[count + 1] = words[count];
        count++;
    }
    memset(complaint, 0, sizeof complaint);
    FILE *err = fmemopen(complaint, sizeof complaint, "w");
    bool ok = rc_arguments_parse(count + 1, argv, out, err);
    fclose(err);
    return ok;
}

#define PARSE(out, ...) parse(out, (char *[]){__VA_ARGS__, NULL})

static void options_may_stand_anywhere_and_carry_their_value_either_way(void **state)
{
    (void)state;
    struct rc_arguments arguments;
    assert_true(PARSE(&arguments, "--site", "s2", "punches", "--from", "-2h", "--employee=e1", "--json"));
    assert_string_equal(arguments.command->name, "punches");
    assert_string_equal(arguments.values[RC_O_SITE], "s2");
    assert_string_equal(arguments.values[RC_O_FROM], "-2h");
    assert_string_equal(arguments.values[RC_O_EMPLOYEE], "e1");
    assert_non_null(arguments.values[RC_O_JSON]);
    assert_null(arguments.values[RC_O_TO]);
    assert_int_equal(arguments.word_count, 0);
}

static void words_after_the_command_are_its_own(void **state)
{
    (void)state;
    struct rc_arguments arguments;
    assert_true(
        PARSE(&arguments, "correct", "ask", "void", "--seq", "4", "--reason", "--odd", "--", "--word"));
    assert_int_equal(arguments.word_count, 3);
    assert_string_equal(arguments.words[1], "void");
    assert_string_equal(arguments.words[2], "--word");
    assert_string_equal(arguments.values[RC_O_REASON], "--odd");
}

static void another_programs_words_are_handed_on_as_they_are(void **state)
{
    (void)state;
    struct rc_arguments arguments;
    assert_true(PARSE(&arguments, "training-client", "ana", "--course", "c1", "--json", "--", "--help"));
    assert_int_equal(arguments.word_count, 6);
    assert_string_equal(arguments.words[1], "--course");
    assert_string_equal(arguments.words[4], "--");
    assert_string_equal(arguments.words[5], "--help");
    assert_null(arguments.values[RC_O_HELP]);
    assert_false(PARSE(&arguments, "--json", "training-client", "ana"));
    assert_non_null(strstr(complaint, "training-client takes no --json"));
}

static void nonsense_is_refused_and_named(void **state)
{
    (void)state;
    struct rc_arguments arguments;
    assert_false(PARSE(&arguments, "whom"));
    assert_non_null(strstr(complaint, "no such command: whom"));
    assert_false(PARSE(&arguments, "who", "--colour"));
    assert_non_null(strstr(complaint, "no such option: --colour"));
    assert_false(PARSE(&arguments, "who", "--site"));
    assert_non_null(strstr(complaint, "needs a value"));
    assert_false(PARSE(&arguments, "who", "--site="));
    assert_non_null(strstr(complaint, "needs a value"));
    assert_false(PARSE(&arguments, "who", "--json=yes"));
    assert_non_null(strstr(complaint, "takes no value"));
    assert_false(PARSE(&arguments, "who", "--site", "a", "--site", "b"));
    assert_non_null(strstr(complaint, "given twice"));
    assert_false(PARSE(&arguments, "who", "--employee", "e1"));
    assert_non_null(strstr(complaint, "who takes no --employee"));
}

static void no_command_at_all_shows_what_there_is(void **state)
{
    (void)state;
    struct rc_arguments arguments;
    char *none[] = {NULL};
    assert_false(parse(&arguments, none));
    assert_non_null(strstr(complaint, "maintenance"));
}

static void too_many_words_are_refused(void **state)
{
    (void)state;
    struct rc_arguments arguments;
    char *words[WORDS_MAX] = {"verify"};
    for (size_t i = 1; i <= RC_WORDS_MAX + 1; i++) {
        words[i] = "x.db";
    }
    assert_false(parse(&arguments, words));
    words[RC_WORDS_MAX + 1] = NULL;
    assert_true(parse(&arguments, words));
    assert_int_equal(arguments.word_count, RC_WORDS_MAX);
}

static void every_command_has_help_with_its_options_and_the_exit_codes(void **state)
{
    (void)state;
    for (const struct rc_command *command = rc_commands; command->name != NULL; command++) {
        char *text = NULL;
        size_t length = 0;
        FILE *out = open_memstream(&text, &length);
        rc_arguments_help(command, out);
        fclose(out);
        assert_non_null(strstr(text, command->name));
        assert_non_null(strstr(text, "Exit codes"));
        for (enum rc_option i = 0; i < RC_OPTION_COUNT; i++) {
            char line[64];
            snprintf(line, sizeof line, "\n  %s ", rc_option_name(i));
            bool takes = (command->options & RC_OPTION(i)) != 0;
            assert_int_equal(strstr(text, line) != NULL, takes);
        }
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_may_stand_anywhere_and_carry_their_value_either_way),
        cmocka_unit_test(words_after_the_command_are_its_own),
        cmocka_unit_test(another_programs_words_are_handed_on_as_they_are),
        cmocka_unit_test(nonsense_is_refused_and_named),
        cmocka_unit_test(no_command_at_all_shows_what_there_is),
        cmocka_unit_test(too_many_words_are_refused),
        cmocka_unit_test(every_command_has_help_with_its_options_and_the_exit_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
