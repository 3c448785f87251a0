/* T-1, T-3, T-4, T-5: where a day, a course or a run is cut and locked, and what that forbids. */
#include "calendars.h"
#include "test.h"

#define LIMIT (240 * MINUTE)

static const struct rc_training_terms terms = {
    .limit_ms = LIMIT, .course_limit_ms = RC_NONE, .interval_ms = MINUTE};

static struct student begin(const struct rc_local_day *calendar)
{
    struct student student;
    student_init(&student, calendar, terms);
    return student;
}

static struct student_day *day(struct student *student, int index)
{
    return &student->sites[0].days[index];
}

static enum rc_training_result beat(struct student *student, uint32_t course, int64_t at)
{
    return student_beat(student, 0, course, at).result;
}

/* A student who has trained so much on the day, an hour before `at`. */
static struct student trained(int index, int64_t ms)
{
    struct student student = begin(new_york);
    student.sites[0].current = index;
    day(&student, index)->user_ms = ms;
    return student;
}

/* ---- T-3 ---- */

static void T_3_four_hours_are_240_minutes_and_there_is_no_241st(void **state)
{
    (void)state;
    struct student student = begin(new_york);
    int64_t at = new_york[1].start_at + 8 * HOUR;
    for (int minute = 1; minute < 240; minute++, at += MINUTE) {
        assert_int_equal(beat(&student, 0, at), RC_TRAINING_COUNTED);
        assert_int_equal(rc_training_minutes(day(&student, 1)->user_ms, LIMIT), minute);
    }
    struct rc_training_verdict verdict = student_beat(&student, 0, 0, at);
    assert_int_equal(verdict.result, RC_TRAINING_REACHED);
    assert_int_equal(verdict.locked_until_at, new_york[1].end_at);
    assert_int_equal(day(&student, 1)->user_ms, 14400000);
    for (int i = 1; i <= 300; i++)
        assert_int_equal(beat(&student, 0, at + i * MINUTE), RC_TRAINING_LOCKED);
    assert_int_equal(day(&student, 1)->user_ms, 14400000);
}

static void T_3_the_14400000th_millisecond_locks(void **state)
{
    (void)state;
    int64_t at = new_york[1].start_at + 8 * HOUR;
    struct student before = trained(1, LIMIT - MINUTE - 1);
    assert_int_equal(beat(&before, 0, at), RC_TRAINING_COUNTED);
    assert_int_equal(day(&before, 1)->user_ms, LIMIT - 1);
    struct student exactly = trained(1, LIMIT - MINUTE);
    assert_int_equal(beat(&exactly, 0, at), RC_TRAINING_REACHED);
    assert_int_equal(day(&exactly, 1)->user_ms, LIMIT);
    struct student beyond = trained(1, LIMIT - MINUTE + 1);
    assert_int_equal(beat(&beyond, 0, at), RC_TRAINING_REACHED);
    assert_int_equal(day(&beyond, 1)->user_ms, LIMIT);
}

static void T_3_the_limit_is_met_exactly_at_every_offset(void **state)
{
    (void)state;
    int64_t at = new_york[1].start_at + 8 * HOUR;
    for (int64_t offset = 1; offset <= MINUTE; offset++) {
        struct student student = trained(1, LIMIT - offset);
        struct rc_training_verdict verdict = student_beat(&student, 0, 0, at);
        assert_int_equal(verdict.result, RC_TRAINING_REACHED);
        assert_int_equal(day(&student, 1)->user_ms, LIMIT);
        assert_int_equal(day(&student, 1)->course_ms[0], offset);
        assert_int_equal(verdict.added[0].to_now - verdict.added[0].from_now, offset);
        assert_int_equal(beat(&student, 0, at + offset), RC_TRAINING_LOCKED);
    }
}

/* What is covered already does not use up what is left. */
static void T_3_the_cut_leaves_out_what_was_counted_before(void **state)
{
    (void)state;
    int64_t at = new_york[1].start_at + 8 * HOUR;
    for (int64_t room = 1; room < MINUTE; room += 97) {
        struct student student = trained(1, LIMIT - MINUTE - room);
        assert_int_equal(beat(&student, 0, at), RC_TRAINING_COUNTED);
        int64_t later = at + 40000;
        struct rc_training_verdict verdict = student_beat(&student, 0, 0, later);
        bool reaches = room <= 40000;
        assert_int_equal(verdict.result, reaches ? RC_TRAINING_REACHED : RC_TRAINING_COUNTED);
        assert_int_equal(day(&student, 1)->user_ms, reaches ? LIMIT : LIMIT - room + 40000);
        assert_int_equal(verdict.added_count, 1);
        assert_int_equal(verdict.added[0].from_now, at + MINUTE - student.boot_at);
    }
}

