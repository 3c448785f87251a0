/* The days of time zones (T-1, T-4): daemon/zones.h. */
#define _GNU_SOURCE
#include "test.h"

#include "core/names.h"
#include "daemon/zones.h"
#include "wire/date.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HOUR_MS INT64_C(3600000)

struct known {
    const char *zone, *date;
    int64_t start_s, end_s;
};

/* Looked up in the zones' own tables; the second is the first one that shows the date, or a later one. */
static const struct known days[] = {
    /* clocks change at 02:00 */
    {"America/New_York", "2025-03-08", 1741410000, 1741496400},
    {"America/New_York", "2025-03-09", 1741496400, 1741579200}, /* 23 hours */
    {"America/New_York", "2025-03-10", 1741579200, 1741665600},
    {"America/New_York", "2025-11-01", 1761969600, 1762056000},
    {"America/New_York", "2025-11-02", 1762056000, 1762146000}, /* 25 hours */
    {"America/New_York", "2025-11-03", 1762146000, 1762232400},
    {"America/New_York", "2026-03-08", 1772946000, 1773028800},
    {"America/New_York", "2026-11-01", 1793505600, 1793595600},
    /* offsets of 45 and of 30 minutes; a change by half an hour, and one by a quarter at midnight */
    {"Asia/Kathmandu", "2025-12-03", 1764699300, 1764785700},
    {"Asia/Kathmandu", "1986-01-01", 504901800, 504987300},
    {"Australia/Lord_Howe", "2025-04-06", 1743858000, 1743946200},
    {"Australia/Lord_Howe", "2025-10-05", 1759584600, 1759669200},
    /* 00:00 does not exist: the day begins at 01:00 */
    {"Africa/Cairo", "2025-04-24", 1745445600, 1745532000},
    {"Africa/Cairo", "2025-04-25", 1745532000, 1745614800},
    {"Asia/Beirut", "2025-03-30", 1743285600, 1743368400},
    {"America/Sao_Paulo", "2018-11-04", 1541300400, 1541383200},
    /* at 24:00 it is 23:00 once more: the old day goes on */
    {"Africa/Cairo", "2025-10-30", 1761771600, 1761861600},
    {"Africa/Cairo", "2025-10-31", 1761861600, 1761948000},
    {"Asia/Beirut", "2025-10-25", 1761339600, 1761429600},
    {"America/Sao_Paulo", "2019-02-16", 1550282400, 1550372400},
    /* at 00:01 it is 23:01 of the day before: midnight exists twice, and the day begins at the first */
    {"America/St_Johns", "2010-11-06", 1289010600, 1289097000},
    {"America/St_Johns", "2010-11-07", 1289097000, 1289187000},
    {"America/St_Johns", "2010-03-14", 1268537400, 1268620200},
    /* a date that was skipped */
    {"Pacific/Apia", "2011-12-29", 1325152800, 1325239200},
    {"Pacific/Apia", "2011-12-31", 1325239200, 1325325600},
    {"Pacific/Kwajalein", "1993-08-20", 745848000, 745934400},
    {"Pacific/Kwajalein", "1993-08-22", 745934400, 746020800},
    /* no change at all, and the other side of the date line */
    {"UTC", "2000-02-29", 951782400, 951868800},
    {"Pacific/Kiritimati", "2025-12-03", 1764669600, 1764756000},
    {"America/New_York", "1969-12-31", -68400, 18000},
};

static struct rc_zone *open_zone(const char *name)
{
    struct rc_zone *zone = rc_zone_open(name);
    if (!zone)
        fail_msg("no zone %s", name);
    return zone;
}

static void assert_day(const struct rc_local_day *day, const struct known *known)
{
    if (strcmp(day->date, known->date) != 0 || day->start_at != known->start_s * 1000 ||
        day->end_at != known->end_s * 1000)
        fail_msg("%s: %s from %lld to %lld, not %s", known->zone, day->date, (long long)day->start_at,
                 (long long)day->end_at, known->date);
}

