/* Which day a training site has, and what is in force on it (T-1): daemon/training_policy.h. */
#include "test.h"

#include "core/names.h"
#include "daemon/training_policy.h"
#include "wire/date.h"

#include <stdio.h>
#include <string.h>

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)

/* ---- a site ---- */

struct site {
    struct rc_training_policies policies;
    int64_t number;
};

/* "2025-12-03 17:30" of UTC */
static int64_t utc(const char *text)
{
    int64_t days = 0;
    int hours = 0, minutes = 0;
    assert_true(rc_date_parse((struct rc_text){text, 10}, &days));
    assert_int_equal(sscanf(text + 10, " %d:%d", &hours, &minutes), 2);
    return days * 24 * HOUR_MS + hours * HOUR_MS + minutes * MINUTE_MS;
}

static int64_t days_of(const char *date)
{
    int64_t days = 0;
    assert_true(rc_date_parse(rc_text_of(date), &days));
    return days;
}

static struct rc_training_wish wish_of(int64_t limit_minutes, const char *zone, const char *from)
{
    struct rc_training_wish wish = {.limit_minutes = limit_minutes,
                                    .interval_ms = RC_NONE,
                                    .break_minutes = RC_NONE,
                                    .break_after_minutes = RC_NONE,
                                    .has_from = from != NULL};
    snprintf(wish.zone, sizeof wish.zone, "%s", zone);
    if (from)
        wish.from_days = days_of(from);
    return wish;
}

static struct rc_training_wish settings_of(int64_t limit_minutes, const char *zone)
{
    struct rc_training_wish wish = wish_of(limit_minutes, zone, NULL);
    wish.interval_ms = MINUTE_MS;
    wish.break_minutes = wish.break_after_minutes = 0;
    return wish;
}

static void keep(struct site *site, struct rc_training_policy *policy)
{
    policy->number = ++site->number;
    assert_true(rc_training_policies_add(&site->policies, policy));
    rc_training_policies_commit(&site->policies);
}

/* A start with these settings; returns the policy that came of it, from_at RC_NONE: none did. */
static struct rc_training_policy start(struct site *site, const char *at, int64_t limit, const char *zone)
{
    struct rc_training_policy policy = {.from_at = RC_NONE};
    struct rc_training_wish settings = settings_of(limit, zone);
    enum rc_training_settled settled =
        rc_training_policies_settle(&site->policies, utc(at), &settings, &policy);
    assert_int_not_equal(settled, RC_TRAINING_UNSETTLED);
    if (settled == RC_TRAINING_ANEW)
        keep(site, &policy);
    else
        policy.from_at = RC_NONE;
    return policy;
}

static enum rc_code ask(struct site *site, const char *at, const struct rc_training_wish *wish)
{
    struct rc_training_policy policy;
    const char *message = NULL;
    size_t before = site->policies.count;
    enum rc_code code = rc_training_policies_plan(&site->policies, utc(at), wish, &policy, &message);
    assert_int_equal(site->policies.count, before); /* planning is no doing */
    assert_int_equal(code == RC_OK, message == NULL);
    if (code == RC_OK)
        keep(site, &policy);
    return code;
}

static struct site site_in(const char *zone)
{
    struct site site = {0};
    struct rc_training_policy first = start(&site, "2025-11-01 12:00", 240, zone);
    assert_int_equal(first.from_at, 0);
    return site;
}

static void leave(struct site *site)
{
    rc_training_policies_fini(&site->policies);
}

static void assert_day(struct site *site, const char *at, const char *date, const char *from, const char *to)
{
    struct rc_local_day day = rc_training_policies_day(&site->policies, utc(at));
    if (strcmp(day.date, date) != 0 || day.start_at != utc(from) || day.end_at != utc(to))
        fail_msg("at %s it is %s from %lld to %lld, not %s from %s to %s", at, day.date,
                 (long long)day.start_at, (long long)day.end_at, date, from, to);
}