static void T_3_a_cut_heartbeats_rest_counts_on_the_new_day(void **state)
{
    (void)state;
    int64_t midnight = new_york[2].start_at;
    struct student student = trained(1, LIMIT - 10000);
    struct rc_training_verdict verdict = student_beat(&student, 0, 0, midnight - 40000);
    assert_int_equal(verdict.result, RC_TRAINING_REACHED);
    assert_int_equal(verdict.locked_until_at, midnight);
    assert_int_equal(verdict.added_count, 2);
    assert_int_equal(day(&student, 1)->user_ms, LIMIT);
    assert_int_equal(day(&student, 2)->user_ms, 20000);
    assert_int_equal(beat(&student, 0, midnight - 1), RC_TRAINING_LOCKED);
    assert_int_equal(day(&student, 2)->user_ms, 20000);
    assert_int_equal(beat(&student, 0, midnight + 5000), RC_TRAINING_COUNTED);
    assert_int_equal(day(&student, 2)->user_ms, 65000);
}

static void T_2_a_refused_heartbeat_covers_nothing_on_any_day(void **state)
{
    (void)state;
    int64_t midnight = new_york[2].start_at;
    struct student student = trained(1, LIMIT);
    assert_int_equal(beat(&student, 0, midnight - 1), RC_TRAINING_LOCKED);
    assert_int_equal(day(&student, 2)->user_ms, 0);
    assert_int_equal(beat(&student, 0, midnight), RC_TRAINING_COUNTED);
    assert_int_equal(day(&student, 2)->user_ms, MINUTE);
}

/* ---- T-4 ---- */

static const struct {
    const struct rc_local_day *calendar;
    int day;
} changes[] = {{new_york_march, 2}, {new_york_november, 2}, {lord_howe_april, 2}, {lord_howe_october, 2},
               {new_york_march, 1}, {new_york_november, 1}, {kathmandu, 2},       {st_johns, 2}};

static void T_4_a_lock_ends_at_midnight_on_days_of_any_length(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        const struct rc_local_day *today = &changes[i].calendar[changes[i].day];
        struct student student = begin(changes[i].calendar);
        for (int64_t at = today->start_at; at < today->start_at + LIMIT; at += MINUTE)
            beat(&student, 0, at);
        assert_int_equal(day(&student, changes[i].day)->user_ms, LIMIT);
        struct rc_training_verdict verdict = student_beat(&student, 0, 0, today->end_at - 1);
        assert_int_equal(verdict.result, RC_TRAINING_LOCKED);
        assert_int_equal(verdict.locked_until_at, today->end_at);
        assert_int_equal(beat(&student, 0, today->end_at), RC_TRAINING_COUNTED);
        assert_int_equal(day(&student, changes[i].day + 1)->user_ms, MINUTE);
    }
}

static void T_4_a_lock_outlasts_a_restart_and_a_reboot(void **state)
{
    (void)state;
    struct student student = trained(1, LIMIT);
    int64_t at = new_york[1].end_at - HOUR;
    student_reboot(&student, at - student.boot_at);
    assert_int_equal(beat(&student, 0, at + 1), RC_TRAINING_LOCKED);
}

static void T_4_nobody_has_to_be_there_at_midnight_to_end_it(void **state)
{
    (void)state;
    struct student student = trained(1, LIMIT);
    student_reboot(&student, new_york[4].start_at - student.boot_at);
    assert_int_equal(beat(&student, 0, new_york[4].start_at + 5), RC_TRAINING_COUNTED);
    assert_int_equal(day(&student, 4)->user_ms, MINUTE);
}

/* A clock that is set back does not take the lock off, nor set forward within the day. */
static void T_4_a_step_within_the_day_takes_no_lock_off(void **state)
{
    (void)state;
    struct student student = trained(2, LIMIT);
    int64_t noon = new_york[2].start_at + 12 * HOUR;
    assert_int_equal(beat(&student, 0, noon), RC_TRAINING_LOCKED);
    student.boot_at -= DAY;
    struct rc_training_verdict verdict = student_beat(&student, 0, 0, noon - DAY);
    assert_int_equal(verdict.result, RC_TRAINING_LOCKED);
    assert_int_equal(verdict.locked_until_at, new_york[2].end_at);
    student.boot_at += DAY + 6 * HOUR;
    assert_int_equal(beat(&student, 0, noon + 6 * HOUR), RC_TRAINING_LOCKED);
}

