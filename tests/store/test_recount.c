/* T-6: `rollcall verify` adds every day of training up again from the audit rows, and finds what was changed
 * on either side. */
#include "rig.h"

#include "core/names.h"
#include "store/training.h"
#include "store/verify.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#define MINUTE_MS 60000LL
#define LIMIT_MS  (240 * MINUTE_MS)
#define DAY_AT    1764738000000 /* 2025-12-03 00:00 in New York */
#define DAY_MS    86400000LL
#define MONTH_MS  (31 * DAY_MS)

static const struct rc_local_day today = {"2025-12-03", DAY_AT, DAY_AT + DAY_MS};
static const struct rc_local_day tomorrow = {"2025-12-04", DAY_AT + DAY_MS, DAY_AT + 2 * DAY_MS};

static void audit(struct rig *rig, int site, int64_t at, const char *event, const char *user,
                  const char *detail)
{
    const struct rc_audit row = {.at = at,
                                 .event = event,
                                 .user = rig_id(user),
                                 .session = rig_id("tab"),
                                 .result = "COUNTED",
                                 .detail = rc_text_of(detail)};
    bool own = !rc_store_in_transaction(rig->store);
    rig_ok(rig, rc_store_begin(rig->store));
    rig_ok(rig, rc_store_audit(rig->store, site, &row));
    if (own)
        rig_ok(rig, rc_store_commit(rig->store));
}

static void add_policy(struct rig *rig, int site, const char *course, int64_t from_at, int64_t minutes)
{
    struct rc_training_policy policy = {
        .from_at = from_at, .limit_minutes = minutes, .interval_ms = MINUTE_MS, .zone = "America/New_York"};
    if (course != NULL)
        policy.course = rig_id(course);
    char detail[256];
    rig_ok(rig, rc_store_begin(rig->store));
    rig_ok(rig, rc_store_training_policy_add(rig->store, site, &policy));
    int length = snprintf(detail, sizeof detail, "{\"number\":%lld,\"from\":%lld,\"limitMinutes\":%lld",
                          (long long)policy.number, (long long)from_at, (long long)minutes);
    if (course != NULL)
        snprintf(detail + length, sizeof detail - (size_t)length, ",\"courseId\":\"%s\"}", course);
    else
        snprintf(detail + length, sizeof detail - (size_t)length,
                 ",\"intervalMs\":60000,\"breakMinutes\":0,\"breakAfterMinutes\":0,"
                 "\"zone\":\"America/New_York\"}");
    audit(rig, site, DAY_AT, "TRAINING_POLICY", "manager", detail);
    rig_ok(rig, rc_store_commit(rig->store));
}

/* A site's side of a heartbeat, as the daemon writes it. */
static void add_to_day(struct rig *rig, int site, const char *user, int64_t ms, int64_t next_ms, bool heard)
{
    const struct rc_id id = rig_id(user), course = rig_id("c1"), session = rig_id("tab");
    const struct rc_training_now moment = {1000, DAY_AT + 1000};
    struct rc_training_ledger ledger;
    struct rc_training_day day;
    rig_ok(rig, rc_store_training_load(rig->store, &id, &course, &site, 1, moment, &ledger, &day));
    day.day = today;
    day.limit_ms = LIMIT_MS;
    day.ms += ms;
    day.next_ms += next_ms;
    if (heard) {
        day.heartbeats++;
        day.last_heartbeat_at = moment.at;
        rig_ok(rig, rc_store_training_heard(rig->store, site, &id, &session, &course, today.date, moment, ms,
                                            &day.session_count));
    }
    ledger.sites[0].course.ms += ms;
    ledger.sites[0].course.next_ms += next_ms;
    rig_ok(rig, rc_store_training_save_day(rig->store, site, &id, &day, &tomorrow));
    rig_ok(rig, rc_store_training_save_course(rig->store, site, &id, &course, &today, &tomorrow,
                                              &ledger.sites[0].course, RC_NONE, RC_NONE));
}

/* A heartbeat that adds ms to the day, and next_ms to the one after it. */
static void beat_over(struct rig *rig, const char *user, int64_t ms, int64_t next_ms)
{
    char detail[256];
    snprintf(detail, sizeof detail,
             "{\"courseId\":\"c1\",\"added\":{\"2025-12-03\":%lld,\"2025-12-04\":%lld},"
             "\"course\":{\"2025-12-03\":%lld,\"2025-12-04\":%lld}}",
             (long long)ms, (long long)next_ms, (long long)ms, (long long)next_ms);
    rig_ok(rig, rc_store_begin(rig->store));
    add_to_day(rig, rig->site, user, ms, next_ms, true);
    audit(rig, rig->site, DAY_AT, "SESSION_HEARTBEAT", user, detail);
    rig_ok(rig, rc_store_commit(rig->store));
}