static int64_t limit_at(struct site *site, const char *at)
{
    struct rc_local_day day = rc_training_policies_day(&site->policies, utc(at));
    return rc_training_policies_own(&site->policies, day.start_at)->limit_minutes;
}

static int64_t course_limit_at(struct site *site, const char *at, const char *course)
{
    struct rc_id id;
    assert_true(rc_id_set(&id, rc_text_of(course)));
    struct rc_local_day day = rc_training_policies_day(&site->policies, utc(at));
    return rc_training_policies_terms(&site->policies, day.start_at, &id).course_limit_ms;
}

/* ---- settings ---- */

static void T_1_the_first_settings_have_always_held(void **state)
{
    (void)state;
    struct site site = site_in("America/New_York");
    assert_int_equal(limit_at(&site, "2001-01-01 12:00"), 240);
    assert_day(&site, "2025-12-03 17:00", "2025-12-03", "2025-12-03 05:00", "2025-12-04 05:00");
    assert_day(&site, "2025-11-02 12:00", "2025-11-02", "2025-11-02 04:00", "2025-11-03 05:00");
    leave(&site);
}

static void T_1_the_same_settings_again_are_no_new_policy(void **state)
{
    (void)state;
    struct site site = site_in("America/New_York");
    assert_int_equal(start(&site, "2025-12-03 17:00", 240, "America/New_York").from_at, RC_NONE);
    leave(&site);
}

static void T_1_a_changed_setting_holds_from_the_next_midnight(void **state)
{
    (void)state;
    struct site site = site_in("America/New_York");
    assert_int_equal(start(&site, "2025-12-03 17:00", 120, "America/New_York").from_at,
                     utc("2025-12-04 05:00"));
    assert_int_equal(limit_at(&site, "2025-12-03 23:00"), 240);
    assert_int_equal(limit_at(&site, "2025-12-04 04:59"), 240);
    assert_int_equal(limit_at(&site, "2025-12-04 05:00"), 120);
    assert_int_equal(limit_at(&site, "2025-12-02 12:00"), 240); /* the past stays */
    leave(&site);
}

static void T_1_a_setting_that_is_taken_back_before_midnight_never_holds(void **state)
{
    (void)state;
    struct site site = site_in("America/New_York");
    start(&site, "2025-12-03 17:00", 60, "America/New_York");
    start(&site, "2025-12-03 17:05", 240, "America/New_York");
    assert_int_equal(limit_at(&site, "2025-12-04 12:00"), 240);
    leave(&site);
}

static void T_1_a_managers_policy_outlives_a_start_with_the_same_settings(void **state)
{
    (void)state;
    struct site site = site_in("America/New_York");
    struct rc_training_wish wish = wish_of(300, "", NULL);
    assert_int_equal(ask(&site, "2025-12-03 17:00", &wish), RC_OK);
    assert_int_equal(start(&site, "2025-12-05 17:00", 240, "America/New_York").from_at, RC_NONE);
    assert_int_equal(limit_at(&site, "2025-12-06 12:00"), 300);
    leave(&site);
}

/* ---- another zone ---- */