/* ---- T-1: policies ---- */

static void T_1_a_policy_that_changes_at_midnight_holds_from_midnight(void **state)
{
    (void)state;
    struct student student = begin(new_york);
    day(&student, 2)->terms.limit_ms = 2 * MINUTE;
    day(&student, 2)->terms.interval_ms = 10 * MINUTE;
    int64_t midnight = new_york[2].start_at;
    for (int minute = 5; minute > 0; minute--)
        assert_int_equal(beat(&student, 0, midnight - minute * MINUTE + 30000), RC_TRAINING_COUNTED);
    assert_int_equal(day(&student, 1)->user_ms, 4 * MINUTE + 30000);
    assert_int_equal(day(&student, 2)->user_ms, 30000);
    assert_int_equal(beat(&student, 0, midnight), RC_TRAINING_REACHED);
    assert_int_equal(day(&student, 1)->user_ms, 4 * MINUTE + 30000);
    assert_int_equal(day(&student, 2)->user_ms, 2 * MINUTE);
}

/* Its rest alone can fill a short day, which is then locked before its first heartbeat. */
static void T_1_a_rest_is_cut_by_the_new_days_limit(void **state)
{
    (void)state;
    struct student student = begin(new_york);
    day(&student, 1)->terms.interval_ms = 10 * MINUTE;
    day(&student, 2)->terms.limit_ms = MINUTE;
    assert_int_equal(beat(&student, 0, new_york[1].end_at - 5 * MINUTE), RC_TRAINING_COUNTED);
    assert_int_equal(day(&student, 1)->user_ms, 5 * MINUTE);
    assert_int_equal(day(&student, 2)->user_ms, MINUTE);
    assert_int_equal(beat(&student, 0, new_york[2].start_at + 30000), RC_TRAINING_LOCKED);
    assert_int_equal(day(&student, 2)->user_ms, MINUTE);
}

static void T_1_a_limit_that_is_raised_unlocks_the_day(void **state)
{
    (void)state;
    struct student student = trained(1, LIMIT - 10000);
    int64_t at = new_york[1].start_at + 8 * HOUR;
    assert_int_equal(beat(&student, 0, at), RC_TRAINING_REACHED);
    day(&student, 1)->terms.limit_ms = LIMIT + MINUTE;
    /* what the limit cut off was never counted, so it can be now */
    assert_int_equal(beat(&student, 0, at + 20000), RC_TRAINING_REACHED);
    assert_int_equal(day(&student, 1)->user_ms, LIMIT + MINUTE);
}

static void T_1_a_courses_limit_locks_that_course_only(void **state)
{
    (void)state;
    struct student student = begin(new_york);
    int64_t at = new_york[1].start_at + 8 * HOUR;
    day(&student, 1)->course_limit_ms[0] = 90000;
    assert_int_equal(beat(&student, 0, at), RC_TRAINING_COUNTED);
    struct rc_training_verdict verdict = student_beat(&student, 0, 0, at + MINUTE);
    assert_int_equal(verdict.result, RC_TRAINING_COURSE_REACHED);
    assert_int_equal(verdict.locked_until_at, new_york[1].end_at);
    assert_int_equal(day(&student, 1)->course_ms[0], 90000);
    assert_int_equal(day(&student, 1)->user_ms, 90000);
    verdict = student_beat(&student, 0, 0, at + 2 * MINUTE);
    assert_int_equal(verdict.result, RC_TRAINING_COURSE_LOCKED);
    assert_int_equal(verdict.locked_until_at, new_york[1].end_at);
    /* the other course is free, and what the cut left out is not covered */
    assert_int_equal(beat(&student, 1, at + 100000), RC_TRAINING_COUNTED);
    assert_int_equal(day(&student, 1)->user_ms, 150000);
    assert_int_equal(beat(&student, 0, new_york[1].end_at), RC_TRAINING_COUNTED);
}

