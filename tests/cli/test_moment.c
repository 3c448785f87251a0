#include "cli/moment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#define HOUR INT64_C(3600000)

/* 2025-12-03T13:30:15.250Z: 14:30 in Berlin, 08:30 in New York. */
#define NOW INT64_C(1764768615250)

static int64_t parse(const char *zone_name, const char *text)
{
    struct rc_moment_zone *zone = rc_moment_zone_open(zone_name);
    assert_non_null(zone);
    char error[RC_MOMENT_ERROR_MAX] = "";
    int64_t at = 0;
    bool ok = rc_moment_parse(zone, NOW, text, &at, error);
    rc_moment_zone_close(zone);
    if (!ok) {
        fail_msg("%s: %s", text, error);
    }
    return at;
}

/* parse_error returns the line that says why text is no moment; static. */
static const char *parse_error(const char *zone_name, const char *text)
{
    static char error[RC_MOMENT_ERROR_MAX];
    struct rc_moment_zone *zone = rc_moment_zone_open(zone_name);
    int64_t at = 77;
    error[0] = '\0';
    bool ok = rc_moment_parse(zone, NOW, text, &at, error);
    rc_moment_zone_close(zone);
    if (ok) {
        fail_msg("%s was taken for a moment", text);
    }
    assert_int_equal(at, 77);
    assert_true(error[0] != '\0');
    return error;
}

static void assert_prints(const char *zone_name, int64_t at, const char *expected)
{
    struct rc_moment_zone *zone = rc_moment_zone_open(zone_name);
    char text[RC_MOMENT_TEXT_MAX];
    rc_moment_print(zone, at, text);
    rc_moment_zone_close(zone);
    assert_string_equal(text, expected);
}

static void dates_and_times_are_read_in_the_zone(void **state)
{
    (void)state;
    assert_int_equal(parse("UTC", "1970-01-01"), 0);
    assert_int_equal(parse("UTC", "2025-12-03T13:30:15.250"), NOW);
    assert_int_equal(parse("Europe/Berlin", "2025-12-03T14:30:15.250"), NOW);
    assert_int_equal(parse("America/New_York", "2025-12-03 08:30:15.250"), NOW);
    assert_int_equal(parse("Europe/Berlin", "2025-12-03"), INT64_C(1764716400000));
    assert_int_equal(parse("Asia/Kathmandu", "2025-12-03T00:00"), INT64_C(1764699300000));
    assert_int_equal(parse("UTC", "2024-02-29"), INT64_C(1709164800000));
}

static void an_offset_says_all_by_itself(void **state)
{
    (void)state;
    assert_int_equal(parse("Asia/Tokyo", "2025-12-03T13:30:15.250Z"), NOW);
    assert_int_equal(parse("Asia/Tokyo", "2025-12-03T08:30:15.250-05:00"), NOW);
    assert_int_equal(parse("Asia/Tokyo", "2025-12-03T14:30:15.250+01"), NOW);
    assert_int_equal(parse("Asia/Tokyo", "2025-12-03T19:00:15.250+0530"), NOW);
}

static void words_and_distances_are_counted_from_now(void **state)
{
    (void)state;
    assert_int_equal(parse("UTC", "now"), NOW);
    assert_int_equal(parse("UTC", "-2h"), NOW - 2 * HOUR);
    assert_int_equal(parse("UTC", "+1d12h"), NOW + 36 * HOUR);
    assert_int_equal(parse("UTC", "-1w"), NOW - 168 * HOUR);
    assert_int_equal(parse("UTC", "1764768615250"), NOW);
    assert_int_equal(parse("Europe/Berlin", "today"), INT64_C(1764716400000));
    assert_int_equal(parse("Europe/Berlin", "yesterday"), INT64_C(1764716400000) - 24 * HOUR);
    assert_int_equal(parse("Europe/Berlin", "tomorrow"), INT64_C(1764716400000) + 24 * HOUR);
    assert_int_equal(parse("Europe/Berlin", "08:00"), INT64_C(1764716400000) + 8 * HOUR);
    assert_int_equal(parse("Pacific/Kiritimati", "today"),
                     INT64_C(1764756000000)); /* already the 4th there */
}

static void a_time_that_clocks_skip_is_refused(void **state)
{
    (void)state;
    assert_non_null(strstr(parse_error("Europe/Berlin", "2025-03-30T02:30"), "forward"));
    assert_int_equal(parse("Europe/Berlin", "2025-03-30T01:59:59"), INT64_C(1743296399000));
    assert_int_equal(parse("Europe/Berlin", "2025-03-30T03:00"), INT64_C(1743296400000));
}