static void T_1_a_new_zone_starts_at_its_first_midnight_after_the_old_zones_next(void **state)
{
    (void)state;
    static const struct {
        const char *old, *new, *asked, *first, *first_date, *last_date, *last_from;
    } moves[] = {
        /* westwards: the old day lasts an hour more */
        {"America/New_York", "America/Chicago", "2025-12-03 17:00", "2025-12-04 06:00", "2025-12-04",
         "2025-12-03", "2025-12-03 05:00"},
        /* eastwards: the midnight in between is the old zone's own day, whose date never comes */
        {"America/New_York", "Asia/Tokyo", "2025-12-03 17:00", "2025-12-04 15:00", "2025-12-05", "2025-12-03",
         "2025-12-03 05:00"},
        {"America/New_York", "Europe/London", "2025-12-03 17:00", "2025-12-05 00:00", "2025-12-05",
         "2025-12-03", "2025-12-03 05:00"},
        {"Asia/Tokyo", "America/New_York", "2025-12-03 17:00", "2025-12-05 05:00", "2025-12-05", "2025-12-04",
         "2025-12-03 15:00"},
        /* midnights that coincide */
        {"America/New_York", "America/Toronto", "2025-12-03 17:00", "2025-12-04 05:00", "2025-12-04",
         "2025-12-03", "2025-12-03 05:00"},
        /* over the date line: the first midnight would bring the same date once more */
        {"Pacific/Kiritimati", "Pacific/Pago_Pago", "2025-12-03 09:00", "2025-12-04 11:00", "2025-12-04",
         "2025-12-03", "2025-12-02 10:00"},
    };
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        struct site site = site_in(moves[i].old);
        struct rc_training_policy policy = start(&site, moves[i].asked, 200, moves[i].new);
        assert_int_equal(policy.from_at, utc(moves[i].first));
        assert_day(&site, moves[i].asked, moves[i].last_date, moves[i].last_from, moves[i].first);
        struct rc_local_day first = rc_training_policies_day(&site.policies, policy.from_at);
        struct rc_local_day last = rc_training_policies_day(&site.policies, policy.from_at - 1);
        assert_string_equal(first.date, moves[i].first_date);
        assert_string_equal(last.date, moves[i].last_date);
        assert_int_equal(first.start_at, policy.from_at);
        assert_int_equal(rc_training_policies_own(&site.policies, last.start_at)->limit_minutes, 240);
        assert_int_equal(rc_training_policies_own(&site.policies, first.start_at)->limit_minutes, 200);
        leave(&site);
    }
}

static void T_1_a_zone_that_is_taken_back_before_it_starts_leaves_the_days_as_they_were(void **state)
{
    (void)state;
    struct site site = site_in("America/New_York");
    start(&site, "2025-12-03 17:00", 240, "Asia/Tokyo");
    assert_day(&site, "2025-12-03 17:00", "2025-12-03", "2025-12-03 05:00", "2025-12-04 15:00");
    start(&site, "2025-12-03 17:05", 240, "America/New_York");
    assert_day(&site, "2025-12-03 17:05", "2025-12-03", "2025-12-03 05:00", "2025-12-04 05:00");
    assert_day(&site, "2025-12-04 17:00", "2025-12-04", "2025-12-04 05:00", "2025-12-05 05:00");
    leave(&site);
}

static void T_1_a_zone_that_is_taken_back_too_late_holds_for_a_day(void **state)
{
    (void)state;
    struct site site = site_in("America/New_York");
    start(&site, "2025-12-03 17:00", 240, "Asia/Tokyo"); /* 12-03 lasts until 12-04 15:00 */
    /* past the midnight that New York would have had: today is what it was told to be */
    struct rc_training_policy back = start(&site, "2025-12-04 07:00", 240, "America/New_York");
    assert_day(&site, "2025-12-04 07:00", "2025-12-03", "2025-12-03 05:00", "2025-12-04 15:00");
    assert_day(&site, "2025-12-04 16:00", "2025-12-05", "2025-12-04 15:00", "2025-12-06 05:00");
    assert_int_equal(back.from_at, utc("2025-12-06 05:00"));
    assert_day(&site, "2025-12-06 12:00", "2025-12-06", "2025-12-06 05:00", "2025-12-07 05:00");
    leave(&site);
}

static void T_1_a_midnight_that_is_minutes_away_is_left_to_the_old_zone(void **state)
{
    (void)state;
    struct site site = site_in("America/New_York");
    /* 23:55: heartbeats may have been counted for 12-04 already */
    struct rc_training_policy policy = start(&site, "2025-12-04 04:55", 240, "America/Chicago");
    assert_int_equal(policy.from_at, utc("2025-12-05 06:00"));
    assert_day(&site, "2025-12-04 04:56", "2025-12-03", "2025-12-03 05:00", "2025-12-04 05:00");
    assert_day(&site, "2025-12-04 05:00", "2025-12-04", "2025-12-04 05:00", "2025-12-05 06:00");
    leave(&site);
}