static void T_1_the_sites_limit_holds_beside_the_courses(void **state)
{
    (void)state;
    static const struct {
        int64_t user_room, course_room;
        enum rc_training_result first, second, other_course;
    } cases[] = {
        {30000, 40000, RC_TRAINING_REACHED, RC_TRAINING_LOCKED, RC_TRAINING_LOCKED},
        {40000, 30000, RC_TRAINING_COURSE_REACHED, RC_TRAINING_COURSE_LOCKED, RC_TRAINING_REACHED},
        {30000, 30000, RC_TRAINING_REACHED, RC_TRAINING_LOCKED, RC_TRAINING_LOCKED},
        {60000, 60001, RC_TRAINING_REACHED, RC_TRAINING_LOCKED, RC_TRAINING_LOCKED},
        {60001, 60000, RC_TRAINING_COURSE_REACHED, RC_TRAINING_COURSE_LOCKED, RC_TRAINING_REACHED},
        {60001, 60001, RC_TRAINING_COUNTED, RC_TRAINING_REACHED, RC_TRAINING_LOCKED},
    };
    int64_t at = new_york[1].start_at + 8 * HOUR;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct student student = trained(1, LIMIT - cases[i].user_room);
        day(&student, 1)->course_limit_ms[0] = cases[i].course_room;
        assert_int_equal(beat(&student, 0, at), cases[i].first);
        assert_int_equal(beat(&student, 0, at + MINUTE), cases[i].second);
        assert_int_equal(beat(&student, 1, at + 2 * MINUTE), cases[i].other_course);
        assert_true(day(&student, 1)->user_ms <= LIMIT);
        assert_true(day(&student, 1)->course_ms[0] <= cases[i].course_room);
    }
}

/* Two sites, one union: each locks by its own limit, and shows no more than that. */
static void T_2_each_site_judges_the_union_by_its_own_limit(void **state)
{
    (void)state;
    struct student student = begin(new_york);
    struct rc_training_terms strict = terms;
    strict.limit_ms = 2 * MINUTE;
    uint32_t plant = student_site_add(&student, new_york, strict);
    int64_t at = new_york[1].start_at + 8 * HOUR;
    for (int i = 0; i < 3; i++)
        assert_int_equal(beat(&student, 0, at + i * MINUTE), RC_TRAINING_COUNTED);
    assert_int_equal(student_beat(&student, plant, 0, at + 3 * MINUTE).result, RC_TRAINING_LOCKED);
    int64_t there = student.sites[plant].days[1].user_ms;
    assert_int_equal(there, 3 * MINUTE);
    assert_int_equal(rc_training_counted(there, strict.limit_ms), strict.limit_ms);
    assert_int_equal(rc_training_minutes(there, strict.limit_ms), 2);
    assert_int_equal(beat(&student, 0, at + 3 * MINUTE), RC_TRAINING_COUNTED);
    assert_int_equal(day(&student, 1)->user_ms, 4 * MINUTE);
}

/* At the midnight of the site that judges, not at another's. */
static void T_4_it_is_the_sites_own_midnight_that_unlocks(void **state)
{
    (void)state;
    struct student student = trained(1, LIMIT);
    uint32_t east = student_site_add(&student, kathmandu, terms);
    student.sites[east].current = 1;
    student.sites[east].days[1].user_ms = LIMIT;
    int64_t midnight = kathmandu[1].end_at;
    assert_true(midnight < new_york[1].end_at);
    assert_int_equal(student_beat(&student, east, 0, midnight - 1).result, RC_TRAINING_LOCKED);
    assert_int_equal(beat(&student, 0, midnight), RC_TRAINING_LOCKED);
    assert_int_equal(student_beat(&student, east, 0, midnight).result, RC_TRAINING_COUNTED);
}

/* ---- breaks ---- */

static struct student with_breaks(int64_t break_ms, int64_t after_ms)
{
    struct rc_training_terms asked = terms;
    asked.break_ms = break_ms;
    asked.break_after_ms = after_ms;
    struct student student;
    student_init(&student, new_york, asked);
    return student;
}