static void beat(struct rig *rig, const char *user, int64_t ms)
{
    beat_over(rig, user, ms, 0);
}

static void fill(struct rig *rig)
{
    add_policy(rig, rig->site, NULL, 0, 240);
    beat(rig, "anna", 60000);
    beat(rig, "anna", 59000);
    beat(rig, "bert", 60000);
    beat_over(rig, "bert", 40000, 20000);
    audit(rig, rig->site, DAY_AT, "SESSION_HEARTBEAT", "anna",
          "{\"courseId\":\"c1\",\"added\":{},\"course\":{}}");
    audit(rig, rig->site, DAY_AT, "SESSION_HEARTBEAT", "anna", "{\"count\":7}");
}

static struct rc_verify_days days;

static enum rc_verify_result verify(char message[RC_STORE_ERROR_MAX])
{
    const struct rc_verify_options options = {.path = RIG_PATH, .vfs = RIG_VFS, .days = &days};
    return rc_verify(&options, message);
}

static void expect_sound(void)
{
    char message[RC_STORE_ERROR_MAX];
    if (verify(message) != RC_VERIFY_SOUND)
        fail_msg("%s", message);
}

static void expect_broken(const char *part)
{
    char message[RC_STORE_ERROR_MAX];
    enum rc_verify_result result = verify(message);
    if (result != RC_VERIFY_BROKEN || strstr(message, part) == NULL)
        fail_msg("wanted \"%s\", got %d: %s", part, result, message);
}