static void T_1_days_stay_contiguous_and_dates_grow_through_any_changes(void **state)
{
    (void)state;
    static const char *const zones[] = {"America/New_York", "Asia/Tokyo",        "Europe/London",
                                        "Asia/Kathmandu",   "Pacific/Pago_Pago", "Pacific/Kiritimati",
                                        "Africa/Cairo",     "America/St_Johns",  "Pacific/Apia"};
    uint64_t seed = 4711;
    for (int run = 0; run < 200; run++) {
        struct site site = site_in(zones[run % 9]);
        int64_t at = utc("2025-10-20 00:00");
        for (int i = 0; i < 12; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            at += (int64_t)(seed >> 33) % (60 * HOUR_MS);
            struct rc_local_day today = rc_training_policies_day(&site.policies, at);
            struct rc_training_wish settings =
                settings_of(100 + (int64_t)(seed >> 20) % 3, zones[(seed >> 40) % 9]);
            struct rc_training_policy policy;
            if (rc_training_policies_settle(&site.policies, at, &settings, &policy) != RC_TRAINING_ANEW)
                continue;
            keep(&site, &policy);
            struct rc_local_day after = rc_training_policies_day(&site.policies, at);
            assert_string_equal(after.date, today.date); /* nobody's day is another one now */
            assert_int_equal(after.start_at, today.start_at);
            assert_true(policy.from_at > at);
            const struct rc_training_policy *at_last =
                rc_training_policies_own(&site.policies, utc("2027-01-01 00:00"));
            assert_string_equal(at_last->zone, settings.zone); /* and in the end it is as they say */
            assert_int_equal(at_last->limit_minutes, settings.limit_minutes);
        }
        struct rc_local_day day = rc_training_policies_day(&site.policies, utc("2025-10-15 00:00"));
        while (day.end_at < at + 240 * HOUR_MS) {
            struct rc_local_day next = rc_training_policies_day(&site.policies, day.end_at);
            assert_int_equal(next.start_at, day.end_at);
            assert_true(strcmp(next.date, day.date) > 0);
            assert_true(day.end_at - day.start_at >= 22 * HOUR_MS);
            day = next;
        }
        leave(&site);
    }
}

/* ---- what managers ask for ---- */

static void T_1_from_today_a_policy_may_only_raise_the_limit(void **state)
{
    (void)state;
    struct site site = site_in("America/New_York");
    const char *now = "2025-12-03 17:00";
    struct rc_training_wish lower = wish_of(120, "", "2025-12-03"), raise = wish_of(300, "", "2025-12-03");
    struct rc_training_wish faster = wish_of(300, "", "2025-12-03");
    faster.interval_ms = 30000;
    assert_int_equal(ask(&site, now, &lower), RC_FAILED_PRECONDITION);
    assert_int_equal(ask(&site, now, &faster), RC_FAILED_PRECONDITION);
    assert_int_equal(ask(&site, now, &raise), RC_OK);
    assert_int_equal(limit_at(&site, now), 300);
    assert_int_equal(limit_at(&site, "2025-12-02 17:00"), 240);
    assert_int_equal(limit_at(&site, "2025-12-05 17:00"), 300);
    struct rc_training_wish back = wish_of(240, "", "2025-12-03");
    assert_int_equal(ask(&site, now, &back), RC_FAILED_PRECONDITION);
    leave(&site);
}

static void T_1_the_past_stays(void **state)
{
    (void)state;
    struct site site = site_in("America/New_York");
    struct rc_training_wish wish = wish_of(300, "", "2025-12-02");
    assert_int_equal(ask(&site, "2025-12-03 17:00", &wish), RC_FAILED_PRECONDITION);
    leave(&site);
}

static void T_1_a_policy_for_a_later_date_holds_from_then_until_the_next(void **state)
{
    (void)state;
    struct site site = site_in("America/New_York");
    struct rc_training_wish january = wish_of(100, "", "2026-01-01"), soon = wish_of(200, "", NULL);
    assert_int_equal(ask(&site, "2025-12-03 17:00", &january), RC_OK);
    assert_int_equal(ask(&site, "2025-12-03 17:00", &soon), RC_OK);
    assert_int_equal(limit_at(&site, "2025-12-03 17:00"), 240);
    assert_int_equal(limit_at(&site, "2025-12-31 17:00"), 200);
    assert_int_equal(limit_at(&site, "2026-01-01 04:59"), 200);
    assert_int_equal(limit_at(&site, "2026-01-01 05:00"), 100);
    leave(&site);
}