static void T_1_a_break_is_due_after_so_much_without_one(void **state)
{
    (void)state;
    struct student student = with_breaks(10 * MINUTE, 50 * MINUTE);
    int64_t at = new_york[1].start_at + 8 * HOUR;
    for (int i = 0; i < 50; i++, at += MINUTE)
        assert_int_equal(beat(&student, 0, at), RC_TRAINING_COUNTED);
    struct rc_training_verdict verdict = student_beat(&student, 0, 0, at);
    assert_int_equal(verdict.result, RC_TRAINING_BREAK);
    assert_int_equal(verdict.locked_until_at, at + 10 * MINUTE);
    assert_int_equal(verdict.added_count, 0);
    /* asking again does not put it off, and covers nothing */
    verdict = student_beat(&student, 0, 1, at + 10 * MINUTE - 1);
    assert_int_equal(verdict.result, RC_TRAINING_BREAK);
    assert_int_equal(verdict.locked_until_at, at + 10 * MINUTE);
    assert_int_equal(day(&student, 1)->user_ms, 50 * MINUTE);
    assert_int_equal(beat(&student, 0, at + 10 * MINUTE), RC_TRAINING_COUNTED);
    assert_int_equal(student.run_ms, MINUTE);
}

static void T_1_a_gap_shorter_than_the_break_ends_no_run(void **state)
{
    (void)state;
    struct student student = with_breaks(10 * MINUTE, 3 * MINUTE);
    int64_t at = new_york[1].start_at + 8 * HOUR;
    assert_int_equal(beat(&student, 0, at), RC_TRAINING_COUNTED);
    at += MINUTE + 10 * MINUTE - 1; /* one millisecond short of a break */
    assert_int_equal(beat(&student, 0, at), RC_TRAINING_COUNTED);
    assert_int_equal(student.run_ms, 2 * MINUTE);
    at += MINUTE + 10 * MINUTE; /* a break */
    for (int i = 0; i < 3; i++)
        assert_int_equal(beat(&student, 0, at + i * MINUTE), RC_TRAINING_COUNTED);
    assert_int_equal(student.run_ms, 3 * MINUTE);
    assert_int_equal(beat(&student, 0, at + 3 * MINUTE), RC_TRAINING_BREAK);
}

static void T_1_a_run_goes_on_over_midnight_and_over_a_reboot(void **state)
{
    (void)state;
    struct student student = with_breaks(10 * MINUTE, 5 * MINUTE);
    int64_t midnight = new_york[2].start_at;
    for (int i = 3; i > 0; i--)
        assert_int_equal(beat(&student, 0, midnight - i * MINUTE), RC_TRAINING_COUNTED);
    student_reboot(&student, midnight - student.boot_at);
    for (int i = 0; i < 2; i++)
        assert_int_equal(beat(&student, 0, midnight + i * MINUTE), RC_TRAINING_COUNTED);
    assert_int_equal(beat(&student, 0, midnight + 2 * MINUTE), RC_TRAINING_BREAK);
}

static void T_1_a_locked_day_outranks_a_break(void **state)
{
    (void)state;
    struct student student = with_breaks(10 * MINUTE, 2 * MINUTE);
    int64_t at = new_york[1].start_at + 8 * HOUR;
    day(&student, 1)->terms.limit_ms = 2 * MINUTE;
    assert_int_equal(beat(&student, 0, at), RC_TRAINING_COUNTED);
    assert_int_equal(beat(&student, 0, at + MINUTE), RC_TRAINING_REACHED);
    struct rc_training_verdict verdict = student_beat(&student, 0, 0, at + 2 * MINUTE);
    assert_int_equal(verdict.result, RC_TRAINING_LOCKED);
    assert_int_equal(verdict.locked_until_at, new_york[1].end_at);
}

/* One heartbeat at a site without the rule does not wipe out the run of the site that has it. */
static void T_1_a_site_without_breaks_ends_no_run(void **state)
{
    (void)state;
    struct student student = with_breaks(10 * MINUTE, 5 * MINUTE);
    uint32_t plant = student_site_add(&student, new_york, terms);
    int64_t at = new_york[1].start_at + 8 * HOUR;
    for (int i = 0; i < 4; i++)
        assert_int_equal(beat(&student, 0, at + i * MINUTE), RC_TRAINING_COUNTED);
    at += 5 * MINUTE;
    assert_int_equal(student_beat(&student, plant, 0, at).result, RC_TRAINING_COUNTED);
    assert_int_equal(beat(&student, 0, at + MINUTE), RC_TRAINING_BREAK);
    assert_int_equal(student_beat(&student, plant, 0, at + MINUTE).result, RC_TRAINING_COUNTED);
}

