#include "cli/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

/* written returns what a row of these cells looks like; malloc'ed. */
static char *written(const char *const *cells, size_t count)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    rc_csv_row(out, cells, count);
    fclose(out);
    return text;
}

static void assert_row(const char *const *cells, size_t count, const char *expected)
{
    char *text = written(cells, count);
    assert_string_equal(text, expected);
    free(text);
}

static void cells_are_separated_by_commas_and_rows_end_in_cr_lf(void **state)
{
    (void)state;
    assert_row((const char *[]){"2025-12-03", "ana", "45"}, 3, "2025-12-03,ana,45\r\n");
    assert_row((const char *[]){"x"}, 1, "x\r\n");
}

static void a_cell_that_would_break_the_row_is_quoted(void **state)
{
    (void)state;
    assert_row((const char *[]){"a,b", "c\"d", "e\nf", "g\rh"}, 4,
               "\"a,b\",\"c\"\"d\",\"e\nf\",\"g\rh\"\r\n");
    assert_row((const char *[]){"\""}, 1, "\"\"\"\"\r\n");
    assert_row((const char *[]){"a b", "a;b", "'"}, 3, "a b,a;b,'\r\n");
}

static void what_is_not_there_is_an_empty_cell(void **state)
{
    (void)state;
    assert_row((const char *[]){"", NULL, "x", ""}, 4, ",,x,\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_separated_by_commas_and_rows_end_in_cr_lf),
        cmocka_unit_test(a_cell_that_would_break_the_row_is_quoted),
        cmocka_unit_test(what_is_not_there_is_an_empty_cell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