/* Somebody with the file and time. */
static void tamper(const char *sql)
{
    sqlite3 *db = NULL;
    char *message = NULL;
    assert_int_equal(sqlite3_open_v2(RIG_PATH, &db, SQLITE_OPEN_READWRITE, RIG_VFS), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    sqlite3_close(db);
}

/* ---- totals ---- */

static void T_6_what_the_audit_rows_add_up_to_is_sound(void **state)
{
    fill(*state);
    expect_sound();
    assert_int_equal(days.checked, 3); /* anna's, and two of bert's */
    assert_int_equal(days.unchecked, 0);
}

static void T_6_a_day_made_longer_or_shorter_is_found(void **state)
{
    fill(*state);
    tamper("UPDATE training_totals SET ms = 119001 WHERE user_id = 'anna' AND session_id = '' AND course_id "
           "= ''");
    expect_broken(
        "training of anna at site hq on 2025-12-03: 119001 ms are shown, the audit rows give 119000");
    tamper("UPDATE training_totals SET ms = 1 WHERE user_id = 'anna' AND session_id = '' AND course_id = ''");
    expect_broken("1 ms are shown, the audit rows give 119000");
}

static void T_6_a_course_made_longer_is_found(void **state)
{
    fill(*state);
    tamper("UPDATE training_totals SET ms = 99999 WHERE user_id = 'bert' AND course_id = 'c1' AND session_id "
           "= ''");
    expect_broken("training of bert at site hq on 2025-12-03, course c1: 99999 ms");
}

static void T_6_what_ran_over_midnight_is_added_up_on_its_own_day(void **state)
{
    fill(*state);
    tamper("UPDATE training_totals SET ms = 20001 WHERE date = '2025-12-04' AND course_id = ''");
    expect_broken("training of bert at site hq on 2025-12-04: 20001 ms are shown, the audit rows give 20000");
}

static void T_6_a_day_that_was_taken_away_is_found(void **state)
{
    fill(*state);
    tamper("DELETE FROM training_totals WHERE user_id = 'anna'");
    expect_broken("training of anna at site hq on 2025-12-03: 0 ms are shown, the audit rows give 119000");
}

static void T_6_a_day_that_nobody_trained_on_is_found(void **state)
{
    fill(*state);
    tamper("INSERT INTO training_totals (site, date, user_id, session_id, course_id, ms, limit_ms, start_at, "
           "heartbeats, refused, session_count) VALUES ('hq', '2025-12-02', 'cleo', '', '', 5, 14400000, 1, "
           "0, 0, "
           "0)");
    expect_broken("training of cleo at site hq on 2025-12-02: 5 ms are shown, the audit rows give 0");
}

static void section_8_a_view_that_says_something_else_is_found(void **state)
{
    struct rig *rig = *state;
    fill(rig);
    tamper("DROP VIEW daily_activity_logs; CREATE VIEW daily_activity_logs AS SELECT site, user_id, date, "
           "ms / 1000 + 1 AS seconds_completed FROM training_days");
    expect_broken("view daily_activity_logs is another");
    tamper("DROP VIEW daily_activity_logs; CREATE VIEW daily_activity_logs AS SELECT site, user_id, date, "
           "ms / 1000 AS seconds_completed FROM training_days WHERE user_id <> 'bert'");
    expect_broken("view daily_activity_logs is another");
}

static void T_2_the_days_of_other_sites_are_added_up_too(void **state)
{
    struct rig *rig = *state;
    const struct rc_id plant = rig_id("plant");
    int other;
    rig_ok(rig, rc_store_site(rig->store, &plant, &other));
    add_policy(rig, rig->site, NULL, 0, 240);
    add_policy(rig, other, NULL, 0, 240);
    rig_ok(rig, rc_store_begin(rig->store));
    add_to_day(rig, rig->site, "anna", 60000, 0, true);
    add_to_day(rig, other, "anna", 45000, 15000, false); /* it is nearly midnight there */
    audit(rig, rig->site, DAY_AT, "SESSION_HEARTBEAT", "anna",
          "{\"courseId\":\"c1\",\"added\":{\"2025-12-03\":60000},\"course\":{\"2025-12-03\":60000},"
          "\"elsewhere\":{\"plant\":{\"added\":{\"2025-12-03\":45000,\"2025-12-04\":15000},"
          "\"course\":{\"2025-12-03\":45000,\"2025-12-04\":15000}}}}");
    rig_ok(rig, rc_store_commit(rig->store));
    expect_sound();
    assert_int_equal(days.checked, 3);
    tamper("UPDATE training_totals SET ms = 44000 WHERE site = 'plant' AND date = '2025-12-03' "
           "AND session_id = '' AND course_id = 'c1'");
    expect_broken(
        "training of anna at site plant on 2025-12-03, course c1: 44000 ms are shown, the audit rows give "
        "45000");
}

static void T_6_a_detail_that_is_none_is_named(void **state)
{
    struct rig *rig = *state;
    static const char *const details[] = {
        "{\"added\":{\"2025-12-03\":-5}}",
        "{\"added\":{\"2025-12-03\":\"60000\"}}",
        "{\"added\":{\"2025-12-03\":1.5}}",
        "{\"added\":{",
        "no JSON",
    };
    fill(rig);
    for (size_t i = 0; i < sizeof details / sizeof details[0]; i++) {
        void *other = NULL;
        rig_teardown(state);
        rig_setup(&other);
        *state = other;
        fill(other);
        audit(other, 0, DAY_AT, "SESSION_HEARTBEAT", "anna", details[i]);
        expect_broken("audit_logs of site hq: row 8: its detail is none of a training heartbeat");
    }
}

static void T_6_a_days_limit_is_reached_once(void **state)
{
    struct rig *rig = *state;
    static const char at_240[] = "{\"date\":\"2025-12-03\",\"limitMinutes\":240}";
    fill(rig);
    audit(rig, 0, DAY_AT, "DAILY_LIMIT_REACHED", "anna", at_240);
    audit(rig, 0, DAY_AT, "DAILY_LIMIT_REACHED", "bert", at_240);
    audit(rig, 0, DAY_AT, "DAILY_LIMIT_REACHED", "anna", "{\"date\":\"2025-12-04\",\"limitMinutes\":240}");
    audit(rig, 0, DAY_AT, "DAILY_LIMIT_REACHED", "anna", "{\"date\":\"2025-12-03\",\"limitMinutes\":300}");
    expect_sound();
    audit(rig, 0, DAY_AT + MONTH_MS, "DAILY_LIMIT_REACHED", "anna", at_240);
    expect_broken("audit_logs of site hq: row 12: a day's limit was reached before");
}

/* ---- limits ---- */

static void T_3_a_day_above_its_limit_is_found(void **state)
{
    struct rig *rig = *state;
    add_policy(rig, rig->site, NULL, 0, 240);
    beat(rig, "anna", LIMIT_MS);
    expect_sound();
    beat(rig, "anna", 1); /* the 14,400,001st millisecond */
    expect_broken(
        "a day of training is longer than its limit (where sites are several, each cuts by its own): site "
        "hq, anna 2025-12-03");
}

/* Found in review: one INSERT with the service stopped, and a locked day is open again. */
static void T_1_a_policy_that_nobody_ordered_is_found(void **state)
{
    struct rig *rig = *state;
    add_policy(rig, rig->site, NULL, 0, 2);
    add_policy(rig, rig->site, "c1", 0, 1);
    expect_sound();
    tamper("INSERT INTO training_policies VALUES ('hq', 3, '', 1, 240, 60000, 0, 0, 'America/New_York', 0, "
           "'manager', 1)");
    expect_broken("training policy 3 of site hq: the audit rows tell of none such");
}

static void T_1_a_policy_that_says_something_else_is_found(void **state)
{
    struct rig *rig = *state;
    add_policy(rig, rig->site, NULL, 0, 2);
    expect_sound();
    tamper("DROP TRIGGER training_policies_no_update; UPDATE training_policies SET limit_minutes = 240;"
           "CREATE TRIGGER training_policies_no_update BEFORE UPDATE ON training_policies\n"
           "BEGIN\n    SELECT RAISE(ABORT, 'training_policies is append-only');\nEND");
    expect_broken("training policy 1 of site hq: the audit rows tell of none such");
}

static void T_1_a_day_whose_limit_no_policy_gives_is_found(void **state)
{
    struct rig *rig = *state;
    add_policy(rig, rig->site, NULL, 0, 200);
    add_policy(rig, rig->site, NULL, DAY_AT, 240);
    add_policy(rig, rig->site, NULL, DAY_AT + DAY_MS, 100);
    beat(rig, "anna", 1);
    expect_sound();
    add_policy(rig, rig->site, NULL, DAY_AT, 239); /* from the same midnight on; the later number holds */
    expect_broken(
        "a day of training has no policy that gives its limit, or one that gives less: site hq, anna "
        "2025-12-03");
}

static void T_1_a_courses_limit_that_no_policy_gives_is_found(void **state)
{
    struct rig *rig = *state;
    fill(rig);
    tamper("UPDATE training_totals SET limit_ms = 3600000 WHERE course_id = 'c1' AND session_id = '' "
           "AND user_id = 'anna'");
    expect_broken("a course has a limit on a day on which no policy gives it so much");
    add_policy(rig, rig->site, "c1", DAY_AT, 60);
    expect_sound();
}

static void section_8_sessions_that_do_not_fit_their_day_are_found(void **state)
{
    fill(*state);
    tamper("UPDATE training_totals SET heartbeats = 9 WHERE session_id = 'tab' AND user_id = 'anna'");
    expect_broken("a day of training does not have the sessions and heartbeats that its sessions have");
}

/* ---- progress ---- */

static void save_progress(struct rig *rig, const char *id, int64_t at)
{
    const struct rc_id anna = rig_id("anna");
    const struct rc_punch_id of = rig_punch_id(id);
    const struct rc_progress_verdict verdict = {
        .course = rig_id("c1"), .lesson = rig_id("l1"), .result = RC_RECORDED, .at = at};
    rig_ok(rig, rc_store_begin(rig->store));
    rig_ok(rig, rc_store_progress_keep(rig->store, rig->site, &anna, &of, &verdict, rc_text_of("{}")));
    rig_ok(rig, rc_store_commit(rig->store));
}

static void T_5_progress_without_its_verdict_is_found(void **state)
{
    struct rig *rig = *state;
    save_progress(rig, "p-1", 200);
    save_progress(rig, "p-2", 100); /* the wall clock was set back */
    expect_sound();
    tamper("UPDATE progress SET saved_at = 999");
    expect_broken("progress was saved without a verdict that says so: site hq, anna c1 l1");
    tamper("DELETE FROM progress");
    expect_broken("a verdict says that progress was saved, and it is not there: site hq, anna p-1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
        TEST(T_6_what_the_audit_rows_add_up_to_is_sound),
        TEST(T_6_a_day_made_longer_or_shorter_is_found),
        TEST(T_6_a_course_made_longer_is_found),
        TEST(T_6_what_ran_over_midnight_is_added_up_on_its_own_day),
        TEST(T_6_a_day_that_was_taken_away_is_found),
        TEST(T_6_a_day_that_nobody_trained_on_is_found),
        TEST(section_8_a_view_that_says_something_else_is_found),
        TEST(T_2_the_days_of_other_sites_are_added_up_too),
        TEST(T_6_a_detail_that_is_none_is_named),
        TEST(T_6_a_days_limit_is_reached_once),
        TEST(T_3_a_day_above_its_limit_is_found),
        TEST(T_1_a_policy_that_nobody_ordered_is_found),
        TEST(T_1_a_policy_that_says_something_else_is_found),
        TEST(T_1_a_day_whose_limit_no_policy_gives_is_found),
        TEST(T_1_a_courses_limit_that_no_policy_gives_is_found),
        TEST(section_8_sessions_that_do_not_fit_their_day_are_found),
        TEST(T_5_progress_without_its_verdict_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
