/* Calendar dates: wire/date.h. The library that made time.h is the second opinion. */
#define _GNU_SOURCE /* timegm */
#include "given.h"

#include "core/names.h"
#include "wire/date.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static void every_day_of_ten_thousand_years_is_what_libc_says(void **state)
{
    (void)state;
    for (int64_t days = RC_DATE_FIRST; days <= RC_DATE_LAST; days++) {
        char ours[RC_DATE_MAX], libc[32];
        struct tm civil;
        time_t seconds = (time_t)(days * 86400);
        int64_t back = INT64_MIN;
        assert_non_null(gmtime_r(&seconds, &civil));
        snprintf(libc, sizeof libc, "%04d-%02d-%02d", civil.tm_year + 1900, civil.tm_mon + 1, civil.tm_mday);
        rc_date_format(days, ours);
        if (strcmp(ours, libc) != 0)
            fail_msg("day %lld is %s, not %s", (long long)days, libc, ours);
        assert_true(rc_date_parse(rc_text_of(ours), &back));
        assert_int_equal(back, days);
    }
}

static void what_is_no_date_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",           "2025-12-3",  "2025-12-031", "2025/12/03", "2025-13-01",
        "2025-00-01", "2025-01-00", "2025-04-31",  "2025-02-29", "1900-02-29",
        "0000-01-01", "-025-12-03", " 2025-12-03", "2025-1a-03", "+025-12-03"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int64_t days = 4711;
        assert_false(rc_date_parse(rc_text_of(wrong[i]), &days));
        assert_int_equal(days, 4711);
    }
}

static void leap_days_are_dates(void **state)
{
    (void)state;
    int64_t days = 0;
    assert_true(rc_date_parse(rc_text_of("2024-02-29"), &days));
    assert_int_equal(days, 19782);
    assert_true(rc_date_parse(rc_text_of("2000-02-29"), &days));
    assert_int_equal(days, 11016);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_of_ten_thousand_years_is_what_libc_says),
        cmocka_unit_test(what_is_no_date_is_refused),
        cmocka_unit_test(leap_days_are_dates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
