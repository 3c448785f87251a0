/* T-2: the union of what heartbeats cover, and the day that it falls on. */
#include "calendars.h"
#include "test.h"

static const struct rc_training_terms terms = {
    .limit_ms = 240 * MINUTE, .course_limit_ms = RC_NONE, .interval_ms = MINUTE};

/* Longer than any day: nothing is cut. */
static const struct rc_training_terms endless = {
    .limit_ms = 26 * HOUR, .course_limit_ms = RC_NONE, .interval_ms = MINUTE};

static struct student begin(const struct rc_local_day *calendar)
{
    struct student student;
    student_init(&student, calendar, terms);
    return student;
}

static void counts(struct student *student, int64_t at)
{
    assert_int_equal(student_beat(student, 0, 0, at).result, RC_TRAINING_COUNTED);
}

/* Heartbeats from `from_at` to before `to_at`. */
static void trains(struct student *student, uint32_t course, int64_t from_at, int64_t to_at, int64_t every_ms)
{
    for (int64_t at = from_at; at < to_at; at += every_ms)
        student_beat(student, 0, course, at);
}

static const struct student_day *day(const struct student *student, int index)
{
    return &student->sites[0].days[index];
}

static void T_2_one_heartbeat_covers_one_interval(void **state)
{
    (void)state;
    struct student student = begin(new_york);
    counts(&student, new_york[1].start_at + 9 * HOUR);
    assert_int_equal(day(&student, 1)->user_ms, MINUTE);
    assert_int_equal(day(&student, 0)->user_ms + day(&student, 2)->user_ms, 0);
}

/* +1 a call would burn the day in two hours. */
static void T_2_two_tabs_do_not_burn_the_day_in_two_hours(void **state)
{
    (void)state;
    struct student student = begin(new_york);
    int64_t at = new_york[1].start_at + 8 * HOUR;
    for (int minute = 0; minute < 120; minute++, at += MINUTE) {
        counts(&student, at);
        counts(&student, at + 20000);
    }
    assert_int_equal(day(&student, 1)->user_ms, 120 * MINUTE + 20000);
    assert_int_equal(rc_training_minutes(day(&student, 1)->user_ms, terms.limit_ms), 120);
}

static void T_2_repeats_of_one_heartbeat_add_nothing(void **state)
{
    (void)state;
    struct student student = begin(new_york);
    int64_t at = new_york[1].start_at + 8 * HOUR;
    for (int i = 0; i < 500; i++)
        counts(&student, at);
    assert_int_equal(day(&student, 1)->user_ms, MINUTE);
}

static void T_2_faster_heartbeats_add_nothing(void **state)
{
    (void)state;
    static const int64_t every_ms[] = {1, 7, 999, 1000, 30000, 59999, 60000};
    for (size_t i = 0; i < sizeof every_ms / sizeof *every_ms; i++) {
        struct student student = begin(new_york);
        int64_t from = new_york[1].start_at + 8 * HOUR, last = from;
        for (int64_t at = from; at < from + 3 * MINUTE; at += every_ms[i])
            counts(&student, last = at);
        assert_int_equal(day(&student, 1)->user_ms, last - from + MINUTE);
    }
}

static void T_2_what_lies_between_late_heartbeats_is_not_counted(void **state)
{
    (void)state;
    struct student student = begin(new_york);
    int64_t at = new_york[1].start_at + 8 * HOUR;
    counts(&student, at);
    counts(&student, at + MINUTE + 1);
    counts(&student, at + 10 * MINUTE);
    assert_int_equal(day(&student, 1)->user_ms, 3 * MINUTE);
}

static void T_2_courses_have_their_own_unions_and_the_user_one_of_all(void **state)
{
    (void)state;
    struct student student = begin(new_york);
    int64_t at = new_york[1].start_at + 8 * HOUR;
    student_beat(&student, 0, 0, at);
    student_beat(&student, 0, 1, at + 15000);
    student_beat(&student, 0, 0, at + 30000);
    assert_int_equal(day(&student, 1)->user_ms, 90000);
    assert_int_equal(day(&student, 1)->course_ms[0], 90000);
    assert_int_equal(day(&student, 1)->course_ms[1], 60000);
}

/* ---- midnights ---- */