static void T_1_a_zone_from_a_date_starts_where_that_date_begins_there(void **state)
{
    (void)state;
    struct site site = site_in("America/New_York");
    struct rc_training_wish wish = wish_of(RC_NONE, "Asia/Tokyo", "2025-12-10");
    assert_int_equal(ask(&site, "2025-12-03 17:00", &wish), RC_OK);
    assert_day(&site, "2025-12-08 12:00", "2025-12-08", "2025-12-08 05:00", "2025-12-09 15:00");
    assert_day(&site, "2025-12-09 15:00", "2025-12-10", "2025-12-09 15:00", "2025-12-10 15:00");
    /* while that is to come, what has no zone of its own takes that of its day */
    struct rc_training_wish limit = wish_of(60, "", "2025-12-12");
    assert_int_equal(ask(&site, "2025-12-03 17:00", &limit), RC_OK);
    assert_int_equal(limit_at(&site, "2025-12-11 14:59"), 240);
    assert_int_equal(limit_at(&site, "2025-12-11 15:00"), 60);
    /* a date that is left out is no day of this site; nor can a zone start on a date that has been */
    struct rc_training_wish none = wish_of(60, "", "2025-12-09");
    assert_int_equal(ask(&site, "2025-12-03 17:00", &none), RC_FAILED_PRECONDITION);
    struct rc_training_wish today = wish_of(RC_NONE, "America/Chicago", "2025-12-03");
    assert_int_equal(ask(&site, "2025-12-03 17:00", &today), RC_FAILED_PRECONDITION);
    leave(&site);
}

static void T_1_a_course_has_a_limit_of_its_own_from_a_date(void **state)
{
    (void)state;
    struct site site = site_in("America/New_York");
    const char *now = "2025-12-03 17:00";
    struct rc_training_wish wish = wish_of(60, "", NULL);
    assert_true(rc_id_set(&wish.course, rc_text_of("c1")));
    assert_int_equal(course_limit_at(&site, now, "c1"), RC_NONE);
    assert_int_equal(ask(&site, now, &wish), RC_OK);
    assert_int_equal(course_limit_at(&site, now, "c1"), RC_NONE);
    assert_int_equal(course_limit_at(&site, "2025-12-04 17:00", "c1"), 60 * MINUTE_MS);
    assert_int_equal(course_limit_at(&site, "2025-12-04 17:00", "c2"), RC_NONE);
    assert_int_equal(limit_at(&site, "2025-12-04 17:00"), 240);
    struct rc_training_wish today = wish;
    today.has_from = true;
    today.from_days = days_of("2025-12-03");
    assert_int_equal(ask(&site, now, &today), RC_FAILED_PRECONDITION); /* there was none: it would lower it */
    today.from_days = days_of("2025-12-04");
    today.limit_minutes = 90;
    assert_int_equal(ask(&site, "2025-12-04 17:00", &today), RC_OK);
    assert_int_equal(course_limit_at(&site, "2025-12-04 17:00", "c1"), 90 * MINUTE_MS);
    struct rc_training_wish zoned = wish;
    snprintf(zoned.zone, sizeof zoned.zone, "Asia/Tokyo");
    assert_int_equal(ask(&site, now, &zoned), RC_INVALID_ARGUMENT);
    leave(&site);
}