static void T_1_without_the_rule_no_break_is_due(void **state)
{
    (void)state;
    struct student student = begin(new_york);
    int64_t at = new_york[1].start_at + 8 * HOUR;
    for (int i = 0; i < 239; i++)
        assert_int_equal(beat(&student, 0, at + i * MINUTE), RC_TRAINING_COUNTED);
}

/* ---- T-5 ---- */

static void T_5_progress_is_saved_within_one_and_a_half_intervals(void **state)
{
    (void)state;
    assert_true(rc_training_may_save(1000000, 1000000, MINUTE));
    assert_true(rc_training_may_save(1000000, 1000000 - 90000, MINUTE));
    assert_false(rc_training_may_save(1000000, 1000000 - 90001, MINUTE));
    /* an odd interval: one and a half of 61,001 is 91,501.5 */
    assert_true(rc_training_may_save(1000000, 1000000 - 91501, 61001));
    assert_false(rc_training_may_save(1000000, 1000000 - 91502, 61001));
    /* heard before a reboot */
    assert_true(rc_training_may_save(30000, -60000, MINUTE));
    assert_false(rc_training_may_save(30000, -60001, MINUTE));
}

static void T_5_without_any_heartbeat_no_progress_is_saved(void **state)
{
    (void)state;
    assert_false(rc_training_may_save(0, RC_NONE, MINUTE));
    assert_false(rc_training_may_save(10 * MINUTE, RC_NONE, RC_TRAINING_INTERVAL_MS_MAX));
}

static void T_5_a_locked_day_and_a_locked_course_are_told_apart(void **state)
{
    (void)state;
    struct rc_training_site site = {.terms = {.limit_ms = 1000, .course_limit_ms = 500}};
    site.user.ms = 999;
    site.course.ms = 499;
    assert_false(rc_training_locked(&site));
    assert_false(rc_training_course_locked(&site));
    site.course.ms = 500;
    assert_false(rc_training_locked(&site));
    assert_true(rc_training_course_locked(&site));
    site.user.ms = 1000;
    assert_true(rc_training_locked(&site));
    site.terms.course_limit_ms = RC_NONE;
    assert_false(rc_training_course_locked(&site));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(T_3_four_hours_are_240_minutes_and_there_is_no_241st),
        cmocka_unit_test(T_3_the_14400000th_millisecond_locks),
        cmocka_unit_test(T_3_the_limit_is_met_exactly_at_every_offset),
        cmocka_unit_test(T_3_the_cut_leaves_out_what_was_counted_before),
        cmocka_unit_test(T_3_a_cut_heartbeats_rest_counts_on_the_new_day),
        cmocka_unit_test(T_2_a_refused_heartbeat_covers_nothing_on_any_day),
        cmocka_unit_test(T_4_a_lock_ends_at_midnight_on_days_of_any_length),
        cmocka_unit_test(T_4_a_lock_outlasts_a_restart_and_a_reboot),
        cmocka_unit_test(T_4_nobody_has_to_be_there_at_midnight_to_end_it),
        cmocka_unit_test(T_4_a_step_within_the_day_takes_no_lock_off),
        cmocka_unit_test(T_4_it_is_the_sites_own_midnight_that_unlocks),
        cmocka_unit_test(T_1_a_policy_that_changes_at_midnight_holds_from_midnight),
        cmocka_unit_test(T_1_a_rest_is_cut_by_the_new_days_limit),
        cmocka_unit_test(T_1_a_limit_that_is_raised_unlocks_the_day),
        cmocka_unit_test(T_1_a_courses_limit_locks_that_course_only),
        cmocka_unit_test(T_1_the_sites_limit_holds_beside_the_courses),
        cmocka_unit_test(T_2_each_site_judges_the_union_by_its_own_limit),
        cmocka_unit_test(T_1_a_break_is_due_after_so_much_without_one),
        cmocka_unit_test(T_1_a_gap_shorter_than_the_break_ends_no_run),
        cmocka_unit_test(T_1_a_run_goes_on_over_midnight_and_over_a_reboot),
        cmocka_unit_test(T_1_a_locked_day_outranks_a_break),
        cmocka_unit_test(T_1_a_site_without_breaks_ends_no_run),
        cmocka_unit_test(T_1_without_the_rule_no_break_is_due),
        cmocka_unit_test(T_5_progress_is_saved_within_one_and_a_half_intervals),
        cmocka_unit_test(T_5_without_any_heartbeat_no_progress_is_saved),
        cmocka_unit_test(T_5_a_locked_day_and_a_locked_course_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