static const struct night {
    const char *what;
    const struct rc_local_day *calendar;
    int day;
    int64_t length_ms;
} nights[] = {
    {"the clock goes forward in New York", new_york_march, 2, 23 * HOUR},
    {"the clock goes back in New York", new_york_november, 2, 25 * HOUR},
    {"it goes forward by half an hour on Lord Howe", lord_howe_october, 2, 23 * HOUR + 30 * MINUTE},
    {"it goes back by half an hour on Lord Howe", lord_howe_april, 2, 24 * HOUR + 30 * MINUTE},
    {"an offset of 5:45", kathmandu, 2, 24 * HOUR},
    {"an offset of -3:30", st_johns, 2, 24 * HOUR},
    {"an ordinary day", new_york, 2, 24 * HOUR},
};

#define EACH_NIGHT(night)                                                                                    \
    (const struct night *night = nights; night < nights + sizeof nights / sizeof *nights; night++)

static void T_2_a_day_is_as_long_as_its_hours(void **state)
{
    (void)state;
    for
        EACH_NIGHT(night)
        {
            const struct rc_local_day *today = &night->calendar[night->day];
            struct student student;
            student_init(&student, night->calendar, endless);
            trains(&student, 0, today[-1].start_at, today[1].end_at, MINUTE);
            print_message("%s\n", night->what);
            assert_int_equal(today->end_at - today->start_at, night->length_ms);
            assert_int_equal(day(&student, night->day - 1)->user_ms, 24 * HOUR);
            assert_int_equal(day(&student, night->day)->user_ms, night->length_ms);
            assert_int_equal(day(&student, night->day + 1)->user_ms, 24 * HOUR);
        }
}

static void T_2_the_last_millisecond_of_a_day_splits_the_minute(void **state)
{
    (void)state;
    for
        EACH_NIGHT(night)
        {
            struct student student = begin(night->calendar);
            counts(&student, night->calendar[night->day].end_at - 1);
            assert_int_equal(day(&student, night->day)->user_ms, 1);
            assert_int_equal(day(&student, night->day + 1)->user_ms, MINUTE - 1);
            counts(&student, night->calendar[night->day].end_at + 30000);
            assert_int_equal(day(&student, night->day)->user_ms, 1);
            assert_int_equal(day(&student, night->day + 1)->user_ms, 90000);
        }
}

static void T_2_a_heartbeat_at_midnight_is_the_new_days(void **state)
{
    (void)state;
    for
        EACH_NIGHT(night)
        {
            struct student student = begin(night->calendar);
            counts(&student, night->calendar[night->day].end_at);
            assert_int_equal(day(&student, night->day)->user_ms, 0);
            assert_int_equal(day(&student, night->day + 1)->user_ms, MINUTE);
            assert_int_equal(student.sites[0].current, night->day + 1);
        }
}

static void T_2_a_heartbeat_one_minute_before_midnight_is_the_old_days(void **state)
{
    (void)state;
    for
        EACH_NIGHT(night)
        {
            struct student student = begin(night->calendar);
            counts(&student, night->calendar[night->day].end_at - MINUTE);
            assert_int_equal(day(&student, night->day)->user_ms, MINUTE);
            assert_int_equal(day(&student, night->day + 1)->user_ms, 0);
        }
}

/* What ran over is counted once, though the new day's heartbeats cover it again. */
static void T_2_the_rest_over_midnight_is_not_counted_twice(void **state)
{
    (void)state;
    struct student student = begin(new_york);
    int64_t midnight = new_york[2].start_at;
    counts(&student, midnight - 10000);
    counts(&student, midnight);
    assert_int_equal(day(&student, 1)->user_ms, 10000);
    assert_int_equal(day(&student, 2)->user_ms, MINUTE);
    assert_int_equal(day(&student, 2)->course_ms[0], MINUTE);
}

static void T_2_what_ran_over_is_not_carried_beyond_the_next_day(void **state)
{
    (void)state;
    struct student student = begin(new_york);
    counts(&student, new_york[2].start_at - 10000);
    counts(&student, new_york[4].start_at + HOUR);
    assert_int_equal(day(&student, 2)->user_ms, 50000);
    assert_int_equal(day(&student, 3)->user_ms, 0);
    assert_int_equal(day(&student, 4)->user_ms, MINUTE);
}