static void a_time_that_comes_twice_is_refused_and_both_are_named(void **state)
{
    (void)state;
    const char *error = parse_error("Europe/Berlin", "2025-10-26T02:30");
    assert_non_null(strstr(error, "2025-10-26T02:30:00+02:00"));
    assert_non_null(strstr(error, "2025-10-26T02:30:00+01:00"));
    assert_int_equal(parse("Europe/Berlin", "2025-10-26T02:30+02:00") + HOUR,
                     parse("Europe/Berlin", "2025-10-26T02:30+01:00"));
    assert_int_equal(parse("Europe/Berlin", "2025-10-26T03:00"), INT64_C(1761444000000));
}

static void a_day_whose_midnight_is_skipped_begins_at_the_change(void **state)
{
    (void)state;
    /* Beirut, 2025-03-30: from 00:00 to 01:00 at once. */
    int64_t first = parse("Asia/Beirut", "2025-03-30");
    assert_prints("Asia/Beirut", first, "2025-03-30T01:00:00+03:00");
    assert_prints("Asia/Beirut", first - 1, "2025-03-29T23:59:59+02:00");
}

static void a_day_whose_midnight_comes_twice_begins_at_the_first(void **state)
{
    (void)state;
    /* Havana, 2025-11-02: 01:00 back to 00:00. */
    int64_t first = parse("America/Havana", "2025-11-02");
    assert_prints("America/Havana", first, "2025-11-02T00:00:00-04:00");
    assert_prints("America/Havana", first - 1000, "2025-11-01T23:59:59-04:00");
}

static void what_is_no_time_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "soon",
                                        "12",
                                        "1764768615",
                                        "1764768615250000",
                                        "2025-13-01",
                                        "2025-02-29",
                                        "2025-00-10",
                                        "2025-1-1",
                                        "1969-12-31",
                                        "2025-12-03T",
                                        "2025-12-03T8:00",
                                        "2025-12-03T24:00",
                                        "2025-12-03T08:60",
                                        "2025-12-03T08:00:60",
                                        "2025-12-03T08:00:00.25",
                                        "2025-12-03T08:00+15:00",
                                        "2025-12-03T08:00+01:60",
                                        "2025-12-03T08:00 ",
                                        "2025-12-03Z",
                                        "08:00Z",
                                        "-",
                                        "-2",
                                        "-2x",
                                        "-h",
                                        "-2h-",
                                        "+99999999999999999999h",
                                        "Today"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        parse_error("Europe/Berlin", texts[i]);
    }
}

static void durations_add_up_their_parts(void **state)
{
    (void)state;
    char error[RC_MOMENT_ERROR_MAX];
    int64_t ms = 0;
    assert_true(rc_moment_parse_duration("1d2h3m4s", &ms, error));
    assert_int_equal(ms, ((24 + 2) * 60 + 3) * 60000 + 4000);
    assert_true(rc_moment_parse_duration("90s", &ms, error));
    assert_int_equal(ms, 90000);
    assert_false(rc_moment_parse_duration("0s", &ms, error));
    assert_false(rc_moment_parse_duration("", &ms, error));
    assert_false(rc_moment_parse_duration("5", &ms, error));
    assert_false(rc_moment_parse_duration("3661d", &ms, error));
    assert_false(rc_moment_parse_duration("2000d2000d", &ms, error));
    assert_int_equal(ms, 90000);
}

static void a_zone_that_does_not_exist_is_no_utc(void **state)
{
    (void)state;
    assert_null(rc_moment_zone_open("Europe/Atlantis"));
}

static void moments_are_written_with_their_offset(void **state)
{
    (void)state;
    assert_prints("America/New_York", NOW, "2025-12-03T08:30:15-05:00");
    assert_prints("UTC", NOW, "2025-12-03T13:30:15+00:00");
    assert_prints("Asia/Kathmandu", NOW, "2025-12-03T19:15:15+05:45");
    assert_prints("America/New_York", 0, "1969-12-31T19:00:00-05:00");
    assert_prints("UTC", INT64_MAX, "9223372036854775807");
    assert_prints("UTC", -5, "-5");
}

static void durations_are_written_in_hours(void **state)
{
    (void)state;
    char text[RC_MOMENT_TEXT_MAX];
    rc_moment_print_duration(0, text);
    assert_string_equal(text, "0:00:00");
    rc_moment_print_duration(27 * HOUR + 61999, text);
    assert_string_equal(text, "27:01:01");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_and_times_are_read_in_the_zone),
        cmocka_unit_test(an_offset_says_all_by_itself),
        cmocka_unit_test(words_and_distances_are_counted_from_now),
        cmocka_unit_test(a_time_that_clocks_skip_is_refused),
        cmocka_unit_test(a_time_that_comes_twice_is_refused_and_both_are_named),
        cmocka_unit_test(a_day_whose_midnight_is_skipped_begins_at_the_change),
        cmocka_unit_test(a_day_whose_midnight_comes_twice_begins_at_the_first),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(durations_add_up_their_parts),
        cmocka_unit_test(a_zone_that_does_not_exist_is_no_utc),
        cmocka_unit_test(moments_are_written_with_their_offset),
        cmocka_unit_test(durations_are_written_in_hours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