static void what_is_out_of_range_is_refused(void **state)
{
    (void)state;
    struct site site = site_in("America/New_York");
    const char *now = "2025-12-03 17:00";
    struct rc_training_wish wishes[] = {
        wish_of(0, "", NULL),   wish_of(1441, "", NULL), wish_of(240, "Mars/Olympus", NULL),
        wish_of(240, "", NULL), wish_of(240, "", NULL),  wish_of(240, "", NULL)};
    wishes[3].interval_ms = 999;
    wishes[4].interval_ms = RC_TRAINING_INTERVAL_MS_MAX + 1;
    wishes[5].break_minutes = 10; /* after how much? */
    for (size_t i = 0; i < sizeof wishes / sizeof wishes[0]; i++)
        assert_int_equal(ask(&site, now, &wishes[i]), RC_INVALID_ARGUMENT);
    leave(&site);
}

static void P_15_what_was_added_in_a_transaction_that_failed_is_forgotten(void **state)
{
    (void)state;
    struct site site = site_in("America/New_York");
    struct rc_training_wish wish = wish_of(100, "Asia/Tokyo", NULL);
    struct rc_training_policy policy;
    const char *message;
    assert_int_equal(
        rc_training_policies_plan(&site.policies, utc("2025-12-03 17:00"), &wish, &policy, &message), RC_OK);
    assert_true(rc_training_policies_add(&site.policies, &policy));
    assert_int_equal(limit_at(&site, "2025-12-06 17:00"), 100);
    rc_training_policies_undo(&site.policies);
    assert_int_equal(limit_at(&site, "2025-12-06 17:00"), 240);
    assert_day(&site, "2025-12-03 17:00", "2025-12-03", "2025-12-03 05:00", "2025-12-04 05:00");
    leave(&site);
}

static void a_site_has_only_so_many_policies(void **state)
{
    (void)state;
    struct site site = site_in("America/New_York");
    struct rc_training_policy policy = {.limit_minutes = 10};
    assert_true(rc_id_set(&policy.course, rc_text_of("c1")));
    for (int i = 1; i < RC_TRAINING_POLICIES_MAX; i++)
        keep(&site, &policy);
    assert_false(rc_training_policies_add(&site.policies, &policy));
    struct rc_training_wish wish = wish_of(100, "", NULL);
    assert_int_equal(ask(&site, "2025-12-03 17:00", &wish), RC_RESOURCE_EXHAUSTED);
    struct rc_training_wish settings = settings_of(100, "America/New_York");
    assert_int_equal(rc_training_policies_settle(&site.policies, utc("2025-12-03 17:00"), &settings, &policy),
                     RC_TRAINING_UNSETTLED);
    leave(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(T_1_the_first_settings_have_always_held),
        cmocka_unit_test(T_1_the_same_settings_again_are_no_new_policy),
        cmocka_unit_test(T_1_a_changed_setting_holds_from_the_next_midnight),
        cmocka_unit_test(T_1_a_setting_that_is_taken_back_before_midnight_never_holds),
        cmocka_unit_test(T_1_a_managers_policy_outlives_a_start_with_the_same_settings),
        cmocka_unit_test(T_1_a_new_zone_starts_at_its_first_midnight_after_the_old_zones_next),
        cmocka_unit_test(T_1_a_zone_that_is_taken_back_before_it_starts_leaves_the_days_as_they_were),
        cmocka_unit_test(T_1_a_zone_that_is_taken_back_too_late_holds_for_a_day),
        cmocka_unit_test(T_1_a_midnight_that_is_minutes_away_is_left_to_the_old_zone),
        cmocka_unit_test(T_1_days_stay_contiguous_and_dates_grow_through_any_changes),
        cmocka_unit_test(T_1_from_today_a_policy_may_only_raise_the_limit),
        cmocka_unit_test(T_1_the_past_stays),
        cmocka_unit_test(T_1_a_policy_for_a_later_date_holds_from_then_until_the_next),
        cmocka_unit_test(T_1_a_zone_from_a_date_starts_where_that_date_begins_there),
        cmocka_unit_test(T_1_a_course_has_a_limit_of_its_own_from_a_date),
        cmocka_unit_test(what_is_out_of_range_is_refused),
        cmocka_unit_test(P_15_what_was_added_in_a_transaction_that_failed_is_forgotten),
        cmocka_unit_test(a_site_has_only_so_many_policies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