/* Midnight of New York, of St John's and of Kathmandu are three moments. */
static void T_2_each_site_splits_the_union_at_its_own_midnight(void **state)
{
    (void)state;
    struct student student = begin(new_york);
    uint32_t east = student_site_add(&student, kathmandu, terms);
    uint32_t island = student_site_add(&student, st_johns, terms);
    student_beat(&student, 0, 0, kathmandu[2].start_at - 20000);
    student_beat(&student, east, 0, st_johns[2].start_at - 1);
    student_beat(&student, island, 0, new_york[2].start_at - 59999);
    assert_int_equal(student.sites[0].days[1].user_ms, 2 * MINUTE + 59999);
    assert_int_equal(student.sites[0].days[2].user_ms, 1);
    assert_int_equal(student.sites[east].days[1].user_ms, 20000);
    assert_int_equal(student.sites[east].days[2].user_ms, 40000 + 2 * MINUTE);
    assert_int_equal(student.sites[island].days[1].user_ms, MINUTE + 1);
    assert_int_equal(student.sites[island].days[2].user_ms, 59999 + MINUTE);
}

/* ---- steps of the clock ---- */

static void T_2_a_day_never_goes_back(void **state)
{
    (void)state;
    struct student student = begin(new_york);
    int64_t midnight = new_york[2].start_at;
    counts(&student, midnight + MINUTE);
    student.boot_at -= HOUR;
    for (int i = 0; i < 3; i++)
        counts(&student, midnight - 57 * MINUTE + i * MINUTE);
    assert_int_equal(student.sites[0].current, 2);
    assert_int_equal(day(&student, 1)->user_ms, 0);
    assert_int_equal(day(&student, 2)->user_ms, 4 * MINUTE);
    /* its own midnight ends it, none before */
    counts(&student, midnight);
    assert_int_equal(day(&student, 2)->user_ms, 5 * MINUTE);
    counts(&student, new_york[3].start_at);
    assert_int_equal(day(&student, 3)->user_ms, MINUTE);
}

static void T_2_a_step_makes_no_minute_count_twice_or_never(void **state)
{
    (void)state;
    static const int64_t steps[] = {-3 * HOUR, -MINUTE, -2001, 2001, MINUTE, 3 * HOUR};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct student student = begin(new_york);
        int64_t at = new_york[2].start_at + 10 * HOUR;
        counts(&student, at);
        student.boot_at += steps[i];
        counts(&student, at + 30000 + steps[i]);
        assert_int_equal(day(&student, 2)->user_ms, 90000);
    }
}

/* A step that takes the label over midnight while a minute's rest waits on the next day. */
static void T_2_a_step_over_midnight_keeps_what_ran_over(void **state)
{
    (void)state;
    struct student student = begin(new_york);
    int64_t midnight = new_york[2].start_at;
    counts(&student, midnight - 20000);
    student.boot_at += HOUR;
    counts(&student, midnight - 10000 + HOUR); /* ten seconds later */
    assert_int_equal(day(&student, 1)->user_ms, 20000);
    assert_int_equal(day(&student, 2)->user_ms, 40000 + 10000);
}

static void T_2_a_day_whose_end_is_moved_is_the_same_day(void **state)
{
    (void)state;
    struct rc_local_day today = {"2025-12-03", 1000, 2000}, next = {"2025-12-04", 2000, 3000};
    struct rc_local_day longer = {"2025-12-03", 1000, 2500}, later = {"2025-12-04", 2500, 3500};
    struct rc_local_day after = {"2025-12-05", 3500, 4500};
    struct rc_training_site site = {.user = {.ms = 7}};
    assert_true(rc_training_roll(&site, 1500, &today, &next));
    assert_int_equal(site.user.ms, 0);
    site.user = (struct rc_training_total){.ms = 300, .next_ms = 20};
    assert_false(rc_training_roll(&site, 2100, &longer, &later));
    assert_int_equal(site.day.end_at, 2500);
    assert_int_equal(site.user.ms, 300);
    assert_int_equal(site.user.next_ms, 20);
    assert_true(rc_training_roll(&site, 2500, &later, &after));
    assert_int_equal(site.user.ms, 20);
    assert_int_equal(site.user.next_ms, 0);
}

