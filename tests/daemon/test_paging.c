#include "daemon/paging.h"

#include "core/names.h"
#include "test.h"

static uint32_t rows_taken(struct rc_paging *paging, uint32_t offered, size_t bytes)
{
    uint32_t taken = 0;
    for (uint32_t i = 0; i < offered; i++)
        taken += rc_paging_take(paging, bytes, (int64_t)i + 1);
    return taken;
}

static void a_page_has_as_many_rows_as_asked_for(void **state)
{
    (void)state;
    struct rc_paging paging;
    rc_paging_begin(&paging, 3);
    assert_int_equal(rows_taken(&paging, 4, 10), 3);
    assert_true(paging.more);
    assert_int_equal(paging.cursor, 3); /* of the last row taken */
}

static void the_last_page_has_no_more(void **state)
{
    (void)state;
    struct rc_paging paging;
    rc_paging_begin(&paging, 3);
    assert_int_equal(rows_taken(&paging, 3, 10), 3);
    assert_false(paging.more);
}

static void a_page_without_limit_has_the_usual_rows_and_a_large_limit_is_cut(void **state)
{
    (void)state;
    struct rc_paging paging;
    rc_paging_begin(&paging, RC_NONE);
    assert_int_equal(paging.limit, RC_PAGE_ROWS);
    rc_paging_begin(&paging, INT64_MAX);
    assert_int_equal(paging.limit, RC_PAGE_ROWS_MAX);
}

static void a_page_ends_before_the_packet_is_too_large(void **state)
{
    (void)state;
    struct rc_paging paging;
    rc_paging_begin(&paging, 200);
    assert_int_equal(rows_taken(&paging, 200, 1024), RC_PAGE_BYTES_MAX / 1024);
    assert_true(paging.more);
    assert_true(paging.bytes <= RC_PAGE_BYTES_MAX);
}

static void a_page_that_is_over_takes_no_smaller_row_either(void **state)
{
    (void)state;
    struct rc_paging paging;
    rc_paging_begin(&paging, 200);
    assert_true(rc_paging_take(&paging, RC_PAGE_BYTES_MAX - 10, 1));
    assert_false(rc_paging_take(&paging, 11, 2));
    assert_false(rc_paging_take(&paging, 1, 3)); /* else row 2 would be skipped */
    assert_int_equal(paging.cursor, 1);
}

static void the_first_row_is_always_taken(void **state)
{
    (void)state;
    struct rc_paging paging;
    rc_paging_begin(&paging, 1);
    assert_true(rc_paging_take(&paging, 2 * RC_PAGE_BYTES_MAX, 1)); /* else nobody would ever get past it */
}

static void a_text_counts_with_its_escapes(void **state)
{
    (void)state;
    assert_int_equal(rc_paging_text(rc_text_of("abc")), 3);
    assert_int_equal(rc_paging_text(rc_text_of("a\"b\\")), 6);
    assert_int_equal(rc_paging_text(rc_text_of("\n")), 6); /* \n or \u000a: as the longest */
    assert_int_equal(rc_paging_text(rc_text_of("\xc3\xa4")), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_has_as_many_rows_as_asked_for),
        cmocka_unit_test(the_last_page_has_no_more),
        cmocka_unit_test(a_page_without_limit_has_the_usual_rows_and_a_large_limit_is_cut),
        cmocka_unit_test(a_page_ends_before_the_packet_is_too_large),
        cmocka_unit_test(a_page_that_is_over_takes_no_smaller_row_either),
        cmocka_unit_test(the_first_row_is_always_taken),
        cmocka_unit_test(a_text_counts_with_its_escapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