static void T_4_days_begin_and_end_where_the_zone_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
        const int64_t start_at = days[i].start_s * 1000, end_at = days[i].end_s * 1000;
        const int64_t moments[] = {start_at, start_at + 1, (start_at + end_at) / 2, end_at - 1};
        for (size_t k = 0; k < sizeof moments / sizeof moments[0]; k++) {
            struct rc_zone *zone = open_zone(days[i].zone); /* each a fresh one: nothing is kept */
            struct rc_local_day day = rc_zone_day(zone, moments[k]);
            assert_day(&day, &days[i]);
            rc_zone_close(zone);
        }
    }
}

static void a_date_is_found_as_its_moments_are(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
        struct rc_zone *zone = open_zone(days[i].zone);
        struct rc_local_day day;
        int64_t date = 0;
        assert_true(rc_date_parse(rc_text_of(days[i].date), &date));
        assert_true(rc_zone_date(zone, date, &day));
        assert_day(&day, &days[i]);
        rc_zone_close(zone);
    }
}

static void a_date_that_a_country_skipped_is_no_day(void **state)
{
    (void)state;
    struct rc_zone *zone = open_zone("Pacific/Apia");
    struct rc_local_day day;
    int64_t date = 0;
    assert_true(rc_date_parse(rc_text_of("2011-12-30"), &date));
    assert_false(rc_zone_date(zone, date, &day));
    assert_string_equal(day.date, "2011-12-31");
    rc_zone_close(zone);
}

static void the_hour_that_comes_twice_over_a_midnight_belongs_to_the_day_that_has_begun(void **state)
{
    (void)state;
    struct rc_zone *zone = open_zone("America/St_Johns");
    /* 2010-11-07 00:00:30, then the clocks go back to 2010-11-06 23:01 */
    struct rc_local_day before = rc_zone_day(zone, INT64_C(1289097030) * 1000);
    struct rc_local_day again = rc_zone_day(zone, INT64_C(1289097060) * 1000);
    assert_string_equal(before.date, "2010-11-07");
    assert_string_equal(again.date, "2010-11-07");
    assert_int_equal(before.end_at - before.start_at, 25 * HOUR_MS);
    rc_zone_close(zone);
}

static void a_name_that_no_zone_has_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"Mars/Olympus", "America", "", "america/new_york!", "New York"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_null(rc_zone_open(wrong[i]));
    rc_zone_close(NULL);
    struct rc_zone *zone = open_zone("Europe/Berlin");
    assert_string_equal(rc_zone_name(zone), "Europe/Berlin");
    rc_zone_close(zone);
}

static void moments_beyond_the_calendar_are_its_ends(void **state)
{
    (void)state;
    struct rc_zone *zone = open_zone("America/New_York");
    struct rc_local_day first = rc_zone_day(zone, INT64_MIN), last = rc_zone_day(zone, INT64_MAX);
    assert_memory_equal(first.date, "0001-", 5);
    assert_memory_equal(last.date, "9999-", 5);
    rc_zone_close(zone);
}

static void what_is_kept_does_not_change_the_answer(void **state)
{
    (void)state;
    struct rc_zone *kept = open_zone("America/Sao_Paulo");
    uint64_t seed = 20251203;
    for (int i = 0; i < 20000; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        /* around the change of 2018-11-04, within four days */
        int64_t at = INT64_C(1541300400000) + (int64_t)((seed >> 20) % (96 * HOUR_MS)) - 48 * HOUR_MS;
        struct rc_zone *fresh = open_zone("America/Sao_Paulo");
        struct rc_local_day a = rc_zone_day(kept, at), b = rc_zone_day(fresh, at);
        assert_string_equal(a.date, b.date);
        assert_int_equal(a.start_at, b.start_at);
        assert_int_equal(a.end_at, b.end_at);
        rc_zone_close(fresh);
    }
    rc_zone_close(kept);
}

/* ---- the sweep, with libc's reading of the same zones as second opinion ---- */

static void libc_date(int64_t at, char out[RC_DATE_MAX + 16])
{
    struct tm civil;
    time_t seconds = (time_t)(at / 1000);
    assert_non_null(localtime_r(&seconds, &civil));
    snprintf(out, RC_DATE_MAX + 16, "%04d-%02d-%02d", civil.tm_year + 1900, civil.tm_mon + 1, civil.tm_mday);
}