/* What was counted for a date is that date's, though a new zone leaves it out. */
static void T_2_a_rest_is_not_carried_to_a_day_of_another_date(void **state)
{
    (void)state;
    struct rc_local_day today = {"2025-12-03", 1000, 2000}, next = {"2025-12-04", 2000, 3000};
    struct rc_local_day longer = {"2025-12-03", 1000, 3500}, later = {"2025-12-06", 3500, 4500};
    struct rc_local_day after = {"2025-12-07", 4500, 5500};
    struct rc_training_site site = {0};
    rc_training_roll(&site, 1500, &today, &next);
    site.user.next_ms = site.course.next_ms = 20;
    rc_training_roll(&site, 2100, &longer, &later);
    assert_int_equal(site.user.next_ms, 0);
    rc_training_roll(&site, 3500, &later, &after);
    assert_int_equal(site.user.ms, 0);
    assert_int_equal(site.course.ms, 0);
}

/* ---- restarts ---- */

static void T_2_a_reboot_counts_no_minute_twice(void **state)
{
    (void)state;
    struct student student = begin(new_york);
    int64_t at = new_york[2].start_at + 10 * HOUR;
    counts(&student, at);
    student_reboot(&student, at + 20000 - student.boot_at); /* boot time 0 is 20 s later */
    counts(&student, at + 40000);
    assert_int_equal(day(&student, 2)->user_ms, 100000);
}

/* The clock was a year ahead before the reboot, so that what is covered seems to come in a year. */
static void T_2_what_a_wrong_clock_left_far_ahead_is_left_out(void **state)
{
    (void)state;
    struct student student = begin(new_york);
    int64_t at = new_york[2].start_at + 10 * HOUR;
    student.cover = (struct rc_cover){.count = 1, .spans = {{400 * DAY, 400 * DAY + MINUTE}}};
    student.course_cover[0] = student.cover;
    counts(&student, at);
    assert_int_equal(day(&student, 2)->user_ms, MINUTE);
    assert_int_equal(day(&student, 2)->course_ms[0], MINUTE);
    assert_int_equal(student.cover.count, 1);
    assert_int_equal(student.course_cover[0].count, 1);
}

/* A clock that was wrong by less: no more than the longest interval is lost by it. */
static void T_2_no_more_is_covered_than_the_longest_interval(void **state)
{
    (void)state;
    struct student student = begin(new_york);
    int64_t at = new_york[2].start_at + 10 * HOUR, now = at - student.boot_at;
    student.cover = (struct rc_cover){.count = 1, .spans = {{now, now + HOUR}}};
    student.run_until_now = now + HOUR;
    counts(&student, at);
    assert_int_equal(day(&student, 2)->user_ms, 0);
    assert_int_equal(student.cover.spans[0].to_now, now + RC_TRAINING_INTERVAL_MS_MAX);
    counts(&student, at + RC_TRAINING_INTERVAL_MS_MAX);
    assert_int_equal(day(&student, 2)->user_ms, MINUTE);
}

/* ---- more pieces than there is room for ---- */

/* The smallest gap counts as covered: a minute that is not counted, none that is counted twice. */
static void T_2_beyond_its_room_the_union_closes_its_smallest_gap(void **state)
{
    (void)state;
    struct student student = begin(new_york);
    int64_t at = new_york[2].start_at + 10 * HOUR, now = at - student.boot_at;
    student.cover = (struct rc_cover){.count = 4,
                                      .spans = {{now + 70000, now + 80000},
                                                {now + 90000, now + 100000},
                                                {now + 105000, now + 110000},
                                                {now + 120000, now + 130000}}};
    counts(&student, at);
    assert_int_equal(day(&student, 2)->user_ms, MINUTE);
    assert_int_equal(student.cover.count, RC_TRAINING_SPANS_MAX);
    assert_int_equal(student.cover.spans[0].to_now, now + 60000);
    assert_int_equal(student.cover.spans[2].from_now, now + 90000);
    assert_int_equal(student.cover.spans[2].to_now, now + 110000);
    assert_int_equal(student.cover.spans[3].from_now, now + 120000);
}

