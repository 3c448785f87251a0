#include "cli/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static const struct rc_table_column columns[] = {{"NAME", false}, {"N", true}, {"NOTE", false}};

/* printed returns what a table of these cells prints; malloc'ed. */
static char *printed(const char *const *cells, size_t count)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    struct rc_table *table = rc_table_alloc(out, columns, 3);
    for (size_t i = 0; i < count; i++) {
        rc_table_cell(table, cells[i]);
    }
    rc_table_end(table);
    rc_table_free(table);
    fclose(out);
    return text;
}

static void columns_are_as_wide_as_their_widest_cell(void **state)
{
    (void)state;
    static const char *const cells[] = {"anna", "7", "x", "bob", "1234", "a longer note"};
    char *text = printed(cells, 6);
    assert_string_equal(text, "NAME     N  NOTE\n"
                              "anna     7  x\n"
                              "bob   1234  a longer note\n");
    free(text);
}

static void wide_and_combining_characters_keep_the_columns_straight(void **state)
{
    (void)state;
    static const char *const cells[] = {
        "\xe6\x9d\x8e\xe9\x9b\xb7\xe7\x8e\x8b", "1", "x", "e\xcc\x81mile", "2", "y"};
    char *text = printed(cells, 6);
    assert_string_equal(text, "NAME    N  NOTE\n"
                              "\xe6\x9d\x8e\xe9\x9b\xb7\xe7\x8e\x8b  1  x\n"
                              "e\xcc\x81mile   2  y\n");
    free(text);
}

static void nothing_in_a_cell_shows_as_a_dash(void **state)
{
    (void)state;
    static const char *const cells[] = {"", NULL, "x"};
    char *text = printed(cells, 3);
    assert_string_equal(text, "NAME  N  NOTE\n-     -  x\n");
    free(text);
}

static void headings_stand_there_even_without_rows(void **state)
{
    (void)state;
    char *text = printed(NULL, 0);
    assert_string_equal(text, "NAME  N  NOTE\n");
    free(text);
}

static void what_could_steer_a_terminal_is_escaped(void **state)
{
    (void)state;
    static const struct {
        const char *raw, *escaped;
    } cases[] = {
        {"a\x1b[2Jb", "a\\u001b[2Jb"},    {"line\nfeed\ttab", "line\\u000afeed\\u0009tab"},
        {"del\x7f", "del\\u007f"},        {"\xc2\x9b", "\\u009b"}, /* CSI as one character */
        {"\xe2\x80\xae", "\\u202e"},                               /* right-to-left override */
        {"\xe2\x80\xa8", "\\u2028"},                               /* line separator */
        {"\xff\xfe", "\\xff\\xfe"},                                /* no UTF-8 */
        {"\xe2\x80", "\\xe2\\x80"},                                /* cut off */
        {"\xc0\x80", "\\xc0\\x80"},                                /* overlong */
        {"back\\slash", "back\\\\slash"}, {"\xc3\xa4 \xe2\x82\xac", "\xc3\xa4 \xe2\x82\xac"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *escaped = rc_escape(cases[i].raw);
        assert_string_equal(escaped, cases[i].escaped);
        free(escaped);
    }
}

static void a_long_table_is_printed_in_blocks_and_loses_nothing(void **state)
{
    (void)state;
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    struct rc_table *table = rc_table_alloc(out, columns, 3);
    for (int i = 0; i < RC_TABLE_BLOCK + 5; i++) {
        rc_table_cell(table, "n");
        rc_table_cell(table, i < RC_TABLE_BLOCK ? "1" : "1000000");
        rc_table_cell(table, "x");
    }
    fflush(out);
    assert_true(length > 0); /* the first block is out before the end */
    assert_int_equal(rc_table_rows(table), RC_TABLE_BLOCK + 5);
    rc_table_end(table);
    rc_table_free(table);
    fclose(out);
    int lines = 0;
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++) {
        lines++;
    }
    assert_int_equal(lines, RC_TABLE_BLOCK + 5 + 1);
    assert_non_null(strstr(text, "\nn     1000000  x\n"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
        cmocka_unit_test(wide_and_combining_characters_keep_the_columns_straight),
        cmocka_unit_test(nothing_in_a_cell_shows_as_a_dash),
        cmocka_unit_test(headings_stand_there_even_without_rows),
        cmocka_unit_test(what_could_steer_a_terminal_is_escaped),
        cmocka_unit_test(a_long_table_is_printed_in_blocks_and_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