/* The first moment shows the date, and none before it did; nothing in the day is of a later one. */
static void check_against_libc(const char *name, const struct rc_local_day *day)
{
    char wall[RC_DATE_MAX + 16];
    libc_date(day->start_at, wall);
    if (strcmp(wall, day->date) != 0)
        fail_msg("%s: %s begins at %lld, which is %s", name, day->date, (long long)day->start_at, wall);
    libc_date(day->start_at - 1000, wall);
    if (strcmp(wall, day->date) >= 0)
        fail_msg("%s: %s has begun before %lld", name, day->date, (long long)day->start_at);
    for (int64_t at = day->start_at; at < day->end_at; at += 6 * HOUR_MS) {
        libc_date(at, wall);
        if (strcmp(wall, day->date) > 0)
            fail_msg("%s: %s holds %lld, which is %s", name, day->date, (long long)at, wall);
    }
}

static void sweep(const char *name, int64_t from_at, int64_t to_at)
{
    struct rc_zone *zone = open_zone(name);
    struct rc_local_day day = rc_zone_day(zone, from_at);
    setenv("TZ", name, 1);
    tzset();
    while (day.start_at < to_at) {
        struct rc_local_day next = rc_zone_day(zone, day.end_at);
        int64_t a = 0, b = 0, hours = (day.end_at - day.start_at + HOUR_MS - 1) / HOUR_MS;
        check_against_libc(name, &day);
        assert_true(rc_date_parse(rc_text_of(day.date), &a) && rc_date_parse(rc_text_of(next.date), &b));
        assert_int_equal(day.end_at, next.start_at);
        if (b - a < 1 || b - a > 2 || hours < 20 || hours > 28)
            fail_msg("%s: after %s (%lld hours) comes %s", name, day.date, (long long)hours, next.date);
        day = next;
    }
    rc_zone_close(zone);
}

static void T_4_days_of_many_zones_follow_one_another_without_gaps_over_decades(void **state)
{
    (void)state;
    static const char *const zones[] = {"America/New_York",
                                        "America/St_Johns",
                                        "America/Sao_Paulo",
                                        "America/Havana",
                                        "America/Asuncion",
                                        "America/Santiago",
                                        "America/Godthab",
                                        "America/Scoresbysund",
                                        "America/Caracas",
                                        "Europe/London",
                                        "Europe/Dublin",
                                        "Europe/Berlin",
                                        "Europe/Lisbon",
                                        "Europe/Chisinau",
                                        "Africa/Cairo",
                                        "Africa/Casablanca",
                                        "Asia/Beirut",
                                        "Asia/Amman",
                                        "Asia/Gaza",
                                        "Asia/Tehran",
                                        "Asia/Kathmandu",
                                        "Asia/Kolkata",
                                        "Asia/Pyongyang",
                                        "Asia/Damascus",
                                        "Australia/Lord_Howe",
                                        "Australia/Eucla",
                                        "Antarctica/Troll",
                                        "Antarctica/Casey",
                                        "Pacific/Apia",
                                        "Pacific/Chatham",
                                        "Pacific/Kiritimati",
                                        "Pacific/Kwajalein",
                                        "Pacific/Tongatapu",
                                        "Atlantic/Azores",
                                        "UTC"};
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++)
        sweep(zones[i], INT64_C(315532800000),
              INT64_C(2145916800000)); /* 1980 to 2037: beyond the tables GLib misreads Dublin */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(T_4_days_begin_and_end_where_the_zone_says),
        cmocka_unit_test(a_date_is_found_as_its_moments_are),
        cmocka_unit_test(a_date_that_a_country_skipped_is_no_day),
        cmocka_unit_test(the_hour_that_comes_twice_over_a_midnight_belongs_to_the_day_that_has_begun),
        cmocka_unit_test(a_name_that_no_zone_has_is_refused),
        cmocka_unit_test(moments_beyond_the_calendar_are_its_ends),
        cmocka_unit_test(what_is_kept_does_not_change_the_answer),
        cmocka_unit_test(T_4_days_of_many_zones_follow_one_another_without_gaps_over_decades),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