static void T_2_a_heartbeat_is_torn_by_every_piece_that_is_covered(void **state)
{
    (void)state;
    struct student student = begin(new_york);
    int64_t at = new_york[2].start_at - 30000, now = at - student.boot_at;
    student.cover = (struct rc_cover){.count = 4,
                                      .spans = {{now + 10000, now + 11000},
                                                {now + 20000, now + 22000},
                                                {now + 40000, now + 44000},
                                                {now + 50000, now + 58000}}};
    struct rc_training_verdict verdict = student_beat(&student, 0, 0, at);
    assert_int_equal(verdict.added_count, RC_TRAINING_ADDED_MAX);
    int64_t sum_ms = 0;
    for (uint32_t i = 0; i < verdict.added_count; i++) {
        assert_true(i == 0 || verdict.added[i].from_now >= verdict.added[i - 1].to_now);
        sum_ms += verdict.added[i].to_now - verdict.added[i].from_now;
    }
    assert_int_equal(sum_ms, MINUTE - 15000);
    assert_int_equal(day(&student, 1)->user_ms, 27000);
    assert_int_equal(day(&student, 2)->user_ms, 18000);
    assert_int_equal(day(&student, 1)->course_ms[0], 30000);
    assert_int_equal(student.cover.count, 1);
}

/* ---- minutes ---- */

static void T_2_minutes_are_the_nearest_and_the_last_one_is_the_locks(void **state)
{
    (void)state;
    static const struct {
        int64_t ms, limit_ms, minutes;
    } cases[] = {
        {0, 240 * MINUTE, 0},
        {29999, 240 * MINUTE, 0},
        {30000, 240 * MINUTE, 1},
        {60000, 240 * MINUTE, 1},
        {89999, 240 * MINUTE, 1},
        {90000, 240 * MINUTE, 2},
        {45 * MINUTE, 240 * MINUTE, 45},
        {239 * MINUTE + 29999, 240 * MINUTE, 239},
        {239 * MINUTE + 30000, 240 * MINUTE, 239},
        {240 * MINUTE - 1, 240 * MINUTE, 239},
        {240 * MINUTE, 240 * MINUTE, 240},
        {241 * MINUTE, 240 * MINUTE, 240}, /* heard at a site with a higher limit */
        {59999, MINUTE, 0},
        {60000, MINUTE, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(rc_training_minutes(cases[i].ms, cases[i].limit_ms), cases[i].minutes);
    assert_int_equal(rc_training_counted(241 * MINUTE, 240 * MINUTE), 240 * MINUTE);
    assert_int_equal(rc_training_counted(240 * MINUTE - 1, 240 * MINUTE), 240 * MINUTE - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(T_2_one_heartbeat_covers_one_interval),
        cmocka_unit_test(T_2_two_tabs_do_not_burn_the_day_in_two_hours),
        cmocka_unit_test(T_2_repeats_of_one_heartbeat_add_nothing),
        cmocka_unit_test(T_2_faster_heartbeats_add_nothing),
        cmocka_unit_test(T_2_what_lies_between_late_heartbeats_is_not_counted),
        cmocka_unit_test(T_2_courses_have_their_own_unions_and_the_user_one_of_all),
        cmocka_unit_test(T_2_a_day_is_as_long_as_its_hours),
        cmocka_unit_test(T_2_the_last_millisecond_of_a_day_splits_the_minute),
        cmocka_unit_test(T_2_a_heartbeat_at_midnight_is_the_new_days),
        cmocka_unit_test(T_2_a_heartbeat_one_minute_before_midnight_is_the_old_days),
        cmocka_unit_test(T_2_the_rest_over_midnight_is_not_counted_twice),
        cmocka_unit_test(T_2_what_ran_over_is_not_carried_beyond_the_next_day),
        cmocka_unit_test(T_2_each_site_splits_the_union_at_its_own_midnight),
        cmocka_unit_test(T_2_a_day_never_goes_back),
        cmocka_unit_test(T_2_a_step_makes_no_minute_count_twice_or_never),
        cmocka_unit_test(T_2_a_step_over_midnight_keeps_what_ran_over),
        cmocka_unit_test(T_2_a_day_whose_end_is_moved_is_the_same_day),
        cmocka_unit_test(T_2_a_rest_is_not_carried_to_a_day_of_another_date),
        cmocka_unit_test(T_2_a_reboot_counts_no_minute_twice),
        cmocka_unit_test(T_2_what_a_wrong_clock_left_far_ahead_is_left_out),
        cmocka_unit_test(T_2_no_more_is_covered_than_the_longest_interval),
        cmocka_unit_test(T_2_beyond_its_room_the_union_closes_its_smallest_gap),
        cmocka_unit_test(T_2_a_heartbeat_is_torn_by_every_piece_that_is_covered),
        cmocka_unit_test(T_2_minutes_are_the_nearest_and_the_last_one_is_the_locks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
